"""What a set of runs shows together: on the terminal, as summary.csv, and as pages."""

import re
from collections.abc import Sequence
from pathlib import Path

from mlp_lab.compare.page import load_libraries, write_page
from mlp_lab.compare.ranking import Ranking, rank
from mlp_lab.compare.records import RunRecord, by_data
from mlp_lab.compare.table import SETTINGS, TABLE, csv_table, latex_table, settings_table
from mlp_lab.compare.terminal import print_summary
from mlp_lab.errors import UserError
from mlp_lab.files import make_folder, write_named, write_whole
from mlp_lab.terminal import Screen


def summarise(
    records: Sequence[RunRecord],
    folder: Path | None,
    screen: Screen | None,
    *,
    select: str,
    again: Sequence[str],
    pictures: bool = True,
    latex: Path | None = None,
) -> None:
    """Rank the settings of some runs; write files into `folder`, print to `screen`.

    Runs on different data are ranked apart, each ranking with a page in a folder of its own.
    `again`: the words of the command that does so. `pictures`: summary.html too, beside
    summary.csv and settings.csv.

    Raises:
        UserError: runs cannot be compared; whatever can be said has been said.
    """
    if folder is not None:
        write_whole(folder / TABLE, csv_table(records), wait=False)
    parts = by_data(records)
    alone = len(parts) == 1
    tables, problems = [], []
    for data, part in parts.items():
        try:
            ranking = rank(part, select)
        except UserError as error:
            problems.append(str(error) if alone else f"{data}: {error}")
            continue
        if screen is not None:
            if not alone:
                screen.print(f"{data}:", soft_wrap=True)
            print_summary(screen, part, ranking)
        if folder is not None:
            place = folder if alone else folder / place_of(data)
            make_folder(place, below=folder)
            _write(part, ranking, place, again, pictures=pictures)
        if latex is not None:
            tables.append(latex_table(ranking) if alone else f"% {data}\n{latex_table(ranking)}")
    if latex is not None and tables:
        write_named(latex, "\n".join(tables))
    if problems:
        raise UserError("; ".join(problems))


def _write(
    records: Sequence[RunRecord],
    ranking: Ranking,
    folder: Path,
    again: Sequence[str],
    *,
    pictures: bool,
) -> None:
    """What a ranking leaves: settings.csv, and its page."""
    write_whole(folder / SETTINGS, settings_table(ranking), wait=False)
    if pictures:
        write_page(records, ranking, folder, again)


def place_of(data: str) -> str:
    """Folder of a data set's page: letters that every system takes, no job's number."""
    return "summary_" + re.sub(r"[^\w.-]+", "_", data).strip("_")


def require_place(path: str, key: str) -> None:
    """Raise unless a file can be written there when all is done.

    Raises:
        UserError: there is no such folder, or it is one.
    """
    if Path(path).is_dir() or not Path(path).parent.is_dir():
        raise UserError(f"{key} must be a file in a folder that exists, got {path!r}")


def load_drawing() -> None:
    """Load what a page and a ranking need, which takes half a second, ahead of them."""
    import scipy.special  # noqa: F401, PLC0415

    load_libraries()

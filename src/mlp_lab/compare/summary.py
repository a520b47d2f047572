"""What a sweep found: on the terminal, and as summary.csv, summary.html and figures."""

import csv
import io
import re
import shlex
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from rich.table import Table

from mlp_lab.compare.ranking import (
    REPLICATES,
    Ranking,
    Setting,
    as_number,
    rank,
    standard_error,
    swept_keys,
    value_of,
)
from mlp_lab.compare.records import RunRecord, named
from mlp_lab.config.composition import of_the_command
from mlp_lab.errors import UserError
from mlp_lab.files import write_whole
from mlp_lab.formatting import four_digits
from mlp_lab.program import train_words
from mlp_lab.terminal import Screen, plain_table

SHOWN = 10
"""Settings, or failed jobs, that the terminal names."""

DISPENSABLE = ("runs", "parameters", "verdict", "± se")
"""Columns that a narrow terminal does without, one after the other; summary.csv has them."""

LONGEST = 8
"""Letters of a number that tables show as it is."""

TABLE = "summary.csv"

UNSURE = (
    "nothing can tell the settings apart with fewer than two runs of each on the same seeds or"
    " folds: try seed=0,1,2 or cv=5"
)
ALONE = "no other setting has all its runs: nothing to compare it with"


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
    summary.csv.

    Raises:
        UserError: runs cannot be compared; whatever can be said has been said.
    """
    if folder is not None:
        write_whole(folder / TABLE, table_of(records), wait=False)
    parts: dict[str, list[RunRecord]] = {}
    for record in records:
        parts.setdefault(record.data, []).append(record)
    tables, problems = [], []
    for data, part in parts.items():
        try:
            ranking = rank(part, select)
        except UserError as error:
            problems.append(str(error) if len(parts) == 1 else f"{data}: {error}")
            continue
        if screen is not None:
            if len(parts) > 1:
                screen.print(f"{data}:", soft_wrap=True)
            print_summary(screen, part, ranking)
        if folder is not None and pictures:
            from mlp_lab.compare.page import write_page  # jinja2, matplotlib

            place = folder if len(parts) == 1 else folder / place_of(data)
            write_page(part, ranking, place, again)
        tables.append(
            latex_table(ranking) if len(parts) == 1 else f"% {data}\n{latex_table(ranking)}"
        )
    if latex is not None and tables:
        write_whole(latex, "\n".join(tables))
    if problems:
        raise UserError("; ".join(problems))


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


def table_of(records: Sequence[RunRecord]) -> str:
    """summary.csv: a row for each run; the test rows are left out on purpose."""
    keys = sorted(swept_keys(records), key=lambda key: key in REPLICATES)
    names = list(dict.fromkeys(name for r in records for name in r.result.get("train", {})))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    scores = [f"{part}_{name}" for part in ("val", "train") for name in names]
    facts = ["epochs_run", "best_epoch", "parameters", "seconds"]
    writer.writerow(["folder", *keys, *scores, *facts, "status", "verdict"])
    for name, record in zip(named(records), records, strict=True):
        result = record.result
        row: list[object] = [name, *(value_of(record, key) for key in keys)]
        for part in ("val", "train"):
            row += [result.get(part, {}).get(score) for score in names]
        row += [result.get(fact) for fact in facts]
        writer.writerow([*row, result.get("status", "missing"), verdict_on(record)])
    return text.getvalue()


def verdict_on(record: RunRecord) -> str:
    """How a run went; nothing if it failed."""
    return str(record.result.get("verdict", {}).get("kind", ""))


def verdicts_on(setting: Setting) -> str:
    """How most of its runs went, and how many they are unless all."""
    found = [kind for run in setting.runs if (kind := verdict_on(run))]
    for kind, count in Counter(found).most_common(1):
        return kind if count == len(found) else f"{kind} {count}/{len(found)}"
    return ""


def test_scores(setting: Setting, score: str) -> list[float]:
    """Of the chosen setting's runs; the one place of a sweep that looks at them."""
    found = [run.result.get("test", {}).get(score) for run in setting.runs if not run.reason]
    return [value for value in found if value is not None]


def plus_minus(values: Sequence[float]) -> str:
    """Mean and standard error in words."""
    if not values:
        return "none"
    error = standard_error(values)
    return four_digits(sum(values) / len(values)) + (f" ± {error:.2g}" if error is not None else "")


def command_of(ranking: Ranking) -> str:
    """What trains the chosen setting alone: everything that its runs set, replicates left out.

    Not `data.split_seed`: another would take rows for testing that the setting was chosen by.
    """
    repeated = {key for key in ranking.replicates if key != "data.split_seed"}
    run = next(run for run in ranking.best.runs if not run.reason)
    if repeated & {"data.fold", "data.repeat"}:
        repeated |= {"data.folds", "data.fold", "data.repeat"}
    said = list(map(str, run.result.get("overrides", [])))
    words = [
        word
        for word in said
        if not of_the_command(word)
        and (key := word.lstrip("+~").partition("=")[0]) not in (*repeated, "quiet")
        and not key.startswith("tracking.")
    ]
    return shlex.join([*train_words(), *words])


def shown(value: str) -> str:
    """A value as a table has room for it."""
    number = as_number(value)
    return value if number is None or len(value) <= LONGEST else four_digits(number)


def verdict(ranking: Ranking) -> str:
    """How sure the first place is, in a sentence."""
    if len(ranking.settings) == 1:
        return "one setting: nothing to choose from"
    if ranking.tied is None:
        rivals = [s for s in ranking.settings[1:] if s.whole == ranking.best.whole]
        return UNSURE if rivals else ALONE
    sure = "95 %, paired"
    if ranking.compared > 1:
        sure += f", corrected for {ranking.compared} comparisons"
    if not ranking.tied:
        return f"every other setting can be told apart from it ({sure})"
    count = len(ranking.tied)
    what = "1 setting" if count == 1 else f"{count} settings"
    simplest = ranking.simplest
    words = f"{what} cannot be told apart from it ({sure})"
    if simplest is not ranking.best:
        words += f"; the simplest: {simplest.label}, {simplest.parameters:,} parameters"
    return words


def facts_of(setting: Setting) -> list[str]:
    """Mean score, its standard error, runs and parameters, as every table has them."""
    error = "" if setting.error is None else f"{setting.error:.2g}"
    mean = four_digits(setting.mean) if setting.scores else ""
    return [mean, error, str(len(setting.runs)), f"{setting.parameters:,}"]


def marked(ranking: Ranking, place: int) -> str:
    """What the table says of a setting beside its numbers."""
    setting = ranking.settings[place]
    if not setting.whole:
        return f"{len(setting.runs) - len(setting.scores)} of {len(setting.runs)} runs missing"
    if place == 0:
        return "best"
    return "≈ best" if ranking.tied is not None and place in ranking.tied else ""


def ranking_table(ranking: Ranking, left_out: Sequence[str]) -> Table:
    """The first settings, a row for each; headings are broken where keys have a dot."""
    settings = ranking.settings[:SHOWN]
    columns = [("", [str(place + 1) for place in range(len(settings))])]
    columns += [
        (key.replace(".", ".\n", 1), [shown(setting.values[key]) for setting in settings])
        for key in ranking.keys
    ]
    names = (f"val\n{ranking.score}", "± se", "runs", "parameters")
    columns += zip(names, map(list, zip(*map(facts_of, settings), strict=True)), strict=True)
    columns.append(("verdict", list(map(verdicts_on, settings))))
    columns.append((" ", [marked(ranking, place) for place in range(len(settings))]))
    table, there = plain_table(), [column for column in columns if column[0] not in left_out]
    for heading, _ in there:
        justify: Literal["left", "right"] = "right" if heading in names else "left"
        table.add_column(heading, justify=justify, no_wrap=True, vertical="bottom")
    for cells in zip(*(cells for _, cells in there), strict=True):
        table.add_row(*cells)
    return table


def print_summary(screen: Screen, records: Sequence[RunRecord], ranking: Ranking) -> None:
    """The first settings, how sure that order is, and the command that trains the chosen one."""
    for count in range(len(DISPENSABLE) + 1):
        table = ranking_table(ranking, DISPENSABLE[:count])
        if screen.fits(table):
            break
    screen.print(table)
    say = screen.say
    if len(ranking.settings) > SHOWN:
        say(f"and {len(ranking.settings) - SHOWN} more settings")
    failed = [record for record in records if record.reason]
    if failed:
        say(f"{len(failed)} of {len(records)} runs are not compared:")
        names = [name for name, r in zip(named(records), records, strict=True) if r.reason]
        for name, record in list(zip(names, failed, strict=True))[:SHOWN]:
            say(f"  {name}: {record.reason}")
        if len(failed) > SHOWN:
            say(f"  and {len(failed) - SHOWN} more")
    best = ranking.best
    say(verdict(ranking))
    tests = test_scores(best, ranking.score)
    test = f", test {plus_minus(tests)}" if tests else ""
    name = best.label or "the one setting"
    say(f"chosen: {name}: val {ranking.score} {plus_minus(list(best.scores.values()))}{test}")
    screen.print(command_of(ranking), soft_wrap=True)


def load_drawing() -> None:
    """Load what a page and a ranking need, which takes half a second, ahead of them."""
    import scipy.special  # noqa: F401

    import mlp_lab.compare.page  # noqa: F401


SPECIAL = {"\\": r"\textbackslash{}", "_": r"\_", "%": r"\%", "&": r"\&", "#": r"\#", "$": r"\$"}
SPECIAL |= {"{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
SPECIAL |= {"<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}"}
SPECIAL |= {"[": "{[}", "]": "{]}"}  # at the start of a row they would be the height of the last


def escaped(text: str) -> str:
    """Text as LaTeX prints it."""
    return "".join(SPECIAL.get(letter, letter) for letter in text)


def latex_table(ranking: Ranking) -> str:
    """The ranking as a table in the style of the booktabs package."""
    heads = [*ranking.keys, f"val {ranking.score}", "s.e.", "runs", "parameters"]
    lines = [
        rf"\begin{{tabular}}{{{'l' * len(ranking.keys)}rrrr}}",
        r"\toprule",
        " & ".join(map(escaped, heads)) + r" \\",
        r"\midrule",
    ]
    for setting in ranking.settings:
        cells = [*setting.values.values(), *facts_of(setting)]
        lines.append(" & ".join(map(escaped, cells)) + r" \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", ""])

"""Tables of every kind, as people and programs write them: trained on and predicted, or one line.

The same tables at every run: a failure comes again.
"""

import csv
import gzip
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import numpy as np
import pandas as pd
import pyreadstat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lab import BARE, train

from mlp_lab.commands.predict_files import evaluate_file, predict_file
from mlp_lab.config.messages import explain
from mlp_lab.data.tables.config import EXCEL, FEATHER, PARQUET, SPSS, STATA, SUFFIXES, TEXT

FEW, MANY = 8, 80

MISSING = ("", "NA", "n/a", "null", "#N/A", "-9", "?")

NAMES = st.sampled_from(
    [
        "a",
        "x 1",
        "Größe",
        "収入",
        "$cost$",
        "a,b",
        'the "old"',
        "e=mc",
        "x.y",
        "-1",
        "\x1b[31m",
        "q;r",
    ]
)

QUOTING: tuple[Literal[0, 1, 2], ...] = (csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC)

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1", "gb18030")

WORDS = (
    "yes",
    "no",
    "Köln",
    "x",
    "007",
    "1e5",
    "TRUE",
    "nan ",
    " two words",
    'say "x"',
    "a;b",
    "1,5",
)

Writer = Callable[[pd.DataFrame, Path], object]

WRITERS: dict[str, Writer] = {
    **dict.fromkeys(PARQUET, lambda frame, path: frame.to_parquet(path)),
    **dict.fromkeys(FEATHER, lambda frame, path: frame.to_feather(path)),
    **dict.fromkeys(EXCEL, lambda frame, path: frame.to_excel(path, index=False)),
    **dict.fromkeys(
        STATA, lambda frame, path: frame.to_stata(path, write_index=False, version=118)
    ),
    **dict.fromkeys(SPSS, pyreadstat.write_sav),
}


@dataclass(frozen=True)
class Written:
    """A frame, and how it goes into a file."""

    frame: pd.DataFrame
    suffix: str
    delimiter: str
    quoting: Literal[0, 1, 2]
    encoding: str
    decimal: str
    end: str

    def save(self, path: Path, frame: pd.DataFrame) -> None:
        """Write rows of the frame; `UnicodeError` and others where the format has no way."""
        if self.suffix not in TEXT:
            WRITERS[self.suffix](frame, path)
            return
        file = io.StringIO(newline="")
        frame.to_csv(
            file,
            sep=self.delimiter,
            quoting=self.quoting,
            decimal=self.decimal,
            lineterminator=self.end,
            index=False,
        )
        content = file.getvalue().encode(self.encoding)
        path.write_bytes(gzip.compress(content) if self.suffix.endswith(".gz") else content)


@st.composite
def columns(draw: st.DrawFn, rows: int) -> list[object]:
    """Cells of one kind, some missing, a few of another kind."""
    chance = np.random.default_rng(draw(st.integers(0, 2**32)))
    number = chance.normal(size=rows)
    days = pd.Timestamp("2020-01-01") + pd.to_timedelta(chance.integers(0, 900, rows), "D")
    top = draw(st.sampled_from([2, 9, 10**6]))
    form = draw(st.sampled_from(["%d.%m.%Y", "%m/%d/%y"]))
    found: dict[str, Sequence[object]] = {
        "whole": chance.integers(0, top, rows).tolist(),
        "decimal": number.round(3).tolist(),
        "huge": (number * 10.0 ** chance.integers(-300, 300, rows)).tolist(),
        "words": chance.choice(WORDS, rows).tolist(),
        "truth": (number > 0).tolist(),
        "date": days.tolist(),
        "day": days.strftime(form).tolist(),
        "constant": [1.0] * rows,
        "empty": [None] * rows,
        "id": [f"row {i}" for i in range(rows)],
    }
    cells = [*found[draw(st.sampled_from(sorted(found)))]]
    word = draw(st.sampled_from([None, *MISSING]))
    for share in draw(st.sampled_from([(), (0.1,), (0.02, 0.5)])):
        cells = [word if chance.uniform() < share else cell for cell in cells]
    return cells


@st.composite
def tables(draw: st.DrawFn) -> Written:
    """A table with a target, y, among its columns, and a way to write it."""
    rows = draw(st.integers(12, 60))
    names = draw(st.lists(NAMES, min_size=1, max_size=5, unique=True))
    frame = pd.DataFrame({name: draw(columns(rows)) for name in names})
    chance = np.random.default_rng(draw(st.integers(0, 2**32)))
    target = (
        chance.choice(["low", "high"], rows) if draw(st.booleans()) else chance.normal(size=rows)
    )
    frame.insert(draw(st.integers(0, len(names))), "y", pd.Series(target))
    return Written(
        frame,
        draw(st.sampled_from(SUFFIXES)),
        draw(st.sampled_from([",", ";", "\t", "|"])),
        draw(st.sampled_from(QUOTING)),
        draw(st.sampled_from(ENCODINGS)),
        draw(st.sampled_from([".", ","])),
        draw(st.sampled_from(["\n", "\r\n"])),
    )


def predict(run: Path, file: Path) -> pd.DataFrame:
    """What the command writes."""
    output = file.with_name("predicted.csv")
    predict_file(str(run), str(file), str(output), "new_", {})
    return pd.read_csv(output, dtype=str, na_filter=False)


def in_one_line(error: Exception) -> None:
    """What the commands print; an error that they cannot explain would be a traceback."""
    line = explain(error)
    if line is None:
        raise error
    assert len(line.splitlines()) == 1, line


def attack(table: Written) -> None:
    """Train, predict every row, in another order too, evaluate; or refuse in one line."""
    with TemporaryDirectory() as place:
        folder = Path(place)
        file, turned = folder / f"table{table.suffix}", folder / f"turned{table.suffix}"
        try:
            table.save(file, table.frame)
            table.save(turned, table.frame[::-1].reset_index(drop=True))
        except Exception:
            return
        words = ("data=table", f"data.path='{file}'", "data.target=y", "model=shallow", "epochs=1")
        try:
            run = train(folder / "run", *words, *BARE)
        except Exception as error:
            in_one_line(error)
            return
        predicted = predict(run, file)
        assert len(predicted) == len(table.frame)
        other = predict(run, turned)[::-1].reset_index(drop=True)
        if table.frame["y"].dtype == float:
            np.testing.assert_allclose(
                predicted["new_prediction"].astype(float),
                other["new_prediction"].astype(float),
                rtol=1e-4,
                atol=1e-6,
            )
        assert [*predicted.columns[: len(table.frame.columns)]] == [*map(str, table.frame.columns)]
        evaluate_file(str(run), str(file), None, None, {})


def fuzz(examples: int) -> Callable[[Callable[[Written], None]], Callable[[], None]]:
    """So many tables, always the same."""
    chosen = settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    return lambda test: chosen(given(table=tables())(test))


@fuzz(FEW)
def test_a_table_is_predicted_row_for_row_or_refused_in_one_line(table: Written) -> None:
    attack(table)


@pytest.mark.slow
@fuzz(MANY)
def test_many_tables(table: Written) -> None:
    attack(table)

"""Durations are a number of seconds, however they are written; times of day stay what they are."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook
from surveys import pasted, raw_of

from mlp_lab.data.rows import RawData
from mlp_lab.data.tables.durations import as_seconds, clock_text, duration_form
from mlp_lab.data.tables.frames import TableFrame
from mlp_lab.data.tables.writing import open_writer
from mlp_lab.errors import UserError

ROWS = 60


def table(folder: Path, cells: Sequence[object], name: str = "t.csv") -> Path:
    """Rows with these cells again and again, and a target."""
    some = [cells[i % len(cells)] for i in range(ROWS)]
    frame = pd.DataFrame({"d": some, "y": [i % 7 + i / 100 for i in range(ROWS)]})
    path = folder / name
    if name.endswith(".parquet"):
        frame.to_parquet(path)
    elif name.endswith(".xlsx"):
        book = Workbook()
        sheet = book.active
        assert sheet is not None
        for row in (["d", "y"], *frame.to_numpy().tolist()):
            sheet.append(row)
        book.save(path)
    else:
        frame.to_csv(path, index=False)
    return path


def said(raw: RawData) -> list[str]:
    """What the report says of the column."""
    assert raw.source is not None
    return [line for line in raw.source.warnings if line.startswith("d")]


@given(st.timedeltas(timedelta(days=-2000), timedelta(days=2000)))
def test_written_and_read(span: timedelta) -> None:
    """As it is written for CSV, as Python and as pandas write it."""
    for text in (clock_text(span), str(pd.Timedelta(span))):
        assert as_seconds(text) == pytest.approx(span.total_seconds(), abs=1e-6), text
    if span >= timedelta(0):
        assert as_seconds(str(span)) == pytest.approx(span.total_seconds(), abs=1e-6)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1:30:00", 5400),
        ("100:00:01", 360_001),
        ("30:15", 1815),
        ("5h 12m", 18_720),
        ("5 h 12 min", 18_720),
        ("2 Std. 5 Min.", 7500),
        ("1 Stunde und 5 Minuten", 3900),
        ("2 ore 10 minuti", 7800),
        ("1 heure et 30 minutes", 5400),
        ("1 hora 30 min", 5400),
        ("1.5 hours", 5400),
        ("2 days 03:04:05", 183_845),
        ("1 day, 2:03:04", 93_784),
        ("PT1H30M", 5400),
        ("P1DT0.5S", 86_400.5),
        ("-0:30:00", -1800),
        ("1:02:03.250", 3723.25),
    ],
)
def test_forms(text: str, seconds: float) -> None:
    """Of clocks, in words of five languages, and of ISO 8601."""
    assert as_seconds(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "P", "PT", "1:60", "5", "5 apples", "h", "1:2:3", "12:30 PM"])
def test_what_is_none(text: str) -> None:
    """Above all plain numbers, and times with a half of the day."""
    assert as_seconds(text) is None
    assert not duration_form([text])


@pytest.mark.parametrize(
    ("cells", "first"),
    [
        (["25:00:00", "1:30:00", "0:00:05"], 90_000),
        (["30:15", "4:10", "0:30"], 1815),
        (["5h 12m", "45m", "3h"], 18_720),
        (["2 days 03:04:05", "0 days 00:00:01", "1 days 00:00:00"], 183_845),
        (["0:45:10", "2:05:00", "1:00:00"], 2710),
        (["PT1H30M", "PT5M", "P1D"], 5400),
    ],
)
@pytest.mark.parametrize("name", ["t.csv", "t.parquet", "t.xlsx"])
def test_columns_of_durations(cells: list[str], first: float, name: str, tmp_path: Path) -> None:
    """In any file, and streamed; the line names what reads them otherwise, and that works."""
    path = table(tmp_path, cells, name)
    raw = raw_of(path)
    assert raw.columns[0].kind == "numeric"
    assert raw.inputs[0, 0] == first
    (line,) = said(raw)
    assert " is read as a duration of " in line
    other = raw_of(path, *pasted(line))
    assert other.columns[0].kind != "numeric"
    if name != "t.xlsx":
        assert np.array_equal(raw_of(path, "data.stream=always").inputs, raw.inputs)


def test_times_of_day_stay(tmp_path: Path) -> None:
    """They are cyclic; the line says how they become durations, as inputs and as a target."""
    path = table(tmp_path, [f"{hour}:{hour + 10}" for hour in range(24)])
    raw = raw_of(path)
    assert raw.columns[0].kind == "date"
    (line,) = said(raw)
    assert "is read as a time of day; data.types.d=numeric reads durations" in line
    other = raw_of(path, *pasted(line))
    assert other.columns[0].kind == "numeric"
    assert other.inputs[1, 0] == 3600 + 11 * 60
    with pytest.raises(UserError, match=r"data\.types\.d=numeric reads durations"):
        raw_of(path, "data.target=d")
    assert raw_of(path, "data.target=d", "data.types.d=numeric").target[1] == 4260


def test_durations_of_their_own_type(tmp_path: Path) -> None:
    """Of Parquet, Excel and frames: the same numbers, also where the texts of CSV are predicted."""
    spans = [timedelta(seconds=3723.5 * i) for i in range(30)]
    parquet = table(tmp_path, spans, "t.parquet")
    raw = raw_of(parquet)
    assert raw.inputs[1, 0] == 3723.5
    assert said(raw) == ["d holds durations, read as seconds"]
    assert raw_of(table(tmp_path, spans, "t.xlsx")).inputs[1, 0] == pytest.approx(3723.5)
    assert np.array_equal(raw_of(parquet, "data.stream=always").inputs, raw.inputs)
    with open_writer(tmp_path / "out.csv") as writer:
        writer.write(pd.read_parquet(parquet))
    written = pd.read_csv(tmp_path / "out.csv")
    assert written["d"].tolist()[:2] == ["0:00:00", "1:02:03.500000"]
    assert np.array_equal(TableFrame(written).values(raw.columns[0]), raw.inputs[:, 0])

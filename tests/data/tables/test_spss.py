"""Files of SPSS: dates, times, durations, months and codes of no answer, whole and in pieces."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from pyreadstat import write_sav
from surveys import raw_of

from mlp_lab.data.config import FileSettings
from mlp_lab.data.tables import spss
from mlp_lab.data.tables.reading import read_chunks, read_table

if TYPE_CHECKING:
    from pyreadstat.pyclasses import MissingRange  # the oldest release has no such module

ROWS = 60
START = (pd.Timestamp("2020-01-01 12:30") - pd.Timestamp("1582-10-14")).total_seconds()
SECONDS = {"t": 1800.0, "long": 7200.0, "span": 90_000.0}


def saved(folder: Path, **missing: "list[int | float | str | MissingRange]") -> Path:
    """A file with a column of each format."""
    frame = pd.DataFrame(
        {
            **{name: [step * (i % 40) for i in range(ROWS)] for name, step in SECONDS.items()},
            **{name: [START + 3e6 * i for i in range(ROWS)] for name in ("when", "q", "my", "wk")},
            "day": [i % 7 + 1.0 for i in range(ROWS)],
            "month": [i % 12 + 1.0 for i in range(ROWS)],
            "x": [i % 9 + 0.25 for i in range(ROWS)],
            "y": [i % 5 + i / 100 for i in range(ROWS)],
        }
    )
    forms = {
        "t": "TIME8",
        "long": "TIME8",
        "span": "DTIME13.2",
        "when": "DATETIME20",
        "q": "QYR8",
        "my": "MOYR8",
        "wk": "WKYR10",
        "day": "WKDAY3",
        "month": "MONTH9",
        "x": "F8.2",
    }
    path = folder / "t.sav"
    write_sav(frame, str(path), variable_format=forms, missing_ranges=missing or None)
    return path


def test_formats_are_what_they_are(tmp_path: Path) -> None:
    """Hours beyond a day are not begun anew: a span of 25 hours was one of one."""
    raw = raw_of(saved(tmp_path))
    kinds = {column.name: column.kind for column in raw.columns}
    dates = dict.fromkeys(("t", "when", "q", "my", "wk"), "date")
    numbers = dict.fromkeys(("long", "span", "x"), "numeric")
    named = dict.fromkeys(("day", "month"), "category")
    assert kinds == {**dates, **numbers, **named}
    places = {column.name: place for place, column in enumerate(raw.columns)}
    for name in ("long", "span"):
        assert raw.inputs[39, places[name]] == 39 * SECONDS[name]
    assert raw.inputs[3, places["t"]] == 3 * 1800 / 86_400
    assert raw.inputs[0, places["when"]] == pytest.approx(18_262 + 12.5 / 24)
    assert raw.columns[places["day"]].levels[:2] == ["Sunday", "Monday"]
    assert raw.columns[places["month"]].levels[-1] == "December"


@pytest.mark.parametrize("rows", [1, 7, ROWS])
def test_pieces(rows: int, tmp_path: Path) -> None:
    """They are the whole, and what is long is found once for all of them."""
    path = saved(tmp_path)
    whole = read_table(path, FileSettings()).frame
    spss._lasting.cache_clear()
    pieces = pd.concat(read_chunks(path, FileSettings(), rows), ignore_index=True)
    pd.testing.assert_frame_equal(pieces, whole)
    assert spss._lasting.cache_info().misses == 1


def test_codes_of_no_answer_among_times(tmp_path: Path) -> None:
    """Dates and times without those that the file declares; others keep them, and the range."""
    path = saved(
        tmp_path,
        when=[{"lo": START, "hi": START + 4e6}],
        span=[{"lo": 90_000.0, "hi": 90_000.0}],
        x=[{"lo": 8.25, "hi": 8.25}],
    )
    file = read_table(path, FileSettings())
    assert file.frame["when"].isna().sum() == 2
    assert file.frame["span"].isna().tolist()[:3] == [False, True, False]
    assert file.missing_ranges == {"x": [(8.25, 8.25)]}
    raw = raw_of(path)
    places = {column.name: place for place, column in enumerate(raw.columns)}
    assert np.isnan(raw.inputs[:2, places["when"]]).all()
    assert np.isnan(raw.inputs[8, places["x"]])

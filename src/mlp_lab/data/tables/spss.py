"""Files of SPSS: their cells by the formats of their columns, which tell dates, times and spans.

SPSS keeps dates as seconds since the 14th of October 1582, times and durations as seconds.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mlp_lab.data.tables.cells import MissingRange, cell_text
from mlp_lab.data.tables.limits import require_cells

if TYPE_CHECKING:
    from pyreadstat import metadata_container

DATES = frozenset(
    ("DATE", "ADATE", "EDATE", "JDATE", "SDATE", "DATETIME", "YMDHMS", "MOYR", "QYR", "WKYR")
)
"""Formats of dates; of a month, a quarter or a week, its first day."""

TIMES, SPANS = frozenset(("TIME", "MTIME")), frozenset(("DTIME",))
"""Formats of times of a day, or of what lasts for hours, and of what lasts for days."""

EPOCH = np.datetime64("1582-10-14", "us")
DAY = 86_400
"""Seconds of a day: a column of times that reaches it holds durations."""

WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)
NAMED = {"WKDAY": WEEKDAYS, "MONTH": MONTHS}
"""Formats by which numbers from 1 on are shown as names."""

DIGITS = re.compile(r"[\d.]+$")

Labels = dict[str, str]


def read_spss(
    path: Path, encoding: str | None, first: int = 0, rows: int = 0
) -> tuple[pd.DataFrame, dict[str, Labels], dict[str, list[MissingRange]]]:
    """Rows from `first` on, at most `rows`, 0 for all; labels, and codes of no answer, by column.

    Such codes stand in the cells, but for dates and times, where they are no value.

    Raises:
        UserError: the cells need more than the free memory.
    """
    from pyreadstat import read_sav  # noqa: PLC0415 optional

    if not rows:
        said = read_sav(path, metadataonly=True)[1]
        require_cells(path.name, said.number_rows or 0, said.number_columns or 0)
    frame, meta = read_sav(
        path,
        encoding=encoding,
        disable_datetime_conversion=True,
        user_missing=True,
        row_offset=first,
        row_limit=rows,
    )
    ranges: dict[str, list[MissingRange]] = {
        name: [(span["lo"], span["hi"]) for span in spans if isinstance(span, dict)]
        for name, spans in meta.missing_ranges.items()
    }
    forms = _forms(meta)
    labels = {
        **{name: _names(NAMED[form]) for name, form in forms.items() if form in NAMED},
        **{name: code_texts(codes) for name, codes in meta.variable_value_labels.items()},
    }
    long = _lasting(path, encoding, _stamp(path)) if TIMES.intersection(forms.values()) else set()
    for name, form in forms.items():
        if form in DATES | TIMES | SPANS and frame[name].dtype != object:
            seconds = _without(frame[name].astype(np.float64), ranges.pop(name, []))
            lasts = form in SPANS or name in long
            frame[name] = _dates(seconds) if form in DATES else _spans(seconds, lasts=lasts)
    return frame, labels, ranges


def code_texts(labels: dict[float, str]) -> Labels:
    """Value labels by the texts of their codes."""
    return {cell_text(code): label for code, label in labels.items()}


def _forms(meta: metadata_container) -> dict[str, str]:
    """Formats of columns, as F8.2 without its digits."""
    types = meta.original_variable_types.items()
    return {name: DIGITS.sub("", form or "").upper() for name, form in types}


def _names(names: tuple[str, ...]) -> Labels:
    return {str(number): name for number, name in enumerate(names, 1)}


def _without(seconds: pd.Series, ranges: list[MissingRange]) -> pd.Series:
    """Seconds without those that the file declares to be no answer."""
    for low, high in ranges:
        seconds = seconds.mask(seconds.between(low, high))
    return seconds


def _dates(seconds: pd.Series) -> pd.Series:
    whole = np.round(seconds.to_numpy() * 1e6)
    with np.errstate(invalid="ignore"):
        moved = np.where(np.isnan(whole), 0, whole).astype(np.int64).astype("timedelta64[us]")
    dates = np.where(np.isnan(whole), np.datetime64("NaT"), EPOCH + moved)
    return pd.Series(dates, index=seconds.index, dtype="datetime64[us]")


def _spans(seconds: pd.Series, *, lasts: bool) -> pd.Series:
    """Durations, or times of a day as texts."""
    if lasts:
        return pd.to_timedelta(seconds, unit="s")
    return seconds.map(_clock, na_action="ignore").astype(object)


def _clock(seconds: float) -> str:
    whole, micros = divmod(round(seconds * 1e6), 1_000_000)
    text = f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"
    return f"{text}.{micros:06}" if micros else text


def _stamp(path: Path) -> tuple[int, int]:
    about = path.stat()
    return about.st_size, about.st_mtime_ns


@lru_cache(maxsize=64)  # asked for again with each piece of a file
def _lasting(path: Path, encoding: str | None, stamp: tuple[int, int]) -> frozenset[str]:
    """Columns of times that hold durations: some are longer than a day, or negative."""
    from pyreadstat import read_sav  # noqa: PLC0415 optional

    assert stamp
    forms = _forms(read_sav(path, metadataonly=True, encoding=encoding)[1])
    names = [name for name, form in forms.items() if form in TIMES]
    frame, _ = read_sav(path, usecols=names, encoding=encoding, disable_datetime_conversion=True)
    ends = {name: (frame[name].min(), frame[name].max()) for name in names}
    return frozenset(name for name, (least, most) in ends.items() if least < 0 or most >= DAY)

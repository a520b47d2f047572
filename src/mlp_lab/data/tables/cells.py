"""Cells of a column -> numbers, as its `Column` says; the same for training and for new rows."""

import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd

from mlp_lab.data.arrays import Floats, Index, Mask
from mlp_lab.data.columns import CLOCK_TIMES, RARE, UNSEEN, Column
from mlp_lab.data.tables.amounts import number_of
from mlp_lab.data.tables.dates import as_days, wanted
from mlp_lab.data.tables.numbers import as_number, as_stored, floats, numbers
from mlp_lab.errors import UserError
from mlp_lab.formatting import typed

MISSING_WORDS = (
    *("", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "None", "#N/A", "<NA>"),
    *("NAN", "Nan", "-nan", "-NaN", "-NAN", "+nan", "1.#QNAN", "1.#IND", "-1.#QNAN", "-1.#IND"),
    *(".", "..", ":"),
    *("#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!"),
)
"""Cells that mean no value, unless they are said to be levels; the second line as programs in C
print a division of zero by zero, the third of SAS, the World Bank and Eurostat, then of Excel."""

NONE = "None"
"""One of them, which may be the name of a class, or an answer."""

INTEGER = re.compile(r"[+-]?[0-9]{1,20}")
DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+")
POINT_GROUPS = re.compile(r"[+-]?[1-9]\d{0,2}(?:\.\d{3})+")
"""A whole number whose digits are grouped, where a comma is the decimal sign."""

TRUTH = {spelled: word for word in ("True", "False") for spelled in (word.lower(), word.upper())}
TRUTH_VALUES = {"True": 1.0, "False": 0.0}
"""Numbers of truth values, as a column of them alone is read."""

MissingRange = tuple[float | str | datetime, float | str | datetime]
"""From one value to another, both among them: SPSS declares such codes to be no answer."""

RowName = Callable[[int], str]
"""How messages call a row, given its place among those that are read."""


class FileCodes(NamedTuple):
    """What a file itself says of a column's codes: their value labels, and which mean no answer."""

    labels: Mapping[str, str]
    missing: Sequence[str]


def cell_text(cell: object) -> str:
    """A cell as a level is named: whole numbers without a point.

    >>> cell_text(2.0), cell_text(0.5), cell_text(" yes ")
    ('2', '0.5', 'yes')
    """
    if isinstance(cell, (float, np.floating)) and float(cell).is_integer():
        return str(int(cell))
    return str(cell).strip()


def canonical(text: str) -> str:
    """One spelling of what several mean.

    Reading a column as a whole, or its cells as text, or from another format, spells them apart.

    >>> [canonical(text) for text in ("01", "+1", "1e0", ".50", "TRUE", "one")]
    ['1', '1', '1', '0.5', 'True', 'one']
    """
    if INTEGER.fullmatch(text):
        return str(int(text))  # as a float, a long one would be rounded
    number = as_number(text)
    return TRUTH.get(text, text) if number is None else cell_text(number)


def _ungrouped(text: str) -> str:
    """A whole number without the points that group its digits."""
    return text.replace(".", "") if POINT_GROUPS.fullmatch(text) else text


@dataclass(frozen=True, slots=True)
class DistinctValues:
    """The distinct values of a column that are not missing; so many `rows` have one."""

    cells: list[object]
    texts: list[str]
    rows: int


class Cells:
    """A column's cells; what costs a pass over them is found once, when it is first asked for.

    Durations are their seconds (`lasting`).

    `decimal` is the sign of those that are text; `missing` codes are no value, nor are `words`, but
    for those that are `known` as levels.
    """

    def __init__(
        self,
        series: pd.Series,
        decimal: str = ".",
        missing: Collection[str] = (),
        words: Collection[str] | None = None,
        known: Collection[str] = (),
    ) -> None:
        self.lasting = pd.api.types.is_timedelta64_dtype(series.dtype)
        self.series = series.dt.total_seconds() if self.lasting else series
        self.decimal = decimal
        self.missing = missing
        self.words = MISSING_WORDS if words is None else {"", *words}
        self.known = known
        self.name = str(series.name)

    @cached_property
    def factorized(self) -> tuple[Index, list[object]]:
        """Index of each cell's value among the distinct ones, -1 if missing, and those."""
        try:
            codes, values = pd.factorize(self.series)
        except TypeError as error:  # what cannot be compared
            what = "lists or other collections, not single values"
            drop = f"{typed('data.drop', self.name)} leaves it out"
            raise UserError(f"column {self.name!r} holds {what}: {drop}") from error
        return codes.astype(np.int64, copy=False), list(values)

    @cached_property
    def texts(self) -> list[str]:
        """Texts of the distinct values; numbers among them have a decimal point."""
        texts = [cell_text(value) for value in self.factorized[1]]
        if self.decimal == ".":
            return texts
        if self.points_group:
            texts = [_ungrouped(text) for text in texts]
        pointed = [text.replace(self.decimal, ".") for text in texts]
        pairs = zip(texts, pointed, strict=True)
        return [text if as_number(number) is None else number for text, number in pairs]

    @cached_property
    def points_group(self) -> bool:
        """Whether points group digits, as in 1.234 beside a decimal comma; all of a column do."""
        if self.decimal == "." or self.numeric:
            return False
        texts = [cell_text(value) for value in self.factorized[1]]
        pointed = [text for text in texts if "." in text and as_number(text) is not None]
        return bool(pointed) and all(map(POINT_GROUPS.fullmatch, pointed))

    @cached_property
    def absent(self) -> list[bool]:
        """Which of the distinct values mean none: words, and codes in whatever spelling."""
        words = {*self.words}.difference(self.known) if self.known else self.words
        if not self.missing:
            return [text in words for text in self.texts]
        codes = {canonical(code) for code in self.missing}
        return [text in words or canonical(text) in codes for text in self.texts]

    @property
    def words_said(self) -> dict[str, int]:
        """How many cells hold each word that means no value, but for empty ones."""
        codes, said = self.factorized[0], dict[str, int]()
        for place, (text, gone) in enumerate(zip(self.texts, self.absent, strict=True)):
            if gone and text and text in self.words and text not in self.missing:
                said[text] = said.get(text, 0) + int((codes == place).sum())
        return said

    @cached_property
    def values(self) -> DistinctValues:
        """The distinct values that mean one."""
        codes, found = self.factorized
        kept = ~np.array(self.absent, dtype=bool)
        counts = np.bincount(codes[codes >= 0], minlength=len(found))
        return DistinctValues(
            [value for value, keep in zip(found, kept, strict=True) if keep],
            [text for text, keep in zip(self.texts, kept, strict=True) if keep],
            int(counts[kept].sum()) if len(found) else 0,
        )

    @property
    def missing_rows(self) -> Mask:
        """Where there is no value, (N,)."""
        if self.numeric and not self.missing and self.words is MISSING_WORDS:  # no number is one
            return self.series.isna().to_numpy()
        return np.array([*self.absent, True], dtype=bool)[self.factorized[0]]

    @property
    def numeric(self) -> bool:
        """Whether they were read as numbers."""
        dtype = self.series.dtype
        return pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_bool_dtype(dtype)

    @property
    def dated(self) -> bool:
        """Whether they were read as dates."""
        return pd.api.types.is_datetime64_any_dtype(self.series.dtype)

    @property
    def pointed(self) -> pd.Series:
        """Texts as numbers are written everywhere."""
        if self.decimal == ".":
            return self.series
        texts = self.series.astype("str")
        if self.points_group:
            texts = texts.map(_ungrouped, na_action="ignore")
        texts = texts.str.replace(self.decimal, ".", regex=False)
        return texts.where(self.series.notna())  # before pandas 3 a missing cell became text, too

    def like(self, series: pd.Series) -> "Cells":
        """Other cells, which mean the same."""
        other = Cells(series, self.decimal, self.missing, self.words, self.known)
        other.lasting = self.lasting
        return other

    def meaning(
        self, missing: Collection[str], words: Collection[str] | None, known: Collection[str]
    ) -> "Cells":
        """The same cells, of which others are no value."""
        other = Cells(self.series, self.decimal, missing, words, known)
        other.lasting = self.lasting
        return other

    def knowing(self, level: str) -> "Cells":
        """The same cells, of which one more word is a level."""
        known = {*self.known, level}
        return Cells(self.series, self.decimal, self.missing, self.words, known)

    def some(self, kept: Mask, *, declared: bool) -> "Cells":
        """Cells of some rows; text that is all numbers there is numbers unless `declared`."""
        some = self.like(self.series[kept])
        if declared or self.dated or pd.api.types.is_numeric_dtype(self.series.dtype):
            return some
        try:
            return Cells(numbers(some.pointed), ".", self.missing, self.words, self.known)
        except (ValueError, TypeError, OverflowError):
            return some


def column_values(cells: Cells, column: Column, row: RowName) -> Floats:
    """The values of a column, (N,), NaN where missing.

    Raises:
        UserError: a cell is not of the column's kind.
    """
    if column.kind == "numeric":
        return _numbers(cells, column, row)
    if column.kind != "date":
        return _spread(cells, _levels(cells, column), column, row)
    texts = ["" if gone else text for text, gone in zip(cells.texts, cells.absent, strict=True)]
    clock = column.amount == CLOCK_TIMES
    days = as_days(texts, day_first=column.day_first, clock=clock)
    return _spread(cells, days, column, row)


def _numbers(cells: Cells, column: Column, row: RowName) -> Floats:
    if pd.api.types.is_numeric_dtype(cells.series.dtype):
        values = cells.series.to_numpy(np.float64, na_value=np.nan)
    else:
        values = floats(cells.pointed)
        unread = np.flatnonzero(np.isnan(values))  # few, as a rule
        others = cells.like(cells.series.iloc[unread])
        known = [_number(text, column, cells.decimal) for text in others.texts]
        values[unread] = _spread(others, known, column, lambda place: row(int(unread[place])))
    codes = [number for code in cells.missing if (number := as_number(code)) is not None]
    if codes:
        values = np.where(np.isin(values, as_stored(codes, cells.series.dtype)), np.nan, values)
    infinite = np.flatnonzero(np.isinf(values))
    if len(infinite):
        raise _refused(cells, "a finite number", infinite[0], row)
    return values


def _number(text: str, column: Column, decimal: str) -> float | None:
    """What a text is that pandas takes for none; a word for no value is one among numbers."""
    if text in MISSING_WORDS:
        return math.nan
    number = number_of(text, column.amount, decimal)
    if number is None and text in column.labels.values():  # of a scale whose ends have labels
        codes = [code for code, label in column.labels.items() if label == text]
        return as_number(codes[0])
    return TRUTH_VALUES.get(canonical(text)) if number is None else number


def _levels(cells: Cells, column: Column) -> list[float | None]:
    """The index of each distinct cell's level; an ordinal column takes no other."""
    exact = level_index(column)
    loose = by_canonical_spelling(exact)
    other = None if column.kind == "ordinal" else int(UNSEEN)
    return [exact.get(text, loose.get(canonical(text), other)) for text in cells.texts]


def level_index(column: Column) -> Mapping[str, int]:
    """Index of the level that a cell's text stands for: the level itself, or a code for it."""
    index = dict.fromkeys(column.others, int(RARE))
    index |= {level: i for i, level in enumerate(column.levels)}
    coded = {code: index[label] for code, label in column.labels.items() if label in index}
    return {**coded, **index}


def by_canonical_spelling(index: Mapping[str, int]) -> Mapping[str, int]:
    """The index of a canonical spelling, where it is one: 01 and 1 may be two levels."""
    found: dict[str, set[int]] = {}
    for text, level in index.items():
        found.setdefault(canonical(text), set()).add(level)
    return {text: levels.pop() for text, levels in found.items() if len(levels) == 1}


def _spread(cells: Cells, known: Sequence[float | None], column: Column, row: RowName) -> Floats:
    """Values of the distinct cells -> of all, NaN where missing; None is refused."""
    codes = cells.factorized[0]
    known = [math.nan if gone else value for value, gone in zip(known, cells.absent, strict=True)]
    bad = [i for i, value in enumerate(known) if value is None]
    if bad:
        place = int(np.flatnonzero(np.isin(codes, bad))[0])
        rule = f"one of {', '.join(column.levels)}" if column.levels else "a number"
        if column.kind == "date":
            rule = wanted(cells.texts[codes[place]], day_first=column.day_first)
            rule = "a time" if column.amount == CLOCK_TIMES else rule
        raise _refused(cells, rule, place, row)
    return np.array([*known, math.nan], dtype=np.float64)[codes]


def _refused(cells: Cells, rule: str, place: int, row: RowName) -> UserError:
    cell = cells.series.iloc[place]
    shown = cell_text(cell) if isinstance(cell, (int, float, np.number)) else repr(str(cell))
    return UserError(f"column {cells.name!r} must hold {rule}, got {shown} in {row(place)}")

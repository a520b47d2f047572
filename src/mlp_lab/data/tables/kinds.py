"""What kind of column its distinct values seem to be; what is declared comes before it."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from mlp_lab.data.arrays import Floats
from mlp_lab.data.columns import Column
from mlp_lab.data.tables.amounts import GROUPS, as_amount, form_of, number_of
from mlp_lab.data.tables.answers import separator_in
from mlp_lab.data.tables.cells import MISSING_WORDS, Cells, DistinctValues
from mlp_lab.data.tables.dates import are_times, as_days, days_lead, is_date
from mlp_lab.data.tables.durations import LONG, duration_form, surely_durations
from mlp_lab.data.tables.numbers import as_number
from mlp_lab.data.tables.scales import is_scale, labelled_scale, ordered_levels
from mlp_lab.formatting import typed

LONG_TEXT = 50
"""Letters on average, beyond which values are text rather than categories."""
MANY_LEVELS = 50
CLASSES_OF_NUMBERS = 10
"""A target of so few whole numbers is taken for classes."""
SAMPLE = 10_000
"""Rows that tell whether numbers have many values: listing a million of them takes seconds."""
STRAY_SHARE = 0.1
"""Share of words among a column's values, the rest being numbers, up to which they seem strays."""
WORDY_SHARE = 0.5
"""The same of a column that is no target, of which nobody may know that it is read as names."""
FEWEST_VALUES = 5
"""Different values of a column, below which numbers among them may be codes."""
FEWEST_IDENTIFIERS = 20
"""Rows below which distinct values are no sign of an identifier."""


def many_numbers(cells: Cells) -> bool:
    """Whether a column holds numbers of more values than a person would have coded."""
    return cells.numeric and cells.series.iloc[:SAMPLE].nunique() >= FEWEST_IDENTIFIERS


def counts_rows(cells: pd.Series) -> bool:
    """Whether whole numbers are consecutive and all different, but for rows that are left out."""
    if cells.isna().any():
        return False
    ahead = cells.iloc[0] - cells.index[0]
    if cells.iloc[-1] - cells.index[-1] == ahead and bool((cells - cells.index == ahead).all()):
        return True
    if cells.max() - cells.min() + 1 != len(cells):
        return False
    return bool((cells % 1 == 0).all()) and cells.is_unique


def names_rows(cells: Cells) -> bool:
    """Whether numbers are whole, all different, and all there: they may be identifiers."""
    if not cells.numeric or len(cells.series) < FEWEST_IDENTIFIERS:
        return False
    samples = (cells.series.iloc[:SAMPLE], cells.series)
    return all(bool((some % 1 == 0).all()) and some.is_unique for some in samples)


def may_number_rows(cells: Cells, column: Column) -> bool:
    """Whether a column that is read may hold identifiers: numbers, but no durations."""
    return column.kind == "numeric" and not cells.lasting and names_rows(cells)


def says_nothing(cells: Cells) -> str:
    """Why nothing can be learnt from a column, whatever its kind; nothing if something can."""
    values = cells.values
    if not values.texts:
        return "no value"
    if len(values.texts) == 1 and values.rows == len(cells.series):
        return f"constant: {values.texts[0]!r}"
    return ""


def kind_of(cells: Cells, labels: Mapping[str, str]) -> str:
    """What a column seems to hold: one of `KINDS`, or text that is not read.

    Codes that all have value labels name categories.
    """
    values, texts = cells.values, cells.values.texts
    if cells.dated:
        return "date"
    if len(texts) == 2:
        return "binary"
    first, clock = days_lead(texts), are_times(texts)
    if clock and not surely_durations(texts):
        return "date"
    if numbers_in(cells) is not None:
        return "category" if all_labelled(values, labels) else "numeric"
    dates = all(map(is_date, texts))
    if dates and None not in as_days(texts, day_first=first, clock=clock):
        return "category" if all_labelled(values, labels) else "date"
    return _kind_of_words(cells)


def _kind_of_words(cells: Cells) -> str:
    """What texts are that are neither numbers nor dates."""
    if ordered_levels(cells.values.texts):
        return "ordinal"
    if (scale := labelled_scale(cells.values.texts)) is not None:
        return "numeric" if scale.plain else "ordinal"
    if separator_in(cells):
        return "multiple"
    return "text" if too_varied(cells.values) else "category"


def all_labelled(values: DistinctValues, labels: Mapping[str, str]) -> bool:
    """Whether value labels name every code of a column, other than by its number."""
    return bool(labels) and not is_scale(labels) and all(text in labels for text in values.texts)


def too_varied(values: DistinctValues) -> str:
    """Why words are no levels of a category; nothing if they may be."""
    count = len(values.texts)
    if count == values.rows and count >= FEWEST_IDENTIFIERS:
        return "identifier: a value of its own in every row"
    many = count > MANY_LEVELS and count > values.rows / 2
    if many or np.mean([len(text) for text in values.texts]) > LONG_TEXT:
        return "free text"
    return ""


def amounts_in(cells: Cells) -> str | None:
    """The form of a column's amounts, nothing of plain numbers; None if not all are numbers."""
    if cells.numeric:
        return LONG if cells.lasting else ""
    texts = _said(cells)
    form = form_of(texts, cells.decimal)
    return (duration_form(texts) or None) if form is None else form


def _said(cells: Cells) -> list[str]:
    """Distinct texts but for words that mean no value among numbers."""
    return [text for text in cells.values.texts if text not in MISSING_WORDS]


def numbers_in(cells: Cells) -> Floats | None:
    """The distinct values as numbers, if all are."""
    if cells.numeric:
        return np.array(cells.values.cells, dtype=np.float64)
    form = amounts_in(cells)
    if form is None:
        return None
    return np.array([number_of(text, form, cells.decimal) for text in _said(cells)], float)


def few_whole(numbers: Floats) -> bool:
    """Whether distinct numbers are so few and plain that they seem to name classes."""
    whole = bool((numbers == np.floor(numbers)).all())
    return len(numbers) == 2 or (whole and len(numbers) <= CLASSES_OF_NUMBERS)


def stray_words(cells: Cells, column: str | None = None) -> str:
    """What to do about a few words among numbers: in a `column`, or in all."""
    texts = cells.values.texts
    words = [text for text in texts if as_number(text) is None]
    others = [text for text in words if as_amount(text, cells.decimal) is None]
    sign = GROUPS[cells.decimal]
    other = as_amount(others[0], sign) if others else None
    if other is not None and None not in [as_amount(text, sign) for text in words]:
        return f": if {others[0]} is {other.value:.15g}, data.decimal={sign!r} says so"
    most = STRAY_SHARE if column is None else WORDY_SHARE  # a target may well mix both
    if not others or len(others) > most * len(texts) or len(texts) < FEWEST_VALUES:
        return ""
    shown = ", ".join(map(repr, others[:3])) + f" and {len(others) - 3} more" * (len(others) > 3)
    key = "data.missing" if column is None else "data.missing_in"
    setting = typed(key, *others[:MANY_LEVELS], column=column)
    return f": numbers but for {shown}; {setting} reads such cells as no value"

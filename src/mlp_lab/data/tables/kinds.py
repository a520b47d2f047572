"""What kind of column its distinct values seem to be; what is declared comes before it."""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from mlp_lab.data.arrays import Floats
from mlp_lab.data.tables.cells import DECIMAL_COMMA, Cells, DistinctValues
from mlp_lab.data.tables.dates import DATE, as_days, days_lead
from mlp_lab.data.tables.numbers import as_number

LONG_TEXT = 50
"""Letters on average, beyond which values are text rather than categories."""
MANY_LEVELS = 50
CLASSES_OF_NUMBERS = 10
"""A target of so few whole numbers is taken for classes."""
SAMPLE = 10_000
"""Rows that tell whether numbers have many values: listing a million of them takes seconds."""
STRAY_SHARE = 0.1
"""Share of words among a column's values, the rest being numbers, up to which they seem strays."""
AMOUNT = re.compile(
    r"([^\d+.,-]{0,4}?)\s?[+-]?(?:\d{1,3}(?:[,'.\s]\d{3})+(?:[.,]\d+)?|\d*[.,]?\d+)\s?([^\d\s]{0,8})"
)
"""A number, its digits perhaps grouped, with what stands before it and after it."""

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


def says_nothing(cells: Cells) -> str:
    """Why nothing can be learnt from a column, whatever its kind; nothing if something can."""
    values = cells.values
    if not values.texts:
        return "no value"
    if len(values.texts) == 1 and values.rows == len(cells.series):
        return f"constant: {values.texts[0]!r}"
    return ""


def kind_of(cells: Cells, labels: Mapping[str, str]) -> str:
    """What a column seems to hold: date, binary, numeric, category, or text that is not read.

    Codes that all have value labels name categories.
    """
    values, texts = cells.values, cells.values.texts
    if cells.dated:
        return "date"
    if len(texts) == 2:
        return "binary"
    if numbers_in(cells) is not None:
        return "category" if all_labelled(values, labels) else "numeric"
    dates = all(DATE.fullmatch(text) for text in texts)
    if dates and None not in as_days(texts, day_first=days_lead(texts)):
        return "category" if all_labelled(values, labels) else "date"
    return "text" if too_varied(values) else "category"


def all_labelled(values: DistinctValues, labels: Mapping[str, str]) -> bool:
    """Whether value labels name every code of a column."""
    return bool(labels) and all(text in labels for text in values.texts)


def too_varied(values: DistinctValues) -> str:
    """Why words are no levels of a category; nothing if they may be."""
    count = len(values.texts)
    if count == values.rows and count >= FEWEST_IDENTIFIERS:
        return "identifier: a value of its own in every row"
    many = count > MANY_LEVELS and count > values.rows / 2
    if many or np.mean([len(text) for text in values.texts]) > LONG_TEXT:
        return "free text"
    return ""


def numbers_in(cells: Cells) -> Floats | None:
    """The distinct values as numbers, if all are."""
    if cells.numeric:
        return np.array(cells.values.cells, dtype=np.float64)
    numbers = []
    for text in cells.values.texts:
        if (number := as_number(text)) is None:
            return None
        numbers.append(number)
    return np.array(numbers)


def few_whole(numbers: Floats) -> bool:
    """Whether distinct numbers are so few and plain that they seem to name classes."""
    whole = bool((numbers == np.floor(numbers)).all())
    return len(numbers) == 2 or (whole and len(numbers) <= CLASSES_OF_NUMBERS)


def stray_words(values: DistinctValues) -> str:
    """What to do about a few words among numbers, or a sign beside each, which make them text."""
    words = [text for text in values.texts if as_number(text) is None]
    if words and all(DECIMAL_COMMA.fullmatch(text) for text in words):
        return f": if {words[0]} is {words[0].replace(',', '.')}, data.decimal=',' says so"
    if len(words) > STRAY_SHARE * len(values.texts):
        return _amounts(words)
    if not words:
        return ""
    shown = ", ".join(map(repr, words[:3]))
    return f": numbers but for {shown}; data.missing=[{words[0]}] reads such cells as no value"


def _amounts(words: Sequence[str]) -> str:
    """What to do about texts of which most are numbers with one and the same sign."""
    found = {text: match.groups() for text in words if (match := AMOUNT.fullmatch(text))}
    signs = Counter(found.values()).most_common(1)
    if not signs or signs[0][1] < (1 - STRAY_SHARE) * len(words):
        return ""
    before, after = signs[0][0]
    if before and unicodedata.category(before.strip()[-1:] or " ") != "Sc":
        return ""  # a code, as Q17 is
    example = next(text for text, sign in found.items() if sign == signs[0][0])
    what = f"with {(before or after).strip()!r}" if before or after else "with grouped digits"
    return f": numbers {what}, as {example!r}; written without, they are read as numbers"

"""Texts -> the nearest numbers, whichever pandas is installed.

Before 3.1 its parsers are a unit off in the last place for every fourth long number, and take
one that no float holds for a word.
"""

from contextlib import suppress
from typing import Literal, TypedDict

import numpy as np
import pandas as pd

from mlp_lab.data.arrays import Floats

EXACT = tuple(int(part) for part in pd.__version__.split(".")[:2]) >= (3, 1)
"""Whether pandas finds them by itself."""


class _Precision(TypedDict, total=False):
    float_precision: Literal["round_trip"]


PRECISION: _Precision = {} if EXACT else {"float_precision": "round_trip"}
"""For `pandas.read_csv`, which then takes 3 to 5 times as long; a new one would warn of it."""


def as_number(text: str) -> float | None:
    """The number that a text is, or None; Python's own 1_000 is none."""
    if "_" in text:
        return None
    try:
        return float(text)
    except ValueError:
        return None


def numbers(cells: pd.Series) -> pd.Series:
    """Cells that are all numbers, or texts of numbers, as numbers.

    Raises:
        ValueError: a text is none.
        TypeError: a cell is neither.
        OverflowError: a whole number has hundreds of digits.
    """
    found = pd.to_numeric(cells)
    if EXACT or not pd.api.types.is_float_dtype(found.dtype):
        return found
    return pd.Series(floats(cells), index=cells.index, name=cells.name)


def floats(cells: pd.Series) -> Floats:
    """The numbers of cells, (N,), NaN where one is none."""
    if EXACT:
        with suppress(OverflowError):  # of a whole number of hundreds of digits
            return _coerced(cells)
    return _coerced(cells.map(_float))


def _coerced(cells: pd.Series) -> Floats:
    found = pd.to_numeric(cells, errors="coerce")
    return found.to_numpy(np.float64, na_value=np.nan, copy=True)


def _float(cell: object) -> object:
    """The number that a text or a whole number is; anything else as it is."""
    text = str(cell) if type(cell) is int else cell
    if not isinstance(text, str) or not text.isascii():  # pandas reads no other digits
        return cell
    number = as_number(text)
    return cell if number is None else number

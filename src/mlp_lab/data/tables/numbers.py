"""Texts -> the nearest numbers, whichever pandas is installed.

Before 3.1 its parsers are a unit off in the last place for every fourth long number, and take
one that no float holds for a word.
"""

import re
from collections.abc import Sequence
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


SIGNS = str.maketrans(
    {
        **dict.fromkeys("\N{MINUS SIGN}\N{FULLWIDTH HYPHEN-MINUS}\N{SMALL HYPHEN-MINUS}", "-"),
        **dict.fromkeys("\N{FULLWIDTH PLUS SIGN}\N{SMALL PLUS SIGN}", "+"),
        **dict.fromkeys("\N{FULLWIDTH FULL STOP}\N{ARABIC DECIMAL SEPARATOR}", "."),
        **dict.fromkeys("\N{ZERO WIDTH SPACE}\N{WORD JOINER}\N{ZERO WIDTH NO-BREAK SPACE}"),
    }
)
"""Signs of other keyboards, and blanks that nobody sees."""

FORTRAN = re.compile(r"([+-]?(?:\d+\.\d*|\.\d+|\d+(?=[dD][+-])))[dD]([+-]?\d{1,3})")
"""1.5D+03: a double precision number as Fortran writes it."""


def as_number(text: str) -> float | None:
    r"""The number that a text is, or None; Python's own 1_000 is none.

    What a column is, and what its cells are, both follow from it. Digits may be of any script,
    blanks around them of any kind.

    >>> [as_number(text) for text in ("6.2\u00a0", "\u22123", "\uff11\uff12", "1.5D+03", "3+")]
    [6.2, -3.0, 12.0, 1500.0, None]
    """
    if "_" in text:
        return None
    with suppress(ValueError):
        return float(text)
    if text.isascii():
        fortran = FORTRAN.fullmatch(text.strip())
        return float(f"{fortran[1]}e{fortran[2]}") if fortran else None
    plain = text.translate(SIGNS).strip()
    return None if plain == text else as_number(plain)


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


def as_stored(codes: Sequence[float], dtype: object = None) -> Floats:
    """Codes, and as single precision has them: 99.9 is 99.90000153 there, and in files made of it.

    A whole number in single precision may be a value of its own, as 100000000 for 99999999: it
    counts in columns of that `dtype` alone.

    >>> as_stored([99.9, 99999999]).tolist()
    [99.9, 99999999.0, 99.9000015258789]
    """
    found = np.array(codes, dtype=np.float64)
    with np.errstate(over="ignore"):
        single = found.astype(np.float32).astype(np.float64)
    kept = (
        single if str(dtype).lower().startswith("float32") else single[np.trunc(single) != single]
    )
    return np.concatenate([found, kept])

"""Codes of no answer that nobody declared: numbers that lie apart from a column's others.

A code is suspected where it is one of those that questionnaires and instruments use, or round, and
repeated, and beyond a gap that the column's own values do not have. What runs up to such a number,
as ages up to 99, is never suspected.
"""

import math
import re
from dataclasses import dataclass

import numpy as np

from mlp_lab.data.arrays import Floats, Index

USUAL = re.compile(r"[6789]|9[5-8]|([6789])\1+|9+[5-8]|9+\.9+|999\.25|[1-9]00+")
"""Codes without their sign: 7, 8, 9, 77, 97, 999, 9998, 99.9, and round ones such as 200."""

SINGLE = re.compile(r"[1-9]|[1-9]00+|([6789])\1+|9[5-8]|9+[5-8]|9+\.9+|999\.25")
"""Those that begin with a minus: also -1 to -9."""

MOST_CODES = 6
"""Codes of one column on a side: refused, does not know, not asked, ..."""
FEWEST_ROWS = 10
"""Rows with other values, below which nothing can be said."""
MOST_SHARE = 0.2
"""Share of the rows that say 7, 8 or 9 above a scale; more often, it is one of its levels."""
EXPECTED = 6.0
"""Rows that one would expect in the gap before a code of one digit, were it one of the levels."""
MOST_LEVELS = 13
"""Whole numbers that may be levels of a scale, as 0 to 12."""
PRICES = 0.3
"""Share of values that end with a 9, as prices do: of these, no 9.99 and no 99 is suspected."""
REPEATED = 4
"""Cells that make a peak of a code beyond a short gap, where each other number is rarer."""


@dataclass(frozen=True, slots=True)
class Suspects:
    """Numbers that may mean no answer, how many cells hold each, and the range of the others."""

    counts: dict[float, int]
    least: float
    most: float


@dataclass(frozen=True, slots=True)
class _Side:
    """Values in the direction of the codes that are looked for: ascending, codes at the end."""

    values: Floats
    counts: Index
    sign: int

    def code(self, place: int) -> float:
        """The number that stands there in the column."""
        return self.sign * float(self.values[place])


def suspects(values: Floats) -> Suspects | None:
    """Codes of no answer among numbers, (N,), of which NaN are none; None if there are none.

    >>> suspects(np.array([1.0, 2, 3, 4, 5] * 20 + [99.0] * 3)).counts
    {99.0: 3}
    """
    present = values[np.isfinite(values)]
    if len(present) < FEWEST_ROWS or not _may_be(present):
        return None
    distinct, cells = np.unique(present, return_counts=True)
    counts = cells.astype(np.int64)
    found: dict[float, int] = {}
    for sign in (1, -1):
        side = _Side(distinct * sign, counts, sign)
        if sign < 0:
            side = _Side(side.values[::-1], counts[::-1], sign)
        first = _first_code(side)
        found |= {side.code(i): int(side.counts[i]) for i in range(first, len(distinct))}
        kept = ~np.isin(distinct, list(found))
        distinct, counts = distinct[kept], counts[kept]
    if not found:
        return None
    return Suspects(dict(sorted(found.items())), float(distinct[0]), float(distinct[-1]))


def _may_be(present: Floats) -> bool:
    """Whether an end of the range could be a code; most columns need not be sorted."""
    low, high = float(present.min()), float(present.max())
    return (
        _usual(low, -1) or _usual(high, 1) or any((present == end).sum() > 2 for end in (low, high))
    )


def as_seen(number: float) -> float:
    """A number without the digits that single precision adds.

    >>> as_seen(float(np.float32(99.9))), as_seen(999999999.0)
    (99.9, 999999999.0)
    """
    return number if number.is_integer() else float(f"{number:.7g}")


def _usual(code: float, sign: int) -> bool:
    """Whether a number is a usual code below (-1) or above (1) the values of a column."""
    if code == 0:
        return sign < 0
    text = str(int(abs(code))) if code.is_integer() else repr(as_seen(abs(code)))
    return bool((SINGLE if code < 0 else USUAL).fullmatch(text)) and (sign < 0) == (code < 0)


def _first_code(side: _Side) -> int:
    """Where the codes at the end begin; the number of values if none are."""
    size = len(side.values)
    for first in range(max(2, size - MOST_CODES), size):
        if side.counts[:first].sum() >= FEWEST_ROWS and _are_codes(side, first):
            return first
    return size


def _are_codes(side: _Side, first: int) -> bool:
    """Whether values from one on lie beyond a gap, and are codes."""
    codes, rows = [side.code(i) for i in range(first, len(side.values))], side.counts[first:]
    core = _without_codes(side.values[:first], -side.sign)
    gap, spread = float(side.values[first] - core[-1]), float(core[-1] - core[0])
    if len(core) < 2 or gap < 2 * np.diff(core[(len(core) - 1) // 2 :]).max():
        return False
    times = gap / spread  # how far, in ranges of the others
    if rows.min() > 2 and times >= (10 if all(map(_round, codes)) else 100):
        return True
    if not all(_usual(code, side.sign) for code in codes):
        return False
    if codes[0] == 0:
        return bool(times >= 3 and rows.min() > 2)
    prices = side.sign > 0 and (_prices(core) or any(map(_round, codes)))
    plausible = not prices and (side.sign > 0 or core[0] < 0)  # some of the others are positive
    few = len(core) <= MOST_LEVELS and bool((core % 1 == 0).all())
    beside = _beside_a_scale if few and max(map(abs, codes)) <= 9 else _beyond_a_gap
    return plausible and beside(side, first, core)


def _without_codes(values: Floats, sign: int) -> Floats:
    """Ascending values without the codes at the far end, the first of which lies below all."""
    start = 0
    while start < len(values) - 2:
        code = -sign * float(values[start])
        if not _usual(code, sign) or 0 <= code < 66:
            break
        start += 1
    return values[start:]


def _round(code: float) -> bool:
    return code.is_integer() and abs(code) >= 100 and code % 100 == 0


def _prices(core: Floats) -> bool:
    """Whether many numbers end with a 9."""
    texts = [repr(value).removesuffix(".0") for value in core[:1000].tolist()]
    nines = sum(text.endswith("9") for text in texts)
    return len(texts) > 3 and nines >= PRICES * len(texts)


def _beside_a_scale(side: _Side, first: int, core: Floats) -> bool:
    """Whether 7, 8, 9 or their negatives are codes beside a few whole numbers.

    Rows that are spread over the numbers, as counts are, would have some of them in the gap: about
    the geometric mean of those on both sides, for each whole number between.
    """
    codes, rows = [side.code(i) for i in range(first, len(side.values))], side.counts[first:]
    total, last = float(side.counts.sum()), side.counts[first - 1]
    between = float(side.values[first] - core[-1]) - 1
    low, high = (core[0], core[-1]) if side.sign > 0 else (-core[-1], -core[0])
    if low < 0 or last < max(5.0, 0.02 * total):
        return False
    if side.sign > 0:
        alone = len(codes) == 1 and codes[0] < 9 and between < 2
        level = alone or rows.max() > MOST_SHARE * total
    else:  # from -3 to 3 without a 0
        positive = {float(value) for value in -core if value > 0}
        mirrored = positive.issuperset(-code for code in codes) and 2 * len(codes) >= len(positive)
        level = mirrored and high < 2 * max(map(abs, codes))
    expected = between * math.sqrt(last * rows.max())
    return bool(not level and rows.sum() > 1 and expected >= EXPECTED)


def _beyond_a_gap(side: _Side, first: int, core: Floats) -> bool:
    """Whether other codes lie far enough from the other numbers, or are a peak beyond them."""
    rows, code, negative = side.counts[first:], side.code(first), side.sign < 0
    gap, spread = float(side.values[first] - core[-1]), float(core[-1] - core[0])
    repeated, whole = rows.sum() > 1, bool((side.values[: first + 1] % 1 == 0).all())
    if negative and core[-1] <= 0 and (repeated or (whole and gap > 2)):
        return True  # of numbers that are never below 0 otherwise
    alone = gap >= 3 * spread and abs(code) > 100 and not _round(code)
    if alone or (repeated and gap >= (spread if negative else spread / 2)):
        return True
    others = side.counts[max(0, first - 5) : first]
    dense = whole and (gap - 1) * math.sqrt(others.mean() * rows.max()) >= 3 * EXPECTED
    peak = rows.max() >= max(2.5 * others.mean(), others.max() + 1)
    return bool(rows.max() >= REPEATED and (dense or peak))

"""Values in an order of their own: 0, 1, 2, 3+; age groups; scales whose ends alone have labels."""

import math
import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

from mlp_lab.data.tables.numbers import as_number

MOST_FILLED = 20
"""Whole numbers that are levels though no row has them."""

FEWEST_BANDS = 3
"""Levels such as 18-24 that are in an order, where none of them is open."""

AND_MORE = re.compile(
    r"(\d+)\s?(?:\+|plus|(?:or|and) (?:more|over|older|above))|(?:>=?|≥|over|more than)\s?(\d+)",
    re.IGNORECASE,
)
AND_LESS = re.compile(
    r"(?:<=?|≤|under|below|less than|up to)\s?(\d+)|(\d+) (?:or|and) (?:less|under|younger|below)",
    re.IGNORECASE,
)
BAND = re.compile(r"(\d+)\s?(?:-|\u2013|to)\s?(\d+)")

Span = tuple[float, float]


def ordered_levels(texts: Sequence[str]) -> list[str]:
    """Levels in order, if they are whole numbers and spans of them that do not overlap; else none.

    Numbers between others are levels, too: a row of another file may have them.

    >>> ordered_levels(["3+", "0", "1"]), ordered_levels(["18-24", "65+", "25-64"])
    (['0', '1', '2', '3+'], ['18-24', '25-64', '65+'])
    """
    spans = {text: span for text in texts if (span := _span(text)) is not None}
    if len(spans) < len(texts) or len(texts) < FEWEST_BANDS:
        return []
    ordered = sorted(spans, key=lambda text: (spans[text], text))
    ends = [spans[text] for text in ordered]
    apart = all(one[1] <= other[0] for one, other in pairwise(ends))
    if not apart or all(low == high for low, high in ends) or len({*ends}) < len(ends):
        return []
    return _filled(ordered, spans)


def _span(text: str) -> Span | None:
    """From where to where a level reaches."""
    if found := AND_MORE.fullmatch(text):
        return float(found[1] or found[2]), math.inf
    if found := AND_LESS.fullmatch(text):
        return -math.inf, float(found[1] or found[2])
    if found := BAND.fullmatch(text):
        return (float(found[1]), float(found[2])) if int(found[1]) < int(found[2]) else None
    return (float(text), float(text)) if text.isdecimal() and text.isascii() else None


def _filled(ordered: Sequence[str], spans: Mapping[str, Span]) -> list[str]:
    """With the whole numbers between two single ones, or before an open end."""
    found: list[str] = []
    for text, other in zip(ordered, [*ordered[1:], ""], strict=True):
        found.append(text)
        if other and spans[text][0] == spans[text][1] and math.isfinite(spans[other][0]):
            between = range(int(spans[text][0]) + 1, int(spans[other][0]))
            found += map(str, between) if len(between) <= MOST_FILLED else []
    return found


def is_scale(labels: Mapping[str, str]) -> bool:
    """Whether value labels are those of a scale, most of whose numbers are called as they are.

    >>> is_scale({"0": "bad", "1": "1", "2": "2", "3": "3", "4": "good", "77": "refused"})
    True
    """
    own = _own(labels)
    return len(own) >= FEWEST_BANDS and 2 * len(own) >= len(labels) - len(beyond_scale(labels, own))


def _own(labels: Mapping[str, str]) -> list[float]:
    """Codes that are called by their number."""
    return [
        number
        for code, label in labels.items()
        if (number := as_number(code)) is not None and number == as_number(label)
    ]


def beyond_scale(labels: Mapping[str, str], own: Sequence[float] | None = None) -> list[str]:
    """Codes with a label that lie apart from a scale: they mean no answer."""
    own = _own(labels) if own is None else own
    if not own:
        return []
    numbers = {code: as_number(code) for code in labels}
    low, high = min(own) - 1, max(own) + 1
    return [
        code for code, number in numbers.items() if number is not None and not low <= number <= high
    ]


def no_answers(labels: Mapping[str, str]) -> list[str]:
    """Codes of no answer beside a scale, if labels are those of one.

    >>> no_answers({"0": "bad", "1": "1", "2": "2", "3": "3", "4": "good", "77": "refused"})
    ['77']
    """
    return beyond_scale(labels) if is_scale(labels) else []

"""Values in an order of their own: 0, 1, 2, 3+; age groups; scales whose ends alone have labels."""

import math
import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

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

WHOLE = re.compile(r"-?\d{1,3}")
LABELLED = re.compile(r"(?:(-?\d{1,3})\s?(?:[-=:.)\u2013]|\s-)\s?|\((-?\d{1,3})\)\s?)[^\W\d_].*")
"""A whole number, a sign, and words: 1 = never, 1. never, (1) never, 10 - Completely."""

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


class LabelledScale(NamedTuple):
    """Whole numbers with labels beside them in the same cell, as `1 = never` or `10 - Completely`.

    `labels`: code -> cell, in order; `apart`: cells whose code lies beyond a gap, which mean no
    answer; `plain`: whether other cells hold the number alone.
    """

    labels: dict[str, str]
    apart: list[str]
    plain: bool


def labelled_scale(texts: Sequence[str]) -> LabelledScale | None:
    """The scale that cells are of, if they are of one.

    >>> labelled_scale(["1 = never", "3 = often", "2 = rarely", "99 = refused"])
    LabelledScale(labels={'1': '1 = never', '2': '2 = rarely', '3': '3 = often'}, \
apart=['99 = refused'], plain=False)
    >>> labelled_scale(["0 - Not at all", "1", "2", "3", "4 - Completely"]).plain
    True
    >>> labelled_scale(["1 cat", "2 dogs", "7 birds"])
    """
    plain = {int(text) for text in texts if WHOLE.fullmatch(text)}
    found = {text: match for text in texts if (match := LABELLED.fullmatch(text))}
    codes = {int(match[1] or match[2]): text for text, match in found.items()}
    if len(found) + len(plain) < len(texts) or len(codes) < len(found) or not codes:
        return None
    if plain & codes.keys() or (plain and len(plain) < FEWEST_BANDS):
        return None
    ordered = sorted(plain | codes.keys())
    core = _without_apart(ordered)
    if len(core) < FEWEST_BANDS or any(number not in codes for number in {*ordered} - {*core}):
        return None
    labels = {str(number): codes[number] for number in core if number in codes}
    apart = [codes[number] for number in ordered if number not in core]
    return LabelledScale(labels, apart, bool(plain)) if labels else None


def _without_apart(ordered: Sequence[int]) -> list[int]:
    """The longest part of ascending whole numbers that follow each other."""
    parts: list[list[int]] = []
    for number in ordered:
        if parts and number - parts[-1][-1] == 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    return max(parts, key=len, default=[])


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

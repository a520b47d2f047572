"""Cells with several answers: a set of levels as one number, and a network's inputs of it.

A set is the sum of 2**i over the places i of its answers among a column's levels; one half more if
it holds an answer that is not known, one quarter if one that is too rare to have an input. Double
precision has room for `MOST_ANSWERS` of them without rounding. A cell in which nothing was chosen
is 0, a missing one NaN.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from mlp_lab.data.arrays import Array, Floats, Index, Mask
from mlp_lab.data.columns import MISSING, OTHER, RARE, Column

MOST_ANSWERS = 50
"""Levels of such a column: the most frequent ones; what is beyond them counts as rare."""

UNKNOWN_ONE, RARE_ONE = 0.5, 0.25


def set_of(places: Iterable[int]) -> float:
    """The number of a set of places; below 0 are `RARE` and what is not known.

    >>> set_of([0, 2]), set_of([1, -1]), set_of([])
    (5.0, 2.5, 0.0)
    """
    chosen = {*places}
    known = [math.ldexp(1.0, place) for place in chosen if place >= 0]
    others = {RARE_ONE if place == RARE else UNKNOWN_ONE for place in chosen if place < 0}
    return math.fsum((*known, *others))


def chosen_in(values: Floats, levels: int) -> Mask:
    """Which answers sets, (N,), hold, (N, levels); a missing one holds none."""
    whole: Index = np.nan_to_num(np.floor(values)).astype(np.int64)
    found: Mask = (whole[:, None] >> np.arange(levels)) & 1 == 1
    return found


def holds_unknown(values: Floats) -> Mask:
    """Which sets, (N,), hold an answer that no training row gave."""
    return values % 1 >= UNKNOWN_ONE


def _holds_other(values: Floats) -> Mask:
    """Which sets, (N,), hold an answer without an input of its own."""
    return values % 1 > 0


def recoded_sets(values: Floats, column: Column, fitted: Column) -> Floats:
    """Sets of a column's levels as sets of those that were kept; the others are rare. NaN stays."""
    place = {level: i for i, level in enumerate(fitted.levels)}
    marks = chosen_in(values, len(column.levels))
    gone = np.array([level not in place for level in column.levels], dtype=bool)
    weights = np.array([2.0 ** place[level] if level in place else 0.0 for level in column.levels])
    rare = (marks & gone).any(axis=1) | (values % 0.5 >= RARE_ONE)
    found: Floats = marks @ weights + UNKNOWN_ONE * holds_unknown(values) + RARE_ONE * rare
    return np.where(np.isnan(values), np.nan, found)


@dataclass(frozen=True, slots=True)
class AnswersEncoding:
    """One input for each answer: 1 if it was given, else 0; any number of them may be 1.

    `other` is the input of answers that are rare or not known, `missing` that of cells without a
    value; each is there where training rows had such a cell.
    """

    levels: int
    other: bool
    missing: bool

    @property
    def inputs(self) -> int:
        """How many inputs there are."""
        return self.levels + self.other + self.missing

    def names(self, column: Column) -> list[str]:
        """Names of the inputs."""
        slots = [OTHER] * self.other + [MISSING] * self.missing
        return [f"{column.name}={level}" for level in column.levels + slots]

    def write(self, values: Floats, out: Array, at: int) -> None:
        """Encode (N,) sets into the inputs from `at` of (N, D) zeros."""
        out[:, at : at + self.levels] = chosen_in(values, self.levels)
        place = at + self.levels
        if self.other:
            out[:, place] = _holds_other(values)
        if self.missing:
            out[:, place + self.other] = np.isnan(values)


def kept_answers(column: Column, values: Floats) -> tuple[Sequence[str], Sequence[str]]:
    """Levels that enough of the training rows, (N,), hold to be learnt, and those that fewer do."""
    counts = chosen_in(values, len(column.levels)).sum(axis=0)
    least = max(2.0, column.min_frequency * len(values))
    rows = list(zip(column.levels, counts.tolist(), strict=True))
    kept = [level for level, count in rows if count >= least]
    return kept, [level for level, count in rows if 0 < count < least]


def encoding_of(fitted: Column, values: Floats) -> AnswersEncoding:
    """From the training rows' sets, (N,), of the levels that were kept."""
    other, missing = bool(_holds_other(values).any()), bool(np.isnan(values).any())
    return AnswersEncoding(len(fitted.levels), other, missing)

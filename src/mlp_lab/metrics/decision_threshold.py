"""Deciding between two classes by another probability than one half: where misses cost more.

If probabilities are exact, the decision that costs least is for a class from the probability
1 / (1 + c) on, where missing it costs c times as much as a false alarm (Elkan, The Foundations of
Cost-Sensitive Learning, 2001). Here the threshold is the one that cost least on validation rows,
among equals the nearest to that.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass

import numpy as np

from mlp_lab.data.arrays import Floats, Index
from mlp_lab.errors import UserError, require

MOST_KEPT = 1000
"""Different probabilities that are kept, evenly over all: each is a place for a threshold."""

LARGEST_COST = 1e6
"""Of a miss: with more, every row is decided for."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """Decide for one of two classes where its probability is above `value`.

    `place`: 0 or 1, which of the two.
    """

    value: float
    place: int = 1

    def __post_init__(self) -> None:
        require(0 <= self.value <= 1, "threshold", "in [0, 1]", self.value)

    def decide(self, scores: Floats) -> Index:
        """The class of each row, (N,), by probabilities of both, (N, 2)."""
        own = scores[:, self.place] > self.value
        decided: Index = np.where(own, self.place, 1 - self.place).astype(np.int64)
        return decided


@dataclass(frozen=True, slots=True)
class Rates:
    """What a threshold gives on validation rows.

    `recall`: of the class's rows the share that is found; `precision`: of those decided for it the
    share that is right (NaN of none); `cost`: mean of a row, in false alarms.
    """

    threshold: Threshold
    precision: float
    recall: float
    cost: float


@dataclass(frozen=True, slots=True)
class Ranking:
    """Validation rows of two classes by the probability of the second, ascending.

    `first`, `second`: weight of the rows of either class up to and including each probability.
    """

    probabilities: list[float]
    first: list[float]
    second: list[float]

    @classmethod
    def of(cls, probabilities: Floats, labels: Index, weights: Floats | None) -> Ranking:
        """Of probabilities, (N,), and true classes, 0 or 1, of rows that have weights, (N,)."""
        counts = np.ones(len(labels)) if weights is None else weights
        known = np.isfinite(probabilities)
        values, places = np.unique(probabilities[known], return_inverse=True)
        sums = [
            np.bincount(places, counts[known] * (labels[known] == k), len(values)).cumsum()
            for k in (0, 1)
        ]
        kept = np.arange(len(values))
        if len(kept) > MOST_KEPT:
            kept = np.linspace(0, len(values) - 1, MOST_KEPT).round().astype(int)
        return cls(values[kept].tolist(), *(own[kept].tolist() for own in sums))

    def rates(self, threshold: Threshold, cost: float = 1.0) -> Rates:
        """What a threshold gives, where a miss costs so many false alarms."""
        value = threshold.value if threshold.place == 1 else 1 - threshold.value
        search = bisect_right if threshold.place == 1 else bisect_left  # equal is not above
        count = search(self.probabilities, value)
        return self._rates(count, threshold, cost)

    def _rates(self, count: int, threshold: Threshold, cost: float) -> Rates:
        """With so many of the probabilities on the first class's side."""
        below = [own[count - 1] if count else 0.0 for own in (self.first, self.second)]
        whole = self.first[-1], self.second[-1]
        above = [total - own for total, own in zip(whole, below, strict=True)]
        decided, place = (above if threshold.place == 1 else below), threshold.place
        right, alarms = decided[place], decided[1 - place]
        missed = whole[place] - right
        return Rates(
            threshold,
            precision=right / (right + alarms) if right + alarms else math.nan,
            recall=right / whole[place] if whole[place] else math.nan,
            cost=(cost * missed + alarms) / sum(whole),
        )

    def cheapest(self, cost: float, place: int = 1) -> Rates:
        """The threshold of class `place` that costs least, where a miss costs so many false alarms.

        Raises:
            UserError: no rows were kept, or all are of one class.
        """
        require(0 < cost <= LARGEST_COST, "cost", f"above 0, at most {LARGEST_COST:,.0f}", cost)
        if not self.probabilities or 0 in (self.first[-1], self.second[-1]):
            raise UserError("a threshold needs validation rows of both classes, and there are none")
        values = np.array([0.0, *self.probabilities, 1.0])
        middles = (values[:-1] + values[1:]) / 2
        exact = 1 / (1 + cost)
        tried = []
        for count, middle in enumerate(middles.tolist()):
            threshold = Threshold(middle if place == 1 else 1 - middle, place)
            tried.append(self._rates(count, threshold, cost))
        return min(tried, key=lambda own: (round(own.cost, 12), abs(own.threshold.value - exact)))

"""Deciding between two classes by another probability than one half: where misses cost more.

If probabilities are exact, the decision that costs least is for a class from the probability
1 / (1 + c) on, where missing it costs c times as much as a false alarm (Elkan, The Foundations of
Cost-Sensitive Learning, 2001). Here the threshold is the one that cost least on validation rows,
among equals the nearest to that.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from mlp_lab.data.arrays import Floats, Index
from mlp_lab.errors import UserError, require, require_real

MOST_KEPT = 1000
"""Different probabilities that are kept at most."""

SHARE_OF_THE_RARER = 0.8
"""Of these, for places where a row of the rarer class lies next to a threshold."""

HALF = 0.5
"""Where two classes part by default."""

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
        require_real(self.value, "threshold")
        require(0 <= self.value <= 1, "threshold", "in [0, 1]", self.value)

    def described(self, classes: Sequence[str]) -> dict[str, object]:
        """As plain data, with the name of its class.

        >>> Threshold(0.3).described(["no", "yes"])
        {'class': 'yes', 'above': 0.3}
        """
        return {"class": classes[self.place], "above": self.value}

    def decide(self, scores: Floats) -> Index:
        """The class of each row, (N,), by probabilities of both, (N, 2)."""
        own = scores[:, self.place] > self.value
        decided: Index = np.where(own, self.place, 1 - self.place).astype(np.int64)
        return decided


def require_threshold(threshold: float | None, class_name: str | None) -> None:
    """Raise where a class is named, but no threshold of it.

    Raises:
        UserError: it is.
    """
    if threshold is None and class_name is not None:
        raise UserError("class_name says whose threshold it is: set threshold, too")


@dataclass(frozen=True, slots=True)
class Rates:
    """What a threshold gives on validation rows.

    `recall`: of the class's rows the share that is found; `precision`: of those decided for it the
    share that is right (NaN of none); `cost`: mean of a row, in false alarms. Where they are not
    `exact`, they are those of a threshold close by, as fewer rows were kept than there were.
    """

    threshold: Threshold
    precision: float
    recall: float
    cost: float
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Ranking:
    """Validation rows of two classes by the probability of the second, ascending.

    `first`, `second`: weight of the rows of either class up to and including each probability.
    `left_out`: how many different probabilities are missing right below each, nothing where this
    was not noted.
    """

    probabilities: list[float]
    first: list[float]
    second: list[float]
    left_out: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, probabilities: Floats, labels: Index, weights: Floats | None) -> Ranking:
        """Of probabilities, (N,), and true classes, 0 or 1, of rows that have weights, (N,)."""
        counts = np.ones(len(labels)) if weights is None else weights
        known = np.isfinite(probabilities) & (counts > 0)
        values, places = np.unique(probabilities[known], return_inverse=True)
        counts, labels = counts[known].astype(np.float64), labels[known]
        own: list[Floats] = [
            np.bincount(places, counts * (labels == k), len(values)).astype(np.float64)
            for k in (0, 1)
        ]
        kept = np.arange(len(values))
        if len(kept) > MOST_KEPT:
            kept = _thinned(values, own)
        first, second = (each.cumsum()[kept].tolist() for each in own)
        left_out = (np.diff(kept, prepend=-1) - 1).tolist()
        return cls(values[kept].tolist(), first, second, left_out)

    def rates(self, threshold: Threshold, cost: float = 1.0) -> Rates:
        """What a threshold gives, where a miss costs so many false alarms.

        Where probabilities next to it were left out, what the nearest below it that is kept gives:
        no row of the rarer class lies between, as far as all of these were kept.
        """
        value = threshold.value if threshold.place == 1 else 1 - threshold.value
        search = bisect_right if threshold.place == 1 else bisect_left  # equal is not above
        count = search(self.probabilities, value)
        between = 0 < count < len(self.probabilities) and self._gap(count)
        exact = not between or value == self.probabilities[count - 1]
        return self._rates(count, threshold, cost, exact=exact)

    def _gap(self, place: int) -> bool:
        """Whether probabilities right below one that is kept were left out, or may have been."""
        if not self.left_out:
            return len(self.probabilities) >= MOST_KEPT
        return self.left_out[place] > 0

    def _rates(self, count: int, threshold: Threshold, cost: float, *, exact: bool) -> Rates:
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
            exact=exact,
        )

    def cheapest(self, cost: float, place: int = 1) -> Rates:
        """The threshold of class `place` that costs least, where a miss costs so many false alarms.

        Raises:
            UserError: no rows were kept, or all are of one class.
        """
        require_real(cost, "cost")
        require(0 < cost <= LARGEST_COST, "cost", f"above 0, at most {LARGEST_COST:,.0f}", cost)
        if not self.probabilities or 0 in (self.first[-1], self.second[-1]):
            raise UserError("a threshold needs validation rows of both classes, and there are none")
        values = np.array([0.0, *self.probabilities, 1.0])
        middles = ((values[:-1] + values[1:]) / 2).tolist()
        each = (Threshold(middle if place == 1 else 1 - middle, place) for middle in middles)
        tried = [self.rates(threshold, cost) for threshold in each]
        optimal = 1 / (1 + cost)
        return min(
            tried,
            key=lambda own: (
                *(round(own.cost, 12), not own.exact),
                abs(own.threshold.value - optimal),
            ),
        )


def _thinned(values: Floats, own: list[Floats]) -> Index:
    """Which of many probabilities, (V,), are kept, by the weight of either class at each, (V,).

    A threshold costs least, at whatever cost, where a row of the first class is the last below it,
    and one of the second the first above: so both sides of each such place are kept for the rarer
    class, whose rows decide what is found. The others are of all rows, dense where few are left.
    """
    last = len(values) - 1
    rarer = int(np.count_nonzero(own[1]) <= np.count_nonzero(own[0]))
    places = np.flatnonzero(own[rarer])
    cuts = places - 1 if rarer else places  # a cut lies between a probability and the next
    most = int(MOST_KEPT * SHARE_OF_THE_RARER) - 6
    if len(np.union1d(cuts, cuts + 1)) > most:
        cuts = cuts[_dense_at_ends(own[rarer][places], most // 2)]
    halves = [np.searchsorted(values, HALF, side) - 1 for side in ("left", "right")]
    cuts = np.concatenate([cuts, halves, [0, last]])
    kept = np.union1d(cuts, cuts + 1)
    others = _dense_at_ends(own[1 - rarer], MOST_KEPT - len(kept))
    found: Index = np.union1d(kept, others)
    return found[(found >= 0) & (found <= last)]


def _dense_at_ends(weights: Floats, count: int) -> Index:
    """So many places at most, evenly over the log odds of the sum of weights, (V,), up to each.

    So what a class has below a place, and above it, is known to the same share of itself.
    """
    sums = weights.cumsum()
    one = sums[-1] / np.count_nonzero(weights)
    odds = np.log((sums + one) / (sums[-1] - sums + one))
    wanted = np.linspace(odds[0], odds[-1], count)
    found: Index = np.unique(np.searchsorted(odds, wanted).clip(0, len(odds) - 1))
    return found

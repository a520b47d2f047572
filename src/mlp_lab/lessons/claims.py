"""A claim, best written before the measurement, and what the measurement says of it.

Every claim has one number for each seed. Their mean has a 95 % interval by Student's t ("The
probable error of a mean", 1908), and the verdict follows from where that interval lies. Of many
claims some are decided by chance: `holm` says which are decided all the same.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtr, stdtrit

from mlp_lab.data.arrays import Floats
from mlp_lab.lessons.tables import Tables

LEVEL = 0.95
HOLDS, FAILS, OPEN = "holds", "does not hold", "not decided"
SHOWN = "shown, not decided"
"""Of a quick form, which bounds were not written for."""

LEAST_SEEDS = 3
"""Fewer decide on nothing: an interval of two is 18 standard errors long."""

EQUAL = 1e-12
"""Share of a number, up to which it is another seed's."""

ANYTHING, POSITIVE, SHARE = (-math.inf, math.inf), (0.0, math.inf), (0.0, 1.0)
UP_TO_ONE, CORRELATION, DIFFERENCE = (-math.inf, 1.0), (-1.0, 1.0), (-1.0, 1.0)
"""What a measure can be: a claim is `within` it. R2 is up to one; differences are of shares."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence that a measurement can contradict.

    `measure` says in words what one seed's number is, with its unit, and `formula` computes it,
    (seeds,); the claim is that its expectation lies `above` or `below` the bound. It is `within`
    limits that no measurement leaves. What is `exact` no seed changes, as a number of bytes.
    """

    text: str
    measure: str
    formula: Callable[[Tables], ArrayLike]
    _: KW_ONLY
    above: float | None = None
    below: float | None = None
    within: tuple[float, float] = ANYTHING
    exact: bool = False

    def __post_init__(self) -> None:
        assert (self.above is None) != (self.below is None), "a claim has one direction"

    @property
    def bound(self) -> float:
        """What the expectation lies above, or below."""
        return max(bound for bound in (self.above, self.below) if bound is not None)

    @property
    def rule(self) -> str:
        """`> 1.3` or `< 0`."""
        return f"{'<' if self.above is None else '>'} {self.bound:g}"


@dataclass(frozen=True)
class Finding:
    """What was measured of a claim: one number for each seed, in full or in a `quick` form."""

    claim: Claim
    values: Sequence[float]
    quick: bool = False

    @cached_property
    def mean(self) -> float:
        """Over seeds; not a number where a seed gave none."""
        return float(np.mean(self.values))

    @cached_property
    def interval(self) -> tuple[float, float]:
        """Bounds of the mean's 95 % interval; infinite for a single seed.

        Cut at what the measure can be: the expectation lies there, so that no coverage is lost.
        """
        low, high = t_interval(self.values)
        least, most = self.claim.within
        return max(low, least), min(high, most)

    @property
    def equal(self) -> bool:
        """Whether all seeds gave the same number: there is no spread to go by."""
        largest = max(map(abs, self.values), default=0.0)
        return max(self.values) - min(self.values) <= EQUAL * largest

    @cached_property
    def p_value(self) -> float:
        """Two-sided p-value of the mean against the bound; 1 where nothing can be decided.

        Where all seeds agree, it is that of as many equal signs.
        """
        count, bound = len(self.values), self.claim.bound
        if not np.isfinite(self.values).all() or count < LEAST_SEEDS:
            return 1.0
        if self.equal:
            same = abs(self.mean - bound) <= EQUAL * abs(bound)
            return 1.0 if same else 0.0 if self.claim.exact else 2 * 0.5**count
        error = float(np.std(self.values, ddof=1)) / math.sqrt(count)
        return 2 * float(stdtr(count - 1, -abs(self.mean - bound) / error))

    @property
    def verdict(self) -> str:
        """`holds` where the whole interval is on the claim's side, `does not hold` on the other.

        Not decided with fewer than three seeds, or where less than six all give the same number.
        """
        if self.quick:
            return SHOWN
        if self.p_value >= 1 - LEVEL:
            return OPEN
        return HOLDS if (self.mean > self.claim.bound) == (self.claim.above is not None) else FAILS

    def to_dict(self) -> dict[str, object]:
        """As measurements.json holds it."""
        return {
            "claim": self.claim.text,
            "measure": self.claim.measure,
            "rule": self.claim.rule,
            "values": list(self.values),
            "seeds": len(self.values),
            "mean": self.mean,
            "interval": list(self.interval),
            "p_value": self.p_value,
            "verdict": self.verdict,
        }


def holm(p_values: Mapping[str, float]) -> list[str]:
    """Names whose p-values survive Holm's correction: that one is wrong has a chance of 5 %.

    From the smallest on, each is held against 5 % over the number of those not yet decided
    (Holm, A simple sequentially rejective multiple test procedure, 1979).

    >>> holm({"a": 0.01, "b": 0.04, "c": 0.02}), holm({"a": 0.03, "b": 0.04})
    (['a', 'c', 'b'], [])
    """
    found: list[str] = []
    for name in sorted(p_values, key=p_values.__getitem__):
        if p_values[name] >= (1 - LEVEL) / (len(p_values) - len(found)):
            break
        found.append(name)
    return found


def t_interval(values: Sequence[float] | Floats) -> tuple[float, float]:
    """mean -+ t s / sqrt(n), with the t that leaves 2.5 % beyond it at n - 1 degrees of freedom."""
    count = len(values)
    if not np.isfinite(values).all():
        return math.nan, math.nan
    if count < 2:
        return -math.inf, math.inf
    mean = float(np.mean(values))
    reach = float(stdtrit(count - 1, (1 + LEVEL) / 2)) * float(np.std(values, ddof=1))
    return mean - reach / math.sqrt(count), mean + reach / math.sqrt(count)

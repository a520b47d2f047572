"""A claim, best written before the measurement, and what the measurement says of it.

Every claim has one number for each seed. Their mean has a 95 % interval by Student's t ("The
probable error of a mean", 1908), and the verdict follows from where that interval lies.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from mlp_lab.data.arrays import Floats
from mlp_lab.lessons.tables import Tables

LEVEL = 0.95
HOLDS, FAILS, OPEN = "holds", "does not hold", "not decided"


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence that a measurement can contradict.

    `measure` says in words what one seed's number is, with its unit, and `formula` computes it,
    (seeds,); the claim is that its expectation lies `above` or `below` the bound.
    """

    text: str
    measure: str
    formula: Callable[[Tables], ArrayLike]
    _: KW_ONLY
    above: float | None = None
    below: float | None = None

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
    """What was measured of a claim: one number for each seed."""

    claim: Claim
    values: Sequence[float]

    @cached_property
    def mean(self) -> float:
        """Over seeds; not a number where a seed gave none."""
        return float(np.mean(self.values))

    @cached_property
    def interval(self) -> tuple[float, float]:
        """Bounds of the mean's 95 % interval; infinite for a single seed."""
        return t_interval(self.values)

    @property
    def verdict(self) -> str:
        """`holds` where the whole interval is on the claim's side, `does not hold` on the other."""
        low, high = self.interval
        if low > self.claim.bound:
            return FAILS if self.claim.above is None else HOLDS
        if high < self.claim.bound:
            return HOLDS if self.claim.above is None else FAILS
        return OPEN

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
            "verdict": self.verdict,
        }


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

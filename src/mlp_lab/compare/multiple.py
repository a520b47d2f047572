"""Which settings are not significantly worse than the first: comparisons with the best.

Variances are pooled over settings where they may be (Dunnett, A Multiple Comparison Procedure for
Comparing Several Treatments with a Control, 1955; Hsu, Multiple Comparisons: Theory and Methods,
1996, chapter 4); else each lead is judged by its own variance (`statistics.p_value`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import stdev

import numpy as np
from numpy.typing import NDArray

from mlp_lab.compare.settings import Setting
from mlp_lab.compare.statistics import p_value

Floats = NDArray[np.float64]

CONFIDENCE = 0.95

LEAST = 3
"""Replicates, and settings, from which variances are pooled: two leave no test of them."""

ALIKE = 0.1
"""p-value of Bartlett's test from which variances count as equal. It is high, for few seeds show
only large differences."""

FAR = 10.0
"""Standard errors: where a lead has to be longer, and hardly any is, the test has said nothing."""

FEW = 0.1
"""Share of the settings that may be found worse all the same."""


@dataclass(frozen=True, slots=True)
class Comparisons:
    """What a comparison of all settings with the first one says.

    `tied`: places of those that are not significantly worse, or None where no two replicates are
    there to test any by; `compared`: others that were tested; `pooled`: settings whose variance is
    one; `why_not`: why there are none; `reach`: standard errors that a lead has to be long;
    `doubtful`: places among `tied` that would be worse if their runs varied as little as those of
    the first, or that share too few replicates with it.
    """

    tied: Sequence[int] | None
    compared: int
    pooled: int = 0
    why_not: str = ""
    reach: float = 0.0
    doubtful: frozenset[int] = frozenset()

    @property
    def too_few(self) -> bool:
        """Whether hardly anything was found worse, and hardly anything could have been."""
        return len(self.tied or []) > (1 - FEW) * self.compared and self.reach > FAR


def compare_with_best(settings: Sequence[Setting], overlap: float) -> Comparisons:
    """Compare settings with the first of them, which has the best mean.

    Those with unfinished runs are not tested, unless the first has some, too. `overlap` as in
    `statistics.p_value`.
    """
    best, *others = settings
    tested = {p: own for p, own in enumerate(others, start=1) if own.whole == best.whole}
    p_values = {p: p_value(best.scores, own.scores, overlap) for p, own in tested.items()}
    compared = sum(p is not None for p in p_values.values())
    if not compared:
        return Comparisons(None, 0)
    limit = (1 - CONFIDENCE) / compared
    tied = {place for place, p in p_values.items() if p is None or p >= limit}
    count = max(len(best.scores.keys() & own.scores.keys()) for own in tested.values())
    pool, why_not = _pool(best, tested)
    leads = {place: abs(best.mean - own.mean) for place, own in tested.items()}
    untold = {place for place, p in p_values.items() if p is None}
    if not pool:
        freedom = len(best.scores) - 1
        error = stdev(best.scores.values()) * math.sqrt(2 * (1 / (freedom + 1) + overlap))
        far = _t_quantile(freedom, 1 - CONFIDENCE) * error
        doubtful = frozenset(place for place in tied if place in untold or leads[place] > far)
        reach = _t_quantile(count - 1, limit)
        return Comparisons(sorted(tied), compared, 0, why_not, reach, doubtful)
    scores = _table([best, *(tested[place] for place in pool)])
    freedom = (len(scores) - 1) * (count - 1)
    error = math.sqrt(2 * float(_residuals(scores).sum()) / freedom * (1 / count + overlap))
    reach = dunnett_quantile(compared, freedom)
    near = {place for place, lead in leads.items() if lead < reach * error}
    apart = tied.difference(pool)
    tied = apart | near.intersection(pool)
    doubtful = frozenset(apart & untold | apart - near)
    return Comparisons(sorted(tied), compared, len(scores), "", reach, doubtful)


def _pool(best: Setting, tested: dict[int, Setting]) -> tuple[list[int], str]:
    """Places of the settings whose variance is that of the first; why there are none.

    All of them, or the better half: means are independent of the variances of normal numbers, so
    that those who choose by the mean choose no small variances.
    """
    same = [place for place, own in tested.items() if own.scores.keys() == best.scores.keys()]
    if len(best.scores) < LEAST:
        return [], f"fewer than {LEAST} runs of each"
    if len(same) < len(tested):
        return [], "not all runs have partners"
    for count in (len(same), (len(same) + 2) // 2 - 1):
        places = same[:count]
        if len(places) + 1 < LEAST:
            return [], "unequal by Bartlett's test" if count < len(same) else "few settings"
        scores = _table([best, *(tested[place] for place in places)])
        if bartlett_p(_own_squares(scores), len(best.scores)) >= ALIKE:
            return places, ""
    return [], "unequal by Bartlett's test"


def _table(settings: Sequence[Setting]) -> Floats:
    """Scores of settings that have the same replicates, (settings, replicates)."""
    keys = list(settings[0].scores)
    return np.array([[own.scores[key] for key in keys] for own in settings])


def _residuals(scores: Floats) -> Floats:
    """Squares of what neither a setting nor a replicate explains, summed by setting."""
    rest = scores - scores.mean(axis=0) - scores.mean(axis=1, keepdims=True) + scores.mean()
    squares: Floats = (rest**2).sum(axis=1)
    return squares


def _own_squares(scores: Floats) -> Floats:
    """The same by medians over settings: where one varies much, others look no wilder by it."""
    rest = scores - scores.mean(axis=1, keepdims=True)
    rest = rest - np.median(rest, axis=0)
    squares: Floats = ((rest - rest.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    return squares


def bartlett_p(squares: Floats, count: int) -> float:
    """p-value of Bartlett's test that groups of `count` numbers have one variance (1937).

    `squares`: sums of squared deviations of each group; 0 where one of them has no spread.
    """
    from scipy.special import chdtrc  # noqa: PLC0415  slow

    groups, freedom = len(squares), count - 1
    if squares.min() <= 1e-20 * squares.max() or squares.max() <= 0:
        return 0.0
    variances = squares / freedom
    statistic = groups * freedom * math.log(variances.mean()) - freedom * np.log(variances).sum()
    correction = 1 + (groups + 1) / (3 * groups * freedom)
    return float(chdtrc(groups - 1, statistic / correction))


@lru_cache(maxsize=64)
def dunnett_quantile(others: int, freedom: int) -> float:
    """What the largest of some t of equal correlation 1/2 stays below with 95 % (Dunnett, 1955).

    P(max T < d) = E Phi(z + sqrt(2) d s)^k: z normal, s^2 chi-squared over its degrees of freedom.

    >>> round(dunnett_quantile(1, 10), 3), round(dunnett_quantile(5, 20), 2)
    (1.812, 2.39)
    """
    from scipy.special import gammaincinv, ndtr  # noqa: PLC0415  slow

    z, weights = np.polynomial.hermite_e.hermegauss(48)
    weights = weights / weights.sum()
    shares = (np.arange(512) + 0.5) / 512
    s = np.sqrt(2 * gammaincinv(freedom / 2, shares) / freedom)[:, None]
    low, high = 0.0, 1e3
    for _ in range(50):
        middle = (low + high) / 2
        below = float((weights * ndtr(z + math.sqrt(2) * middle * s) ** others).sum(axis=1).mean())
        low, high = (middle, high) if below < CONFIDENCE else (low, middle)
    return high


def _t_quantile(freedom: int, beyond: float) -> float:
    """Student's t that is exceeded with a chance of `beyond`."""
    from scipy.special import stdtrit  # noqa: PLC0415  slow

    return float(stdtrit(freedom, 1 - beyond))

"""How sure a mean is, whether one setting is better than another, and what a key explains."""

import math
from collections.abc import Mapping, Sequence

from mlp_lab.compare.values import as_number

ROUNDING = 1e-12
"""Share of a score, up to which two differences are the same number: 0.9 - 0.8 is not 0.1."""

Scores = Mapping[tuple[str, ...], float]
"""Replicate -> score."""


def mean_of(values: Sequence[float]) -> float:
    """The mean; NaN of no values."""
    return sum(values) / len(values) if values else math.nan


def standard_error(values: Sequence[float]) -> float | None:
    """Standard error of the mean of some values; None with fewer than two."""
    count = len(values)
    if count < 2:
        return None
    mean = sum(values) / count
    if max(values) - min(values) <= ROUNDING * abs(mean):
        return 0.0  # the sum of equal numbers is rounded, and their mean is none of them
    return math.sqrt(sum((value - mean) ** 2 for value in values) / (count - 1) / count)


def p_value(best: Scores, other: Scores, overlap: float) -> float | None:
    """p-value of the lead of `best` over `other`; None if they share fewer than two scores.

    A one-sided t-test of the mean difference over common replicates. Training sets of folds and of
    other cuts overlap: their variance is 1/n + validation/training rows in place of 1/n (Nadeau and
    Bengio, Inference for the Generalization Error, 2003); `overlap` is that ratio, or 0. Where all
    n differences are equal, as shares of few rows often are, there is no variance to go by, and
    the sign test's 2^-n is left.

    With k others, one is significantly worse where this is below 5 %/k. The setting that is truly
    best is then the first or one of those that are not, with 95 % confidence (Hsu, Simultaneous
    Confidence Intervals for All Distances from the "Best", 1981; Gupta, 1965), though the first
    was chosen by the same scores: that one is lost only if any of the k others is ahead of it by
    such a lead, and each is with a chance of 5 %/k. Bonferroni's bound holds whatever the variances
    of the differences and their correlations are, which Dunnett's quantile would need to be equal.

    >>> best = {("0",): 0.91, ("1",): 0.93, ("2",): 0.92}
    >>> other = {("0",): 0.88, ("1",): 0.91, ("2",): 0.86}
    >>> round(p_value(best, other, overlap=0.0), 3)
    0.046
    """
    common = [key for key in best if key in other]
    differences = [best[key] - other[key] for key in common]
    sign = math.copysign(1, mean_of([*best.values()]) - mean_of([*other.values()]))
    largest = max((abs(best[key]) for key in common), default=0.0)
    return one_sided_p([sign * value for value in differences], overlap, ROUNDING * largest)


def one_sided_p(
    differences: Sequence[float], overlap: float, rounding: float = ROUNDING
) -> float | None:
    """p-value of a positive mean of some differences; None of fewer than two. As `p_value` has it.

    Differences that are `rounding` apart are equal.
    """
    from scipy.special import stdtr  # noqa: PLC0415  Student's distribution; slow

    count = len(differences)
    if count < 2:
        return None
    lead = mean_of(differences)
    variance = sum((value - lead) ** 2 for value in differences) / (count - 1)
    width = math.sqrt(variance * (1 / count + overlap))
    if max(differences) - min(differences) <= rounding:
        return 0.5**count if lead > rounding else 1.0
    return float(stdtr(count - 1, -lead / width))


def main_effect(values: Sequence[str], scores: Sequence[float], bins: int = 5) -> float:
    """Share of the scores' variation that the means by a key's values explain.

    Many numbers are taken in `bins` of equally many scores.

    >>> main_effect(["a", "a", "b", "b"], [1.0, 1.0, 3.0, 3.0])
    1.0
    >>> main_effect(["a", "b", "a", "b"], [1.0, 1.0, 3.0, 3.0])
    0.0
    """
    mean = sum(scores) / len(scores)
    total = sum((score - mean) ** 2 for score in scores)
    groups: dict[object, list[float]] = {}
    numbers = sorted(number for text in values if (number := as_number(text)) is not None)
    many = len(set(values)) > 2 * bins
    for text, score in zip(values, scores, strict=True):
        number = as_number(text)
        level: object = text
        if number is not None and many:
            level = numbers.index(number) * bins // len(numbers)
        groups.setdefault(level, []).append(score)
    between = sum(len(g) * (sum(g) / len(g) - mean) ** 2 for g in groups.values())
    return between / total if total > 0 else 0.0

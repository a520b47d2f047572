"""Intervals and verdicts."""

import math

import numpy as np
import pytest
from scipy import stats

from mlp_lab.lessons.claims import Claim, Finding, t_interval
from mlp_lab.lessons.page import in_numbers

ABOVE = Claim(text="It grows.", measure="growth", above=1.0)
BELOW = Claim(text="It shrinks.", measure="growth", below=1.0)


@pytest.mark.parametrize("count", [2, 3, 8, 50])
def test_the_interval_is_scipys(count: int) -> None:
    values = np.random.default_rng(count).normal(3, 2, count).tolist()
    expected = stats.t.interval(
        0.95, count - 1, loc=np.mean(values), scale=np.std(values, ddof=1) / math.sqrt(count)
    )
    assert t_interval(values) == pytest.approx(expected, rel=1e-9)


def test_the_interval_covers() -> None:
    """In 95 % of many samples of 5, within four standard errors of that share."""
    draws = np.random.default_rng(0).normal(0, 1, (4000, 5))
    bounds = np.array([t_interval(sample) for sample in draws.tolist()])
    covered = ((bounds[:, 0] < 0) & (bounds[:, 1] > 0)).mean()
    assert covered == pytest.approx(0.95, abs=4 * math.sqrt(0.95 * 0.05 / 4000))


@pytest.mark.parametrize(
    ("values", "above", "below"),
    [
        ([2.0, 2.1, 2.2], "holds", "does not hold"),
        ([0.2, 0.1, 0.3], "does not hold", "holds"),
        ([0.5, 1.0, 1.6], "not decided", "not decided"),
        ([1.0, 1.0, 1.0], "not decided", "not decided"),
        ([2.0, 2.1, math.inf], "not decided", "not decided"),
        ([2.0, 2.1, math.nan], "not decided", "not decided"),
        ([2.0], "not decided", "not decided"),
    ],
)
def test_verdicts(values: list[float], above: str, below: str) -> None:
    """The whole interval must be on a side."""
    assert Finding(ABOVE, values).verdict == above
    assert Finding(BELOW, values).verdict == below


def test_a_rule_in_words() -> None:
    assert (ABOVE.rule, BELOW.rule) == ("> 1", "< 1")


def test_a_finding_in_numbers() -> None:
    """No seed's missing number is passed over, and rounding is no finding."""
    assert in_numbers(Finding(ABOVE, [1.0, 2.0, 3.0])) == (
        "2 over 3 seeds, 95 % interval -0.484 to 4.48"
    )
    assert in_numbers(Finding(ABOVE, [1e-16, -3e-16])) == "0 over 2 seeds, 95 % interval 0 to 0"
    for missing in (math.inf, math.nan):
        words = in_numbers(Finding(ABOVE, [1.0, missing, 3.0]))
        assert words.startswith("no number from 1 of 3 seeds")

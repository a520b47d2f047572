"""Intervals and verdicts."""

import math

import numpy as np
import pytest
from scipy import stats

from mlp_lab.lessons.claims import Claim, Finding, t_interval

ABOVE = Claim("It grows.", "growth", lambda tables: [0.0], above=1.0)
BELOW = Claim("It shrinks.", "growth", lambda tables: [0.0], below=1.0)


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


@pytest.mark.parametrize("bounds", [{}, {"above": 1.0, "below": 2.0}])
def test_a_claim_has_one_direction(bounds: dict[str, float]) -> None:
    with pytest.raises(AssertionError, match="one direction"):
        Claim("It is.", "being", lambda tables: [0.0], **bounds)

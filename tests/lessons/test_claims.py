"""Intervals and verdicts."""

import math

import numpy as np
import pytest
from scipy import stats

from mlp_lab.lessons.claims import CORRELATION, Claim, Finding, holm, t_interval

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
        ([2.0, 2.0], "not decided", "not decided"),
        ([2.0, 2.1], "not decided", "not decided"),
        ([2.0, 2.0001], "not decided", "not decided"),
        ([2.0] * 5, "not decided", "not decided"),
        ([2.0] * 6, "holds", "does not hold"),
        ([2.0] * 6 + [2.0 + 1e-15], "holds", "does not hold"),
        ([2.0, 2.1, math.inf], "not decided", "not decided"),
        ([2.0, 2.1, math.nan], "not decided", "not decided"),
        ([2.0], "not decided", "not decided"),
    ],
)
def test_verdicts(values: list[float], above: str, below: str) -> None:
    """The whole interval must be on a side."""
    assert Finding(ABOVE, values).verdict == above
    assert Finding(BELOW, values).verdict == below


def test_a_verdict_is_where_the_interval_lies() -> None:
    """The p-value says the same."""
    rng = np.random.default_rng(0)
    for _ in range(300):
        values = rng.normal(rng.normal(1, 1), 1, rng.integers(3, 9)).tolist()
        found = Finding(ABOVE, values)
        low, high = found.interval
        outside = not low <= 1 <= high
        assert (found.verdict != "not decided") == outside == (found.p_value < 0.05)
        assert found.p_value == pytest.approx(stats.ttest_1samp(values, 1).pvalue)


def test_a_quick_form_decides_on_nothing() -> None:
    """However many seeds it has."""
    assert Finding(ABOVE, [2.0, 2.1, 2.2], quick=True).verdict == "shown, not decided"


def test_a_count_needs_no_spread() -> None:
    """No seed changes it."""
    count = Claim("It is large.", "bytes", lambda tables: [0.0], above=1.0, exact=True)
    assert Finding(count, [2.0] * 3).verdict == "holds"
    assert Finding(count, [1.0] * 3).verdict == "not decided"
    assert Finding(count, [2.0] * 2).verdict == "not decided"


def test_intervals_stay_within_what_is_possible() -> None:
    """Of a rank correlation of two seeds, too."""
    falls = Claim("It falls.", "rank correlation", lambda t: [], below=0, within=CORRELATION)
    assert t_interval([-0.4, -1.0])[0] < -4
    assert Finding(falls, [-0.4, -1.0]).interval == (-1.0, 1.0)
    low, high = Finding(falls, [-0.9, -1.0, -0.95]).interval
    assert low == -1.0
    assert high == pytest.approx(-0.826, abs=1e-3)


def test_a_cut_interval_covers_as_often() -> None:
    """Rank correlations near -1, where about half of the intervals are cut."""
    draws = np.maximum(-1, np.random.default_rng(0).normal(-0.97, 0.03, (4000, 5)))
    claim = Claim("It falls.", "rank correlation", lambda t: [], below=0, within=CORRELATION)
    truth = float(draws.mean())
    whole, cut = np.zeros(4000, bool), np.zeros(4000, bool)
    for i, sample in enumerate(draws.tolist()):
        intervals = (t_interval(sample), Finding(claim, sample).interval)
        for kept, (low, high) in zip((whole, cut), intervals, strict=True):
            kept[i] = low <= truth <= high
    assert (whole == cut).all()


def test_holms_correction() -> None:
    """As its steps say; of true hypotheses one is rejected in at most 5 % of families."""
    assert holm({"a": 0.001, "b": 0.02, "c": 0.03}) == ["a", "b", "c"]
    assert holm({"a": 0.001, "b": 0.03, "c": 0.04}) == ["a"]
    assert holm({}) == []
    draws = np.random.default_rng(0).uniform(size=(4000, 10))
    wrong = np.mean([bool(holm(dict(zip("abcdefghij", p, strict=True)))) for p in draws.tolist()])
    assert wrong == pytest.approx(0.05, abs=4 * math.sqrt(0.05 * 0.95 / 4000))


def test_a_rule_in_words() -> None:
    assert (ABOVE.rule, BELOW.rule) == ("> 1", "< 1")


@pytest.mark.parametrize(("above", "below"), [(None, None), (1.0, 2.0)])
def test_a_claim_has_one_direction(above: float | None, below: float | None) -> None:
    with pytest.raises(AssertionError, match="one direction"):
        Claim("It is.", "being", lambda tables: [0.0], above=above, below=below)

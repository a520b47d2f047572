"""A decision threshold: against every other one, and against exact probabilities."""

import math

import numpy as np
import pytest
from numpy.random import default_rng
from sklearn.metrics import precision_score, recall_score

from mlp_lab.data.arrays import Floats, Index
from mlp_lab.errors import UserError
from mlp_lab.metrics import decision_threshold
from mlp_lab.metrics.decision_threshold import Ranking, Threshold


def rows(count: int = 400, seed: int = 0) -> tuple[Floats, Index, Floats]:
    """Probabilities of the second class, classes drawn by them, weights."""
    random = default_rng(seed)
    probabilities = random.beta(1, 6, count).round(3)  # some are equal
    return probabilities, (random.random(count) < probabilities).astype(int), random.random(count)


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("value", [0.0, 0.1004, 0.3004, 0.5, 0.9995, 1.0])
def test_rates_are_scikit_learns(place: int, value: float) -> None:
    """Of rows that are decided by the threshold."""
    probabilities, labels, weights = rows()
    threshold = Threshold(value, place)
    decided = threshold.decide(np.column_stack([1 - probabilities, probabilities]))
    found = Ranking.of(probabilities, labels, weights).rates(threshold, cost=3)
    truth, guess = labels == place, decided == place
    precision = precision_score(truth, guess, sample_weight=weights, zero_division=np.nan)
    assert found.precision == pytest.approx(precision, nan_ok=True)
    assert found.recall == pytest.approx(recall_score(truth, guess, sample_weight=weights))
    costs = 3 * (truth & ~guess) + (guess & ~truth)
    assert found.cost == pytest.approx(np.average(costs, weights=weights))


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("cost", [0.1, 1.0, 4.0, 30.0])
def test_no_threshold_costs_less(place: int, cost: float) -> None:
    """Of a thousand others."""
    probabilities, labels, weights = rows()
    ranking = Ranking.of(probabilities, labels, weights)
    found = ranking.cheapest(cost, place)
    assert found == ranking.rates(found.threshold, cost)
    others = [ranking.rates(Threshold(value, place), cost) for value in np.linspace(0, 1, 1001)]
    assert found.cost <= min(own.cost for own in others) + 1e-12


def test_of_exact_probabilities_it_is_elkans() -> None:
    """1 / (1 + cost), within what chance leaves of many rows."""
    ranking = Ranking.of(*rows(200_000)[:2], None)
    for cost in (4.0, 9.0):
        assert ranking.cheapest(cost).threshold.value == pytest.approx(1 / (1 + cost), abs=0.02)


def test_among_equals_it_is_the_nearest_to_elkans() -> None:
    """Where the classes are apart, any threshold between them costs nothing."""
    ranking = Ranking.of(np.array([0.1, 0.2, 0.7, 0.9]), np.array([0, 0, 1, 1]), None)
    found = ranking.cheapest(2.0)
    assert found.threshold.value == pytest.approx(0.45)
    assert found.cost == 0


def test_many_probabilities_are_thinned(monkeypatch: pytest.MonkeyPatch) -> None:
    """All rows still count."""
    probabilities, labels, weights = rows()
    whole = Ranking.of(probabilities, labels, weights)
    monkeypatch.setattr(decision_threshold, "MOST_KEPT", 40)
    ranking = Ranking.of(probabilities, labels, weights)
    assert 30 < len(ranking.probabilities) <= 40
    assert len(ranking.left_out) == len(ranking.probabilities)
    assert len(ranking.probabilities) + sum(ranking.left_out) == len(whole.probabilities)
    assert ranking.second[-1] == whole.second[-1]
    assert ranking.cheapest(5.0).cost == pytest.approx(whole.cheapest(5.0).cost, rel=0.05)


@pytest.mark.parametrize("rare", [0, 1])
def test_of_a_rare_class_all_is_kept(rare: int) -> None:
    """Its recall is exact, the cheapest threshold the true one, and one half, too."""
    random = default_rng(4)
    labels = (random.random(40_000) < 0.004).astype(int)
    own = 1 / (1 + np.exp(-(random.normal(-4, 1.2, 40_000) + 4 * labels)))
    probabilities, labels = (own, labels) if rare else (1 - own, 1 - labels)
    ranking = Ranking.of(probabilities, labels, None)
    assert len(ranking.probabilities) <= decision_threshold.MOST_KEPT
    both = np.column_stack([1 - probabilities, probabilities])
    for value in (0.01, 0.1, 0.3, 0.5, 0.6, 0.8, 0.95):
        found = ranking.rates(Threshold(value, rare))
        truth, guess = labels == rare, Threshold(value, rare).decide(both) == rare
        assert found.recall == pytest.approx(recall_score(truth, guess))
        exact = precision_score(truth, guess)
        assert found.precision == pytest.approx(exact, rel=1e-9 if found.exact else 0.05)
    assert ranking.rates(Threshold(0.5, rare)).exact
    order = np.argsort(probabilities)
    above = labels[order][::-1].cumsum()[::-1]
    rows_above = np.arange(40_000, 0, -1)
    for cost in (0.5, 1.0, 10.0, 100.0):
        found = ranking.cheapest(cost, rare)
        missed = labels.sum() - above if rare else (1 - labels).sum() - (rows_above - above)
        if rare:
            costs = cost * missed + rows_above - above
        else:
            costs = cost * (rows_above - above) + labels.sum() - above
        decided = Threshold(found.threshold.value, rare).decide(both)
        wrong = np.where(labels == rare, cost, 1.0) @ (decided != labels)
        assert found.exact
        assert found.cost == pytest.approx(wrong / 40_000)
        assert wrong <= costs.min() + 1e-9


def test_of_many_rows_of_both_classes_it_is_nearly_all() -> None:
    """Rates are within a few in a hundred of themselves, and said not to be exact."""
    probabilities, labels, weights = rows(100_000)
    probabilities += default_rng(1).random(100_000) * 1e-4
    ranking = Ranking.of(probabilities, labels, weights)
    assert len(ranking.probabilities) <= decision_threshold.MOST_KEPT
    exact = []
    for value in (0.05, 0.2, 0.5, 0.7, 0.8):
        found = ranking.rates(Threshold(value))
        exact.append(found.exact)
        truth, guess = labels == 1, probabilities > value
        precision = precision_score(truth, guess, sample_weight=weights)
        assert found.precision == pytest.approx(precision, rel=0.02)
        recall = recall_score(truth, guess, sample_weight=weights)
        assert found.recall == pytest.approx(recall, rel=0.05)
    assert exact[2]
    assert not all(exact)


def test_what_was_kept_without_noting_gaps_is_not_exact() -> None:
    """As of a record of a thousand probabilities, evenly by rank."""
    values, sums = np.linspace(0.1, 0.9, 1000), np.arange(1.0, 1001.0)
    ranking = Ranking(values.tolist(), sums.tolist(), sums.tolist())
    assert not ranking.rates(Threshold(0.33333)).exact
    assert ranking.rates(Threshold(0.95)).exact
    assert Ranking([0.2, 0.7], [1.0, 1.0], [0.0, 1.0]).rates(Threshold(0.4)).exact


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("cost", [0.1, 1.0, 20.0])
def test_a_cheapest_threshold_costs_what_it_says(place: int, cost: float) -> None:
    """Where probabilities are 0 or 1, too, which no threshold has on its other side."""
    probabilities = np.array([0.0, 0.0, 0.0, 1.0, 1.0, 0.3])
    for labels in ([1, 0, 0, 1, 1, 0], [0, 0, 0, 1, 1, 0], [0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1]):
        ranking = Ranking.of(probabilities, np.array(labels), None)
        found = ranking.cheapest(cost, place)
        assert found == ranking.rates(found.threshold, cost)
        decided = found.threshold.decide(np.column_stack([1 - probabilities, probabilities]))
        wrong = np.where(np.array(labels) == place, cost, 1.0) @ (decided != labels)
        assert found.cost == pytest.approx(wrong / 6)


def test_nothing_is_decided_for() -> None:
    """Then there is no precision; a threshold of 0 decides for all but what is certain."""
    ranking = Ranking.of(np.array([0.2, 0.6]), np.array([0, 1]), None)
    assert math.isnan(ranking.rates(Threshold(1.0)).precision)
    assert ranking.rates(Threshold(0.0)).recall == 1


@pytest.mark.parametrize("value", [-0.1, 1.5, math.nan])
def test_a_threshold_is_a_probability(value: float) -> None:
    """Anything else is refused."""
    with pytest.raises(UserError, match=r"threshold must be in \[0, 1\], got"):
        Threshold(value)


@pytest.mark.parametrize("cost", [0.0, -1.0, 1e9, math.nan])
def test_a_cost_is_positive(cost: float) -> None:
    """And not so large that all rows are decided for."""
    with pytest.raises(UserError, match="cost must be above 0, at most 1,000,000, got"):
        Ranking.of(*rows()[:2], None).cheapest(cost)


def test_rows_of_one_class() -> None:
    """No threshold can be chosen on them, nor on none."""
    for labels in (np.zeros(4, dtype=int), np.ones(4, dtype=int), np.empty(0, dtype=int)):
        ranking = Ranking.of(np.linspace(0, 1, len(labels)), labels, None)
        with pytest.raises(UserError, match="needs validation rows of both classes"):
            ranking.cheapest(2.0)

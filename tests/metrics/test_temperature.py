"""The temperature of probabilities: against scipy, on rows whose truth is known."""

import numpy as np
import pytest
from numpy.random import default_rng
from scipy.optimize import minimize_scalar
from sklearn.metrics import log_loss

from mlp_lab.data.arrays import Floats
from mlp_lab.metrics import temperature
from mlp_lab.metrics.temperature import equal_rows, fitted, log_losses, scaled


def rows(count: int, classes: int, times: float, seed: int = 0) -> tuple[Floats, Floats]:
    """Log odds, or logits, that are `times` what draws the classes, and these."""
    random = default_rng(seed)
    f = random.normal(0, 2, (count, classes))
    if classes == 1:
        return f * times, (random.random((count, 1)) < 1 / (1 + np.exp(-f))).astype(float)
    shares = np.exp(f) / np.exp(f).sum(1, keepdims=True)
    targets = np.array([random.multinomial(1, own) for own in shares]).astype(float)
    return f * times, targets


@pytest.mark.parametrize("classes", [1, 4])
@pytest.mark.parametrize("times", [0.4, 1.0, 3.0])
def test_it_finds_what_the_logits_were_multiplied_by(classes: int, times: float) -> None:
    """Within its error with so many rows; it helps where that is not 1."""
    found = scaled(*rows(4000, classes, times), None, sigmoid=classes == 1)
    assert found.temperature == pytest.approx(times, rel=0.06)
    assert found.helps == (times != 1)
    assert found.rows == 4000


@pytest.mark.parametrize("classes", [1, 3])
def test_no_other_temperature_has_a_lower_loss(classes: int) -> None:
    """As scipy finds it of the weighted loss of smoothed targets."""
    f, targets = rows(300, classes, 2.0)
    weights = default_rng(1).random(300)
    chance = 1 / (equal_rows(weights) + 2)
    smooth = targets * (1 - chance) + chance / max(classes, 2)

    def loss(t: float) -> float:
        return float(weights @ log_losses(f / t, smooth, sigmoid=classes == 1))

    wanted = minimize_scalar(loss, bounds=(0.05, 20), method="bounded", options={"xatol": 1e-9})
    found = fitted(f, targets, weights, sigmoid=classes == 1)
    assert found == pytest.approx(wanted.x, rel=1e-5)


def test_losses_are_scikit_learns() -> None:
    """In nats, of each row."""
    f, targets = rows(200, 3, 1.0)
    shares = np.exp(f) / np.exp(f).sum(1, keepdims=True)
    found = log_losses(f, targets, sigmoid=False).mean()
    assert found == pytest.approx(log_loss(targets.argmax(1), shares))


def test_chance_is_not_taken_for_help() -> None:
    """Of a hundred sets of rows whose logits are right, five at most."""
    found = [scaled(*rows(200, 1, 1.0, seed), None, sigmoid=True).helps for seed in range(100)]
    assert sum(found) <= 5


def test_few_rows_never_help() -> None:
    """Neither fewer than a hundred, nor more of which a few have all the weight."""
    assert not scaled(*rows(90, 1, 5.0), None, sigmoid=True).helps
    weights = np.where(np.arange(400) < 20, 1.0, 1e-6)
    found = scaled(*rows(400, 1, 5.0), weights, sigmoid=True)
    assert found.rows == pytest.approx(20, abs=0.1)
    assert not found.helps


@pytest.mark.parametrize("count", [0, 1])
def test_no_rows_to_speak_of(count: int) -> None:
    """Nothing is found."""
    found = scaled(*rows(count, 1, 2.0), None, sigmoid=True)
    assert (found.temperature, found.helps) == (1.0, False)


def test_rows_that_are_all_right_do_not_make_certain() -> None:
    """One row's worth of chance stays: 200 right ones leave about one in 200."""
    f = np.where(np.arange(200) % 2 == 0, 5.0, -5.0)[:, None]
    found = scaled(f, (f > 0).astype(float), None, sigmoid=True)
    assert 1 / (1 + np.exp(5.0 / found.temperature)) == pytest.approx(1 / 404, rel=1e-3)


def test_a_row_without_weight_or_without_number_counts_for_nothing() -> None:
    """As if it were not there."""
    f, targets = rows(200, 1, 3.0)
    weights = np.ones(202)
    weights[200] = 0
    more = np.vstack([f, [[1e6], [np.inf]]]), np.vstack([targets, [[0.0], [0.0]]])
    assert scaled(*more, weights, sigmoid=True) == scaled(f, targets, None, sigmoid=True)


def test_many_rows_are_thinned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Evenly over all."""
    monkeypatch.setattr(temperature, "MOST_NUMBERS", 1000)
    found = scaled(*rows(5000, 2, 2.0), None, sigmoid=False)
    assert found.rows == 500
    assert found.temperature == pytest.approx(2, rel=0.3)

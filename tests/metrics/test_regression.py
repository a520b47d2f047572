"""Metrics of numbers against scikit-learn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from mlp_lab.metrics.regression import regression_metrics, residual_quantiles

numbers = st.floats(-100, 100, allow_subnormal=False).map(lambda x: round(x, 2))


@settings(max_examples=60, deadline=None)
@given(
    pairs=st.lists(
        st.tuples(numbers, numbers, st.floats(0.1, 10, allow_subnormal=False)),
        min_size=1,
        max_size=30,
    ),
    weighted=st.booleans(),
    shift=st.sampled_from([0.0, 1e6]),
)
def test_number_metrics_are_those_of_scikit_learn(
    pairs: list[tuple[float, float, float]], weighted: bool, shift: float
) -> None:
    """Also far from 0; scikit-learn gives constant targets an r2 of 0 or 1, we give NaN."""
    predictions, targets, drawn = np.array(pairs).T
    predictions, targets = predictions + shift, targets + shift
    weights = drawn if weighted else None
    found = regression_metrics(predictions, targets, weights).estimate()
    squared = metrics.mean_squared_error(targets, predictions, sample_weight=weights)
    constant = len(np.unique(targets)) == 1
    assert list(found) == ["rmse", "mae", "r2"]
    assert found == pytest.approx(
        {
            "rmse": np.sqrt(squared),
            "mae": metrics.mean_absolute_error(targets, predictions, sample_weight=weights),
            "r2": float("nan")
            if constant
            else metrics.r2_score(targets, predictions, sample_weight=weights),
        },
        nan_ok=True,
        rel=1e-6,
    )


def test_an_outlier_among_targets_leaves_r2_known() -> None:
    """Resamples without it are as good as any."""
    targets = np.append(np.random.default_rng(0).normal(size=40), 1e9)
    low, high = regression_metrics(targets + 0.1, targets, None).intervals()["r2"]
    assert 0.9 < low < high <= 1


def test_rows_are_summed_a_block_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Intervals too; the last block is shorter."""
    draw = np.random.default_rng(0)
    predictions, targets, weights = draw.normal(size=(3, 50)) ** 2
    whole = regression_metrics(predictions, targets, weights)
    monkeypatch.setattr("mlp_lab.metrics.regression.BLOCK", 7)
    parted = regression_metrics(predictions, targets, weights)
    assert parted.estimate() == pytest.approx(whole.estimate(), rel=1e-12)
    for name, ends in parted.intervals().items():
        assert ends == pytest.approx(whole.intervals()[name], rel=1e-12)


def test_no_rows_have_no_metrics() -> None:
    """A part may be empty."""
    none = np.zeros(0)
    assert regression_metrics(none, none, None).estimate() == {}
    assert regression_metrics(none, none, none).intervals() == {}


def test_constant_targets_have_no_r2() -> None:
    """In no resample; their errors are known."""
    predictions = np.random.default_rng(0).normal(size=20)
    found = regression_metrics(predictions, np.full(20, 0.1), np.linspace(0.1, 1, 20)).intervals()
    assert np.isnan(found["r2"]).all()
    assert np.isfinite(found["rmse"]).all()


@pytest.mark.parametrize("broken", [np.inf, np.nan, 1e200])
def test_outputs_of_a_diverged_network_warn_of_nothing(broken: float) -> None:
    """Warnings are errors here."""
    values = np.random.default_rng(0).normal(size=20)
    outputs = np.where(np.arange(20) % 3 == 0, broken, values)
    assert not np.isfinite(regression_metrics(outputs, values, None).estimate()["rmse"])
    regression_metrics(outputs, values, None).intervals(replicates=20)


def test_weights_of_residuals_are_numbers_of_rows() -> None:
    """In every quantile; a row of weight 0 is not there, though its residual is the largest."""
    draw = np.random.default_rng(0)
    errors, weights = draw.normal(size=40), draw.integers(0, 4, 40)
    weights[errors.argmax()] = 0
    found = residual_quantiles(errors, np.zeros(40), weights.astype(float))
    repeated = np.repeat(errors, weights)
    assert found == pytest.approx(residual_quantiles(repeated, np.zeros(len(repeated)), None))
    alike = residual_quantiles(errors, np.zeros(40), np.ones(40))
    assert alike == pytest.approx(residual_quantiles(errors, np.zeros(40), None))
    assert alike["deviation"] == pytest.approx(errors.std())
    assert alike["quantile 1"] == errors.max()

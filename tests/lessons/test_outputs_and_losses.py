"""Calibration by a sum over rows, distances by polynomials, gradients by autograd."""

import numpy as np
import pytest
import torch
from given import old_bench as bench
from given import old_evidence as evidence
from given import old_lesson
from lab import configure, stack_of
from scipy.stats import multivariate_normal

from mlp_lab.data.arrays import Floats
from mlp_lab.data.loading import load_rows
from mlp_lab.data.synthetic import FunctionConfig, GaussiansConfig
from mlp_lab.lessons.old.lesson import at_best_for_others, best_for_others, column, grouped
from mlp_lab.lessons.outputs_and_losses import calibration, classes, outliers
from mlp_lab.metrics.classification import classification_metrics

NAME = "outputs_and_losses"


def test_what_is_best_for_others_is_found_without_a_seeds_own_score() -> None:
    """By leaving each seed out in turn; whoever diverges is never best."""
    scores = np.random.default_rng(0).uniform(size=(6, 5))
    scores[2, 0] = np.nan
    for seed, choice in enumerate(best_for_others(scores)):
        others = [s for s in range(5) if s != seed]
        means = [np.nan_to_num(scores[c, others], nan=np.inf).mean() for c in range(6)]
        assert choice == int(np.argmin(means))
    flattered = np.array([[0.0, 5, 5], [1, 1, 1]])
    assert best_for_others(flattered) == [1, 1, 1]
    assert at_best_for_others(flattered + 10, flattered).tolist() == [11, 11, 11]
    values, lucky = np.arange(6.0).reshape(2, 3), np.array([[9.0, 0, 0], [1, 1, 1]])
    assert at_best_for_others(values, lucky).tolist() == [0, 4, 5]


def test_groups_are_consecutive() -> None:
    assert grouped("abcdef", 2) == ["ab", "cd", "ef"]


def error_by_hand(outputs: Floats, labels: Floats) -> float:
    """|confidence - share that is right| of ten bins, weighted by their rows."""
    total = 0.0
    for low in np.arange(10) / 10:
        own = [k for k, y in enumerate(outputs) if low < y.max() <= low + 0.1]
        if own:
            sure = np.mean([outputs[k].max() for k in own])
            right = np.mean([outputs[k].argmax() == labels[k] for k in own])
            total += len(own) / len(labels) * abs(sure - right)
    return total


@pytest.mark.parametrize("size", calibration.SIZES)
def test_the_calibration_error_is_that_of_a_sum_over_rows(size: str) -> None:
    """And that of the engine's own assessment; of two seeds in one stack, with rows of each."""
    words = [f"experiment={NAME}", *calibration.SIZES[size], "epochs=8", "dtype=float64"]
    words += ["data.rows=1000"]
    trained = bench().train(
        [[*words, *bench().seed(seed)] for seed in range(2)], probe=calibration.in_bins
    )
    for network in trained:
        val = network.problem.encoded.val
        y, labels = network.outputs(val.inputs), val.targets.argmax(1)
        confidence, right = (calibration.bins(network, q)[-1] for q in ("confidence", "right"))
        found = float(np.abs(confidence - right).sum())
        assert found == pytest.approx(error_by_hand(y, labels), rel=1e-6)
        assessed = classification_metrics(y, labels.astype(np.int64), None, probabilities=True)
        assert found == pytest.approx(assessed["calibration_error"])
        assert right.sum() == pytest.approx(network.last("val_accuracy"))
        assert calibration.bins(network, "rows")[-1].sum() == pytest.approx(1)


def test_sums_of_sigmoid_outputs() -> None:
    words = [f"experiment={NAME}", *calibration.OUTPUTS["sigmoid"], "epochs=2", "data.rows=1000"]
    (network,) = bench().train([words], probe=calibration.in_bins)
    sums = network.outputs(network.problem.encoded.val.inputs).sum(1)
    off = np.abs(sums - 1).mean()
    assert off > 0.01
    assert network.outcome.probes["off"][-1] == pytest.approx(off, rel=1e-4)


def test_true_probabilities_are_calibrated_and_unbeaten() -> None:
    """Bayes' rule with scipy's densities; and no other rule is right about more of many rows."""
    data = configure(f"experiment={NAME}", "data.rows=20000").data
    assert isinstance(data, GaussiansConfig)
    raw = load_rows(data)
    truth = calibration.posterior(data, raw.inputs)
    centers = [[1, 0], [-1 / 2, np.sqrt(3) / 2], [-1 / 2, -np.sqrt(3) / 2]]
    densities = np.stack([multivariate_normal(c, 0.6**2).pdf(raw.inputs) for c in centers], 1)
    np.testing.assert_allclose(truth, densities / densities.sum(1, keepdims=True), atol=1e-12)
    assert error_by_hand(truth, raw.target) < 0.02
    inputs = raw.inputs.astype(np.float64)
    nearest = ((inputs[:, None] - np.array(centers)) ** 2).sum(2).argmin(1)
    assert (truth.argmax(1) == nearest).all()


def test_least_squares_of_polynomials_lie_off_by_the_mean_of_gross_errors() -> None:
    """The distance that squared error is said to learn is one that least squares does learn."""
    words = [*outliers.SETTINGS, "data.outliers=0.2", "epochs=1", "data.rows=20000"]
    (network,) = bench().train([words])
    part, data = network.problem.encoded.train, network.config.data
    assert isinstance(data, FunctionConfig)
    y = network.problem.encoded.schema.target.decode(part.targets)
    fit = np.polynomial.Polynomial.fit(part.inputs[:, 0], y, 7)(outliers.GRID)
    off = np.sqrt(np.mean((fit - np.sin(np.pi * (outliers.GRID + 1) - np.pi)) ** 2))
    distance, shift = outliers.distances(network)
    assert shift == pytest.approx(off, rel=0.05)
    plain = network.network().member(0)(torch.as_tensor(outliers.GRID[:, None]))
    decoded = network.problem.encoded.schema.target.decode(plain.detach().numpy())
    assert distance == pytest.approx(np.sqrt(np.mean((decoded - data.values(outliers.GRID)) ** 2)))


def test_absolute_errors_are_the_engines() -> None:
    """Of the fit, its own score; of the function, those of noise and of gross errors together."""
    words = [*outliers.SETTINGS, "data.outliers=0.2", "epochs=2", "data.rows=20000"]
    (network,) = bench().train([[*words, "loss=mae"]])
    of_fit, of_function = outliers.absolute_errors(network)
    assert of_fit == pytest.approx(network.last("train_mae"), rel=1e-4)
    assert of_function == pytest.approx(0.8 * 0.3 * np.sqrt(2 / np.pi) + 0.2 * 9, rel=0.03)


def test_epochs_to_a_value_lie_on_the_line_between_epochs() -> None:
    curve = np.array([0.5, 0.9, 0.8, 1.0])
    assert classes.epochs_to(curve, 0.7) == pytest.approx(1.5)
    assert classes.epochs_to(curve, 0.25) == pytest.approx(0.5)
    assert classes.epochs_to(curve, 0.95) == pytest.approx(3.75)
    assert classes.epochs_to(curve, 1.1) == float("inf")
    assert classes.epochs_to(np.array([np.nan, np.nan]), 0.5) == float("inf")


@pytest.mark.parametrize("loss", ["cross-entropy", "squared error"])
def test_gradients_of_a_wrong_start_are_autograds(loss: str) -> None:
    """Of a plain torch network whose bias was raised, and torch's own losses."""
    words = [*classes.SETTINGS, *classes.LOSSES[loss]]
    stack = stack_of(configure(*words, "seed=1", "data.split_seed=1"))
    part, plain = stack.members[0].dataset.train, stack.network.member(0)
    f = part.inputs
    for layer in list(plain)[:3]:  # without the output function
        f = layer(f)
    f = f + torch.eye(10)[0] * classes.WRONG
    labels = part.targets.argmax(1)
    if loss == "cross-entropy":
        value = torch.nn.functional.cross_entropy(f, labels)
    else:
        value = torch.nn.functional.mse_loss(f.softmax(1), part.targets)
    gradients = torch.autograd.grad(value, list(plain.parameters()))
    expected = sum(float(gradient.square().sum()) for gradient in gradients) ** 0.5
    table = evidence(NAME).tables["gradients"]
    (found,) = column(table, "norm", loss=loss, seed=1, bias=classes.WRONG)
    assert found == pytest.approx(expected, rel=1e-3)


def test_a_wrong_start_is_sure_and_wrong() -> None:
    """Networks that hardly move take every row for the first class, the usual ones do not."""
    words = [*classes.SETTINGS, *classes.LOSSES["cross-entropy"], "epochs=1", "optimizer.lr=1e-12"]
    (usual,), (misled,) = (
        bench().train([words], start=start) for start in (None, classes.sure_and_wrong)
    )
    val = usual.problem.encoded.val
    assert (usual.outputs(val.inputs).argmax(1) != 0).any()
    y = misled.outputs(val.inputs)
    assert y[:, 0].min() > 0.95
    assert misled.last("val_accuracy") == pytest.approx(val.targets[:, 0].mean())


def test_values_follow_from_the_tables() -> None:
    found = evidence(NAME)
    table = found.tables["calibration"]
    end: dict[str, float | str] = {"network": "large", "output": "softmax", "epoch": 10}
    sure = np.subtract(column(table, "confidence", **end), column(table, "accuracy", **end))
    assert found.values["sure"] == pytest.approx(sure.tolist())
    rows = found.tables["outliers"]
    ratio = [
        column(rows, "distance", loss="mae", share=0.1, seed=seed)[0]
        / column(rows, "distance", loss="mse", share=0.1, seed=seed)[0]
        for seed in range(2)
    ]
    assert found.values["gross"] == pytest.approx(ratio)
    table = found.tables["losses"]
    ends = {}
    for loss in ("cross-entropy", "squared error"):
        own = [row for row in table if (row["loss"], row["start"]) == (loss, "wrong")]
        for seed in range(2):
            other = {row["rate"]: float(row["accuracy"]) for row in own if row["seed"] != seed}
            rate = max(other, key=lambda lr: other[lr])
            (ends[loss, seed],) = column(own, "accuracy", seed=seed, rate=rate)
    gaps = [ends["cross-entropy", seed] - ends["squared error", seed] for seed in range(2)]
    assert found.values["stuck"] == pytest.approx(gaps)


def test_the_figure_draws_the_tables() -> None:
    tables = evidence(NAME).tables
    axes = old_lesson(NAME).draw(tables).axes
    assert len(axes) == 9
    squared = axes[3].lines[0]
    assert squared.get_label() == "squared error"
    means = [
        np.mean(column(tables["outliers"], "distance", loss="mse", share=share))
        for share in outliers.SHARES
    ]
    assert np.asarray(squared.get_ydata()) == pytest.approx(means)
    reliability = axes[1].lines[-1]
    last = {"network": "large", "when": "last"}
    rows = [r for r in tables["reliability"] if all(r[key] == last[key] for key in last)]
    first = min(int(row["bin"]) for row in rows)
    own = [row for row in rows if row["bin"] == first]
    weights = [float(row["rows"]) for row in own]
    expected = np.average([float(row["right"]) for row in own], weights=weights)
    assert np.asarray(reliability.get_ydata())[0] == pytest.approx(expected)

"""Calibration by a sum over rows, and true probabilities by scipy's densities."""

import numpy as np
import pytest
from given import bench, evidence
from scipy.stats import multivariate_normal

from mlp_lab.data.arrays import Floats
from mlp_lab.lessons.outputs_and_losses import calibration
from mlp_lab.lessons.study import grid
from mlp_lab.lessons.tables import table_of, where
from mlp_lab.lessons.trained import Trained
from mlp_lab.metrics.classification import classification_metrics

NAME = "outputs_and_losses"


def trained(*words: str, seeds: int = 1) -> list[Trained]:
    """Networks with their bins after every epoch."""
    settings = [f"experiment={NAME}", "data.rows=1000", *words]
    (networks,) = bench().train(grid(settings, range(seeds)), probe=calibration.binned)
    return networks


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
    """And that of the engine's own metrics; of two seeds in one stack, with rows of each."""
    words = [*calibration.SIZES[size], "epochs=8", "dtype=float64"]
    for network in trained(*words, seeds=2):
        val = network.problem.encoded.val
        y, labels = network.outputs(val.inputs), val.targets.argmax(1)
        measured = table_of([calibration.by_epoch(network, 8)])
        confidence, accuracy, found = measured.iloc[-1][
            ["confidence", "accuracy", "calibration_error"]
        ]
        assert found == pytest.approx(error_by_hand(y, labels), rel=1e-6)
        metrics = classification_metrics(
            y, labels.astype(np.int64), None, probabilities=True
        ).estimate()
        assert found == pytest.approx(metrics["calibration_error"])
        assert accuracy == pytest.approx(network.last("val_accuracy"))
        assert confidence == pytest.approx(y.max(1).mean())
        assert network.outcome.probes["rows"][-1].sum() == pytest.approx(1)


def test_sums_of_sigmoid_outputs() -> None:
    (network,) = trained(*calibration.OUTPUTS["sigmoid"], "epochs=2")
    sums = network.outputs(network.problem.encoded.val.inputs).sum(1)
    off = np.abs(sums - 1).mean()
    assert off > 0.01
    assert network.outcome.probes["off"][-1] == pytest.approx(off, rel=1e-4)


def test_the_bayes_classifier_takes_the_most_probable_class() -> None:
    """By scipy's densities, which are the true ones: the probabilities made of them calibrate."""
    (network,) = trained("epochs=1", "data.rows=20000")
    val = network.problem.encoded.val
    labels = val.targets.argmax(1)
    centers = [[1, 0], [-1 / 2, np.sqrt(3) / 2], [-1 / 2, -np.sqrt(3) / 2]]
    densities = np.stack([multivariate_normal(c, 0.6**2).pdf(val.inputs) for c in centers], 1)
    assert error_by_hand(densities / densities.sum(1, keepdims=True), labels) < 0.02
    assert calibration.bayes_accuracy(network) == (densities.argmax(1) == labels).mean()


def test_the_epoch_of_stopping_is_the_other_seeds_choice() -> None:
    """With two seeds: the epoch at which the other one's validation loss is least."""
    table = where(evidence(NAME).tables["calibration"], network="large", output="softmax")
    for seed in range(2):
        other = where(table, seed=1 - seed)
        best = other["epoch"].iloc[other["loss"].argmin()]
        assert where(table, seed=seed)["stop"].unique().tolist() == [best]


def test_values_follow_from_the_tables() -> None:
    found = evidence(NAME)
    table = where(found.tables["calibration"], network="large", output="softmax")
    for name, epoch in (("underconfident", 1), ("overconfident", 10)):
        own = where(table, epoch=epoch).sort_values("seed")
        gaps = (own["confidence"] - own["accuracy"]).to_numpy()
        assert found.findings[name].values == pytest.approx(gaps)
    stopped = table[table["epoch"] == table["stop"]].sort_values("seed")["calibration_error"]
    assert found.findings["stopped"].values == pytest.approx(stopped.to_numpy())


def test_reliability_is_a_mean_over_the_rows_of_all_seeds() -> None:
    table = evidence(NAME).tables["reliability"]
    line = calibration.reliability_line(table, "large", "last")
    rows = where(table, network="large", when="last")
    counts = rows.groupby("bin")["rows"].sum()
    shown = counts[counts > calibration.FEW * 2].index.tolist()
    assert 1 < len(shown) < len(counts)
    own = [where(rows, bin=place) for place in shown]
    weighted = [(held["rows"] * held["right"]).sum() / held["rows"].sum() for held in own]
    assert np.asarray(line.y) == pytest.approx(weighted)

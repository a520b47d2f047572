"""Distances by polynomials, absolute errors by the engine's own score."""

import numpy as np
import pytest
from given import evidence, networks

from mlp_lab.lessons.outputs_and_losses import outliers
from mlp_lab.lessons.panels import Band
from mlp_lab.lessons.tables import by_seed
from mlp_lab.lessons.trained import Trained

WORDS = (*outliers.SETTINGS, "data.outliers=0.2", "data.rows=20000")


def number(network: Trained, name: str) -> float:
    """One of a network's errors."""
    return float(np.asarray(outliers.errors(network)[name]))


def test_least_squares_of_polynomials_lie_off_by_the_mean_of_outliers() -> None:
    """The distance that squared error is said to learn is one that least squares does learn."""
    (network,) = networks([*WORDS, "epochs=1"])
    rows, points = outliers.training_rows(network), outliers.POINTS
    truth = np.sin(np.pi * (points + 1) - np.pi)
    fit = np.polynomial.Polynomial.fit(rows["x"], rows["y"], 7)(points)
    off = np.sqrt(np.mean((fit - truth) ** 2))
    assert number(network, "shift") == pytest.approx(off, rel=0.05)
    distance = np.sqrt(np.mean((network.predicted(points[:, None]) - truth) ** 2))
    assert number(network, "distance") == pytest.approx(distance)


def test_absolute_errors_are_the_engines() -> None:
    """Of the fit, its own score; of the function, those of noise and of outliers together."""
    (network,) = networks([*WORDS, "epochs=2", "loss=mae"])
    assert number(network, "of_fit") == pytest.approx(network.last("train_mae"), rel=1e-4)
    expected = 0.8 * 0.3 * np.sqrt(2 / np.pi) + 0.2 * 9
    assert number(network, "of_function") == pytest.approx(expected, rel=0.03)


def test_values_follow_from_the_tables() -> None:
    found = evidence("outputs_and_losses")
    rows = {
        (row["loss"], row["share"], row["seed"]): row["distance"]
        for row in found.tables["outliers"].to_dict("records")
    }
    assert len(rows) == 2 * len(outliers.SHARES) * 2
    for seed in range(2):
        ratio = rows["mae", 0.1, seed] / rows["mse", 0.1, seed]
        assert found.findings["tenth"].values[seed] == pytest.approx(ratio)
        half = rows["mae", 0.4, seed] / rows["mse", 0.1, seed]
        assert found.findings["half"].values[seed] == pytest.approx(half)


def test_the_panels_show_the_tables() -> None:
    tables = evidence("outputs_and_losses").tables
    distances, fits = outliers.panels(tables)
    squared = distances.drawn[0]
    assert isinstance(squared, Band)
    assert squared.label == "squared error"
    expected = by_seed(tables["outliers"], "distance", "share", loss="mse")
    assert squared.values.tolist() == expected.tolist()
    labels = [getattr(line, "label", None) for line in fits.drawn]
    assert labels == ["squared error", "absolute error", "function", "rows"]

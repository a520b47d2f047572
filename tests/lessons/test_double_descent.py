"""The lesson's measurement, computed again from the networks' own numbers."""

import math

import numpy as np
import pytest
from given import evidence, networks

from mlp_lab.lessons.double_descent import INTERPOLATED, LESSON, at_rise, notes, threshold
from mlp_lab.lessons.page import figure
from mlp_lab.lessons.tables import by_seed, levels, table_of, where

NAME = "double_descent"


def test_the_largest_rise_is_found() -> None:
    """Of the mean over seeds, by trying every pair."""
    for curves in np.random.default_rng(0).uniform(size=(50, 2, 9)):
        table = table_of(
            {"width": np.arange(9), "seed": seed, "error": curve, "loss": -curve}
            for seed, curve in enumerate(curves)
        )
        means = curves.mean(axis=0)
        _, bottom, top = max((means[j] - means[i], i, j) for j in range(9) for i in range(j + 1))
        assert at_rise(table, "width").tolist() == [[bottom, bottom], [top, top]]
        assert at_rise(table, "loss").tolist() == (-curves[:, [bottom, top]].T).tolist()


def test_a_seed_whose_networks_never_interpolate_has_no_threshold() -> None:
    table = table_of(
        {"width": width, "seed": seed, "parameters": 10 * width, "train_error": error}
        for seed, errors in enumerate([(0.5, 0.004, 0.1), (0.3, 0.2, 0.006)])
        for width, error in zip((1, 2, 4), errors, strict=True)
    )
    tables = {"widths": table.assign(error=0.5, loss=table["width"])}
    assert threshold(tables).tolist() == [20, np.inf]
    assert notes(tables)[-1].endswith("(inf: none does): 20, inf; rows times outputs are 5000.")


def test_values_follow_from_the_table() -> None:
    """Ratios and distances of each seed, from the rows of widths.csv."""
    found = evidence(NAME)
    table = found.tables["widths"]
    widths = levels(table, "width")
    means = by_seed(table, "error", "width").mean(axis=1)
    rises = [(means[j] - means[i], i, j) for j in range(len(means)) for i in range(j + 1)]
    _, bottom, top = max(rises)
    for seed in range(2):
        own = where(table, seed=seed).to_dict("records")
        by_width = {row["width"]: row for row in own}
        first, peak, end = (
            by_width[width]["error"] for width in (widths[bottom], widths[top], widths[-1])
        )
        assert found.findings["peak"].values[seed] == pytest.approx(peak / first)
        assert found.findings["second_descent"].values[seed] == pytest.approx(end / first)
        early = by_width[widths[top]]["early_error"]
        assert found.findings["epochs"].values[seed] == pytest.approx(peak - early)
        enough = [r["parameters"] for r in own if r["train_error"] <= INTERPOLATED]
        distance = abs(math.log2(min(enough) / 5000)) if enough else math.inf
        assert found.findings["equations"].values[seed] == pytest.approx(distance)


def test_errors_are_those_of_true_labels_and_rows_apart() -> None:
    """The engine's accuracy, by comparing outputs with the digits themselves."""
    words = ["experiment=double_descent", "epochs=3", "model.width=4"]
    (network,) = networks(words)
    encoded = network.problem.encoded
    assert (len(encoded.train), len(encoded.val), len(encoded.test)) == (500, 539, 0)
    assert network.problem.objective.output == "linear"
    wrong = network.outputs(encoded.val.inputs).argmax(1) != encoded.val.targets.argmax(1)
    assert wrong.mean() == pytest.approx(1 - network.last("val_accuracy"))
    clean = networks([*words, "data.label_noise=0"])[0].problem.encoded
    changed = encoded.train.targets.argmax(1) != clean.train.targets.argmax(1)
    assert 0.1 < changed.mean() < 0.2  # of a fifth redrawn, a tenth keep their label
    assert (encoded.val.targets == clean.val.targets).all()


def test_the_figure_draws_the_table() -> None:
    tables = evidence(NAME).tables
    axis = figure(LESSON, tables).axes[0]
    drawn = {line.get_label(): line for line in axis.lines}
    for label, name in (("unseen rows", "error"), ("training rows", "train_error")):
        assert np.asarray(drawn[label].get_xdata()).tolist() == levels(tables["widths"], "width")
        means = by_seed(tables["widths"], name, "width").mean(axis=1)
        assert np.asarray(drawn[label].get_ydata()) == pytest.approx(means)

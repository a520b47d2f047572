"""The lesson's measurement, computed again from the networks' own numbers."""

import math

import numpy as np
import pytest
from given import bench, evidence

from mlp_lab.lessons.catalogue import LESSONS
from mlp_lab.lessons.double_descent import LEARNT, largest_rise, learnt_in_words
from mlp_lab.lessons.lesson import column

NAME = "double_descent"


def test_the_largest_rise_is_found() -> None:
    """By trying every pair."""
    curves = np.random.default_rng(0).uniform(size=(50, 9))
    for curve in curves:
        bottom, top = largest_rise(curve)
        rises = [(curve[j] - curve[i], i, j) for j in range(9) for i in range(j + 1)]
        assert curve[top] - curve[bottom] == max(rises)[0]
    assert largest_rise(np.array([0.9, 0.3, 0.4, 0.2])) == (1, 2)


def test_networks_that_never_learn_their_rows_are_no_number() -> None:
    assert learnt_in_words(np.array([500.0, 900, 700])) == "from 500 to 900 parameters on"
    assert learnt_in_words(np.array([np.inf, 900])) == (
        "from 900 parameters on (with 1 of 2 seeds never)"
    )
    assert learnt_in_words(np.array([np.inf, np.inf])) == "by no network"


def test_values_follow_from_the_table() -> None:
    """Ratios and distances of each seed, from the rows of widths.csv."""
    found = evidence(NAME)
    table = found.tables["widths"]
    widths = sorted({int(row["width"]) for row in table})
    means = [np.mean(column(table, "error", width=width)) for width in widths]
    rises = [(means[j] - means[i], i, j) for j in range(len(means)) for i in range(j + 1)]
    _, bottom, top = max(rises)
    for seed in range(2):
        own = [row for row in table if row["seed"] == seed]
        by_width = {row["width"]: row for row in own}
        first = float(by_width[widths[bottom]]["error"])
        peak, end = (float(by_width[width]["error"]) for width in (widths[top], widths[-1]))
        assert found.values["peak"][seed] == pytest.approx(peak / first)
        assert found.values["second_descent"][seed] == pytest.approx(end / first)
        learnt = [float(r["parameters"]) for r in own if float(r["train_error"]) <= LEARNT]
        distance = abs(math.log2(min(learnt) / 5000)) if learnt else math.inf
        assert found.values["equations"][seed] == pytest.approx(distance)


def test_errors_are_those_of_true_labels_and_rows_apart() -> None:
    """The engine's accuracy, by comparing outputs with the digits themselves."""
    words = ["experiment=double_descent", "epochs=3", "model.width=4"]
    (network,) = bench().train([words])
    encoded = network.problem.encoded
    assert (len(encoded.train), len(encoded.val), len(encoded.test)) == (500, 539, 0)
    assert network.problem.objective.output == "linear"
    wrong = network.outputs(encoded.val.inputs).argmax(1) != encoded.val.targets.argmax(1)
    assert wrong.mean() == pytest.approx(1 - network.last("val_accuracy"))
    clean = bench().train([[*words, "data.label_noise=0"]])[0].problem.encoded
    changed = encoded.train.targets.argmax(1) != clean.train.targets.argmax(1)
    assert 0.1 < changed.mean() < 0.2  # of a fifth redrawn, a tenth keep their label
    assert (encoded.val.targets == clean.val.targets).all()


def test_the_figure_draws_the_table() -> None:
    tables = evidence(NAME).tables
    axis = LESSONS[NAME].draw(tables).axes[0]
    widths = sorted({int(row["width"]) for row in tables["widths"]})
    drawn = {line.get_label(): line for line in axis.lines}
    for label, name in (("unseen rows", "error"), ("training rows", "train_error")):
        assert np.asarray(drawn[label].get_xdata()).tolist() == widths
        means = [np.mean(column(tables["widths"], name, width=width)) for width in widths]
        assert np.asarray(drawn[label].get_ydata()) == pytest.approx(means)

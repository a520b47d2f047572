"""The lesson's measurement, computed again from the networks' own numbers."""

import math

import numpy as np
import pytest
from given import evidence, networks

from mlp_lab.lessons.double_descent import (
    INTERPOLATED,
    LESSON,
    STOPPED,
    TEST,
    at_rise,
    notes,
    region,
    stopped,
    threshold,
)
from mlp_lab.lessons.page import figure
from mlp_lab.lessons.panels import Mark
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
    others = {STOPPED: 0.3, "best_epoch": 7, "lost": 0.25}
    tables = {"widths": table.assign(error=0.5, loss=table["width"], **others)}
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
        kept = [by_width[widths[level]][STOPPED] for level in (bottom, top)]
        ratio = found.findings["early_stopping"].values[seed]
        assert ratio == pytest.approx(kept[1] / kept[0])
        assert found.findings["stopped"].values[seed] == pytest.approx(kept[1] / end)
        lost = [r["lost"] for r in own if r["width"] >= widths[top]]
        assert found.findings["by_epochs"].values[seed] == pytest.approx(max(lost))
        enough = [r["parameters"] for r in own if r["train_error"] <= INTERPOLATED]
        distance = abs(math.log2(min(enough) / 5000)) if enough else math.inf
        assert found.findings["equations"].values[seed] == pytest.approx(distance)


def test_early_stopping_is_judged_by_rows_that_choose_nothing() -> None:
    """Not by those on which the best epoch was the best."""
    (network,) = networks(["experiment=double_descent", "epochs=9", "model.width=16", TEST])
    parts = network.problem.encoded
    assert (len(parts.train), len(parts.val), len(parts.test)) == (500, 539, 539)
    wrong = network.at_best.outputs(parts.test.inputs).argmax(1) != parts.test.targets.argmax(1)
    found = stopped(network)
    assert found[STOPPED] == wrong.mean()
    assert found["best_epoch"] == 1 + network.curve("val_loss").argmin()
    unseen = 1 - network.curve("val_accuracy")
    low = int(unseen.argmin())
    rise = unseen[low:].max() - unseen[low]
    assert found["lost"] == pytest.approx((unseen[low:].max() - unseen[-1]) / max(rise, 1e-9))


def test_the_interpolation_region_begins_at_the_first_width_that_errs_hardly_ever() -> None:
    table = table_of(
        {"width": width, "seed": seed, "train_error": error + shift}
        for seed, shift in enumerate((-0.001, 0.001))
        for width, error in ((1, 0.5), (2, 0.006), (4, 0.004), (8, 0.001))
    )
    (mark,) = region(table)
    assert isinstance(mark, Mark)
    assert (mark.x, mark.label) == (4.0, "interpolation region, from 4 units on")
    assert region(where(table, width=1)) == []


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
    parts = {"unseen rows": "error", "training rows": "train_error"}
    for label, name in {**parts, "unseen rows, best epoch": STOPPED}.items():
        assert np.asarray(drawn[label].get_xdata()).tolist() == levels(tables["widths"], "width")
        means = by_seed(tables["widths"], name, "width").mean(axis=1)
        assert np.asarray(drawn[label].get_ydata()) == pytest.approx(means)

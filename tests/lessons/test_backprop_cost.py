"""Bytes counted from shapes; of times only that they are times."""

import math
from itertools import pairwise

import numpy as np
import pytest
from given import evidence

from mlp_lab.lessons.backprop_cost import LESSON, VARIED, along
from mlp_lab.lessons.costs import KEPT
from mlp_lab.lessons.page import figure
from mlp_lab.lessons.tables import levels, where

NAME = "backprop_cost"


def test_bytes_and_multiplications_are_those_of_the_shapes() -> None:
    """Four for each number: five copies of the parameters, two of every layer forward, two back."""
    networks = evidence(NAME).tables["networks"]
    assert set(networks["varied"]) == set(VARIED)
    for row in networks.to_dict("records"):
        sizes = [64, *[row["width"]] * row["depth"], 10]  # 64 pixels, 10 digits
        layers = list(pairwise(sizes))
        parameters = 4 * sum((n_in + 1) * n_out for n_in, n_out in layers)
        layer_bytes = 4 * row["batch"] * (2 * sum(sizes[1:-1]) + sizes[-1])
        assert [row[f"{kind}_bytes"] for kind in KEPT] == [
            *(parameters, parameters, 2 * parameters, parameters),
            *(layer_bytes, layer_bytes),
        ]
        back = sum(2 * a * b for a, b in layers[1:]) + math.prod(layers[0])
        assert row["counted"] == pytest.approx(1 + back / sum(a * b for a, b in layers))


def test_times_are_finite_and_positive() -> None:
    """Nothing else is asked of them."""
    tables = evidence(NAME).tables
    for name, columns in (
        ("networks", ["loss_seconds", "gradient_seconds", "multiple"]),
        ("differences", ["differences_seconds", "slower", "forward_passes", "differences_error"]),
    ):
        values = tables[name][columns].to_numpy()
        assert (np.isfinite(values) & (values > 0)).all()


def test_values_follow_from_the_tables() -> None:
    found = evidence(NAME)
    values = {name: finding.values for name, finding in found.findings.items()}
    for seed in range(2):
        own = where(found.tables["networks"], seed=seed)
        assert values["multiple"][seed] == own["multiple"].max()
        back = np.exp(np.log(own["multiple"]).mean()) - 1
        assert values["as_the_loss"][seed] == pytest.approx(back)
        deep, shallow = (where(own, varied="depth", depth=depth).iloc[0] for depth in (4, 1))
        assert values["depth"][seed] == pytest.approx(deep["multiple"] / shallow["multiple"])
        ratio = sum(deep[f"{kind}_bytes"] for kind in KEPT) / deep["parameters_bytes"]
        assert values["ten"][seed] == pytest.approx(abs(math.log2(ratio / 10)))
        ratios = own["memory"].max() / own["memory"].min()
        assert values["ten_anywhere"][seed] == pytest.approx(math.log2(ratios))


def test_the_figure_draws_the_tables() -> None:
    tables = evidence(NAME).tables
    axes = figure(LESSON, tables).axes
    line = {str(line.get_label()): line for line in axes[0].lines}["measured"]
    assert np.asarray(line.get_xdata()).tolist() == levels(
        where(tables["networks"], varied="depth"), "depth"
    )
    means = along(tables, "depth", "multiple").mean(axis=1)
    assert np.asarray(line.get_ydata()) == pytest.approx(means)
    tops = [np.asarray(line.get_ydata(), dtype=float) for line in axes[5].lines[: len(KEPT)]]
    assert tops[-1] == pytest.approx(along(tables, "batch", "memory").mean(axis=1))

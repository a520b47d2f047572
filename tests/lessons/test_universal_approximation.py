"""The lesson's measurement, computed again from the networks' own numbers."""

import numpy as np
import pytest
from given import evidence, networks

from mlp_lab.lessons.page import figure
from mlp_lab.lessons.tables import by_seed
from mlp_lab.lessons.universal_approximation import LESSON, PERIODS, breakpoints

NAME = "universal_approximation"


def test_the_function_bends_at_its_breakpoints_and_nowhere_else() -> None:
    """Slopes of a fit on a fine grid change only in the cells that hold a breakpoint."""
    words = ["experiment=universal_approximation", "epochs=10", "model.width=6", "dtype=float64"]
    (network,) = networks(words)
    grid = np.linspace(-1, 1, 2001)
    slopes = np.diff(network.predicted(grid[:, None])) / np.diff(grid)
    bends = np.flatnonzero(np.abs(np.diff(slopes)) > 1e-9)  # between cells i and i + 1
    inside = [x for x in breakpoints(network) if abs(x) < 1]
    assert inside
    assert len(bends) <= 2 * len(inside)
    for bend in bends:
        near = [x for x in inside if grid[bend] <= x <= grid[bend + 2]]
        assert near


def test_continuous_functions_have_no_jump_within_their_points() -> None:
    """And the step has: neighbours on a fine grid differ by 2."""
    grid = np.linspace(-1, 1, 20001)
    for function, periods in PERIODS.items():
        words = [f"data={function}", f"data.periods={periods}", "epochs=1"]
        (network,) = networks(words)
        largest = np.abs(np.diff(network.function.values(grid))).max()
        assert largest == pytest.approx(2.0) if function == "step" else largest < 0.01


def test_errors_are_relative_to_the_spread() -> None:
    """sqrt(1 - R2) is the root mean squared error over the standard deviation."""
    words = ["experiment=universal_approximation", "epochs=3", "model.width=4", "dtype=float64"]
    (network,) = networks(words)
    val = network.problem.encoded.val
    truth = network.problem.encoded.schema.target.decode(val.targets)
    error = np.sqrt(np.mean((network.predicted(val.inputs) - truth) ** 2)) / truth.std()
    assert np.sqrt(1 - network.last("val_r2")) == pytest.approx(error)


def test_the_figure_draws_the_tables() -> None:
    tables = evidence(NAME).tables
    errors, *fits = figure(LESSON, tables).axes
    for line, function in zip(errors.lines, PERIODS, strict=True):
        own = by_seed(tables["errors"], "error", "width", function=function)
        means = np.exp(np.log(own).mean(axis=1))  # of logarithms, as is the axis
        assert np.asarray(line.get_ydata()) == pytest.approx(means)
    assert [axis.get_title().partition(" ")[0] for axis in fits] == list(PERIODS)

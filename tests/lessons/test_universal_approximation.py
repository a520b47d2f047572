"""The lesson's measurement, computed again from the networks' own numbers."""

import numpy as np
import pytest
from given import bench, evidence
from scipy.stats import spearmanr

from mlp_lab.lessons.catalogue import LESSONS
from mlp_lab.lessons.lesson import column, rank_correlation
from mlp_lab.lessons.universal_approximation import FUNCTIONS, joints

NAME = "universal_approximation"


def test_the_rank_correlation_is_scipys() -> None:
    for values in np.random.default_rng(0).uniform(size=(20, 8)):
        expected = spearmanr(np.arange(8), values).statistic
        assert rank_correlation(values.tolist()) == pytest.approx(expected)


def test_the_function_bends_at_its_joints_and_nowhere_else() -> None:
    """Slopes of a fit on a fine grid change only in the cells that hold a joint."""
    words = ["experiment=universal_approximation", "epochs=10", "model.width=6", "dtype=float64"]
    (network,) = bench().train([words])
    grid = np.linspace(-1, 1, 2001)
    slopes = np.diff(network.predicted(grid[:, None])) / np.diff(grid)
    bends = np.flatnonzero(np.abs(np.diff(slopes)) > 1e-9)  # between cells i and i + 1
    inside = [joint for joint in joints(network) if abs(joint) < 1]
    assert inside
    assert len(bends) <= 2 * len(inside)
    for bend in bends:
        near = [joint for joint in inside if grid[bend] <= joint <= grid[bend + 2]]
        assert near


def test_continuous_functions_have_no_jump_within_their_points() -> None:
    """And the step has: neighbours on a fine grid differ by 2."""
    from mlp_lab.data.synthetic import FunctionConfig
    from mlp_lab.lessons.universal_approximation import PERIODS

    grid = np.linspace(-1, 1, 20001)
    for function in FUNCTIONS:
        words = [f"data={function}", f"data.periods={PERIODS[function]}", "epochs=1"]
        (network,) = bench().train([words])
        data = network.config.data
        assert isinstance(data, FunctionConfig)
        largest = np.abs(np.diff(data.values(grid))).max()
        assert largest == pytest.approx(2.0) if function == "step" else largest < 0.01


def test_errors_are_relative_to_the_spread() -> None:
    """sqrt(1 - R2) is the root mean squared error over the standard deviation."""
    words = ["experiment=universal_approximation", "epochs=3", "model.width=4", "dtype=float64"]
    (network,) = bench().train([words])
    val = network.problem.encoded.val
    truth = network.problem.encoded.schema.target.decode(val.targets)
    error = np.sqrt(np.mean((network.predicted(val.inputs) - truth) ** 2)) / truth.std()
    assert np.sqrt(1 - network.last("val_r2")) == pytest.approx(error)


def test_the_figure_draws_the_tables() -> None:
    tables = evidence(NAME).tables
    errors, *fits = LESSONS[NAME].draw(tables).axes
    widths = sorted({int(row["width"]) for row in tables["errors"]})
    for line, function in zip(errors.lines, FUNCTIONS, strict=True):
        means = [
            np.mean(column(tables["errors"], "error", function=function, width=width))
            for width in widths
        ]
        assert np.asarray(line.get_ydata()) == pytest.approx(means)
    assert [axis.get_title().partition(" ")[0] for axis in fits] == list(FUNCTIONS)

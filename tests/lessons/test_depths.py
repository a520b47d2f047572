"""Equal numbers of parameters, and settings that are chosen on other seeds."""

import numpy as np
import pytest
from given import bench, evidence, networks
from sklearn.linear_model import LinearRegression

from mlp_lab.lessons.depths import (
    DEPTHS,
    DIGITS,
    FOLDS,
    PARAMETERS,
    TASKS,
    TUNING,
    greatest_width,
    layer_sizes,
    least_squares,
    study,
)
from mlp_lab.lessons.linear_regions import breakpoints
from mlp_lab.lessons.tables import by_seed, where
from mlp_lab.lessons.why_deep import LESSON
from mlp_lab.network.architecture import count_parameters

NAME = "why_deep"


@pytest.mark.parametrize("task", TASKS)
def test_networks_are_as_large_as_the_parameters_allow(task: str) -> None:
    """None exceeds them, none could have another unit, and the shallow one is not the smaller."""
    counts = {}
    for depth in DEPTHS:
        width = greatest_width(task, depth)
        fits, exceeds = (count_parameters(layer_sizes(task, depth, n)) for n in (width, width + 1))
        assert fits <= PARAMETERS[task] < exceeds
        counts[depth] = fits
    assert counts[1] == max(counts.values())
    assert min(counts.values()) > 0.95 * PARAMETERS[task]


def test_sizes_are_those_of_the_networks() -> None:
    tables = evidence(NAME).tables
    for table in (tables["functions"], tables["digits"]):
        for _, row in table.iterrows():
            sizes = layer_sizes(row["task"], row["depth"], row["width"])
            assert row["width"] == greatest_width(row["task"], row["depth"])
            assert row["parameters"] == count_parameters(sizes)


def test_settings_are_not_chosen_by_what_is_measured() -> None:
    tables = evidence(NAME).tables
    assert set(tables["functions"]["seed"]) == {0, 1}
    assert LESSON.seeds < min(TUNING)
    assert "seed" not in tables["rates"].columns
    losses = where(tables["rates"], task=DIGITS, depth=1)
    best = losses.sort_values("train_loss").iloc[0]
    chosen = where(tables["digits"], depth=1)
    assert set(chosen["rate"]) == {best["rate"]}
    assert set(chosen["init"]) == {best["init"]}


def test_a_row_is_its_network() -> None:
    """Trained again by its settings: the error by hand, the linear regions of its function."""
    row = where(evidence(NAME).tables["functions"], task=FOLDS, depth=5, seed=1).iloc[0]
    (trial,) = study(bench(), [(FOLDS, 5, row["init"], row["rate"])], [1])
    (network,) = networks(trial.words)
    val = network.problem.encoded.val
    truth = network.problem.encoded.schema.target.decode(val.targets)
    error = np.sqrt(np.mean((network.predicted(val.inputs) - truth) ** 2)) / truth.std()
    assert row["error"] == pytest.approx(error, rel=1e-4)
    assert row["regions"] == len(breakpoints(network.outcome.layers)) + 1
    assert (row["units"], row["parameters"], row["max_regions"]) == (50, 471, 161_051)


def test_he_draws_no_biases_so_that_only_0_is_a_breakpoint() -> None:
    regions = by_seed(evidence(NAME).tables["untrained"], "regions", "depth", init="he")
    assert regions.tolist() == [[2, 2], [2, 2]]


def test_least_squares_is_scikit_learns() -> None:
    """On the same units, and it is exact where they hold the function."""
    (network,) = networks([*TASKS[FOLDS], "epochs=1", "model.depth=1"])
    rows = network.problem.encoded
    generator = np.random.default_rng(0)
    first = (generator.normal(size=(1, 12)), generator.normal(size=12))
    h, h_val = (np.maximum(part.inputs @ first[0] + first[1], 0) for part in (rows.train, rows.val))
    score = LinearRegression().fit(h, rows.train.targets).score(h_val, rows.val.targets)
    assert least_squares(first, rows) == pytest.approx(np.sqrt(1 - score), rel=1e-4)
    folds = np.linspace(-1, 1, 17)[None, :-1]
    assert least_squares((np.ones((1, 16)), -folds[0]), rows) == pytest.approx(0, abs=1e-5)

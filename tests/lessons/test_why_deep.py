"""Equal numbers of parameters, rates chosen on other seeds, and values from the tables."""

import math

import numpy as np
import pytest
from given import old_bench as bench
from given import old_evidence as evidence
from given import old_lesson
from sklearn.linear_model import LinearRegression

from mlp_lab.lessons.linear_regions import joints
from mlp_lab.lessons.old.lesson import Row, column
from mlp_lab.lessons.why_deep import (
    DEEP,
    DEPTHS,
    FOLDS,
    TASKS,
    TUNING,
    best_rates,
    least_squares,
)
from mlp_lab.network.architecture import count_parameters

NAME = "why_deep"


@pytest.mark.parametrize("task", TASKS)
def test_networks_are_as_large_as_the_parameters_allow(task: str) -> None:
    """None exceeds them, none could have another unit, and the shallow one is not the smaller."""
    own = TASKS[task]
    sizes = {}
    for depth in DEPTHS:
        widths = (own.width(depth), own.width(depth) + 1)
        counts = [count_parameters([own.inputs, *[w] * depth, own.outputs]) for w in widths]
        assert counts[0] <= own.parameters < counts[1]
        sizes[depth] = counts[0]
    assert sizes[1] == max(sizes.values())
    assert min(sizes.values()) > 0.95 * own.parameters


def test_the_best_rate_is_finite_and_least() -> None:
    losses = {0.1: 0.3, 0.2: 0.2, 0.3: math.nan, 0.4: 0.25, 0.5: math.inf}
    table: list[Row] = [
        {"task": "a", "depth": 1, "init": "he", "rate": rate, "train_loss": loss}
        for rate, loss in losses.items()
    ]
    assert {key: row["rate"] for key, row in best_rates(table).items()} == {("a", 1): 0.2}


def test_rates_are_not_chosen_by_what_is_measured() -> None:
    measured = column(evidence(NAME).tables["functions"], "seed")
    assert set(measured) == {0, 1}
    assert old_lesson(NAME).seeds < min(TUNING)


def test_a_row_is_its_network() -> None:
    """Trained again by its settings: the error by hand, the pieces of its function."""
    found = evidence(NAME).tables
    (row,) = [r for r in found["functions"] if (r["task"], r["depth"], r["seed"]) == (FOLDS, 5, 1)]
    chosen = best_rates(found["rates"])[FOLDS, 5]
    words = [*TASKS[FOLDS].words, "epochs=3", f"optimizer.lr={chosen['rate']}"]
    words += [f"model.init={chosen['init']}", *bench().seed(1)]
    (network,) = bench().train([words])
    val = network.problem.encoded.val
    truth = network.problem.encoded.schema.target.decode(val.targets)
    error = np.sqrt(np.mean((network.predicted(val.inputs) - truth) ** 2)) / truth.std()
    assert row["error"] == pytest.approx(error, rel=1e-4)
    assert row["pieces"] == len(joints(network.outcome.layers)) + 1
    assert (row["units"], row["parameters"], row["most_pieces"]) == (50, 471, 161_051)


def test_least_squares_is_scikit_learns() -> None:
    """On the same units, and it is exact where they hold the function."""
    (network,) = bench().train([[*TASKS[FOLDS].words, "epochs=1", "model.depth=1"]])
    rows = network.problem.encoded
    generator = np.random.default_rng(0)
    first = (generator.normal(size=(1, 12)), generator.normal(size=12))
    h, h_val = (np.maximum(part.inputs @ first[0] + first[1], 0) for part in (rows.train, rows.val))
    score = LinearRegression().fit(h, rows.train.targets).score(h_val, rows.val.targets)
    assert least_squares(first, rows) == pytest.approx(np.sqrt(1 - score), rel=1e-4)
    folds = np.linspace(-1, 1, 17)[None, :-1]
    assert least_squares((np.ones((1, 16)), -folds[0]), rows) == pytest.approx(0, abs=1e-5)


def test_values_follow_from_the_tables() -> None:
    found = evidence(NAME)
    table = found.tables["functions"]
    shallow, deep = (column(table, "error", task=FOLDS, depth=depth) for depth in (1, DEEP))
    assert found.values["folds"] == pytest.approx(np.subtract(shallow, deep).tolist())
    few, many = (column(table, "pieces", task=FOLDS, depth=depth) for depth in (1, DEEP))
    assert found.values["pieces"] == pytest.approx(np.log2(np.divide(many, few)).tolist())
    assert found.values["units"] == pytest.approx([count / 50 for count in many])
    solved = column(found.tables["least_squares"], "error", task=FOLDS)
    assert found.values["could"] == pytest.approx(np.subtract(shallow, solved).tolist())
    starts = found.tables["starts"]
    assert column(starts, "pieces", init="he") == [2.0] * 4  # no biases: one joint, at 0
    few, many = (column(starts, "pieces", init="torch", depth=depth) for depth in (1, DEEP))
    assert found.values["start_pieces"] == pytest.approx(np.log2(np.divide(many, few)).tolist())


def test_the_figure_draws_the_tables() -> None:
    tables = evidence(NAME).tables
    errors, *_, pieces, _ = old_lesson(NAME).draw(tables).axes
    for axis, quantity, label in ((errors, "error", FOLDS), (pieces, "pieces", "after training")):
        (line,) = [line for line in axis.lines if line.get_label() == label]
        means = [
            np.mean(column(tables["functions"], quantity, task=FOLDS, depth=depth))
            for depth in (1, DEEP)
        ]
        assert np.asarray(line.get_ydata()) == pytest.approx(means)

"""Times, rates and paths, computed again by hand and by torch's own optimizers."""

import math
from itertools import pairwise

import numpy as np
import pytest
from given import old_bench as bench
from given import old_evidence as evidence
from given import old_lesson

from mlp_lab.lessons.old.lesson import Row, best_for_others, column
from mlp_lab.lessons.old.rates import at_best, width
from mlp_lab.lessons.optimizers import (
    ADAPTIVE,
    GOALS,
    PLAIN,
    PROBLEMS,
    RULES,
)
from mlp_lab.network.optimizers import OPTIMIZERS

NAME = "optimizers"


def test_no_seed_chooses_the_rate_it_judges() -> None:
    found = np.array([[4.0, 9.0, 8.0], [5.0, 5.0, 2.0], [1.0, 6.0, 6.0]])
    # without the first: 8.5, 3.5, 6; the second: 6, 3.5, 3.5; the third: 6.5, 5, 3.5
    assert best_for_others(found) == [1, 1, 2]


def test_rates_that_will_do_are_counted() -> None:
    """Three of five lie within twice the best; what never arrives does not count."""
    times = {0.01: math.inf, 0.1: 8.0, 1.0: 4.0, 10.0: 5.0, 100.0: 9.0}
    table: list[Row] = [
        {"problem": "p", "rule": "r", "rate": rate, "seed": seed, "epochs": epochs, "limit": 20}
        for rate, epochs in times.items()
        for seed in range(2)
    ]
    assert width(table, problem="p", rule="r").tolist() == [3.0, 3.0]
    never = [{**row, "epochs": math.inf} for row in table]
    assert width(never, problem="p", rule="r").tolist() == [0.0, 0.0]


def test_an_epoch_is_the_first_that_came_to_the_loss() -> None:
    """In the curve of the same network, trained again."""
    runs = evidence(NAME).tables["runs"]
    reached = [row for row in runs if row["epochs"] != math.inf and row["rule"] != "gd"]
    assert reached
    row = next(row for row in reached if row["seed"] == 1)
    problem = str(row["problem"])
    words = ["experiment=optimizers", *PROBLEMS[problem], *RULES[str(row["rule"])], "epochs=8"]
    words += [f"optimizer.lr={row['rate']}", "seed=1", "data.split_seed=1"]
    (network,) = bench().train([words])
    losses = network.curve("train_loss").tolist()
    first = next(epoch for epoch, loss in enumerate(losses, 1) if loss <= GOALS[problem])
    assert row["epochs"] == first
    assert row["limit"] == 8
    rises = sum(later > loss for loss, later in pairwise(losses))
    assert row["rises"] == pytest.approx(rises / 7)


def test_every_optimizer_is_tried() -> None:
    assert {"gd", *PLAIN, *ADAPTIVE} == set(OPTIMIZERS)
    assert set(RULES) == {*OPTIMIZERS, "gd + momentum"}
    full = bench().stack([["experiment=optimizers", *RULES["gd + momentum"]]])
    assert full.batches.steps == [1]


def test_values_follow_from_the_tables() -> None:
    """With two seeds, each is judged at the rate that is best for the other."""
    found = evidence(NAME)
    runs = found.tables["runs"]
    expected = []
    for seed in range(2):
        logs = []
        for problem in PROBLEMS:
            of = {}
            for rule in ("sgd", "adam"):
                own = [r for r in runs if r["problem"] == problem and r["rule"] == rule]
                capped = {
                    (r["rate"], r["seed"]): min(float(r["epochs"]), float(r["limit"])) for r in own
                }
                others = {rate: time for (rate, s), time in capped.items() if s != seed}
                best = min(sorted(others, key=float), key=lambda rate: others[rate])
                of[rule] = capped[best, seed]
            logs.append(math.log(of["sgd"] / of["adam"]))
        expected.append(math.exp(np.mean(logs)))
    assert found.values["adam_faster"] == pytest.approx(expected)
    steps = {
        rule: at_best(found.tables["walks"], None, valley="askew", batches="full", rule=rule)
        for rule in ("gd", "adam")
    }
    assert found.values["adam_askew"] == pytest.approx((steps["gd"] / steps["adam"]).tolist())


def test_the_figure_draws_the_tables() -> None:
    tables = evidence(NAME).tables
    axes = old_lesson(NAME).draw(tables).axes
    curve = {str(line.get_label()): line for line in axes[0].lines}["adam"]
    losses = column(tables["curves"], "loss", problem="digits", rule="adam")
    assert np.asarray(curve.get_ydata()).tolist() == losses
    path = {str(line.get_label()).partition(",")[0]: line for line in axes[6].lines}["momentum"]
    own: dict[str, float | str] = {
        "valley": "along an axis",
        "batches": "full",
        "rule": "momentum",
    }
    assert np.asarray(path.get_xdata()).tolist() == column(tables["paths"], "a", **own)
    assert np.asarray(path.get_ydata()).tolist() == column(tables["paths"], "b", **own)

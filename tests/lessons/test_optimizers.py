"""Times, rates and paths, computed again by hand and by torch's own optimizers."""

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from given import old_bench as bench
from given import old_evidence as evidence
from given import old_lesson
from lab import configure

from mlp_lab.lessons.old.lesson import Row, best_for_others, column
from mlp_lab.lessons.old.rates import at_best, width
from mlp_lab.lessons.optimizers import (
    ADAPTIVE,
    GOALS,
    PLAIN,
    PROBLEMS,
    RULES,
)
from mlp_lab.lessons.surface import Valley, Walked, walk
from mlp_lab.lessons.trajectories import VALLEYS

NAME = "optimizers"

TORCH: dict[str, Callable[[list[torch.Tensor], float], torch.optim.Optimizer]] = {
    "gd": lambda p, lr: torch.optim.SGD(p, lr=lr),
    "heavy_ball": lambda p, lr: torch.optim.SGD(p, lr=lr, momentum=0.9),
    "adagrad": lambda p, lr: torch.optim.Adagrad(p, lr=lr),
    "rmsprop": lambda p, lr: torch.optim.RMSprop(p, lr=lr),
    "adam": lambda p, lr: torch.optim.Adam(p, lr=lr),
}


@pytest.mark.parametrize("rule", TORCH)
def test_a_walk_is_torchs(rule: str) -> None:
    """A line's intercept and slope, by autograd and torch.optim; in a stack with another rate."""
    valley = Valley.drawn(1.0, 0.42, 3)
    config = configure(f"optimizer={rule}").optimizer
    rules = [replace(config, lr=rate) for rate in (0.3, 0.02)]
    found = walk([valley, valley], rules, batch_size=None, steps=12)[1]
    x, t = torch.as_tensor(valley.inputs), torch.as_tensor(valley.targets)
    point = torch.tensor(valley.start, requires_grad=True)
    optimizer = TORCH[rule]([point], 0.02)
    expected = [valley.start]
    for _ in range(12):
        optimizer.zero_grad()
        loss = torch.mean((point[0] + point[1] * x - t) ** 2)
        torch.autograd.backward(loss)
        optimizer.step()
        expected.append(point.detach().clone().numpy())
    assert found == pytest.approx(np.array(expected), rel=1e-6)


def test_the_surface_is_the_error_of_the_line() -> None:
    """Heights by the sum over rows, curvatures by their ratio, the start one unit up."""
    for centre, spread in VALLEYS.values():
        valley = Valley.drawn(centre, spread, 1)
        points = np.random.default_rng(0).normal(0, 2, (20, 2))
        lines = points[:, :1] + points[:, 1:] * valley.inputs
        errors = np.mean((lines - valley.targets) ** 2, axis=1)
        (a, b), *_ = np.linalg.lstsq(
            np.stack([np.ones(100), valley.inputs], 1), valley.targets, rcond=None
        )
        least = np.mean((a + b * valley.inputs - valley.targets) ** 2)
        assert valley.heights(points) == pytest.approx(errors - least)
        assert valley.heights(valley.start) == pytest.approx(1.0)
        low, high = np.linalg.eigvalsh(valley.hessian)
        assert high / low == pytest.approx(25, rel=0.02)


def test_mini_batches_of_a_walk_pass_over_every_row_once() -> None:
    """Rows whose errors' gradients add up: ten small steps are nearly one with exact gradients."""
    valley = Valley.drawn(0.0, 5.0, 0)
    config = configure("optimizer=sgd").optimizer
    (small,) = walk([valley], [replace(config, lr=1e-7)], batch_size=10, steps=20)
    (whole,) = walk([valley], [replace(config, lr=1e-6)], batch_size=None, steps=2)
    for passes in (1, 2):
        moved = small[10 * passes] - valley.start
        assert moved == pytest.approx(whole[passes] - valley.start, rel=1e-3)
    steps = np.diff(small, axis=0)
    assert not np.allclose(steps[0], steps[1], rtol=1e-3)
    assert not np.allclose(steps[0], steps[10], rtol=1e-3)


def test_what_a_path_was_like() -> None:
    """One that passes the bottom, climbs and comes back has arrived when it comes back."""
    valley = Valley.drawn(0.0, 1.0, 0)  # round: heights are squared distances
    distances = np.array([1.0, 0.05, -0.5, -0.2, 0.05, 0.01])
    path = valley.bottom + np.stack([distances, np.zeros(6)], 1)
    found = Walked.of(valley, path, 0.01)
    assert found.steps == 4
    assert found.turn == pytest.approx((0 + 180 + 0) / 3)
    assert found.uphill == pytest.approx(1 / 4)
    assert Walked.of(valley, path[:4], 0.01).steps == math.inf
    lost = valley.bottom + np.array([[1.0, 0], [1e200, 0], [np.inf, 0], [np.nan, 0]])
    assert Walked.of(valley, lost, 0.01).steps == math.inf


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
    from mlp_lab.network.optimizers import OPTIMIZERS

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

"""Heights by the sum over rows, paths by autograd and torch.optim, their measures by hand."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from lab import configure

from mlp_lab.lessons.tables import by_seed, where
from mlp_lab.lessons.trajectories import ROWS, VALLEYS, Valley, descend, measured_path, trajectories

TORCH: dict[str, Callable[[list[torch.Tensor], float], torch.optim.Optimizer]] = {
    "gd": lambda p, lr: torch.optim.SGD(p, lr=lr),
    "heavy_ball": lambda p, lr: torch.optim.SGD(p, lr=lr, momentum=0.9),
    "adagrad": lambda p, lr: torch.optim.Adagrad(p, lr=lr),
    "rmsprop": lambda p, lr: torch.optim.RMSprop(p, lr=lr),
    "adam": lambda p, lr: torch.optim.Adam(p, lr=lr),
}


def test_the_surface_is_the_error_of_the_line() -> None:
    """Heights by the sum over rows, curvatures by their ratio, the start one unit up."""
    for centre, spread in VALLEYS.values():
        valley = Valley(centre, spread, 1)
        points = np.random.default_rng(0).normal(0, 2, (20, 2))
        inputs, targets = valley.rows
        errors = np.mean((points[:, :1] + points[:, 1:] * inputs - targets) ** 2, axis=1)
        (a, b), *_ = np.linalg.lstsq(np.stack([np.ones(100), inputs], 1), targets, rcond=None)
        least = np.mean((a + b * inputs - targets) ** 2)
        assert valley.heights(points) == pytest.approx(errors - least)
        assert valley.heights(valley.start) == pytest.approx(1.0)
        low, high = np.linalg.eigvalsh(valley.hessian)
        assert high / low == pytest.approx(25, rel=0.02)


def test_a_surface_holds_all_points_as_low_as_the_start() -> None:
    """Its bottom is the middle; along its border everything is higher than the start."""
    for centre, spread in VALLEYS.values():
        valley = Valley(centre, spread, 2)
        found = valley.surface()
        points = np.stack([found["a"], found["b"]], 1)
        assert found["height"] == pytest.approx(valley.heights(points))
        assert points.mean(axis=0) == pytest.approx(valley.bottom)
        assert found["height"].reshape(61, 61)[0].min() > 1
        assert found["height"].reshape(61, 61)[:, 0].min() > 1


def test_batches_of_a_pass_hold_every_row_once() -> None:
    """In an order of the seed's, and of the pass's."""
    one, other = (Valley(0.0, 1.0, seed) for seed in (0, 1))
    first, second = (
        np.concatenate([one.batch(10, step) for step in steps], axis=1)
        for steps in (range(10), range(10, 20))
    )
    for rows in (first, second):
        assert sorted(rows.T.tolist()) == sorted(one.rows.T.tolist())
    assert (first != second).any()
    order = [one.rows[0].tolist().index(x) for x in first[0]]
    assert not np.array_equal(other.batch(10, 0), other.rows[:, order[:10]])


@pytest.mark.parametrize("rule", TORCH)
def test_a_path_is_torchs(rule: str) -> None:
    """A line's intercept and slope, by autograd and torch.optim; in a stack with another rate."""
    valley = Valley(1.0, 0.42, 3)
    config = configure(f"optimizer={rule}").optimizer
    rules = [replace(config, lr=rate) for rate in (0.3, 0.02)]
    found = descend([Valley(0.0, 5.0, 1), valley], rules, ROWS, steps=12)[1, 1]
    x, t = torch.as_tensor(valley.rows)
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


def test_mini_batches_pass_over_every_row_once() -> None:
    """Rows whose errors' gradients add up: ten small steps are nearly one with exact gradients."""
    valley = Valley(0.0, 5.0, 0)
    config = configure("optimizer=sgd").optimizer
    small = descend([valley], [replace(config, lr=1e-7)], rows=10, steps=20)[0, 0]
    whole = descend([valley], [replace(config, lr=1e-6)], rows=ROWS, steps=2)[0, 0]
    for passes in (1, 2):
        moved = small[10 * passes] - valley.start
        assert moved == pytest.approx(whole[passes] - valley.start, rel=1e-3)
    steps = np.diff(small, axis=0)
    assert not np.allclose(steps[0], steps[1], rtol=1e-3)
    assert not np.allclose(steps[0], steps[10], rtol=1e-3)


def test_what_a_path_was_like() -> None:
    """One that passes the bottom, climbs and comes back has arrived when it comes back."""
    valley = Valley(0.0, 1.0, 0)  # round: heights are squared distances
    distances = np.array([1.0, 0.05, -0.5, -0.2, 0.05, 0.01])
    path = valley.bottom + np.stack([distances, np.zeros(6)], 1)
    found = measured_path(valley, path)
    assert (found["steps"], found["capped_steps"], found["limit"]) == (4, 4, 5)
    assert found["turn"] == pytest.approx((0 + 180 + 0) / 3)
    assert found["uphill"] == pytest.approx(1 / 4)
    never = measured_path(valley, path[:4])
    assert (never["steps"], never["capped_steps"]) == (math.inf, 3)
    lost = valley.bottom + np.array([[1.0, 0], [1e200, 0], [np.inf, 0], [np.nan, 0]])
    assert measured_path(valley, lost)["steps"] == math.inf


def test_tables_hold_every_rule_and_the_best_paths() -> None:
    """A path of the first seed, as long as the table says, that begins where the valley does."""
    rules = {name: configure(f"optimizer={name}").optimizer for name in ("gd", "sgd", "adam")}
    tables = trajectories(rules, range(2), quick=True)
    table, best = tables["trajectories"], tables["best_trajectories"]
    assert set(where(table, batches="full")["rule"]) == {"gd", "adam"}
    assert set(where(table, batches="mini")["rule"]) == {"sgd", "adam"}
    assert len(table) == 7 * len(best) == 7 * 2 * 2 * 4
    for name, (centre, spread) in VALLEYS.items():
        own = {"valley": name, "batches": "full", "rule": "adam"}
        path = where(tables["paths"], **own)
        (steps, _) = by_seed(where(best, **own), "capped_steps")
        assert path["step"].tolist() == list(range(int(steps) + 1))
        start = Valley(centre, spread, 0).start
        assert path[["a", "b"]].iloc[0].tolist() == start.tolist()

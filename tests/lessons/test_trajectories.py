"""Paths by autograd and torch's own optimizers, and what is measured of them by hand."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from lab import configure

from mlp_lab.lessons.surface import Valley
from mlp_lab.lessons.tables import by_seed, where
from mlp_lab.lessons.trajectories import VALLEYS, descend, measured_path, trajectories

TORCH: dict[str, Callable[[list[torch.Tensor], float], torch.optim.Optimizer]] = {
    "gd": lambda p, lr: torch.optim.SGD(p, lr=lr),
    "heavy_ball": lambda p, lr: torch.optim.SGD(p, lr=lr, momentum=0.9),
    "adagrad": lambda p, lr: torch.optim.Adagrad(p, lr=lr),
    "rmsprop": lambda p, lr: torch.optim.RMSprop(p, lr=lr),
    "adam": lambda p, lr: torch.optim.Adam(p, lr=lr),
}


@pytest.mark.parametrize("rule", TORCH)
def test_a_path_is_torchs(rule: str) -> None:
    """A line's intercept and slope, by autograd and torch.optim; in a stack with another rate."""
    valley = Valley.drawn(1.0, 0.42, 3)
    config = configure(f"optimizer={rule}").optimizer
    rules = [replace(config, lr=rate) for rate in (0.3, 0.02)]
    found = descend([valley, valley], rules, batch_size=None, steps=12)[1]
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


def test_mini_batches_pass_over_every_row_once() -> None:
    """Rows whose errors' gradients add up: ten small steps are nearly one with exact gradients."""
    valley = Valley.drawn(0.0, 5.0, 0)
    config = configure("optimizer=sgd").optimizer
    (small,) = descend([valley], [replace(config, lr=1e-7)], batch_size=10, steps=20)
    (whole,) = descend([valley], [replace(config, lr=1e-6)], batch_size=None, steps=2)
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
        start = Valley.drawn(centre, spread, 0).start
        assert path[["a", "b"]].iloc[0].tolist() == start.tolist()

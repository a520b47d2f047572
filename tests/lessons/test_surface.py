"""Paths over a surface of two parameters, against torch's own and against least squares."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from lab import configure

from mlp_lab.lessons.surface import Valley, Walked, walk
from mlp_lab.lessons.trajectories import VALLEYS

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

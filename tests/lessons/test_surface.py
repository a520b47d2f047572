"""Heights by the sum over rows, curvatures by their ratio, batches by their rows."""

import numpy as np
import pytest

from mlp_lab.lessons.surface import ROWS, Valley, next_batch
from mlp_lab.lessons.trajectories import VALLEYS


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


def test_a_surface_holds_all_points_as_low_as_the_start() -> None:
    """Its bottom is the middle; along its border everything is higher than the start."""
    for centre, spread in VALLEYS.values():
        valley = Valley.drawn(centre, spread, 2)
        found = valley.surface()
        points = np.stack([found["a"], found["b"]], 1)
        assert found["height"] == pytest.approx(valley.heights(points))
        assert points.mean(axis=0) == pytest.approx(valley.bottom)
        assert found["height"].reshape(61, 61)[0].min() > 1
        assert found["height"].reshape(61, 61)[:, 0].min() > 1


def test_batches_of_a_pass_hold_every_row_once() -> None:
    """Each member its own valley's rows, in an order of its seed's."""
    valleys = [Valley.drawn(0.0, 1.0, seed) for seed in (0, 0, 1)]
    batches = [next_batch(valleys, 10, step) for step in range(20)]
    inputs = np.concatenate([batch.inputs[..., 0].numpy() for batch in batches[:10]], axis=1)
    targets = np.concatenate([batch.targets[..., 0].numpy() for batch in batches[:10]], axis=1)
    assert inputs.shape == (3, ROWS)
    for member, valley in enumerate(valleys):
        order = np.argsort(inputs[member])
        assert inputs[member, order].tolist() == sorted(valley.inputs)
        assert (targets[member, order] == valley.targets[np.argsort(valley.inputs)]).all()
    assert (inputs[0] == inputs[1]).all()
    assert (batches[0].inputs != batches[10].inputs).any()

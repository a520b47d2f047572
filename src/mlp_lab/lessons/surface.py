"""Paths over a surface of two parameters, walked by the engine's own passes and update rules.

The surface is the squared error of a line a + b x over some rows: a bowl, whose two curvatures
differ by what the inputs are. Inputs far from unit size make a narrow valley along an axis, inputs
far from zero one that lies askew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from mlp_lab.data.arrays import Floats
from mlp_lab.engine.seeds import Stream, numpy_generator
from mlp_lab.network.backprop import Backprop, Batch
from mlp_lab.network.losses import Objective
from mlp_lab.network.mlp import MLP
from mlp_lab.network.optimizers import OptimizerConfig
from mlp_lab.network.stack_optimizer import Optimizer

ROWS = 100
NOISE = 0.3
"""Standard deviation of the targets about the line."""


@dataclass(frozen=True)
class Valley:
    """Rows to fit a line to, and a point to start from.

    Shape:
        - inputs, targets: (rows,)
        - start: (2,), the intercept a and the slope b
    """

    seed: int
    inputs: Floats
    targets: Floats
    start: Floats

    @classmethod
    def drawn(cls, centre: float, spread: float, seed: int) -> Valley:
        """Inputs about `centre`; the start is one unit of loss above the bottom, on a slope.

        It lies between the direction of the valley and that of its walls, so that a walk has some
        way to go in both.
        """
        generator = np.random.default_rng(seed)
        drawn = generator.standard_normal(ROWS)
        inputs = centre + spread * (drawn - drawn.mean()) / drawn.std()
        targets = 1 + inputs + NOISE * generator.standard_normal(ROWS)
        valley = cls(seed, inputs, targets, np.zeros(2))
        angle = (generator.integers(4) + generator.uniform(0.2, 0.8)) * np.pi / 2
        curvatures, axes = np.linalg.eigh(valley.hessian)
        away = axes @ (np.array([np.cos(angle), np.sin(angle)]) * np.sqrt(2 / curvatures))
        return cls(seed, inputs, targets, valley.bottom + away)

    @cached_property
    def hessian(self) -> Floats:
        """Second derivatives of the mean squared error by a and b, (2, 2)."""
        columns = np.stack([np.ones_like(self.inputs), self.inputs])
        found: Floats = 2 * columns @ columns.T / len(self.inputs)
        return found

    @cached_property
    def bottom(self) -> Floats:
        """The a and b of least squares, (2,)."""
        slope, intercept = np.polyfit(self.inputs, self.targets, 1)
        return np.array([intercept, slope])

    def heights(self, points: Floats) -> Floats:
        """The loss above the bottom at points, (..., 2) -> (...)."""
        away = points - self.bottom
        with np.errstate(all="ignore"):  # of a walk that has run away
            found: Floats = ((away @ self.hessian) * away).sum(-1) / 2
        return found


def walk(
    valleys: Sequence[Valley],
    rules: Sequence[OptimizerConfig],
    *,
    batch_size: int | None,
    steps: int,
) -> Floats:
    """Where every step leads, (K, steps + 1, 2), each member in a valley and by a rule of its own.

    `batch_size` None takes all rows in each step.
    """
    members = len(valleys)
    network = MLP([[1, 1]] * members, activations=[], output="linear", dtype=torch.float64)
    slopes, intercepts = network.layers.weights[0][:, 0, 0], network.layers.biases[0][:, 0, 0]
    starts = torch.as_tensor(np.stack([valley.start for valley in valleys]))
    intercepts.copy_(starts[:, 0])
    slopes.copy_(starts[:, 1])
    gradients = network.layers.like()
    optimizer = Optimizer(network.layers, gradients, rules)
    optimizer.begin_epoch([rule.lr for rule in rules], [0] * members)
    rows = ROWS if batch_size is None else batch_size
    passes = Backprop(network, gradients, Objective("linear", "mse"), members, rows)
    path = torch.empty(members, steps + 1, 2, dtype=torch.float64)
    path[:, 0] = starts
    with torch.no_grad():
        for step in range(steps):
            passes(_batch(valleys, rows, step))
            optimizer.step(members)
            path[:, step + 1] = torch.stack([intercepts, slopes], 1)
    found: Floats = path.numpy()
    return found


def _batch(valleys: Sequence[Valley], rows: int, step: int) -> Batch:
    """The next `rows` of each member's; the order is drawn anew for each pass, as in training."""
    each_pass = ROWS // rows
    epoch, place = divmod(step, each_pass)
    drawn: dict[int, tuple[Floats, Floats]] = {}
    for valley in valleys:
        if valley.seed not in drawn:
            order = numpy_generator(valley.seed, Stream.ORDER, epoch).permutation(ROWS)
            own = order[place * rows : (place + 1) * rows]
            drawn[valley.seed] = valley.inputs[own], valley.targets[own]

    def stacked(which: int) -> Tensor:
        return torch.as_tensor(np.stack([drawn[valley.seed][which] for valley in valleys]))[
            ..., None
        ]

    return Batch(stacked(0), stacked(1), None, ())


@dataclass(frozen=True, slots=True)
class Walked:
    """What a path to the bottom was like.

    `steps` until the height was for good `low` of the start's or less, infinite if it never was: a
    path that runs through the bottom has not arrived. Up to there, the mean angle between one step
    and the next in degrees, and the share of steps that led upwards.
    """

    steps: float
    turn: float
    uphill: float

    @classmethod
    def of(cls, valley: Valley, path: Floats, low: float) -> Walked:
        """Of a path, (steps + 1, 2)."""
        heights = valley.heights(path)
        away = np.flatnonzero(~(heights <= low * heights[0]))
        end = min(int(away[-1]) + 1, len(path) - 1)
        arrived = end > away[-1]
        with np.errstate(all="ignore"):  # of a walk that has run away, or stands still
            moves = np.diff(path[: end + 1], axis=0)
            directions = moves / np.linalg.norm(moves, axis=1, keepdims=True)
            cosines = (directions[1:] * directions[:-1]).sum(1)
            turn = np.degrees(np.arccos(cosines.clip(-1, 1)))
            uphill = np.diff(heights[: end + 1]) > 0
        return cls(
            float(end) if arrived else np.inf,
            float(turn.mean()) if len(turn) else 0.0,
            float(uphill.mean()),
        )

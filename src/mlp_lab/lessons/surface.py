"""The squared error of a line a + b x over some rows: a surface over two parameters.

It is a bowl, whose two curvatures differ by what the inputs are. Inputs far from unit size make a
narrow valley along an axis, inputs far from zero one that lies askew.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import torch

from mlp_lab.data.arrays import Floats
from mlp_lab.engine.seeds import Stream, numpy_generator
from mlp_lab.network.backprop import Batch

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
    def drawn(cls, centre: float, spread: float, seed: int) -> Self:
        """Inputs about `centre`; the start is one unit of loss above the bottom, on a slope.

        It lies between the direction of the valley and that of its walls, so that a path has some
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
        with np.errstate(all="ignore"):  # of a path that has diverged
            found: Floats = ((away @ self.hessian) * away).sum(-1) / 2
        return found

    def surface(self) -> dict[str, Floats]:
        """Heights on a rectangle that holds all points as low as the start, one unit up."""
        half_axes = np.sqrt(2 * np.diag(np.linalg.inv(self.hessian)))
        reach = 1.1 * np.maximum(half_axes, half_axes.max() / 2)
        sides = np.linspace(-1, 1, 61)[:, None] * reach
        points = np.stack(np.meshgrid(*sides.T), axis=-1).reshape(-1, 2) + self.bottom
        return {"a": points[:, 0], "b": points[:, 1], "height": self.heights(points)}


def next_batch(valleys: Sequence[Valley], rows: int, step: int) -> Batch:
    """The next rows of each member's valley, in an order drawn anew for each pass over all rows."""
    epoch, place = divmod(step, ROWS // rows)
    drawn: dict[int, Floats] = {}  # many members share a seed
    for valley in valleys:
        if valley.seed not in drawn:
            order = numpy_generator(valley.seed, Stream.ORDER, epoch).permutation(ROWS)
            own = order[place * rows : (place + 1) * rows]
            drawn[valley.seed] = np.stack([valley.inputs[own], valley.targets[own]])
    both = torch.as_tensor(np.stack([drawn[valley.seed] for valley in valleys], 1))[..., None]
    return Batch(both[0], both[1], None, ())

"""Paths of optimizers over the squared error of a line a + b x, a surface over two parameters.

It is a bowl, whose two curvatures differ by what the inputs are: inputs far from unit size make a
narrow valley along an axis, inputs far from zero one that lies askew. The engine's own passes and
update rules take the steps.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product

import numpy as np
import torch

from mlp_lab.data.arrays import Floats
from mlp_lab.engine.seeds import Stream, numpy_generator
from mlp_lab.lessons.tables import Columns, Tables, at_best, table_of
from mlp_lab.network.backprop import Backprop, Batch
from mlp_lab.network.losses import Objective
from mlp_lab.network.mlp import MLP
from mlp_lab.network.optimizers import OptimizerConfig
from mlp_lab.network.stack_optimizer import Optimizer

# Mean and spread of the inputs: the walls are 25 times as steep as the valley in both.
VALLEYS = {"along an axis": (0.0, 5.0), "askew": (1.0, 0.42)}
ROWS, BATCH, STEPS = 100, 10, 300
NOISE = 0.3  # standard deviation of the targets about the line
LOW = 0.01  # a path has arrived where the height stays below this share of the start's
BATCHES = {"full": ROWS, "mini": BATCH}  # rows of a step
SAME = {("full", "sgd"), ("mini", "gd")}  # as gd is with exact gradients, and sgd without
EXPONENTS = np.arange(-4, 2.01, 0.125)  # log10 of the learning rates


class Valley:
    """Rows to fit a line to, and a point to start from.

    The start is one unit of loss above the bottom, between the direction of the valley and that of
    its walls, so that a path has some way to go in both.

    Shape:
        - rows: (2, ROWS), inputs and targets
        - hessian: (2, 2), second derivatives of the mean squared error by a and b
        - bottom, start: (2,), an a and a b; the bottom is that of least squares
    """

    def __init__(self, centre: float, spread: float, seed: int) -> None:
        generator = np.random.default_rng(seed)
        drawn = generator.standard_normal(ROWS)
        inputs = centre + spread * (drawn - drawn.mean()) / drawn.std()
        targets = 1 + inputs + NOISE * generator.standard_normal(ROWS)
        columns = np.stack([np.ones_like(inputs), inputs])
        angle = (generator.integers(4) + generator.uniform(0.2, 0.8)) * np.pi / 2
        self.seed = seed
        self.rows = np.stack([inputs, targets])
        self.hessian: Floats = 2 * columns @ columns.T / ROWS
        self.bottom: Floats = np.polyfit(inputs, targets, 1)[::-1].copy()
        curvatures, axes = np.linalg.eigh(self.hessian)
        away = axes @ (np.array([np.cos(angle), np.sin(angle)]) * np.sqrt(2 / curvatures))
        self.start: Floats = self.bottom + away

    def heights(self, points: Floats) -> Floats:
        """The loss above the bottom at points, (..., 2) -> (...)."""
        away = points - self.bottom
        with np.errstate(all="ignore"):  # of a path that has diverged
            return np.asarray(((away @ self.hessian) * away).sum(-1) / 2)

    def surface(self) -> dict[str, Floats]:
        """Heights on a rectangle that holds all points as low as the start."""
        half_axes = np.sqrt(2 * np.diag(np.linalg.inv(self.hessian)))
        reach = 1.1 * np.maximum(half_axes, half_axes.max() / 2)
        sides = np.linspace(-1, 1, 61)[:, None] * reach
        points = np.stack(np.meshgrid(*sides.T), axis=-1).reshape(-1, 2) + self.bottom
        return {"a": points[:, 0], "b": points[:, 1], "height": self.heights(points)}

    def batch(self, rows: int, step: int) -> Floats:
        """The next rows, (2, rows), in an order drawn anew for each pass over all of them."""
        epoch, place = divmod(step, ROWS // rows)
        order = numpy_generator(self.seed, Stream.ORDER, epoch).permutation(ROWS)
        return self.rows[:, order[place * rows : (place + 1) * rows]]


def trajectories(
    optimizers: Mapping[str, OptimizerConfig], seeds: Sequence[int], *, quick: bool
) -> Tables:
    """Every optimizer at every rate in every valley, with exact gradients and with mini-batches."""
    rates = [float(10**x) for x in (EXPONENTS[::8] if quick else EXPONENTS)]
    valleys = {name: [Valley(*inputs, seed) for seed in seeds] for name, inputs in VALLEYS.items()}
    rows, drawn = list[Columns](), list[Columns]()
    for name, batches, rule in product(valleys, BATCHES, optimizers):
        if (batches, rule) not in SAME:
            labels = {"valley": name, "batches": batches, "rule": rule}
            rules = [replace(optimizers[rule], lr=rate) for rate in rates]
            paths = descend(valleys[name], rules, BATCHES[batches], 60 if quick else STEPS)
            own: list[Columns] = [
                {**labels, "rate": rate, "seed": valley.seed, **measured_path(valley, path)}
                for rate, each in zip(rates, paths, strict=True)
                for valley, path in zip(valleys[name], each, strict=True)
            ]
            rows += own
            best = at_best(table_of(own), "rate", "capped_steps").iloc[0]
            a, b = paths[rates.index(best["rate"]), 0, : best["capped_steps"] + 1].T
            drawn.append({**labels, "rate": best["rate"], "step": range(len(a)), "a": a, "b": b})
    table = table_of(rows)
    return {
        "trajectories": table,
        "best_trajectories": at_best(table, "rate", "capped_steps", each=list(labels)),
        "paths": table_of(drawn),
        "surface": table_of({"valley": name, **own[0].surface()} for name, own in valleys.items()),
    }


def descend(
    valleys: Sequence[Valley], rules: Sequence[OptimizerConfig], rows: int, steps: int
) -> Floats:
    """The path of every rule in every valley, (rules, valleys, steps + 1, 2)."""
    starts = torch.as_tensor(np.stack([valley.start for valley in valleys] * len(rules)))
    members, each = len(starts), [rule for rule in rules for _ in valleys]
    network = MLP([[1, 1]] * members, activations=[], output="linear", dtype=torch.float64)
    line = network.layers.biases[0][:, 0, 0], network.layers.weights[0][:, 0, 0]  # a, b
    for parameter, start in zip(line, starts.T, strict=True):
        parameter.copy_(start)
    gradients = network.layers.like()
    optimizer = Optimizer(network.layers, gradients, each)
    rates = torch.tensor([[rule.lr for rule in each]], dtype=torch.float64)
    optimizer.begin_epoch(rates, [0] * members)
    passes = Backprop(network, gradients, Objective("linear", "mse"), members, rows)
    path = [starts]
    with torch.no_grad():
        for step in range(steps):
            batch = np.stack([valley.batch(rows, step) for valley in valleys], axis=1)
            inputs, targets = torch.as_tensor(batch).repeat(1, len(rules), 1)[..., None]
            passes(Batch(inputs, targets, None, ()))
            optimizer.step(members)
            path.append(torch.stack(line, 1))
    found: Floats = torch.stack(path, 1).numpy()
    return found.reshape(len(rules), len(valleys), steps + 1, 2)


def measured_path(valley: Valley, path: Floats) -> Columns:
    """What a path to the bottom was like, (steps + 1, 2).

    `steps` until the height was for good `LOW` of the start's or less, infinite if it never was (a
    path through the bottom has not arrived); up to there, the mean `turn` between successive steps
    in degrees, and the share of steps that led `uphill`.
    """
    heights, limit = valley.heights(path), len(path) - 1
    away = int(np.flatnonzero(~(heights <= LOW * heights[0]))[-1])
    end = min(away + 1, limit)
    with np.errstate(all="ignore"):  # of a path that has diverged, or stands still
        moves = np.diff(path[: end + 1], axis=0)
        directions = moves / np.linalg.norm(moves, axis=1, keepdims=True)
        cosines = (directions[1:] * directions[:-1]).sum(1)
        turns = np.degrees(np.arccos(cosines.clip(-1, 1)))
        uphill = np.diff(heights[: end + 1]) > 0
    return {
        "steps": float(end) if end > away else np.inf,
        "capped_steps": end,
        "limit": limit,
        "turn": turns.mean() if len(turns) else 0.0,
        "uphill": uphill.mean(),
    }

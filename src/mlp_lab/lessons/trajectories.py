"""Paths of optimizers through two valleys, taken by the engine's own passes and update rules."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product

import numpy as np
import torch

from mlp_lab.data.arrays import Floats
from mlp_lab.lessons.surface import ROWS, Valley, next_batch
from mlp_lab.lessons.tables import Columns, Level, Tables, at_best, table_of
from mlp_lab.network.backprop import Backprop
from mlp_lab.network.losses import Objective
from mlp_lab.network.mlp import MLP
from mlp_lab.network.optimizers import OptimizerConfig
from mlp_lab.network.stack_optimizer import Optimizer

VALLEYS = {"along an axis": (0.0, 5.0), "askew": (1.0, 0.42)}
"""Mean and spread of the inputs: the walls are 25 times as steep as the valley in both."""

LOW = 0.01
"""A path has arrived where the loss above the bottom stays below this share of the start's."""

LABELS = ("valley", "batches", "rule")
STEPS, BATCH = 300, 10
EXPONENTS = np.arange(-4, 2.01, 0.125)
"""log10 of the learning rates."""


def trajectories(
    optimizers: Mapping[str, OptimizerConfig], seeds: Sequence[int], *, quick: bool
) -> Tables:
    """Every optimizer in every valley, with exact gradients and with those of mini-batches.

    With exact gradients sgd is gd; with mini-batches gd is sgd.
    """
    rows: list[Columns] = []
    paths: list[Columns] = []
    valleys = {
        name: [Valley.drawn(*inputs, seed) for seed in seeds] for name, inputs in VALLEYS.items()
    }
    for name, batches, rule in product(valleys, ("full", "mini"), optimizers):
        if rule != {"full": "sgd", "mini": "gd"}[batches]:
            labels = dict(zip(LABELS, (name, batches, rule), strict=True))
            own, path = at_every_rate(labels, valleys[name], optimizers[rule], quick=quick)
            rows += own
            paths.append(path)
    table = table_of(rows)
    return {
        "trajectories": table,
        "best_trajectories": at_best(table, "rate", "capped_steps", each=LABELS),
        "paths": table_of(paths),
        "surface": table_of({"valley": name, **own[0].surface()} for name, own in valleys.items()),
    }


def at_every_rate(
    labels: Mapping[str, Level],
    valleys: Sequence[Valley],
    optimizer: OptimizerConfig,
    *,
    quick: bool,
) -> tuple[list[Columns], Columns]:
    """An optimizer in valleys at every rate; and its path at the best one, in the first valley."""
    rates = [float(10**x) for x in (EXPONENTS[::8] if quick else EXPONENTS)]
    trials = list(product(rates, valleys))
    found = descend(
        [valley for _, valley in trials],
        [replace(optimizer, lr=rate) for rate, _ in trials],
        batch_size=None if labels["batches"] == "full" else BATCH,
        steps=60 if quick else STEPS,
    )
    rows: list[Columns] = [
        {**labels, "rate": rate, "seed": valley.seed, **measured_path(valley, path)}
        for (rate, valley), path in zip(trials, found, strict=True)
    ]
    best = at_best(table_of(rows), "rate", "capped_steps").iloc[0]
    path = found[rates.index(best["rate"]) * len(valleys), : int(best["capped_steps"]) + 1]
    at = {"rate": best["rate"], "step": np.arange(len(path)), "a": path[:, 0], "b": path[:, 1]}
    return rows, {**labels, **at}


def descend(
    valleys: Sequence[Valley],
    optimizers: Sequence[OptimizerConfig],
    *,
    batch_size: int | None,
    steps: int,
) -> Floats:
    """The path of each member, in a valley and by an optimizer of its own, (K, steps + 1, 2).

    `batch_size` None takes all rows in each step.
    """
    members, rows = len(valleys), ROWS if batch_size is None else batch_size
    network = MLP([[1, 1]] * members, activations=[], output="linear", dtype=torch.float64)
    slopes, intercepts = network.layers.weights[0][:, 0, 0], network.layers.biases[0][:, 0, 0]
    path = torch.empty(members, steps + 1, 2, dtype=torch.float64)
    path[:, 0] = torch.as_tensor(np.stack([valley.start for valley in valleys]))
    intercepts.copy_(path[:, 0, 0])
    slopes.copy_(path[:, 0, 1])
    gradients = network.layers.like()
    optimizer = Optimizer(network.layers, gradients, optimizers)
    optimizer.begin_epoch([own.lr for own in optimizers], [0] * members)
    passes = Backprop(network, gradients, Objective("linear", "mse"), members, rows)
    with torch.no_grad():
        for step in range(steps):
            passes(next_batch(valleys, rows, step))
            optimizer.step(members)
            path[:, step + 1] = torch.stack([intercepts, slopes], 1)
    found: Floats = path.numpy()
    return found


def measured_path(valley: Valley, path: Floats) -> Columns:
    """What a path to the bottom was like, (steps + 1, 2).

    `steps` until the height was for good `LOW` of the start's or less, infinite if it never was: a
    path that runs through the bottom has not arrived. Up to there, the mean angle between one step
    and the next in degrees, and the share of steps that led upwards.
    """
    heights, limit = valley.heights(path), len(path) - 1
    away = int(np.flatnonzero(~(heights <= LOW * heights[0]))[-1])
    end = min(away + 1, limit)
    with np.errstate(all="ignore"):  # of a path that has diverged, or stands still
        moves = np.diff(path[: end + 1], axis=0)
        directions = moves / np.linalg.norm(moves, axis=1, keepdims=True)
        cosines = (directions[1:] * directions[:-1]).sum(1)
        turn = np.degrees(np.arccos(cosines.clip(-1, 1)))
        uphill = np.diff(heights[: end + 1]) > 0
    return {
        "steps": float(end) if end > away else np.inf,
        "capped_steps": end,
        "limit": limit,
        "turn": turn.mean() if len(turn) else 0.0,
        "uphill": uphill.mean(),
    }

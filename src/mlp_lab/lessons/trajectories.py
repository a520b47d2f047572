"""Every update rule on its way through two valleys, in tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from mlp_lab.lessons.old.lesson import Row, Tables, best_for_others
from mlp_lab.lessons.old.rates import times
from mlp_lab.lessons.surface import Valley, Walked, walk
from mlp_lab.network.optimizers import OptimizerConfig

VALLEYS = {"along an axis": (0.0, 5.0), "askew": (1.0, 0.42)}
"""Mean and spread of the inputs: the walls are 25 times as steep as the valley in both."""

LOW = 0.01
"""A walk has arrived where the loss above the bottom stays below this share of the start's."""

STEPS, BATCH = 300, 10
WALKED_RATES = np.arange(-4, 2.01, 0.125)


def walks_of(rules: Mapping[str, OptimizerConfig], seeds: Sequence[int], *, quick: bool) -> Tables:
    """Every rule through every valley, with exact gradients and with those of mini-batches.

    With exact gradients sgd is gd; with mini-batches gd is sgd.
    """
    walks: list[Row] = []
    paths: list[Row] = []
    surface: list[Row] = []
    for name, (centre, spread) in VALLEYS.items():
        valleys = [Valley.drawn(centre, spread, seed) for seed in seeds]
        surface += _surface(name, valleys[0])
        for batches, left_out in (("full", "sgd"), ("mini", "gd")):
            for rule, config in rules.items():
                if rule != left_out:
                    own: dict[str, float | str] = {
                        "valley": name,
                        "batches": batches,
                        "rule": rule,
                    }
                    rows, path = _walk(own, valleys, config, quick=quick)
                    walks += rows
                    paths += path
    return {"walks": walks, "paths": paths, "surface": surface}


def _walk(
    own: Mapping[str, float | str],
    valleys: Sequence[Valley],
    config: OptimizerConfig,
    *,
    quick: bool,
) -> tuple[list[Row], list[Row]]:
    """A rule at every rate; and its path at the best one, by the first seed."""
    exponents = WALKED_RATES[::8] if quick else WALKED_RATES
    each = [(float(10**x), valley) for x in exponents for valley in valleys]
    steps = 60 if quick else STEPS
    found = walk(
        [valley for _, valley in each],
        [replace(config, lr=rate) for rate, _ in each],
        batch_size=None if own["batches"] == "full" else BATCH,
        steps=steps,
    )
    walked = [Walked.of(valley, path, LOW) for (_, valley), path in zip(each, found, strict=True)]
    rows: list[Row] = [
        {
            **own,
            "rate": rate,
            "seed": valley.seed,
            "steps": one.steps,
            "limit": steps,
            "turn": one.turn,
            "uphill": one.uphill,
        }
        for (rate, valley), one in zip(each, walked, strict=True)
    ]
    first = best_for_others(times(rows))[0] * len(valleys)
    end = int(min(walked[first].steps, steps)) + 1
    path: list[Row] = [
        {**own, "rate": each[first][0], "step": step, "a": float(a), "b": float(b)}
        for step, (a, b) in enumerate(found[first, :end])
    ]
    return rows, path


def _surface(name: str, valley: Valley) -> list[Row]:
    """Heights on a rectangle that holds all points as low as the start, one unit up."""
    half_axes = np.sqrt(2 * np.diag(np.linalg.inv(valley.hessian)))
    reach = 1.1 * np.maximum(half_axes, half_axes.max() / 2)
    sides = np.linspace(-1, 1, 61)[:, None] * reach
    grid = np.meshgrid(sides[:, 0], sides[:, 1])
    points = np.stack(grid, axis=-1) + valley.bottom
    return [
        {"valley": name, "a": float(a), "b": float(b), "height": float(height)}
        for (a, b), height in zip(
            points.reshape(-1, 2), valley.heights(points).ravel(), strict=True
        )
    ]

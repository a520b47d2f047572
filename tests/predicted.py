"""Predictions by hand, and metrics of one resample at a time."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mlp_lab.data.arrays import Floats, Index
from mlp_lab.metrics.bootstrap import resamples

Case = tuple[Floats, Index, Floats | None]
"""Probabilities (N, C), labels (N,) and weights (N,)."""


def draw_case(seed: int, rows: int, classes: int, present: int, weighted: bool) -> Case:
    """Rounded probabilities, so that scores tie; only the first `present` classes occur."""
    generator = np.random.default_rng(seed)
    parts = generator.integers(1, 6, size=(rows, classes)).astype(np.float64)
    labels = generator.integers(present, size=rows)
    parts[np.arange(rows), labels] += generator.integers(4, size=rows)
    weights = generator.exponential(size=rows) if weighted else None
    return parts / parts.sum(1, keepdims=True), labels, weights


def one_at_a_time(
    assess: Callable[[NDArray[np.int64]], dict[str, float]], rows: int, replicates: int, seed: int
) -> dict[str, tuple[float, float]]:
    """Intervals from a metric of each resample's row numbers."""
    counts = np.concatenate(list(resamples(rows, replicates, seed)), axis=1).astype(np.int64)
    every = [assess(np.repeat(np.arange(rows), column)) for column in counts.T]
    values = {name: np.array([found[name] for found in every]) for name in every[0]}
    bounds = {name: np.nanquantile(each, [0.025, 0.975]) for name, each in values.items()}
    return {name: (float(low), float(high)) for name, (low, high) in bounds.items()}

"""Temperature scaling: the one number by which a trained network's probabilities are calibrated.

Guo et al., On Calibration of Modern Neural Networks, 2017: y = softmax(f / T), or sigmoid(f / T),
with the T > 0 that gives rows which the network was not trained on the least log loss. No decision
changes, since f / T is in the order of f.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mlp_lab.data.arrays import Floats

FEWEST_ROWS = 100
"""Equal rows, below which a temperature is more chance than the network's: a tenth to either side
is what it errs by with a hundred of them."""

MOST_NUMBERS = 2_000_000
"""Numbers f that a temperature is fitted on; of more rows some, evenly over all."""

COLDEST, HOTTEST = 0.05, 20.0
"""Temperatures between which one is looked for."""

ERRORS = 2.0
"""Standard errors that the log loss must fall by."""

STEPS = 60
"""Of the search; bisection alone, its slowest, has the temperature to 1e-12 by then."""


@dataclass(frozen=True, slots=True)
class Scaled:
    """A temperature, and what shows that it helps: by halves of the rows, each by the other's.

    `gain`: how far the log loss falls, in nats a row; `error`: its standard error; `rows`: equal
    rows that tell as much as the weighted ones.
    """

    temperature: float
    gain: float
    error: float
    rows: float

    @property
    def helps(self) -> bool:
        """Whether the log loss falls by more than chance makes it."""
        return self.rows >= FEWEST_ROWS and self.gain > ERRORS * self.error


def equal_rows(weights: Floats) -> float:
    """Equal rows that tell as much as weighted ones, (N,) (Kish, Survey Sampling, 1965)."""
    total = float(weights.sum())
    return total**2 / float(weights @ weights) if total > 0 else 0.0


def scaled(f: Floats, targets: Floats, weights: Floats | None, *, sigmoid: bool) -> Scaled:
    """The temperature of last pre-activations f, (N, C), for targets of the same shape.

    Targets are one-hot, or with `sigmoid` 0 or 1 in each column. `weights`: (N,).

    >>> f = np.array([[6.0], [6.0], [6.0], [-6.0]] * 50)
    >>> targets = np.array([[1.0], [1.0], [0.0], [0.0]] * 50)
    >>> round(scaled(f, targets, None, sigmoid=True).temperature, 1)
    5.5
    """
    counts = np.ones(len(f)) if weights is None else weights
    known = np.flatnonzero((counts > 0) & np.isfinite(f).all(1))
    most = max(2 * FEWEST_ROWS, MOST_NUMBERS // f.shape[1])
    some = known[np.linspace(0, len(known) - 1, min(len(known), most)).round().astype(int)]
    if len(some) < 2:
        return Scaled(1.0, 0.0, 0.0, float(len(some)))
    f, targets, counts = f[some], targets[some], counts[some]
    gains = np.empty(len(f))
    halves = np.array_split(np.random.default_rng(0).permutation(len(f)), 2)
    for own, other in (halves, halves[::-1]):
        t = fitted(f[other], targets[other], counts[other], sigmoid=sigmoid)
        before = log_losses(f[own], targets[own], sigmoid=sigmoid)
        gains[own] = before - log_losses(f[own] / t, targets[own], sigmoid=sigmoid)
    shares = counts / counts.sum()
    gain = float(shares @ gains)
    error = math.sqrt(float(shares**2 @ (gains - gain) ** 2))
    found = fitted(f, targets, counts, sigmoid=sigmoid)
    return Scaled(found, gain, error, equal_rows(counts))


def fitted(f: Floats, targets: Floats, weights: Floats, *, sigmoid: bool) -> float:
    """The temperature of the least log loss, by Newton's steps in 1 / T, in which it is convex.

    Targets are smoothed by one row's worth of chance, as Platt has it (Probabilistic Outputs for
    Support Vector Machines, 1999): where every row is right, none says how sure one may be.
    """
    chance = 1 / (equal_rows(weights) + 2)
    classes = 2 if sigmoid else f.shape[1]
    targets = targets * (1 - chance) + chance / classes
    if not sigmoid:
        f = f - f.max(1, keepdims=True)  # which changes no probability
    expected = float(weights @ (targets * f).sum(1))
    columns = np.ascontiguousarray(f.T)  # few, each summed over all rows at once
    low, high, s = 1 / HOTTEST, 1 / COLDEST, 1.0
    for _ in range(STEPS):
        mean, curvature = _moments(columns, weights, s, sigmoid=sigmoid)
        slope = mean - expected
        low, high = (low, s) if slope > 0 else (s, high)
        step = s - slope / curvature if curvature > 0 else low
        new = step if low < step < high else math.sqrt(low * high)
        if abs(new - s) <= 1e-9 * s:
            break
        s = new
    return 1 / s


def _moments(f: Floats, weights: Floats, s: float, *, sigmoid: bool) -> tuple[float, float]:
    """Weighted sums over rows of the mean and of the variance of f, (C, N), as s f shares them out.

    The derivatives of the weighted log loss by s: the first, but for the mean of f as the targets
    share it out, and the second.
    """
    if sigmoid:
        y = np.exp(-np.logaddexp(0, -s * f))
        means, variances = (y * f).sum(0), (y * (1 - y) * f**2).sum(0)
    else:
        odds = np.exp(s * f)
        total, of_f = odds.sum(0), odds * f
        means = of_f.sum(0) / total
        variances = (of_f * f).sum(0) / total - means**2
    return float(weights @ means), float(weights @ variances)


def log_losses(f: Floats, targets: Floats, *, sigmoid: bool) -> Floats:
    """Log loss of each row, (N,), in nats; of several sigmoids their mean."""
    found: Floats
    if sigmoid:
        found = (np.logaddexp(0, f) - f * targets).mean(1)
    else:
        found = -(_log_softmax(f) * targets).sum(1)
    return found


def _log_softmax(f: Floats) -> Floats:
    shifted = f - f.max(1, keepdims=True)
    found: Floats = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    return found

"""Output functions and losses by numpy, for networks that predict without torch: see `losses`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlp_lab.network.losses import SMALLEST, Objective

Floats = NDArray[np.float64]


def softplus(f: Floats) -> Floats:
    """log(1 + exp(f)) = -log(1 - s) with s = sigmoid(f); of -f it is -log s."""
    found: Floats = np.logaddexp(0, f)
    return found


def sigmoid(f: Floats) -> Floats:
    """1 / (1 + exp(-f)), as exact where it is small."""
    found: Floats = np.exp(-softplus(-f))
    return found


def log_softmax(f: Floats) -> Floats:
    """log y of y_c = exp(f_c) / sum_c exp(f_c), (..., C)."""
    shifted = f - f.max(-1, keepdims=True)
    found: Floats = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    return found


def ordinal_logarithms(f: Floats) -> Floats:
    """log y of classes in an order, (..., C - 1) -> (..., C): see `ordinal`."""
    none = np.zeros((*f.shape[:-1], 1))
    going_on = np.concatenate([none, softplus(-f).cumsum(-1)], -1)
    found: Floats = going_on + np.concatenate([softplus(f), none], -1)
    return -found


def _log_odds_of_mean(f: Floats) -> Floats:
    ones, zeros = (np.logaddexp.reduce(-softplus(sign * f), 0) for sign in (-1, 1))
    found: Floats = ones - zeros
    return found


def _ordinal_of_mean(f: Floats) -> Floats:
    logarithms = np.logaddexp.reduce(ordinal_logarithms(f), 0)
    further = np.logaddexp.accumulate(logarithms[..., ::-1], -1)[..., ::-1][..., 1:]
    found: Floats = further - logarithms[..., :-1]
    return found


class ArrayOutput(NamedTuple):
    """An output function, and the f that gives the mean of M networks', (M, N, C) -> (N, C)."""

    value: Callable[[Floats], Floats]
    of_mean: Callable[[Floats], Floats]


OUTPUTS: dict[str, ArrayOutput] = {
    "linear": ArrayOutput(lambda f: f, lambda f: f.mean(0)),
    "sigmoid": ArrayOutput(sigmoid, _log_odds_of_mean),
    "softmax": ArrayOutput(
        lambda f: np.exp(log_softmax(f)), lambda f: np.logaddexp.reduce(log_softmax(f), 0)
    ),
    "exponential": ArrayOutput(np.exp, lambda f: np.logaddexp.reduce(f, 0) - math.log(len(f))),
    "ordinal": ArrayOutput(lambda f: np.exp(ordinal_logarithms(f)), _ordinal_of_mean),
}


def _huber(y: Floats, f: Floats, t: Floats, *, delta: float) -> Floats:
    near = (y - t).clip(-delta, delta)
    found: Floats = (near * (y - t - near / 2)).mean(-1)
    return found


def _pinball(y: Floats, f: Floats, t: Floats, *, quantile: float) -> Floats:
    found: Floats = (np.abs(t - y) / 2 + (quantile - 0.5) * (t - y)).mean(-1)
    return found


def _half_deviance(y: Floats, f: Floats, t: Floats) -> Floats:
    least = t - t * np.log(t, where=t > 0, out=np.zeros_like(t))
    found: Floats = (y - t * f - least).mean(-1)
    return found


def _focal(y: Floats, f: Floats, t: Floats, *, gamma: float) -> Floats:
    of_y, of_rest = softplus(-f), softplus(f)
    ones, zeros = t * np.exp(-gamma * of_rest) * of_y, (1 - t) * np.exp(-gamma * of_y) * of_rest
    found: Floats = (ones + zeros).mean(-1)
    return found


def _focal_of_classes(y: Floats, f: Floats, t: Floats, *, gamma: float) -> Floats:
    log_y = log_softmax(f)
    rest = np.maximum(-np.expm1(log_y), SMALLEST)
    found: Floats = -(t * rest**gamma * log_y).sum(-1)
    return found


def _ordinal(y: Floats, f: Floats, t: Floats) -> Floats:
    beyond = t[..., ::-1].cumsum(-1)[..., ::-1][..., 1:]
    found: Floats = (beyond * softplus(-f) + t[..., :-1] * softplus(f)).sum(-1)
    return found


LOSSES: dict[str, Callable[..., Floats]] = {
    "mse": lambda y, f, t: np.square(y - t).mean(-1),
    "mae": lambda y, f, t: np.abs(y - t).mean(-1),
    "huber": _huber,
    "quantile": _pinball,
    "poisson": _half_deviance,
    "bce": lambda y, f, t: (softplus(f) - f * t).mean(-1),
    "cce": lambda y, f, t: -(log_softmax(f) * t).sum(-1),
    "focal": _focal,
    "ordinal": _ordinal,
}
"""Loss by row of the output, f and the targets t, (N, C) -> (N,)."""


def row_losses(objective: Objective, y: Floats, f: Floats, targets: Floats) -> Floats:
    """Loss of each row, (N, C) -> (N,), of the outputs y and the last pre-activations f."""
    of_classes = objective.output == "softmax" and objective.loss == "focal"
    rows = _focal_of_classes if of_classes else LOSSES[objective.loss]
    return rows(y, f, targets, **dict(objective.numbers))

"""The constant prediction of which a loss is least."""

from collections.abc import Callable

import torch
from torch import Tensor

from mlp_lab.network import ordinal
from mlp_lab.network.losses import Objective

HALVINGS = 60
"""Of an interval that holds a root: what is left is rounding."""


def constant_pre_activation(
    targets: Tensor, weights: Tensor, objective: Objective, tiny: float
) -> Tensor:
    """What every row's last pre-activations are, of targets (N, C) and weights (N,).

    A number: its mean, its median under absolute error, its quantile under the pinball loss, the
    root of the gradient under the Huber loss, the logarithm of its mean under Poisson's. Classes:
    their shares, or what the focal loss takes them for. `tiny` stands for 0 under a logarithm.
    """
    mean = weights @ targets / weights.sum()
    numbers = dict(objective.numbers)
    if objective.output == "sigmoid":
        shares = torch.stack([1 - mean, mean])
        if objective.loss == "focal":
            columns = [focal_probabilities(own, numbers["gamma"]) for own in shares.unbind(1)]
            shares = torch.stack(columns, 1)
        return shares[1].clamp_min(tiny).log() - shares[0].clamp_min(tiny).log()
    if objective.output == "softmax" and objective.loss == "focal":
        mean = focal_probabilities(mean, numbers["gamma"])
    if objective.output == "ordinal":
        return ordinal.pre_activations(mean, tiny)
    if objective.output in ("softmax", "exponential"):
        return mean.clamp_min(tiny).log()
    if objective.loss == "huber":
        return huber_location(targets, weights, numbers["delta"])
    if objective.loss in ("mae", "quantile"):
        return weighted_quantile(targets, weights, numbers.get("quantile", 0.5))
    return mean


def weighted_quantile(values: Tensor, weights: Tensor, share: float) -> Tensor:
    """A quantile of each column of (N, C), (C,): that share of the weight lies below it.

    Where several numbers are, it is the middle of them, as the median is.
    """
    ordered, index = values.sort(0)
    below = weights[index].cumsum(0)
    wanted = share * weights.sum()
    low = ordered.gather(0, (below < wanted).sum(0, keepdim=True).clamp_max(len(values) - 1))
    high = ordered.gather(0, (below <= wanted).sum(0, keepdim=True).clamp_max(len(values) - 1))
    return ((low + high) / 2).squeeze(0)


def huber_location(values: Tensor, weights: Tensor, delta: float) -> Tensor:
    """Huber's location of each column of (N, C), (C,): there their clipped errors add up to 0."""

    def gradient(center: Tensor) -> Tensor:
        return weights @ (center - values).clamp(-delta, delta)

    return _root(gradient, values.amin(0), values.amax(0))


def focal_probabilities(shares: Tensor, gamma: float) -> Tensor:
    """Probabilities p, (C,), of which the focal loss of classes with these shares is least.

    They solve share_c slope(p_c) = lambda, with the slope of (1 - p)^gamma log p, which falls, and
    the lambda by which they sum to one. Shares themselves where gamma is 0.
    """
    found = shares.double().clone()
    held = found > 0
    own = found[held]
    if len(own) < 2:
        return found

    def slope(p: Tensor) -> Tensor:
        rest = (1 - p).clamp_min(torch.finfo(torch.float64).eps)
        return rest**gamma * (1 / p - gamma * p.log() / rest)

    def probabilities(multiplier: Tensor) -> Tensor:
        none, one = torch.zeros_like(own), torch.ones_like(own)
        return _root(lambda p: multiplier - own * slope(p), none, one)

    equal = own * slope(torch.full_like(own, 1 / len(own)))
    multiplier = _root(lambda m: 1 - probabilities(m).sum(), equal.min(), equal.max())
    found[held] = probabilities(multiplier)
    return found / found.sum()


def _root(rising: Callable[[Tensor], Tensor], low: Tensor, high: Tensor) -> Tensor:
    """Where a function that rises is 0, between two bounds, elementwise, by bisection."""
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        above = rising(middle) > 0
        low, high = middle.where(~above, low), middle.where(above, high)
    return (low + high) / 2

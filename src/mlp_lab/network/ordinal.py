"""Classes in an order, by continuation ratios: whether a row that reaches class k is beyond it.

    s_k = sigmoid(f_k)        y_c = s_1 ... s_{c-1} (1 - s_c),   the last y_C = s_1 ... s_{C-1}

C - 1 pre-activations f give C probabilities, which are never negative and add up to one whatever f
is: the sequential model of Tutz (Sequential Models in Categorical Regression, 1991), with a network
in place of its linear predictors as in Shi, Cao and Raschka (Deep Neural Networks for
Rank-Consistent Ordinal Regression Based on Conditional Probabilities, 2023). Its loss is
-sum_c t_c log y_c, the cross-entropy of the classes, a sum of one binary cross-entropy for each
step that a row takes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def minus_logarithms(f: Tensor) -> tuple[Tensor, Tensor]:
    """-log s and -log(1 - s) of s = sigmoid(f): softplus(-f) and softplus(f).

    They are smooth, though each term has a kink at 0: there autograd gives |f| the slope 0 and
    `maximum` 1/2, which is the truth; `clamp` has 1.
    """
    zero, rest = f.new_zeros(()), f.abs().neg().exp().log1p()
    return f.neg().maximum(zero) + rest, f.maximum(zero) + rest


def log_probabilities(f: Tensor) -> Tensor:
    """log y, (..., C - 1) -> (..., C)."""
    from torch import cat  # noqa: PLC0415  settings are read without torch

    going_on, stopping = minus_logarithms(f)
    none = f.new_zeros((*f.shape[:-1], 1))
    return -(cat([none, going_on.cumsum(-1)], -1) + cat([stopping, none], -1))


def probabilities(f: Tensor) -> Tensor:
    """y, (..., C - 1) -> (..., C)."""
    return log_probabilities(f).exp()


def _from_here(values: Tensor) -> Tensor:
    """Sums over each class and all beyond it, (..., C)."""
    return values.flip(-1).cumsum(-1).flip(-1)


def beyond(values: Tensor) -> Tensor:
    """Sums over all classes beyond each but the last, (..., C) -> (..., C - 1)."""
    return _from_here(values)[..., 1:]


def pullback(y: Tensor, d_y: Tensor) -> Tensor:
    """dL/df_k = (1 - s_k) sum_{c > k} y_c dL/dy_c - s_k y_k dL/dy_k, (..., C) -> (..., C - 1)."""
    from torch import finfo  # noqa: PLC0415  as above

    here, further = y[..., :-1], beyond(y)
    reached = (here + further).clamp_min(finfo(y.dtype).tiny)
    terms = y * d_y
    return here / reached * beyond(terms) - further / reached * terms[..., :-1]


def of_mean(f: Tensor) -> Tensor:
    """f of the mean probabilities of M networks, (..., M, B, C - 1) -> (..., B, C - 1)."""
    logarithms = log_probabilities(f).logsumexp(-3)
    further = logarithms.flip(-1).logcumsumexp(-1).flip(-1)[..., 1:]
    return further - logarithms[..., :-1]


def pre_activations(y: Tensor, least: float) -> Tensor:
    """f that gives probabilities y, (..., C) -> (..., C - 1); `least` stands for 0 in a logarithm.

    Examples:
        >>> import torch
        >>> y = torch.tensor([0.25, 0.25, 0.5])
        >>> probabilities(pre_activations(y, 1e-30))
        tensor([0.2500, 0.2500, 0.5000])
    """
    return beyond(y).clamp_min(least).log() - y[..., :-1].clamp_min(least).log()


def row_losses(f: Tensor, target: Tensor) -> Tensor:
    """-sum_c t_c log y_c, (..., C - 1) and (..., C) -> (...)."""
    going_on, stopping = minus_logarithms(f)
    return (beyond(target) * going_on + target[..., :-1] * stopping).sum(-1)


def gradient(f: Tensor, target: Tensor) -> Tensor:
    """Its derivative by f: s_k times what of t reaches k, less what goes beyond, (..., C - 1)."""
    further = beyond(target)
    return f.sigmoid() * (target[..., :-1] + further) - further

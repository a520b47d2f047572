"""Update rules: what one step makes of a parameter, its gradient and its moments.

A rule takes parameters p, their gradient g and moments of the same shape, and changes p and the
moments in place. `lr` is the scheduled learning rate and `t` the number of this step, from 1; they
and all other numbers are one float for all entries, or a tensor that broadcasts against p. Zero
gradients on zero moments leave a zero parameter at zero, which is what keeps padded units zero;
hence every eps is positive.

Tensors come with their methods: torch itself is not imported, so that settings are read quickly.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol, Union

if TYPE_CHECKING:
    from torch import Tensor

Number = Union[float, "Tensor"]
"""One value for all entries, or a tensor with a value for each."""


class UpdateRule(Protocol):
    """A rule whose own numbers are bound, so that every step calls it alike."""

    def __call__(self, p: Tensor, g: Tensor, *moments: Tensor, lr: Number, t: Number) -> None:
        """Update p and the moments in place."""


class DecayRate(NamedTuple):
    """The decay rate beta of a running average, as 1 - beta and log beta.

    Both are taken in double precision: from a float32 beta near 1, as members with different rates
    have it, neither can be had again.
    """

    complement: Number
    log: Number

    @classmethod
    def of(cls, rates: Sequence[float], spread: Callable[[Sequence[float]], Number]) -> DecayRate:
        """From each member's rate; `spread` makes one `Number` of a value for each member."""
        return cls(
            spread([1 - rate for rate in rates]),
            spread([math.log(rate) if rate > 0 else -math.inf for rate in rates]),
        )

    def bias_correction(self, t: Number) -> Number:
        """1 - beta^t: what a running average from 0 is to be divided by after t steps."""
        exponent = t * self.log
        return -math.expm1(exponent) if isinstance(exponent, float) else exponent.expm1().neg_()


def average(past: Tensor, new: Tensor, rate: DecayRate) -> None:
    """past <- beta past + (1 - beta) new."""
    past.lerp_(new, rate.complement)


def descend(p: Tensor, direction: Tensor, lr: Number) -> None:
    """p <- p - lr direction."""
    if isinstance(lr, float):
        p.sub_(direction, alpha=lr)
    else:
        p.addcmul_(direction, lr, value=-1)


def descend_ratio(p: Tensor, numerator: Tensor, denominator: Tensor, lr: Number) -> None:
    """p <- p - lr numerator / denominator; the denominator is used up.

    torch scales a quotient by one number for free; a number for each entry goes into it.
    """
    if isinstance(lr, float):
        p.addcdiv_(numerator, denominator, value=-lr)
    else:
        p.addcdiv_(numerator, denominator.div_(lr), value=-1)


def gradient_descent(p: Tensor, g: Tensor, *, lr: Number, t: Number) -> None:
    """p <- p - lr g (Robbins and Monro, 1951, where g is of a mini-batch).

    Examples:
        >>> import torch
        >>> p = torch.tensor([1.0, 2.0])
        >>> gradient_descent(p, torch.tensor([0.5, -0.5]), lr=0.1, t=1)
        >>> p
        tensor([0.9500, 2.0500])
    """
    descend(p, g, lr)


def momentum(p: Tensor, g: Tensor, v: Tensor, *, lr: Number, t: Number, alpha: DecayRate) -> None:
    """v <- alpha v + (1 - alpha) g, p <- p - lr v: an exponential average of gradients."""
    average(v, g, alpha)
    descend(p, v, lr)


def heavy_ball(p: Tensor, g: Tensor, v: Tensor, *, lr: Number, t: Number, momentum: Number) -> None:
    """v <- momentum v + g, p <- p - lr v (Polyak, 1964)."""
    v.mul_(momentum).add_(g)
    descend(p, v, lr)


def nesterov(p: Tensor, g: Tensor, v: Tensor, *, lr: Number, t: Number, momentum: Number) -> None:
    """v <- momentum v + g, p <- p - lr (g + momentum v) (Sutskever et al., 2013)."""
    v.mul_(momentum).add_(g)
    descend(p, (v * momentum).add_(g), lr)


def adagrad(
    p: Tensor, g: Tensor, s: Tensor, *, lr: Number, t: Number, lr_decay: Number, eps: Number
) -> None:
    """s <- s + g^2, p <- p - lr / (1 + (t - 1) lr_decay) g / (sqrt(s) + eps) (Duchi et al., 2011).

    The authors are Duchi, Hazan and Singer.
    """
    s.addcmul_(g, g)
    descend_ratio(p, g, s.sqrt().add_(eps), lr / (1 + (t - 1) * lr_decay))


def adadelta(
    p: Tensor,
    g: Tensor,
    s: Tensor,
    u: Tensor,
    *,
    lr: Number,
    t: Number,
    rho: DecayRate,
    eps: Number,
) -> None:
    """d = sqrt(u + eps) / sqrt(s + eps) g, in the units of p; p <- p - lr d (Zeiler, 2012).

    s and u are running averages of g^2 and of d^2 with decay rate rho.
    """
    average(s, g.square(), rho)
    d = (u + eps).sqrt_().div_((s + eps).sqrt_()).mul_(g)
    average(u, d.square(), rho)
    descend(p, d, lr)


def rmsprop(
    p: Tensor,
    g: Tensor,
    s: Tensor,
    v: Tensor,
    mean: Tensor | None = None,
    *,
    lr: Number,
    t: Number,
    rho: DecayRate,
    eps: Number,
    momentum: Number,
) -> None:
    """s <- rho s + (1 - rho) g^2, p <- p - lr g / (sqrt(s) + eps) (Tieleman and Hinton, 2012).

    The steps are averaged as a heavy ball's: v <- momentum v + g / (sqrt(s) + eps), p <- p - lr v.
    With a running `mean` of g, its square is taken from s.
    """
    average(s, g.square(), rho)
    variance = s
    if mean is not None:
        average(mean, g, rho)
        variance = (s - mean.square()).clamp_min_(0)
    v.mul_(momentum).addcdiv_(g, variance.sqrt().add_(eps))
    descend(p, v, lr)


def adam(
    p: Tensor,
    g: Tensor,
    m: Tensor,
    v: Tensor,
    v_max: Tensor | None = None,
    *,
    lr: Number,
    t: Number,
    beta1: DecayRate,
    beta2: DecayRate,
    eps: Number,
) -> None:
    """p <- p - lr m^ / (sqrt(v^) + eps), unbiased averages of g and g^2 (Kingma and Ba, 2015).

    m^ = m / (1 - beta1^t) and v^ = v / (1 - beta2^t). Where `v_max` is kept, the largest v so far
    takes the place of v (Reddi, Kale and Kumar, 2018).
    """
    average(m, g, beta1)
    average(v, g.square(), beta2)
    if v_max is not None:
        v = v_max.copy_(v_max.maximum(v))
    # The bias corrections go into the step and eps, which are few numbers.
    root = beta2.bias_correction(t) ** 0.5
    step = lr * (root / beta1.bias_correction(t))
    descend_ratio(p, m, v.sqrt().add_(eps * root), step)

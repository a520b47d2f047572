"""Hidden activations a(f) and their slopes a'(f); of a gated unit f is two numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

LEAK = 0.01
"""Slope of leaky ReLU left of zero (Maas, Hannun and Ng, 2013)."""


@dataclass(frozen=True, slots=True)
class Activation:
    """One function of each unit, differentiable by autograd, and its derivative.

    `value(f)` is h = a(f). `slope(f, h)` is a'(f); it gets h too, since most slopes follow from it.
    At a kink autograd takes the same slope, the one left of it. Both return new tensors.

    Shape:
        - f and slope: (..., parts H), the first number of every unit, then the second; h: (..., H)
    """

    value: Callable[[Tensor], Tensor]
    slope: Callable[[Tensor, Tensor], Tensor]
    at_zero: float = 0.0
    """a(0): where it is 0, a unit padded with zero weights stays zero by itself."""
    parts: int = 1
    """Pre-activations of a unit: two of a gated one."""


def _leaky_relu(f: Tensor) -> Tensor:
    from torch.nn.functional import leaky_relu  # noqa: PLC0415  settings are read without torch

    return leaky_relu(f, LEAK)


def _gelu(f: Tensor) -> Tensor:
    return f * _normal_cdf(f)


def _gelu_slope(f: Tensor, h: Tensor) -> Tensor:
    density = f.square().mul_(-0.5).exp_().mul_(1 / math.sqrt(2 * math.pi))
    return density.mul_(f).add_(_normal_cdf(f))


def _normal_cdf(f: Tensor) -> Tensor:
    return 0.5 * (1 + (f * math.sqrt(0.5)).erf())


def _silu_slope(f: Tensor, h: Tensor) -> Tensor:
    sigmoid = f.sigmoid()
    return sigmoid * (1 + f * (1 - sigmoid))


def _gated(gate: Activation) -> Activation:
    """h = u s(v) of f = [u, v], and its slopes by both, s(v) and u s'(v); s is the gate."""

    def value(f: Tensor) -> Tensor:
        u, v = f.chunk(2, -1)
        return u * gate.value(v)

    def slope(f: Tensor, h: Tensor) -> Tensor:
        from torch import cat  # noqa: PLC0415  as above

        u, v = f.chunk(2, -1)
        opened = gate.value(v)
        return cat([opened, gate.slope(v, opened).mul_(u)], -1)

    return Activation(value, slope, parts=2)


ACTIVATIONS: dict[str, Activation] = {
    "relu": Activation(value=lambda f: f.relu(), slope=lambda f, h: h.sign()),
    "leaky_relu": Activation(value=_leaky_relu, slope=lambda f, h: h.sign().clamp_min_(LEAK)),
    # ELU with alpha = 1 (Clevert, Unterthiner and Hochreiter, 2016): left of zero a' = a + 1.
    "elu": Activation(
        value=lambda f: f.relu() + f.clamp_max(0).expm1(), slope=lambda f, h: (h + 1).clamp_max_(1)
    ),
    "tanh": Activation(value=lambda f: f.tanh(), slope=lambda f, h: h.square().neg_().add_(1)),
    "sigmoid": Activation(
        value=lambda f: f.sigmoid(), slope=lambda f, h: h - h.square(), at_zero=0.5
    ),
    # x Phi(x), exact rather than its tanh approximation (Hendrycks and Gimpel, 2016).
    "gelu": Activation(value=_gelu, slope=_gelu_slope),
    # x sigmoid(x), also called swish (Elfwing, Uchibe and Doya, 2018).
    "silu": Activation(value=lambda f: f * f.sigmoid(), slope=_silu_slope),
}

GATES = {"glu": "sigmoid", "reglu": "relu", "geglu": "gelu", "swiglu": "silu"}
"""Gated activation -> what its gate is (Dauphin et al., 2017; Shazeer, 2020)."""

ACTIVATIONS |= {name: _gated(ACTIVATIONS[gate]) for name, gate in GATES.items()}


def parts_of(activations: Sequence[str]) -> list[int]:
    """Pre-activations of a unit of each hidden layer."""
    return [ACTIVATIONS[name].parts for name in activations]

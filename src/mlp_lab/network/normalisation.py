"""Layer normalisation of hidden pre-activations, for all members at once, and its derivative.

    x = (f - mean f) / sqrt(var f + eps)        g = gain * x + shift

with mean and variance over the units of a row (Ba, Kiros and Hinton, Layer Normalization, 2016).
Only a member's own units count: those that pad a narrow one stay zero, and so do their gradients.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

EPS = 1e-5
"""Added to a variance before dividing by its root, as torch.nn.LayerNorm does."""


@dataclass(frozen=True, slots=True)
class Units:
    """The units of a hidden layer that are no padding.

    Shape:
        - count: (K, 1, 1), or one number where all members have as many
        - real: 1 for each of them, else 0, (K, 1, H); None where none is padding
    """

    count: Tensor | float
    real: Tensor | None

    @classmethod
    def of(cls, widths: Sequence[int], like: Tensor) -> "Units":
        """Of K members with these widths, of the dtype and on the device of `like`."""
        if min(widths) == max(widths):
            return cls(float(widths[0]), None)
        count = like.new_tensor(widths).view(-1, 1, 1)
        return cls(count, (torch.arange(max(widths), device=like.device) < count).to(like))

    def first(self, k: int) -> "Units":
        """Those of the first k members."""
        count = self.count if isinstance(self.count, float) else self.count[:k]
        return Units(count, None if self.real is None else self.real[:k])

    def mean(self, values: Tensor) -> Tensor:
        """Of each row, (K, B, 1); values of padded units are zero."""
        return values.sum(-1, keepdim=True).div_(self.count)

    def only(self, values: Tensor) -> Tensor:
        """Zero in place where a unit is padding."""
        return values if self.real is None else values.mul_(self.real)


def layer_norm(f: Tensor, gain: Tensor, shift: Tensor, units: Units) -> Tensor:
    """g of pre-activations f, (K, B, H); gain and shift are (K, 1, H)."""
    if units.real is not None:
        f = f * units.real  # they are zero, but autograd would give them the mean's derivative
    return torch.addcmul(shift, standardised(f, units)[0], gain)


def standardised(f: Tensor, units: Units) -> tuple[Tensor, Tensor]:
    """x of each row, (K, B, H), and 1 / sqrt(var f + eps), (K, B, 1)."""
    centered = units.only(f - units.mean(f))
    inverse = (units.mean(centered.square()) + EPS).rsqrt()
    return centered * inverse, inverse


class LayerNorm:
    """The forward and the backward pass of one layer, of the first k members."""

    def __init__(self, gain: Tensor, shift: Tensor, units: Units) -> None:
        """`gain` and `shift`, (k, 1, H), are read anew in each pass."""
        self.gain, self.shift, self.units = gain, shift, units
        self.x, self.inverse = gain, gain

    def forward(self, f: Tensor) -> Tensor:
        """g, (k, B, H); what the way back needs is kept."""
        self.x, self.inverse = standardised(f, self.units)
        return torch.addcmul(self.shift, self.x, self.gain)

    def backward(self, d_g: Tensor, d_gain: Tensor, d_shift: Tensor) -> None:
        """Write dL/dgain and dL/dshift, (k, 1, H), and dL/df, (k, B, H), in the place of dL/dg.

        dL/df = (d - mean d - x mean(d x)) / sqrt(var f + eps), d = gain dL/dg: a row's mean and
        variance move with each of its units.
        """
        units, x = self.units, self.x
        torch.sum(d_g * x, 1, keepdim=True, out=d_gain)
        torch.sum(d_g, 1, keepdim=True, out=d_shift)
        d = d_g.mul_(self.gain)
        along = units.mean(d * x)
        d.sub_(units.mean(d)).addcmul_(x, along, value=-1).mul_(self.inverse)
        units.only(d)

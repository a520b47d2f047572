"""Normalisation of hidden pre-activations, for all members at once, and its derivative.

    x = (f - mean f) / sqrt(var f + eps)        g = gain * x + shift

Layer normalisation has mean and variance over the units of a row (Ba, Kiros and Hinton, Layer
Normalization, 2016); only a member's own units count: those that pad a narrow one stay zero, and so
do their gradients. Batch normalisation has them over the rows of a batch, and running averages of
them wherever a network predicts (Ioffe and Szegedy, Batch Normalization, 2015); rows that pad a
shorter batch do not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from mlp_lab.network.architecture import EPS

MOMENTUM = 0.1
"""Share of a batch's statistics in their running averages, as torch.nn.BatchNorm1d has it."""

Statistics = Sequence[Tensor]
"""Mean and variance of each unit, (k, 1, H)."""


@dataclass(frozen=True, slots=True)
class Units:
    """The pre-activations of a hidden layer that are no padding: one or more `parts` of each unit.

    Shape:
        - count: (K, 1, 1), or one number where all members have as many
        - real: 1 for each of them, else 0, (K, 1, H); None where none is padding
    """

    count: Tensor | float
    real: Tensor | None

    @classmethod
    def of(cls, widths: Sequence[int], like: Tensor, parts: int = 1) -> Units:
        """Of K members with these widths, of the dtype and on the device of `like`."""
        if min(widths) == max(widths):
            return cls(float(widths[0] * parts), None)
        count = like.new_tensor(widths).view(-1, 1, 1)
        real = torch.arange(max(widths), device=like.device) < count
        return cls(count * parts, real.repeat(1, 1, parts).to(like))

    def first(self, k: int) -> Units:
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

    def forward(self, f: Tensor, _: Rows) -> Tensor:
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


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a batch that are no padding: those that batch normalisation is over.

    A batch of one row has no variance: it is normalised by the running averages, and leaves them.

    Shape:
        - count: (k, 1, 1), or one number where all members have as many
        - real: 1 for each of them, else 0, (k, B, 1); None where none is padding
    """

    count: Tensor | float
    real: Tensor | None
    taken: list[Statistics] = field(default_factory=list)
    """Of each hidden layer that autograd has gone through."""

    @classmethod
    def of(cls, inputs: Tensor, real: Tensor | None) -> Rows:
        """Of a batch, (k, B, D)."""
        return cls(float(inputs.shape[1]) if real is None else real.sum(1, keepdim=True), real)

    @property
    def share(self) -> Tensor | float:
        """Of each row in a mean; 0 where there is one row only."""
        if isinstance(self.count, float):
            return 1 / self.count if self.count > 1 else 0.0
        return (self.count > 1) / self.count

    def statistics(self, f: Tensor) -> Statistics:
        """Mean and variance of each unit."""
        mean = self.mean(f)
        return mean, self.mean((f - mean).square())

    def mean(self, values: Tensor) -> Tensor:
        """Of each unit, (k, B, H) -> (k, 1, H)."""
        return self.only(values).sum(1, keepdim=True) / self.count

    def only(self, values: Tensor) -> Tensor:
        """Zero where a row is padding."""
        return values if self.real is None else values * self.real

    def chosen(self, own: Statistics, running: Statistics) -> Statistics:
        """What normalises: the batch's own statistics, or the running ones of a single row."""
        if isinstance(self.count, float):
            return own if self.count > 1 else running
        pairs = zip(own, running, strict=True)
        return [torch.where(self.count > 1, mine, theirs) for mine, theirs in pairs]

    def move(self, running: Statistics, own: Statistics) -> None:
        """Move running averages towards a batch's statistics, the variance without its bias."""
        (mean, variance), (own_mean, own_variance) = running, own
        if isinstance(self.count, float):
            if self.count > 1:
                mean.lerp_(own_mean, MOMENTUM)
                variance.lerp_(own_variance * (self.count / (self.count - 1)), MOMENTUM)
            return
        momentum = MOMENTUM * (self.count > 1).to(mean)
        mean.lerp_(own_mean, momentum)
        unbiased = own_variance * (self.count / (self.count - 1).clamp_min(1))
        variance.lerp_(unbiased, momentum)


def batch_norm(
    f: Tensor, gain: Tensor, shift: Tensor, statistics: Statistics, rows: Rows | None = None
) -> Tensor:
    """g of pre-activations f, (k, B, H); all others are (k, 1, H).

    Padding among `rows` becomes the shift: other rows' variance may blow it up beyond all bounds.
    """
    mean, variance = statistics
    centered = f - mean if rows is None else rows.only(f - mean)
    return torch.addcmul(shift, centered * (variance + EPS).rsqrt(), gain)


class BatchNorm:
    """The forward and the backward pass of one layer in training, of the first k members."""

    def __init__(self, gain: Tensor, shift: Tensor, running: Statistics) -> None:
        """All (k, 1, H), and read anew in each pass, which moves the running averages."""
        self.gain, self.shift, self.running = gain, shift, running
        self.x, self.inverse = gain, gain

    def forward(self, f: Tensor, rows: Rows) -> Tensor:
        """g, (k, B, H); what the way back needs is kept."""
        self.rows = rows
        own = rows.statistics(f)
        mean, variance = rows.chosen(own, self.running)
        self.inverse = (variance + EPS).rsqrt()
        self.x = rows.only(f - mean).mul_(self.inverse)
        rows.move(self.running, own)
        return torch.addcmul(self.shift, self.x, self.gain)

    def backward(self, d_g: Tensor, d_gain: Tensor, d_shift: Tensor) -> None:
        """Write dL/dgain and dL/dshift, (k, 1, H), and dL/df, (k, B, H), in the place of dL/dg.

        dL/df = gain (d - mean d - x mean(x d)) / sqrt(var f + eps), d = dL/dg: the mean and the
        variance of a unit move with each row. The means are over rows: those of dL/dshift and of
        dL/dgain, which are sums. Running averages do not move: then both are left out.
        """
        torch.sum(d_g * self.x, 1, keepdim=True, out=d_gain)
        torch.sum(d_g, 1, keepdim=True, out=d_shift)
        along = torch.addcmul(d_shift, self.x, d_gain).mul_(self.rows.share)
        d_g.sub_(self.rows.only(along)).mul_(self.gain * self.inverse)

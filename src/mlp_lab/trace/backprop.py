"""One forward and one backward pass of the engine, every quantity by its name.

Values are read from `Backprop`, which trains all networks; nothing is derived a second time. Beside
each gradient stand torch's autograd over torch's own layers, and a central difference of the loss.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from mlp_lab.network.backprop import Backprop, Batch
from mlp_lab.network.losses import Objective
from mlp_lab.network.mlp import MLP
from mlp_lab.trace.checks import Finite, by_autograd, central_difference, some_entries
from mlp_lab.trace.formulas import Formulas
from mlp_lab.trace.names import entry_name


@dataclass(frozen=True, slots=True)
class Network:
    """What is traced: a stack of one, without dropout, and its rows.

    Shape:
        - x: (B, D); t: (B, C)
        - weights: (B,), how much a row counts in the loss; None where all count 1
    """

    mlp: MLP
    objective: Objective
    x: Tensor
    t: Tensor
    weights: Tensor | None = None
    columns: Sequence[str] = ()
    """Names of the inputs, where they have any."""
    dropout: float = 0.0
    """Its rate in training, which a trace is without."""

    @property
    def sizes(self) -> list[int]:
        """Units of every layer, inputs first."""
        return self.mlp.member_sizes[0]

    @property
    def rows(self) -> int:
        """B."""
        return len(self.x)

    @property
    def shares(self) -> Tensor:
        """What each row's loss counts in L, (B,): 1 / B, times its weight."""
        return (torch.ones_like(self.x[:, 0]) if self.weights is None else self.weights) / self.rows


@dataclass(frozen=True, slots=True)
class Quantity:
    """A named step of a pass. `formula` is empty for what is given; `value` is (rows, columns)."""

    name: str
    formula: str
    shape: tuple[int, ...]
    value: Tensor


@dataclass(frozen=True, slots=True)
class Gradient(Quantity):
    """Of L by one quantity, and what two others say that it is.

    `chain` is the formula with every factor down to dL/df of the last layer. `difference` is NaN
    where none was taken, and `kinks` marks where it was taken across a kink.
    """

    chain: str
    autograd: Tensor
    difference: Tensor
    kinks: Tensor

    @property
    def of(self) -> str:
        """The quantity that L is differentiated by: `Omega_0` for dL/dOmega_0."""
        return self.name.removeprefix("dL/d")

    @property
    def off_autograd(self) -> Tensor:
        """Disagreement with autograd, relative to max(1, |autograd|)."""
        return _disagreement(self.value, self.autograd)

    @property
    def off_difference(self) -> Tensor:
        """Disagreement with the differences, likewise; 0 where none was taken, or at a kink."""
        off = _disagreement(self.value, self.difference)
        return off.where(~(self.difference.isnan() | self.kinks), 0)


def _disagreement(value: Tensor, other: Tensor) -> Tensor:
    off = (value - other).abs() / other.abs().clamp_min(1)
    return off.where(value != other, 0)  # infinities, too


@dataclass(frozen=True, slots=True)
class Trace:
    """Both passes. Layers count from 0 as in the mathematics; rows and units from 1."""

    network: Network
    forward: list[Quantity]
    backward: list[Gradient]
    slopes: list[Tensor] = field(default_factory=list)
    """a'(f_k) of each hidden layer, (B, H), as the backward pass has it."""

    def value(self, name: str) -> Tensor:
        """Of a quantity, (rows, columns)."""
        found: list[Quantity] = [*self.forward, *self.backward]
        return next(quantity.value for quantity in found if quantity.name == name)

    def worst(self, which: str) -> tuple[float, str]:
        """The largest disagreement with `autograd` or the `difference`, and the entry it is at."""
        found = (0.0, "")
        for gradient in self.backward:
            off = gradient.off_autograd if which == "autograd" else gradient.off_difference
            largest = off.nan_to_num(nan=math.inf, posinf=math.inf).flatten().max(0)
            if float(largest.values) > found[0]:
                row, column = divmod(int(largest.indices), off.shape[1])
                entry = entry_name(self.network.sizes, gradient.of, row, column)
                found = (float(largest.values), f"dL/d{entry}")
        return found

    @property
    def finite(self) -> bool:
        """Whether every number is, in both passes."""
        return all(
            bool(quantity.value.isfinite().all()) for quantity in (*self.forward, *self.backward)
        )

    @property
    def kinks(self) -> list[str]:
        """Entries whose difference was taken across a kink."""
        return [
            f"dL/d{entry_name(self.network.sizes, gradient.of, row, column)}"
            for gradient in self.backward
            for row, column in gradient.kinks.nonzero().tolist()
        ]


def trace(network: Network) -> Trace:
    """Run the engine forward and backward over the rows, in the network's precision."""
    mlp, objective = network.mlp, network.objective
    gradients = mlp.layers.like()
    backprop = Backprop(mlp, gradients, objective, 1, network.rows)
    weights = None if network.weights is None else network.shares.unsqueeze(0)
    with torch.no_grad():
        backprop(Batch(network.x.unsqueeze(0), network.t.unsqueeze(0), weights, ()))
        formulas = Formulas.of(network.sizes, mlp.activation_names, objective, network.rows)
        if network.weights is not None:
            formulas = formulas.weighted()
        forward = _forward(network, backprop, formulas)
        y = forward[-2].value
        d_y = objective.slope(y, network.t) * network.shares.unsqueeze(1)
        found = {"y": d_y}
        last = len(backprop.f) - 1
        for k in reversed(range(last + 1)):
            found[f"f_{k}"] = backprop.d_f[k][0]
            found[f"beta_{k}"] = gradients.biases[k][0]
            found[f"Omega_{k}"] = gradients.weights[k][0]
            if k > 0:
                found[f"h_{k}"] = backprop.d_h[k - 1][0]
        slopes = [
            activation.slope(f[0], h[0])
            for activation, f, h in zip(mlp.activations, backprop.f, backprop.h, strict=False)
        ]
    references = by_autograd(network)
    finite = Finite(network, forward)
    backward = [
        _gradient(name, value, references[name], finite, formulas) for name, value in found.items()
    ]
    return Trace(network, forward, backward, slopes)


def _forward(network: Network, backprop: Backprop, formulas: Formulas) -> list[Quantity]:
    """x and t, then layer by layer beta, Omega, f and h, then y and L."""
    objective = network.objective

    def quantity(name: str, value: Tensor, formula: str = "") -> Quantity:
        return Quantity(name, formula, shape_of(name, value), value.clone())

    found = [quantity("x", network.x), quantity("t", network.t)]
    for k, f in enumerate(backprop.f):
        found.append(quantity(f"beta_{k}", backprop.biases[k][0].detach()))
        found.append(quantity(f"Omega_{k}", backprop.weights[k][0].detach()))
        found.append(quantity(f"f_{k}", f[0], formulas.pre_activation(k)))
        if k < len(backprop.h):
            found.append(quantity(f"h_{k + 1}", backprop.h[k][0], formulas.hidden(k + 1)))
    f = backprop.f[-1][0]
    loss = (objective.rows(f, network.t) * network.shares).sum()
    found.append(quantity("y", objective.predict(f), formulas.output()))
    found.append(quantity("L", loss.view(1, 1), formulas.loss()))
    return found


def shape_of(name: str, value: Tensor) -> tuple[int, ...]:
    """As one writes it: a bias is a vector, L a number."""
    if name == "L":
        return ()
    return tuple(value.shape[1:]) if name.startswith("beta") else tuple(value.shape)


def _gradient(
    of: str, value: Tensor, reference: Tensor, finite: Finite, formulas: Formulas
) -> Gradient:
    difference, kinks = central_difference(finite, of, some_entries(value.numel()))
    return Gradient(
        name=f"dL/d{of}",
        formula=formulas.gradient(of),
        shape=shape_of(of, value),
        value=value.clone(),
        chain=formulas.chain(of),
        autograd=reference,
        difference=difference,
        kinks=kinks,
    )

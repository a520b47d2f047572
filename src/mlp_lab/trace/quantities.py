"""What a trace consists of: a network, its quantities by name, and their gradients."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from mlp_lab.network.embedding_plan import EmbeddingPlan
from mlp_lab.network.losses import Objective
from mlp_lab.network.mlp import MLP
from mlp_lab.trace.names import VECTORS, course_names, entry_by_place, entry_name


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
    label_smoothing: float = 0.0
    """That of t, which is as in training."""
    dropout: float | list[float] = 0.0
    """The dropout rate in training, or one for each layer; a trace is without dropout."""
    ensemble: int = 1
    """Networks of the run; what is traced is the first."""

    @property
    def sizes(self) -> list[int]:
        """Units of every layer, what the first one reads before them: inputs, or e of them."""
        return self.mlp.member_sizes[0]

    @property
    def inputs(self) -> int:
        """D, the columns of x."""
        return self.sizes[0] if self.plan is None else self.plan.inputs

    @property
    def plan(self) -> EmbeddingPlan | None:
        """What becomes of the inputs before the first layer reads them, if anything does."""
        return None if self.mlp.embedding is None else self.mlp.embedding.plan

    @property
    def normalised(self) -> bool:
        """Whether a hidden layer's activation reads g, and not f."""
        return self.mlp.normalisation != "none"

    @property
    def course(self) -> dict[str, tuple[str, int, int]]:
        """The course's name -> tensor, row and column; none of layers that it does not have."""
        if self.plan is not None or self.normalised or self.mlp.residual:
            return {}
        return course_names(self.sizes, self.parts)

    @property
    def parts(self) -> Sequence[int]:
        """Pre-activations of a unit of each hidden layer: two of gated ones."""
        return self.mlp.layers.parts

    def entry(self, tensor: str, row: int, column: int) -> str:
        """The name of an entry."""
        if not self.course:
            return entry_by_place(tensor, row, column)
        return entry_name(self.sizes, tensor, row, column, self.parts)

    @property
    def hidden(self) -> list[str]:
        """Units and activation of each hidden layer."""
        layers = zip(self.sizes[1:-1], self.mlp.activation_names, strict=True)
        return [f"{size} {name}" for size, name in layers]

    @property
    def rows(self) -> int:
        """B."""
        return len(self.x)

    @property
    def loss_weights(self) -> Tensor:
        """The weight of each row's loss in L, (B,): 1 / B, times the row's own."""
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
    """The gradient of L by one quantity, and what two other ways make of it.

    `chain` is the formula with every factor down to dL/df of the last layer. `difference` is NaN
    where none was taken, and `kinks` marks where it was taken across a kink.
    """

    chain: str
    autograd: Tensor
    difference: Tensor
    kinks: Tensor

    @property
    def formulas(self) -> list[str]:
        """The formula, and the chain where that says more."""
        return [part for part in dict.fromkeys((self.formula, self.chain)) if part]

    @property
    def of(self) -> str:
        """The quantity that L is differentiated by: `Omega_0` for dL/dOmega_0."""
        return self.name.removeprefix("dL/d")

    @property
    def autograd_error(self) -> Tensor:
        """Disagreement with autograd, relative to max(1, |autograd|)."""
        return _disagreement(self.value, self.autograd)

    @property
    def difference_error(self) -> Tensor:
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
    """a'(f_k) of each hidden layer, a'(g_k) where it is normalised: (B, H), or of both parts of
    gated units, as the backward pass has it."""

    def value(self, name: str) -> Tensor:
        """A quantity by its name, (rows, columns)."""
        found: list[Quantity] = [*self.forward, *self.backward]
        return next(quantity.value for quantity in found if quantity.name == name)

    def largest_error(self, reference: str) -> tuple[float, str]:
        """The largest disagreement with `autograd` or the `difference`, and the entry it is at."""
        worst = (0.0, "")
        for gradient in self.backward:
            error = getattr(gradient, f"{reference}_error")
            largest = error.nan_to_num(nan=math.inf, posinf=math.inf).flatten().max(0)
            if float(largest.values) > worst[0]:
                row, column = divmod(int(largest.indices), error.shape[1])
                entry = self.network.entry(gradient.of, row, column)
                worst = (float(largest.values), f"dL/d{entry}")
        return worst

    @property
    def finite(self) -> bool:
        """Whether every number of both passes is finite."""
        return all(bool(each.value.isfinite().all()) for each in (*self.forward, *self.backward))

    @property
    def kinks(self) -> list[str]:
        """Entries whose difference was taken across a kink."""
        return [
            f"dL/d{self.network.entry(gradient.of, row, column)}"
            for gradient in self.backward
            for row, column in gradient.kinks.nonzero().tolist()
        ]


def shape_of(name: str, value: Tensor) -> tuple[int, ...]:
    """As one writes it: a bias is a vector, L a number."""
    if name == "L":
        return ()
    return tuple(value.shape[1:]) if name.startswith(VECTORS) else tuple(value.shape)

"""What a network looks like: depth, widths, activations, output, dropout, initial weights."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from mlp_lab.errors import UserError, require, require_choice, require_count
from mlp_lab.network.activations import ACTIVATIONS, parts_of
from mlp_lab.network.embedding_plan import KINDS, EmbeddedColumns, EmbeddingPlan, plan_embedding
from mlp_lab.network.losses import OUTPUTS

if TYPE_CHECKING:
    from torch import Generator, Tensor

T = TypeVar("T", int, float, str)

DEEPEST = 100_000
"""Hidden layers of which one may list the widths; memory runs out far below."""

WIDEST = 10**9
"""Units of a layer; memory runs out far below."""


class Normalisation(NamedTuple):
    """What normalises a layer: what it has for each unit, by the names of torch's layer."""

    learnt: tuple[str, ...] = ()
    statistics: tuple[str, ...] = ()
    """Averages that it keeps, which nothing learns."""

    @property
    def vectors(self) -> tuple[str, ...]:
        """All of them."""
        return self.learnt + self.statistics


NORMALISATIONS = {
    "none": Normalisation(),
    "layer": Normalisation(("weight", "bias")),
    "batch": Normalisation(("weight", "bias"), ("running_mean", "running_var")),
}
"""Of hidden pre-activations."""

EPS = 1e-5
"""Added to a variance before dividing by its root, as torch.nn.LayerNorm does."""

MOST_NETWORKS = 10**4
"""Of an ensemble; memory runs out below."""

LARGEST_EMBEDDING = 10**6
"""Bins, frequencies and numbers of an embedding; memory runs out far below."""


@dataclass(kw_only=True, slots=True)
class ModelConfig:
    """A multilayer perceptron; `depth` counts its hidden layers."""

    depth: int
    width: int | list[int]
    activation: str | list[str]
    output: str
    dropout: float | list[float]
    init: str
    normalisation: str
    residual: bool
    embedding: str
    embedding_size: int
    bins: int
    frequencies: int
    frequency_scale: float
    category_size: int

    def __post_init__(self) -> None:
        require(0 <= self.depth <= DEEPEST, "model.depth", f"from 0 to {DEEPEST:,}", self.depth)
        for width in self.widths:
            require(width >= 1, "model.width", "1 or more", self.width)
            require(width <= WIDEST, "model.width", f"at most {WIDEST:,}", self.width)
        for activation in self.activations:
            require_choice(activation, "model.activation", ACTIVATIONS)
        require_choice(self.output, "model.output", ["auto", *OUTPUTS])
        rates = self.dropout if isinstance(self.dropout, list) else [self.dropout]
        within = all(0 <= rate < 1 for rate in rates)
        require(within, "model.dropout", "in [0, 1)", self.dropout)
        if self.depth == 0 and any(rates):
            raise UserError(
                f"model.dropout must be 0 with model.depth=0, which has no hidden units to drop,"
                f" got {self.dropout}"
            )
        _per_layer(self.dropout, self.depth, "model.dropout")
        require_choice(self.init, "model.init", INITS)
        self._check_hidden_layers()
        self._check_embedding()

    def _check_hidden_layers(self) -> None:
        """Of what is done to them and between them."""
        require_choice(self.normalisation, "model.normalisation", NORMALISATIONS)
        if self.normalisation != "none":
            if self.depth == 0:
                raise UserError(
                    "model.normalisation must be none with model.depth=0, which has no hidden"
                    f" units to normalise, got {self.normalisation}"
                )
            if self.normalisation == "layer":
                rule = "2 or more with model.normalisation=layer"
                require(min(self.widths) > 1, "model.width", rule, self.width)
        if self.residual and (self.depth < 2 or len(set(self.widths)) > 1):
            raise UserError(
                "model.residual=true needs two or more hidden layers of one width, got"
                f" {self.widths}"
            )

    def _check_embedding(self) -> None:
        require_choice(self.embedding, "model.embedding", KINDS)
        for key in ("embedding_size", "bins", "frequencies"):
            require_count(getattr(self, key), f"model.{key}", 1, LARGEST_EMBEDDING)
        require_count(self.category_size, "model.category_size", 0, LARGEST_EMBEDDING)
        scale = self.frequency_scale
        require(0 < scale <= 1e6, "model.frequency_scale", "in (0, 1e6]", scale)

    def embedding_plan(self, columns: EmbeddedColumns) -> EmbeddingPlan | None:
        """What becomes of such inputs; None where the first layer reads them as they are."""
        return plan_embedding(
            columns,
            kind=self.embedding,
            size=self.embedding_size,
            bins=self.bins,
            frequencies=self.frequencies,
            category_size=self.category_size,
        )

    @property
    def widths(self) -> list[int]:
        """Units of each hidden layer."""
        return _per_layer(self.width, self.depth, "model.width")

    @property
    def dropouts(self) -> list[float]:
        """Share of each hidden layer's units that is dropped."""
        return _per_layer(self.dropout, self.depth, "model.dropout")

    @property
    def activations(self) -> list[str]:
        """Name of each hidden layer's activation."""
        return _per_layer(self.activation, self.depth, "model.activation")


def _per_layer(value: T | list[T], depth: int, key: str) -> list[T]:
    if not isinstance(value, list):
        return [value] * depth
    if len(value) != depth:
        raise UserError(
            f"{key} lists {len(value)} hidden layers, {value}, but model.depth is {depth}:"
            f" set model.depth={len(value)}, or give one value for all layers"
        )
    return value


def layer_names(depth: int) -> list[str]:
    """Names of the linear layers of a plain network with `depth` hidden layers."""
    return [*(f"hidden_{k}" for k in range(depth)), "output"]


def normalisation_name(layer: int) -> str:
    """Name of what normalises the pre-activations of a hidden layer."""
    return f"normalisation_{layer}"


def network_name(k: int) -> str:
    """How the state of an ensemble calls its k-th network."""
    return f"networks.{k}"


def linear_shapes(sizes: Sequence[int], activations: Sequence[str]) -> list[tuple[int, int]]:
    """Inputs and outputs of each linear layer: a gated layer has two outputs for each unit.

    Examples:
        >>> linear_shapes([2, 3, 1], ["swiglu"])
        [(2, 6), (3, 1)]
    """
    counts = [*parts_of(activations), 1]
    pairs = zip(pairwise(sizes), counts, strict=True)
    return [(inputs, count * units) for (inputs, units), count in pairs]


def count_parameters(
    sizes: Sequence[int], normalisation: str = "none", activations: Sequence[str] = ()
) -> int:
    """Numbers that a network learns whose layers, inputs first, have these sizes.

    `activations`: of its hidden layers; without them no unit is gated.

    Examples:
        >>> count_parameters([2, 3, 1])  # 2 x 3 + 3 and 3 x 1 + 1
        13
        >>> count_parameters([2, 3, 1], activations=["swiglu"])  # 2 x 6 + 6 and 3 x 1 + 1
        22
    """
    shapes = linear_shapes(sizes, activations or ["relu"] * (len(sizes) - 2))
    vectors = len(NORMALISATIONS[normalisation].learnt)
    normalised = vectors * sum(outputs for _, outputs in shapes[:-1])
    return sum((inputs + 1) * outputs for inputs, outputs in shapes) + normalised


COPIES = 10
"""Tensors as large as the parameters: weights, best, gradients, moments, what epochs need, and what
the compiled kernel has of one network at a time."""


def training_bytes(
    sizes: Sequence[int],
    rows: int,
    dtype: str,
    embedding: EmbeddingPlan | None = None,
    *,
    normalisation: str = "none",
    activations: Sequence[str] = (),
) -> float:
    """Memory that training such a network takes, a batch of `rows` at a time, beside its data."""
    item = {"float32": 4, "float64": 8}[dtype]
    parameters, numbers = count_parameters(sizes, normalisation, activations), sum(sizes)
    gated = [n for n, parts in zip(sizes[1:-1], parts_of(activations), strict=False) if parts > 1]
    numbers += sum(gated)
    if normalisation != "none":
        numbers += sum(sizes[1:-1]) + sum(gated)  # of four tensors two more are alive at once
    if embedding is not None:
        parameters, numbers = parameters + embedding.parameters, numbers + embedding.row_numbers
    return float(item * (COPIES * parameters + 4 * rows * numbers))


def he(weight: Tensor, bias: Tensor, generator: Generator) -> None:
    """Normal with variance 2 / inputs, made for ReLU; zero biases (He et al., 2015)."""
    weight.normal_(0, math.sqrt(2 / weight.shape[0]), generator=generator)


def glorot(weight: Tensor, bias: Tensor, generator: Generator) -> None:
    """Uniform with variance 2 / (inputs + outputs), zero biases (Glorot and Bengio, 2010)."""
    bound = math.sqrt(6 / sum(weight.shape))
    weight.uniform_(-bound, bound, generator=generator)


def torch_default(weight: Tensor, bias: Tensor, generator: Generator) -> None:
    """Uniform within 1 / sqrt(inputs), biases too: what torch.nn.Linear does."""
    bound = 1 / math.sqrt(weight.shape[0])
    weight.uniform_(-bound, bound, generator=generator)
    bias.uniform_(-bound, bound, generator=generator)


INITS: dict[str, Callable[[Tensor, Tensor, Generator], None]] = {
    "he": he,
    "glorot": glorot,
    "torch": torch_default,
}
"""Draw one layer's weight, (inputs, outputs), and bias, (outputs,), which come as zeros."""

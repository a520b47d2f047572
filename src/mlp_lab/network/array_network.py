"""A saved network computed by numpy: torch, whose import takes a second, is not needed to predict.

The layers are those of `plain_network`. They compute in double precision, whatever the weights are,
so that no prediction depends on the rows beside it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlp_lab.network import array_losses
from mlp_lab.network.activations import GATES, LEAK
from mlp_lab.network.architecture import EPS, layer_names, normalisation_name
from mlp_lab.network.array_losses import Floats, row_losses, sigmoid
from mlp_lab.network.embedding_plan import EmbeddingPlan
from mlp_lab.network.saved import Layers, Weights

Inputs = NDArray[np.floating[Any]]
"""Encoded rows, in the type that the weights were trained in."""

SILENT = np.errstate(over="ignore", invalid="ignore")
"""What is too large is infinite, as it is in torch; whoever reads it says so."""

NUMBERS_AT_ONCE = 2**20
"""Of the widest layer: 8 MB, which a processor's cache may hold."""


def _gelu(f: Floats) -> Floats:
    from scipy.special import ndtr  # noqa: PLC0415  a tenth of a second, for this one alone

    found: Floats = f * ndtr(f)
    return found


ACTIVATIONS: dict[str, Callable[[Floats], Floats]] = {
    "relu": lambda f: np.maximum(f, 0),
    "leaky_relu": lambda f: np.where(f > 0, f, LEAK * f),
    "elu": lambda f: np.where(f > 0, f, np.expm1(np.minimum(f, 0))),
    "tanh": np.tanh,
    "sigmoid": sigmoid,
    "gelu": _gelu,
    "silu": lambda f: f * sigmoid(f),
}


def activate(name: str, f: Floats) -> Floats:
    """h of pre-activations: (N, H), of gated units (N, 2 H) -> (N, H)."""
    if name in GATES:
        u, v = np.split(f, 2, -1)
        found: Floats = u * ACTIVATIONS[GATES[name]](v)
        return found
    return ACTIVATIONS[name](f)


def embed(plan: EmbeddingPlan, weights: Weights, inputs: Floats) -> Floats:
    """(N, D) -> (N, D'), in the order that the plan says."""

    def of(name: str, *shape: int) -> Floats:
        return weights[f"embedding.{name}"].reshape(*shape).astype(np.float64, copy=False)

    count, size = len(plan.numbers), plan.size
    parts = [inputs[:, plan.rest]]
    columns = inputs[:, plan.numbers].T  # (F, N)
    for kind in plan.kinds:
        weight, bias = of(f"{kind}_weight", count, -1, size), of(f"{kind}_bias", count, 1, size)
        if kind == "piecewise":
            e = _piecewise_linear(columns, of("knots", count, -1), weight) + bias
        else:
            e = _periodic(columns, of("periodic_frequency", count, -1), weight, bias)
        parts.append(e.transpose(1, 0, 2).reshape(len(inputs), count * size))
    for i, (first, stop) in enumerate(plan.categories):
        parts.append(inputs[:, first:stop] @ weights[f"embedding.category_{i}"])
    return np.concatenate(parts, 1)


def _piecewise_linear(x: Floats, knots: Floats, weight: Floats) -> Floats:
    """w x + sum_t v_t P_t(x): (F, N), (F, T + 1), (F, T + 1, E) -> (F, N, E).

    Of the bin in which x lies two rows are gathered, what all bins before it add and what it adds
    itself: a few numbers for each row, where a product with all P_t has T times as many.
    """
    own, width = weight[:, 1:], np.diff(knots)
    slope = np.divide(1, width, where=width > 0, out=np.zeros_like(width))
    adds = own * (width > 0)[..., None]
    before = adds.cumsum(1) - adds
    bins = width.shape[1]
    found = [ours.searchsorted(values, "right") for ours, values in zip(knots, x, strict=True)]
    bin_of = (np.reshape(found, x.shape) - 1).clip(0, bins - 1)
    place = bin_of + np.arange(len(knots))[:, None] * bins  # among the bins of all columns
    share = ((x - knots[:, :-1].ravel()[place]) * slope.ravel()[place]).clip(0, 1)
    e: Floats = own.reshape(-1, own.shape[2])[place]
    e *= share[..., None]
    e += before.reshape(-1, e.shape[2])[place]
    e += x[..., None] * weight[:, :1]
    return e


def _periodic(x: Floats, frequency: Floats, weight: Floats, bias: Floats) -> Floats:
    """ReLU(b + W [cos, sin](2 pi phi x)): (F, N), (F, n), (F, 2 n, E), (F, 1, E) -> (F, N, E).

    Of distinct values only, for cosines cost most of it, and few columns have no value twice.
    """
    e = np.empty((*x.shape, weight.shape[2]))
    for own, column, phi, w, b in zip(e, x, frequency, weight, bias, strict=True):
        values, places = np.unique(column, return_inverse=True)
        angle = values[:, None] * (2 * math.pi * phi)
        features = np.concatenate([np.cos(angle), np.sin(angle)], -1)
        own[:] = np.maximum(features @ w + b, 0)[places]
    return e


def pre_activation(layers: Layers, weights: Weights, inputs: Floats) -> Floats:
    """f of the last layer of one network, (N, D) -> (N, C)."""
    h = inputs if layers.embedding is None else embed(layers.embedding, weights, inputs)
    return after_first(layers, weights, _affine(weights, _names(layers)[0], h))


def after_first(layers: Layers, weights: Weights, f: Floats) -> Floats:
    """f of the last layer by that of the first, (N, H) -> (N, C)."""
    h, (_, *following) = f, _names(layers)
    for k, (activation, name) in enumerate(zip(layers.activations, following, strict=True)):
        own = activate(activation, _normalised(layers.normalisation, weights, k, f))
        h = h + own if layers.residual and k else own
        f = _affine(weights, name, h)
    return f


def _names(layers: Layers) -> list[str]:
    return layer_names(len(layers.activations))


def _affine(weights: Weights, name: str, h: Floats) -> Floats:
    found: Floats = h @ weights[f"{name}.weight"].T
    found += weights[f"{name}.bias"]
    return found


def _normalised(kind: str, weights: Weights, layer: int, f: Floats) -> Floats:
    if kind == "none":
        return f
    name = normalisation_name(layer)
    if kind == "layer":
        mean, variance = f.mean(-1, keepdims=True), f.var(-1, keepdims=True)
    else:
        mean, variance = (weights[f"{name}.running_{what}"] for what in ("mean", "var"))
    scaled = (f - mean) / np.sqrt(variance + EPS)
    found: Floats = scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]
    return found


@dataclass(frozen=True, slots=True)
class ArrayNetworks:
    """A saved network, or those of an ensemble; `dtype` is what they were trained in."""

    layers: Layers
    weights: Sequence[Weights]
    dtype: str

    @classmethod
    def of(cls, layers: Layers, weights: Sequence[Weights]) -> ArrayNetworks:
        """Those with weights as they were saved."""
        dtype = str(next(iter(weights[0].values())).dtype)
        double = [{name: own.astype(np.float64) for name, own in each.items()} for each in weights]
        return cls(layers, double, dtype)

    @staticmethod
    def can_compute(layers: Layers) -> bool:
        """Whether numpy does; parts of one's own are functions of torch's tensors."""
        known = all(name in ACTIVATIONS or name in GATES for name in layers.activations)
        return known and layers.loss in array_losses.LOSSES

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.weights)

    @SILENT
    def outputs(self, inputs: Inputs) -> Floats:
        """Their mean, by the temperature if there is one, (N, D) -> (N, C)."""
        return self.mean_of(self._pre_activations(inputs))[0]

    @SILENT
    def mean_and_each(self, inputs: Inputs) -> tuple[Floats, Floats]:
        """Their mean and each of them, (N, D) -> (N, C) and (M, N, C), by one pass."""
        f = self._pre_activations(inputs)
        mean, each = self.mean_of(f)
        return mean, self._value(f) if each is None else each

    @SILENT
    def mean_of(self, f: Floats) -> tuple[Floats, Floats | None]:
        """Their mean by f of the last layer of each, (M, N, C), and each where it is made of them.

        Where one temperature is that of the mean, it is made of f.
        """
        if self.layers.temperature == 1 or self.count == 1:
            each = self._value(f)
            mean: Floats = each.mean(0)
            return mean, each
        return self._value(array_losses.OUTPUTS[self.layers.output].of_mean(f)), None

    def _value(self, f: Floats) -> Floats:
        """The output function, by the temperature if there is one."""
        return array_losses.OUTPUTS[self.layers.output].value(self._tempered(f))

    @SILENT
    def outputs_and_losses(self, inputs: Inputs, targets: Floats) -> tuple[Floats, Floats, Floats]:
        """f of the mean, (N, C'), outputs, (N, C), and loss of each row, (N,)."""
        output, each = array_losses.OUTPUTS[self.layers.output], self._pre_activations(inputs)
        f = self._tempered(each[0] if len(each) == 1 else output.of_mean(each))
        y = output.value(f)
        return f, y, row_losses(self.layers.objective, y, f, targets)

    def _tempered(self, f: Floats) -> Floats:
        return f if self.layers.temperature == 1 else f / self.layers.temperature

    def by_column(self, widths: Sequence[int]) -> ArraySums:
        """The same as functions of sums over columns of so many inputs each."""
        return ArraySums(self, widths)

    def in_pieces(self, rows: Inputs) -> list[Floats]:
        """So many rows at a time, as doubles, that their units lie in a processor's cache."""
        embedding = self.layers.embedding
        widest = max(
            *(2 * max(own.linear_sizes) for own in self.layers.networks),
            0 if embedding is None else embedding.row_numbers,
        )
        step = max(1, NUMBERS_AT_ONCE // widest)
        starts = range(0, max(1, len(rows)), step)
        return [rows[start : start + step].astype(np.float64) for start in starts]

    def _pre_activations(self, inputs: Inputs) -> Floats:
        """f of each network, (M, N, C), some rows at a time."""
        pieces = self.in_pieces(inputs)
        return np.stack(
            [
                np.concatenate([pre_activation(own, weights, piece) for piece in pieces])
                for own, weights in zip(self.layers.networks, self.weights, strict=True)
            ]
        )


@dataclass(frozen=True, slots=True)
class ArraySums:
    """Networks as functions of sums over columns, which have so many inputs each, `widths`.

    The first layer adds up what it reads, and an embedding reads one column at a time. So of rows
    that are put together of columns of a few others, only the sums are new.
    """

    networks: ArrayNetworks
    widths: Sequence[int]

    @SILENT
    def parts(self, inputs: Inputs) -> Floats:
        """What each column adds to f of the first layers, (N, D) -> (N, F, S).

        S counts the units of all networks. Biases are a part of the first column.
        """
        of_input = np.repeat(np.arange(len(self.widths)), self.widths)
        double, parts = inputs.astype(np.float64), []
        for layers, weights in self._each:
            name, h, columns = _names(layers)[0], double, of_input
            if layers.embedding is not None:
                h = embed(layers.embedding, weights, double)
                columns = of_input[layers.embedding.origins]
            weight, bias = weights[f"{name}.weight"].T, weights[f"{name}.bias"]
            found = np.empty((len(inputs), len(self.widths), len(bias)))
            for column in range(len(self.widths)):
                own = np.flatnonzero(columns == column)
                found[:, column] = h[:, own] @ weight[own]
            found[:, 0] += bias
            parts.append(found)
        return parts[0] if len(parts) == 1 else np.concatenate(parts, 2)

    @SILENT
    def outputs(self, sums: Inputs) -> Floats:
        """Outputs of rows by the sum of what their columns add, (N, S) -> (N, C)."""
        pieces, each, at = self.networks.in_pieces(sums), [], 0
        for layers, weights in self._each:
            units = slice(at, at + len(weights[f"{_names(layers)[0]}.bias"]))
            own = [after_first(layers, weights, piece[:, units]) for piece in pieces]
            each.append(np.concatenate(own))
            at = units.stop
        return self.networks.mean_of(np.stack(each))[0]

    @property
    def _each(self) -> Iterator[tuple[Layers, Weights]]:
        return zip(self.networks.layers.networks, self.networks.weights, strict=True)

"""A network of plain torch layers as nodes of a graph, (N, D) -> (N, C)."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from mlp_lab.errors import UserError
from mlp_lab.export.graph import Graph
from mlp_lab.network.activations import GATES, LEAK
from mlp_lab.network.plain_network import (
    Elementwise,
    EmbeddedInputs,
    Exponential,
    Gated,
    Ordinal,
    Residual,
    Temperature,
)


class Layers:
    """Writes the nodes of networks whose weights are all of one type."""

    def __init__(self, graph: Graph, dtype: np.dtype[np.generic]) -> None:
        self.graph, self.dtype = graph, dtype

    def constant(self, value: Tensor | float) -> str:
        """A weight, or a number, as the network computes with it."""
        array = value.detach().cpu().numpy() if isinstance(value, Tensor) else value
        return self.graph.constant(array, self.dtype)

    def network(self, network: nn.Sequential, inputs: str, until: str = "") -> str:
        """Outputs of a network, (N, C), or what the layer called `until` gives.

        Raises:
            UserError: a layer is one that no graph can have.
        """
        h = read = inputs
        for name, layer in network.named_children():
            if name.startswith("hidden_"):
                read = h
            if isinstance(layer, Temperature):
                h = self.graph.node("Div", h, self.constant(layer.temperature))
            else:
                h = self.layer(layer, h)
            adds = name.startswith("activation_") and name != "activation_0"
            if isinstance(network, Residual) and adds:
                h = self.graph.node("Add", read, h)
            if name == until:
                break
        return h

    def layer(self, layer: nn.Module, h: str) -> str:
        """What a layer makes of values.

        Raises:
            UserError: no graph can have it.
        """
        if isinstance(layer, nn.Linear):
            weights = self.constant(layer.weight), self.constant(layer.bias)
            return self.graph.node("Gemm", h, *weights, transB=1)
        if isinstance(layer, nn.LayerNorm):
            weights = self.constant(layer.weight), self.constant(layer.bias)
            return self.graph.node("LayerNormalization", h, *weights, axis=-1, epsilon=layer.eps)
        if isinstance(layer, nn.BatchNorm1d):
            return self._batch_norm(layer, h)
        if isinstance(layer, EmbeddedInputs):
            return self._embedding(layer, h)
        if isinstance(layer, Elementwise | Gated):
            return self._named(layer.name, h)
        return LAYERS[type(layer)](self, h)

    def _named(self, name: str, f: str) -> str:
        """An activation by its name, a gated one among them."""
        if name in GATES:
            u, v = self.graph.parts(f, 2)
            return self.graph.node("Mul", u, ACTIVATIONS[GATES[name]](self, v))
        if name not in ACTIVATIONS:
            raise UserError(
                f"activation {name!r} is one of your own, which no ONNX graph has:"
                " --format torch writes it"
            )
        return ACTIVATIONS[name](self, f)

    def _batch_norm(self, layer: nn.BatchNorm1d, f: str) -> str:
        """By the running averages: a factor and a shift for each unit."""
        mean, variance = layer.running_mean, layer.running_var
        assert mean is not None
        assert variance is not None
        inverse = (variance.double() + layer.eps).rsqrt()
        factor = inverse * layer.weight.double()
        centered = self.graph.node("Sub", f, self.constant(mean))
        scaled = self.graph.node("Mul", centered, self.constant(factor))
        return self.graph.node("Add", scaled, self.constant(layer.bias))

    def _embedding(self, layer: EmbeddedInputs, inputs: str) -> str:
        """In the order of `EmbeddingPlan.outputs`."""
        graph, plan = self.graph, layer.plan
        parts = [self._gathered(inputs, plan.rest)] if plan.rest else []
        if plan.kinds:
            numbers = self._gathered(inputs, plan.numbers)
            x = graph.node("Unsqueeze", numbers, graph.constant([2], np.int64))  # (N, F, 1)
        for kind in plan.kinds:
            features = self._steps(layer, x) if kind == "piecewise" else self._waves(layer, x)
            e = self._of_columns(layer, kind, features)
            parts.append(graph.node("Relu", e) if kind == "periodic" else e)
        for i, (first, stop) in enumerate(plan.categories):
            marked = self._gathered(inputs, list(range(first, stop)))
            table = self.constant(layer.get_parameter(f"category_{i}"))
            parts.append(graph.node("MatMul", marked, table))
        return graph.joined(parts)

    def _gathered(self, inputs: str, places: list[int]) -> str:
        return self.graph.node("Gather", inputs, self.graph.constant(places, np.int64), axis=1)

    def _steps(self, layer: EmbeddedInputs, x: str) -> str:
        """x and its part of each bin, (N, F, T + 1)."""
        graph, knots = self.graph, layer.knots
        width = knots.diff(dim=1)
        slope = torch.where(width > 0, 1 / width, 0.0)
        beyond = graph.node("Sub", x, self.constant(knots[:, :-1]))
        share = graph.node("Mul", beyond, self.constant(slope))
        clipped = graph.node("Clip", share, self.constant(0.0), self.constant(1.0))
        return graph.node("Concat", x, clipped, axis=2)

    def _waves(self, layer: EmbeddedInputs, x: str) -> str:
        """Cosines and sines, (N, F, 2 n)."""
        graph = self.graph
        frequency = 2 * math.pi * layer.get_parameter("periodic_frequency")
        angle = graph.node("Mul", x, self.constant(frequency))
        if self.dtype == np.float64:  # for which onnxruntime has no cosine
            cosine = graph.node("Sin", graph.node("Add", angle, self.constant(math.pi / 2)))
        else:
            cosine = graph.node("Cos", angle)
        return graph.node("Concat", cosine, graph.node("Sin", angle), axis=2)

    def _of_columns(self, layer: EmbeddedInputs, kind: str, features: str) -> str:
        """Each column's features by its own weights, (N, F, n) -> (N, F E)."""
        graph, plan = self.graph, layer.plan
        columns = len(plan.numbers)
        weight = layer.get_parameter(f"{kind}_weight").view(columns, -1, plan.size)
        bias = layer.get_parameter(f"{kind}_bias").view(columns, 1, plan.size)
        first = graph.node("Transpose", features, perm=[1, 0, 2])
        product = graph.node("MatMul", first, self.constant(weight))
        e = graph.node("Transpose", graph.node("Add", product, self.constant(bias)), perm=[1, 0, 2])
        shape = graph.constant([-1, columns * plan.size], np.int64)
        return graph.node("Reshape", e, shape)


def _leaky_relu(layers: Layers, f: str) -> str:
    return layers.graph.node("Max", f, layers.graph.node("Mul", f, layers.constant(LEAK)))


def _elu(layers: Layers, f: str) -> str:
    graph = layers.graph
    if layers.dtype != np.float64:
        return graph.node("Elu", f)
    below = graph.node("Exp", graph.node("Min", f, layers.constant(0.0)))
    left = graph.node("Sub", below, layers.constant(1.0))
    return graph.node("Add", graph.node("Relu", f), left)


def _gelu(layers: Layers, f: str) -> str:
    """x Phi(x); onnxruntime has the error function in single precision alone."""
    graph = layers.graph
    scaled = graph.node("Mul", f, layers.constant(math.sqrt(0.5)))
    if layers.dtype == np.float64:
        error = graph.cast(graph.node("Erf", graph.cast(scaled, np.float32)), np.float64)
    else:
        error = graph.node("Erf", scaled)
    twice = graph.node("Add", error, layers.constant(1.0))
    return graph.node("Mul", f, graph.node("Mul", twice, layers.constant(0.5)))


def _silu(layers: Layers, f: str) -> str:
    """x sigmoid(x); onnxruntime fuses these two, up to 1.20 also where it has no such kernel."""
    graph = layers.graph
    if layers.dtype != np.float64:
        return graph.node("Mul", f, graph.node("Sigmoid", f))
    decay = graph.node("Exp", graph.node("Neg", f))
    return graph.node("Div", f, graph.node("Add", decay, layers.constant(1.0)))


ACTIVATIONS: dict[str, Callable[[Layers, str], str]] = {
    "relu": lambda layers, f: layers.graph.node("Relu", f),
    "leaky_relu": _leaky_relu,
    "elu": _elu,
    "tanh": lambda layers, f: layers.graph.node("Tanh", f),
    "sigmoid": lambda layers, f: layers.graph.node("Sigmoid", f),
    "gelu": _gelu,
    "silu": _silu,
}
"""Activation -> its nodes; those with gates are made of these."""


def _ordinal(layers: Layers, f: str) -> str:
    """Probabilities of ordered classes, as `ordinal.probabilities`."""
    graph = layers.graph
    zero, one = layers.constant(0.0), layers.constant(1.0)
    decay = graph.node("Exp", graph.node("Neg", graph.node("Abs", f)))
    rest = graph.node("Log", graph.node("Add", one, decay))
    going_on = graph.node("Add", graph.node("Max", graph.node("Neg", f), zero), rest)
    stopping = graph.node("Add", graph.node("Max", f, zero), rest)
    none = graph.node("Sub", graph.column(f, 0), graph.column(f, 0))
    passed = graph.node("CumSum", going_on, graph.constant(1, np.int64))
    total = graph.node("Add", graph.joined([none, passed]), graph.joined([stopping, none]))
    return graph.node("Exp", graph.node("Neg", total))


LAYERS: dict[type[nn.Module], Callable[[Layers, str], str]] = {
    nn.ReLU: ACTIVATIONS["relu"],
    nn.LeakyReLU: ACTIVATIONS["leaky_relu"],
    nn.ELU: ACTIVATIONS["elu"],
    nn.Tanh: ACTIVATIONS["tanh"],
    nn.Sigmoid: ACTIVATIONS["sigmoid"],
    nn.GELU: ACTIVATIONS["gelu"],
    nn.SiLU: ACTIVATIONS["silu"],
    nn.GLU: lambda layers, f: layers._named("glu", f),
    nn.Softmax: lambda layers, f: layers.graph.node("Softmax", f, axis=-1),
    Exponential: lambda layers, f: layers.graph.node("Exp", f),
    Ordinal: _ordinal,
}
"""Layer without weights -> its nodes."""

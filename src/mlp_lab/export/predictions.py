"""What a graph gives: predictions in the target's own units or by name, and probabilities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mlp_lab.data.schema import AnyTarget, Target
from mlp_lab.export.graph import Graph

PREDICTION, PROBABILITIES, PROBABILITY, SPREAD = (
    *("prediction", "probabilities", "probability", "spread"),
)


def output_names(
    target: AnyTarget, *, probabilities: bool, ensemble: bool, prefix: str = ""
) -> dict[str, str]:
    """What a graph gives of a network -> the name of that output.

    As the columns of `mlp-lab predict`; but the probabilities of one target's classes are together.
    """
    whole = isinstance(target, Target)
    found = [PREDICTION]
    if probabilities:
        found.append(PROBABILITIES if whole else PROBABILITY)
    if ensemble:
        found.append(SPREAD)
    if whole:
        return {what: f"{prefix}{what}" for what in found}
    return {
        f"{what}_{t}": f"{prefix}{what}_{one.name}"
        for what in found
        for t, one in enumerate(target.each)
    }


def mean_of(graph: Graph, values: Sequence[str]) -> str:
    """The mean of values of one shape, in double precision."""
    if len(values) == 1:
        return values[0]
    count = graph.constant(float(len(values)), np.float64)
    return graph.node("Div", graph.node("Sum", *values), count)


def by_temperature(
    graph: Graph, last: Sequence[str], temperature: float, target: AnyTarget
) -> tuple[list[str], str]:
    """Probabilities of each network by a temperature, and those of their mean, (N, C) of each.

    Of the networks' last pre-activations f, in double precision: in single precision a probability
    near 1 has lost what a temperature would make of it.
    """
    one, divisor = (graph.constant(value, np.float64) for value in (1.0, temperature))
    sigmoid = not isinstance(target, Target) or target.outputs == 1

    def value(f: str) -> str:
        return graph.node("Sigmoid", f) if sigmoid else graph.node("Softmax", f, axis=-1)

    own = [graph.cast(f, np.float64) for f in last]
    mean = mean_of(graph, [value(f) for f in own])
    f = graph.node("Log", mean)
    if sigmoid:
        f = graph.node("Sub", f, graph.node("Log", graph.node("Sub", one, mean)))
    each = [value(graph.node("Div", each, divisor)) for each in own]
    return each, value(graph.node("Div", f, divisor))


class Predictions:
    """Writes the nodes behind the outputs of one network or several, each (N, C)."""

    def __init__(
        self, graph: Graph, outputs: Sequence[str], refused: str, mean: str | None = None
    ) -> None:
        """Outputs of networks; `refused` marks rows, (N, 1), for which nothing is predicted.

        `mean`: what they predict together, by default their mean.
        """
        self.graph, self._refused = graph, refused
        own = [graph.cast(each, np.float64) for each in outputs]
        self._outputs = [self._known(each) for each in own]
        self._mean = mean_of(graph, self._outputs) if mean is None else self._known(mean)

    def write(self, target: AnyTarget, names: dict[str, str]) -> None:
        """Name the outputs of the graph, by what they are."""
        if isinstance(target, Target):
            self._one(target, self._mean, self._outputs, names)
            return
        for t, one in enumerate(target.each):
            own = {what: names[key] for what in ALL if (key := f"{what}_{t}") in names}
            each = [self.graph.column(outputs, t) for outputs in self._outputs]
            self._one(one, self.graph.column(self._mean, t), each, own)

    def _one(self, target: Target, mean: str, each: Sequence[str], names: dict[str, str]) -> None:
        graph = self.graph
        if target.classes is None:
            graph.output(names[PREDICTION], graph.flat(self._decoded(target, mean)), np.float64)
            compared = [self._decoded(target, own) for own in each]
        else:
            scores = self._scores(target, mean)
            decided = self._decided(target, mean)
            self._write_class(target, decided, names[PREDICTION])
            if PROBABILITIES in names:
                graph.output(names[PROBABILITIES], scores, np.float64, len(target.classes))
            if PROBABILITY in names:
                graph.output(names[PROBABILITY], graph.flat(mean), np.float64)
            compared = self._compared(target, each, decided, together=PROBABILITY not in names)
        if SPREAD in names:
            graph.output(names[SPREAD], graph.flat(self._deviation(compared)), np.float64)

    def _compared(
        self, target: Target, each: Sequence[str], decided: str, *, together: bool
    ) -> list[str]:
        """What the networks of an ensemble may disagree in, (N, 1) of each."""
        if not together:
            return list(each)
        graph = self.graph
        scores = (self._scores(target, own) for own in each)
        return [graph.node("GatherElements", own, decided, axis=1) for own in scores]

    def _known(self, outputs: str) -> str:
        """NaN in a row that is refused."""
        if not self._refused:
            return outputs
        none = self.graph.constant(np.nan, np.float64)
        return self.graph.node("Where", self._refused, none, outputs)

    def _decoded(self, target: Target, outputs: str) -> str:
        """As `Target.decode`, (N, 1)."""
        graph, scaling = self.graph, target.scaling
        scaled = graph.node("Mul", outputs, graph.constant(scaling.scale, np.float64))
        value = graph.node("Add", scaled, graph.constant(scaling.center, np.float64))
        if target.transform == "none":
            return value
        value = graph.node("Exp", value)
        if target.transform == "log":
            return value
        return graph.node("Sub", value, graph.constant(1.0, np.float64))

    def _scores(self, target: Target, outputs: str) -> str:
        """As `Target.scores`, (N, classes)."""
        if target.outputs > 1:
            return outputs
        graph = self.graph
        other = graph.node("Sub", graph.constant(1.0, np.float64), outputs)
        return graph.joined([other, outputs])

    def _decided(self, target: Target, outputs: str) -> str:
        """As `Target.decide`, (N, 1)."""
        graph = self.graph
        if target.outputs > 1:
            return graph.node("ArgMax", outputs, axis=1, keepdims=1)
        return graph.cast(graph.node("Greater", outputs, graph.constant(0.5, np.float64)), np.int64)

    def _write_class(self, target: Target, decided: str, name: str) -> None:
        """The name of a class; no text in a row that is refused."""
        graph = self.graph
        named = graph.node("Gather", graph.constant(target.classes or []), decided, axis=0)
        if self._refused:
            named = graph.node("Where", self._refused, graph.constant(""), named)
        graph.output(name, graph.flat(named), str)

    def _deviation(self, values: Sequence[str]) -> str:
        """The standard deviation of M numbers, (N, 1) each, with M - 1 degrees of freedom."""
        graph, mean = self.graph, mean_of(self.graph, values)
        apart = graph.node("Sub", graph.joined(list(values)), mean)
        squares = graph.node("Mul", apart, apart)
        axis = graph.constant([1], np.int64)
        total = graph.node("ReduceSum", squares, axis, keepdims=1)
        count = graph.constant(float(len(values) - 1), np.float64)
        return graph.node("Sqrt", graph.node("Div", total, count))


ALL = (PREDICTION, PROBABILITIES, PROBABILITY, SPREAD)

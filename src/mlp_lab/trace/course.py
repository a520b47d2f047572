"""Single numbers as the course writes them: sums of a product of matrices, and the chain rule.

One equation stands for one entry: its name, its formula, the same in numbers, and the value that
the engine has. Also the two forms of the categorical cross-entropy, which agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor

from mlp_lab.trace.formulas import ACTIVATION
from mlp_lab.trace.quantities import Trace

MOST_CLASSES = 10
"""Terms of a cross-entropy's sum that are written out."""


@dataclass(frozen=True, slots=True)
class Equation:
    """name = words = product = value: an entry, its formula, and the same in numbers."""

    name: str
    words: str
    product: str
    value: float


@dataclass(frozen=True, slots=True)
class Section:
    """Equations under a heading, in groups of which each belongs to one tensor."""

    heading: str
    meaning: str
    groups: Sequence[Sequence[Equation]]


@dataclass(frozen=True, slots=True)
class Factor:
    """A symbol, or a sum in parentheses, and the same as numbers."""

    words: str
    number: str


def number(value: float) -> str:
    """Five significant digits, at most 11 characters; no negative zero."""
    return f"{value + 0.0:.5g}"


def sections(trace: Trace) -> list[Section]:
    """What can be written out: the course's equations, and the cross-entropy of classes."""
    found = []
    if forward := forward_equations(trace):
        prime = "; f'_k and h'_k are those of the second layer" * (len(trace.slopes) == 2)
        found += [
            Section(
                "Forward, number by number",
                "each sum of products is an entry of a product of matrices; f_j and h_j belong to"
                f" unit j{prime}",
                forward,
            ),
            Section(
                "The chain rule, in the course's notation",
                "dy = y - t; a product of slopes for each way from y to the parameter, summed over"
                " the ways",
                gradient_equations(trace),
            ),
        ]
    if forms := cross_entropy_equations(trace):
        found.append(
            Section(
                "Two forms of the cross-entropy",
                "t is 1 for the true class and 0 for the others, so that of the sum over classes"
                " the true one's -log(y) is left",
                forms,
            )
        )
    return found


def written_out(trace: Trace) -> bool:
    """Whether there are names, and one row through linear output and squared error, unweighted."""
    network = trace.network
    objective = (network.objective.output, network.objective.loss)
    return (
        bool(network.course)
        and objective == ("linear", "mse")
        and network.rows == 1
        and network.weights is None
    )


def forward_equations(trace: Trace) -> list[list[Equation]]:
    """f and h of each hidden layer and y, a group for each; empty where nothing is written out."""
    if not written_out(trace):
        return []
    sizes, groups = trace.network.sizes, []
    for k, (inputs, units) in enumerate(pairwise(sizes)):
        sums = []
        for j in range(units):
            bias = _parameter(trace, f"beta_{k}", 0, j)
            terms = [
                _product([_parameter(trace, f"Omega_{k}", i, j), _input(trace, k, i)])
                for i in range(inputs)
            ]
            name = _unit(trace, "f", k, j) if k < len(sizes) - 2 else "y"
            all_terms = [bias, *terms]
            sums.append(_equation(name, all_terms, " + ", trace.value(f"f_{k}")[0, j]))
        groups.append(sums)
        if k < len(sizes) - 2:
            groups.append([_activated(trace, k, j) for j in range(units)])
    return groups


def _activated(trace: Trace, k: int, j: int) -> Equation:
    """h of a unit, from its f."""
    formula = ACTIVATION[trace.network.mlp.activation_names[k]]
    f, h = float(trace.value(f"f_{k}")[0, j]), float(trace.value(f"h_{k + 1}")[0, j])
    words, product = formula.format(f=_unit(trace, "f", k, j)), formula.format(f=number(f))
    return Equation(_unit(trace, "h", k, j), words, product, h)


def gradient_equations(trace: Trace) -> list[list[Equation]]:
    """dL/d of each parameter by the course's name, a group for each tensor; empty likewise."""
    if not written_out(trace):
        return []
    dy = float(trace.value("y") - trace.network.t)
    start = [Factor("2", "2"), Factor("dy", _factor(dy))]
    groups: dict[str, list[Equation]] = {}
    for name, (tensor, row, column) in trace.network.course.items():
        layer = int(tensor.partition("_")[2])
        factors = [*start, *_ways(trace, layer, column)]
        if tensor.startswith("Omega"):
            factors.append(_input(trace, layer, row))
        value = trace.value(f"dL/d{tensor}")[row, column]
        groups.setdefault(tensor, []).append(_equation(f"dL/d{name}", factors, " ", value))
    return list(groups.values())


def _ways(trace: Trace, layer: int, unit: int) -> list[Factor]:
    """Slopes from y back to f of a unit: a product, or a sum of products over several ways."""
    sizes = trace.network.sizes
    last = len(sizes) - 2
    if layer == last:
        return []
    slope = Factor(f"a'({_unit(trace, 'f', layer, unit)})", _factor(trace.slopes[layer][0, unit]))
    ways = [
        [*_ways(trace, layer + 1, k), _parameter(trace, f"Omega_{layer + 1}", unit, k)]
        for k in range(sizes[layer + 2])
    ]
    if len(ways) == 1:
        return [*ways[0], slope]
    products = [_product(way) for way in ways]
    whole = Factor(
        f"({' + '.join(each.words for each in products)})",
        f"({' + '.join(each.number for each in products)})",
    )
    return [whole, slope]


def cross_entropy_equations(trace: Trace) -> list[list[Equation]]:
    """-sum t log y and -log y of the true class, of each row; empty for other losses and targets.

    The targets of every row must be one 1 among zeros.
    """
    network = trace.network
    t, y = network.t, trace.value("y")
    one_hot = bool(((t == 0) | (t == 1)).all()) and bool((t.sum(1) == 1).all())
    fits = network.objective.loss == "cce" and t.shape[1] <= MOST_CLASSES
    if not (fits and one_hot and network.weights is None and trace.finite):
        return []
    return [
        _two_forms("L" if network.rows == 1 else f"L_{row + 1}", t[row], y[row])
        for row in range(network.rows)
    ]


def _two_forms(name: str, t: Tensor, y: Tensor) -> list[Equation]:
    places, true = range(1, len(t) + 1), int(t.argmax())
    words = " - ".join(f"t_{c} log(y_{c})" for c in places)
    pairs = zip(t.tolist(), y.tolist(), strict=True)
    product = " - ".join(f"{number(share)} * log({number(p)})" for share, p in pairs)
    summed, single = float(-(t * y.log()).sum()), float(-y[true].log())
    return [
        Equation(name, f"-{words}", f"-{product}", summed),
        Equation(name, f"-log(y_{true + 1})", f"-log({number(float(y[true]))})", single),
    ]


def _equation(name: str, parts: Sequence[Factor], sign: str, value: Tensor) -> Equation:
    """A product (sign " ") or a sum (" + ") of parts."""
    between = " * " if sign == " " else sign
    words, numbers = (part.words for part in parts), (part.number for part in parts)
    return Equation(name, sign.join(words), between.join(numbers), float(value))


def _product(factors: Sequence[Factor]) -> Factor:
    words, numbers = (part.words for part in factors), (part.number for part in factors)
    return Factor(" ".join(words), " * ".join(numbers))


def _parameter(trace: Trace, tensor: str, row: int, column: int) -> Factor:
    name = trace.network.entry(tensor, row, column)
    return Factor(name, _factor(trace.value(tensor)[row, column]))


def _input(trace: Trace, layer: int, place: int) -> Factor:
    """What a layer reads: x, or h of a unit."""
    if layer:
        value = trace.value(f"h_{layer}")[0, place]
        return Factor(_unit(trace, "h", layer - 1, place), _factor(value))
    x = trace.network.x
    return Factor("x" if x.shape[1] == 1 else f"x_{place + 1}", _factor(x[0, place]))


def _unit(trace: Trace, letter: str, layer: int, unit: int) -> str:
    """f_1 of the first hidden layer, f'_1 of the second."""
    assert layer < len(trace.slopes), "y is the only unit of the last layer"
    return letter + "'" * layer + f"_{unit + 1}"


def _factor(value: Tensor | float) -> str:
    text = number(float(value))
    return f"({text})" if text.startswith("-") else text

"""A trace number by number, in the order in which both passes find them.

Each has a unit or an edge where it stands, the formula of its tensor, and the same in its numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mlp_lab.trace.course import number
from mlp_lab.trace.quantities import Quantity, Trace

FORWARD, BACKWARD = "forward", "backward"

LOSS = -1
"""The unit of L, which belongs to no single one."""

OF_UNITS = ("f", "g", "n", "h", "gain", "shift", "beta", "Omega")
"""What a layer has of each unit; a number behind another name counts something else."""


@dataclass(frozen=True, slots=True)
class Step:
    """name = formula = product = value: one number of a pass of one row.

    `formula` is that of its whole tensor; `product` the same with this entry's numbers, empty
    where one number is made of too many. It stands at a unit of a layer, inputs being layer 0; of
    a weight `source` is the unit of the layer before that its edge comes from.
    """

    name: str
    formula: str
    product: str
    value: float
    phase: str
    layer: int
    unit: int
    source: int | None = None


def steps(trace: Trace) -> list[Step]:
    """All numbers of both passes of a trace of one row; what is given has no step."""
    assert trace.network.rows == 1
    found: list[Step] = []
    for quantity in trace.forward:
        if quantity.formula:
            found += _entries(trace, quantity, FORWARD)
    for gradient in trace.backward:
        found += _entries(trace, gradient, BACKWARD)
    return found


def _entries(trace: Trace, quantity: Quantity, phase: str) -> Iterator[Step]:
    of = quantity.name.removeprefix("dL/d")
    rows, columns = quantity.value.shape
    for row in range(rows):
        for column in range(columns):
            layer, unit, source = _place(trace, of, row, column)
            yield Step(
                name=_named(trace, quantity, row, column),
                formula=quantity.formula,
                product=_product(trace, quantity, row, column),
                value=float(quantity.value[row, column]),
                phase=phase,
                layer=layer,
                unit=unit,
                source=source,
            )


def _named(trace: Trace, quantity: Quantity, row: int, column: int) -> str:
    """f_0[2] for a unit, dL/dtheta_12 for a weight where the course has a name for it."""
    of = quantity.name.removeprefix("dL/d")
    before = quantity.name.removesuffix(of)
    if of.startswith(("Omega", "beta")):
        return before + trace.network.entry(of, row, column)
    if of == "L" or (of == "y" and quantity.value.shape[1] == 1):
        return quantity.name
    at = f"{column + 1}" if quantity.value.shape[0] == 1 else f"{row + 1}, {column + 1}"
    return f"{before}{of}[{at}]"


def _place(trace: Trace, of: str, row: int, column: int) -> tuple[int, int, int | None]:
    """Layer, unit and source of an entry; of what belongs to no single unit, the unit is `LOSS`.

    So are L, what embeds inputs, and the last of ordered classes, which are one more than units.
    """
    letter, _, tail = of.partition("_")
    sizes, last = trace.network.sizes, len(trace.network.sizes) - 1
    if of == "y":
        return last, column if column < sizes[last] else LOSS, None
    if letter not in OF_UNITS:
        return (last if of == "L" else 0), LOSS, None
    layer = int(tail) + (letter != "h")
    unit = column % sizes[layer]  # a gated unit has two pre-activations
    return layer, unit, row if letter == "Omega" else None


def _product(trace: Trace, quantity: Quantity, row: int, column: int) -> str:
    """The formula in numbers, where it is written for each entry or is a short sum."""
    of = quantity.name.removeprefix("dL/d")
    letter, _, tail = of.partition("_")
    if quantity.name == of:
        if letter == "f":
            return _pre_activation(trace, int(tail), column)
        return _substituted(trace, quantity.formula, column)
    if letter == "Omega":
        read, d = _read(trace, int(tail)), trace.value(f"dL/df_{tail}")[0, column]
        return f"{_factor(float(read[row]))} * {_factor(float(d))}"
    if letter == "h" and "+" not in quantity.formula:
        return _pulled_back(trace, int(tail), column)
    return _substituted(trace, quantity.formula, column)


def _read(trace: Trace, layer: int) -> list[float]:
    """What a layer reads."""
    embedded = "x" if trace.network.plan is None else "e"
    values: list[float] = trace.value(f"h_{layer}" if layer else embedded)[0].tolist()
    return values


MOST_TERMS = 12
"""Of a sum that is written out."""


def _pre_activation(trace: Trace, layer: int, unit: int) -> str:
    """beta + a product of weight and what it reads for each edge that leads to a unit."""
    weights = trace.value(f"Omega_{layer}")[:, unit].tolist()
    pairs = zip(_read(trace, layer), weights, strict=True)
    terms = [f"{_factor(h)} * {_factor(weight)}" for h, weight in pairs]
    return " + ".join([number(float(trace.value(f"beta_{layer}")[0, unit])), *_shortened(terms)])


def _pulled_back(trace: Trace, layer: int, unit: int) -> str:
    """A product of gradient and weight for each edge that leads on from a unit."""
    gradients = trace.value(f"dL/df_{layer}")[0].tolist()
    weights = trace.value(f"Omega_{layer}")[unit].tolist()
    pairs = zip(gradients, weights, strict=True)
    return " + ".join(_shortened([f"{_factor(d)} * {_factor(weight)}" for d, weight in pairs]))


def _shortened(terms: list[str]) -> list[str]:
    more = len(terms) - MOST_TERMS
    return terms if more <= 0 else [*terms[:MOST_TERMS], f"… {more} more"]


HALVES = re.compile(r"\b[uv]_\d")
"""What formulas call the two pre-activations of a gated unit: no tensors of a trace."""

SYMBOL = re.compile(r"dL/d[a-z]+(?:_\d+)?|a'\([a-z]_\d+\)|\b(?:[fghn]|gain|shift)_\d+|\b[ytw]\b")
"""What stands for a number in a formula that is written for each entry."""

TWICE = re.compile(r"\(\((-[^()]*)\)(?=[,)])")
"""A negative number that is an argument already."""

WHOLE = ("sum", "prod", "mean", "[", "^T", "Omega", " C", " s_")
"""Signs of formulas that need more than the entry's own numbers."""


def _substituted(trace: Trace, formula: str, column: int) -> str:
    """An elementwise formula with the numbers of a column; empty where it is none."""
    formula = formula.rpartition(" = ")[2]
    names = set(SYMBOL.findall(formula))
    if not names or HALVES.search(formula) or any(sign in formula for sign in WHOLE):
        return ""
    numbers: dict[str, str] = {}
    for name in names:
        value = _value_of(trace, name, column)
        if value is None:
            return ""
        numbers[name] = _factor(value)
    found = SYMBOL.sub(lambda symbol: numbers[symbol.group()], formula)
    if formula in names:
        return found.strip("()")
    return TWICE.sub(r"(\1", found)


def _value_of(trace: Trace, name: str, column: int) -> float | None:
    """A number of a column by the name that formulas have for it; None where there is none."""
    if name == "t":
        tensor = trace.network.t
    elif name == "w":
        tensor, column = trace.network.loss_weights[None], 0  # one of the row, whatever its class
    elif name.startswith("a'"):
        tensor = trace.slopes[int(name.rstrip(")").rpartition("_")[2])]
    else:
        known = {each.name: each.value for each in (*trace.forward, *trace.backward)}
        if name not in known:
            return None
        tensor = known[name]
    return float(tensor[0, column]) if column < tensor.shape[1] else None


def _factor(value: float) -> str:
    text = number(value)
    return f"({text})" if text.startswith("-") else text

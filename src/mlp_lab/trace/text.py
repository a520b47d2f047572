"""A trace in words: for the terminal at 80 columns, and as Markdown."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence

from torch import Tensor

from mlp_lab.formatting import counted
from mlp_lab.trace.course import Equation, Section, number, sections
from mlp_lab.trace.formulas import LETTERS, as_latex, in_prose
from mlp_lab.trace.quantities import Gradient, Network, Quantity, Trace

WIDTH = 80
COLUMN = 12
LEFT = WIDTH - 3 * COLUMN
"""Characters before the columns."""
NOT_TAKEN = "-"
HEADINGS = ("engine", "autograd", "difference")
BESIDE = 6
"""Numbers in a row."""
INLINE = 3
"""Numbers that stand on the line of their quantity."""


def cut(value: Tensor, most: int, widest: int) -> tuple[list[list[str]], str]:
    """The first rows and columns of a matrix as text, and what is missing, in words.

    No row has more than `widest` entries, dots included.
    """
    rows, columns = value.shape
    kept = min(most, columns if columns <= widest else widest - 1)
    shown = [[number(entry) for entry in row[:kept]] for row in value[:most].tolist()]
    missing = []
    if columns > kept:
        shown = [[*row, "…"] for row in shown]
        missing.append(f"{columns - kept:,} more of {columns:,} columns")
    if rows > most:
        missing.append(f"{rows - most:,} more of {rows:,} rows")
    return shown, " and ".join(missing)


def shape_text(shape: Sequence[int]) -> str:
    """(2, 3), (3) or nothing for a number."""
    return f"({', '.join(map(str, shape))})" if shape else "number"


COURSE_NAMES = {
    1: "theta_ij leads from input i to unit j and theta_0j is the unit's bias; phi_j leads from"
    " unit j to y, whose bias is phi_0",
    2: "theta_ij leads from input i to unit j of the first layer, psi_jk from there to unit k of"
    " the second, phi_k from there to y; theta_0j, psi_0k and phi_0 are biases",
}
"""By the number of hidden layers."""


def title(trace: Trace) -> list[str]:
    """What is traced, and how to read it."""
    network = trace.network
    sizes, rows, objective = network.sizes, network.rows, network.objective
    layers = [
        counted(network.inputs, "input"),
        *network.hidden,
        f"{sizes[-1]:,} {objective.output}",
    ]
    numbers = "".join(f", {LETTERS[name]} = {value:g}" for name, value in objective.numbers)
    lines = [f"{' -> '.join(layers)}; loss {objective.loss}{numbers}; {counted(rows, 'row')}"]
    lines.append(
        "t is the target, y what the network gives; layers count from 0, rows and units from 1;"
        " * is elementwise"
        + (f"; B = {rows} rows" if rows > 1 else "")
        + (f"; C = {sizes[-1]} outputs" if sizes[-1] > 1 and not objective.function.summed else "")
        + ("; w is a row's weight in the loss" if network.weights is not None else "")
    )
    if objective.output == "ordinal":
        lines.append(
            "f of class k is the log-odds that a row goes beyond it once it reaches it; prod_before"
            " is over the classes before k, sum_beyond over those after it; the last has no f"
        )
    if network.label_smoothing:
        smoothed = "t is smoothed, as in training: with"
        lines.append(f"{smoothed} label smoothing {network.label_smoothing:g}")
    dropout = network.dropout
    if any(dropout if isinstance(dropout, list) else [dropout]):
        lines.append(f"without the dropout of {dropout} that training has")
    if max(network.parts, default=1) > 1:
        lines.append(
            "a gated unit has two pre-activations: f_k = [u_k, v_k], all u first; dL/dh [I, I] is"
            " dL/dh beside itself, and a'(f_k) the slopes of h by u, then by v"
        )
    lines += [words for words in _of_other_layers(network) if words]
    if network.course:
        lines.append(COURSE_NAMES[len(sizes) - 2])
    return lines


def _of_other_layers(network: Network) -> list[str]:
    """How to read what the course does not have."""
    plan, kind = network.plan, network.mlp.normalisation
    over = NORMALISED[kind]
    if kind == "batch":
        over = over[network.rows > 1]
    kinds = "; ".join(EMBEDDED[kind] for kind in (plan.kinds if plan else ()))
    tables = "a category becomes a row of its table" if plan and plan.categories else ""
    what = "; ".join(filter(None, [kinds, tables]))
    return [
        f"the first of {network.ensemble} networks, whose mean the run predicts"
        * (network.ensemble > 1),
        f"the inputs are embedded: the first layer reads e; {what}" * bool(plan),
        f"n_k is f_k less its mean, by its standard deviation s_k, {over}" * network.normalised,
        "from the second on, a hidden layer adds what it reads to what it gives"
        * network.mlp.residual,
    ]


EMBEDDED = {
    "piecewise": "piecewise(x) = b + w x + sum_t v_t P_t(x), with w and then the v in"
    " piecewise_weight",
    "periodic": "periodic(x) = max(r, 0), r = b + [cos, sin] W, of 2 pi phi x",
}
"""What becomes of a number, by each kind of embedding."""

NORMALISED = {
    "none": "",
    "layer": "over the units of a row",
    "batch": ("as training's running averages have them for one row", "over the rows"),
}
"""By the kind of normalisation, and of a batch by whether it has several rows."""


def columns_of(trace: Trace) -> list[str]:
    """What the inputs are, where a table's columns say so."""
    columns = trace.network.columns
    if not columns:
        return []
    shown = [*columns[:8], *["…"] * (len(columns) > 8)]
    return [f"x holds, as the network reads them: {', '.join(shown)}"]


def checks(trace: Trace) -> list[str]:
    """How far the three ways disagree, and why where they must."""
    lines = []
    for which, words in (("autograd", "autograd"), ("difference", "central differences")):
        error, where = trace.largest_error(which)
        lines.append(
            f"largest disagreement with {words}: {error:.2g}" + f" at {where}" * bool(where)
        )
    lines.append("(relative to max(1, |value|); differences leave out kinks)")
    for gradient in trace.backward:
        taken = int((~gradient.difference.isnan()).sum())
        if taken < (entries := gradient.difference.numel()) and trace.finite:
            lines.append(f"differences of {gradient.name}: {taken} of {entries:,} entries")
    if trace.kinks:
        first = ", ".join(trace.kinks[:6]) + ", …" * (len(trace.kinks) > 6)
        lines.append(
            f"kink: the loss has no derivative there, or has one on either side within the"
            f" difference's step, so that the difference says something else: {first}"
            f" ({len(trace.kinks)} in all). {_at_kink(trace)}"
        )
    if not trace.finite:
        lines.append(
            "not every number is finite: y is exactly 0 or 1, or the weights are too large"
        )
    return lines


def _at_kink(trace: Trace) -> str:
    names = set(trace.network.mlp.activation_names)
    slopes = [f"{name} a'(0) = {slope}" for name, slope in KINK_SLOPES.items() if name in names]
    if trace.network.objective.loss in ("mae", "quantile"):
        slopes.append(f"{trace.network.objective.loss} sign(0) = 0")
    return f"Engine and autograd take {', '.join(slopes)}"


KINK_SLOPES = {"relu": "0", "leaky_relu": "0.01", "reglu": "0"}


def text(trace: Trace, most: int) -> list[str]:
    """The trace for a terminal; at most so many rows, columns and entries of a quantity."""
    lines = [
        part for line in [*title(trace), *columns_of(trace)] for part in textwrap.wrap(line, WIDTH)
    ]
    lines += ["", "FORWARD PASS"]
    for quantity in trace.forward:
        lines += _quantity(quantity, most)
    lines += ["", f"{'BACKWARD PASS':<{LEFT}}" + _three(HEADINGS)]
    for gradient in trace.backward:
        letter, _, layer = gradient.of.partition("_")
        if letter == ("g" if trace.network.normalised else "f") and int(layer) < len(trace.slopes):
            slope = trace.slopes[int(layer)]
            name = f"a'({gradient.of})"
            lines += _quantity(Quantity(name, "", tuple(slope.shape), slope), most)
        lines += _gradient(trace, gradient, most)
    for section in sections(trace):
        lines += ["", *textwrap.wrap(f"{section.heading.upper()}: {section.meaning}", WIDTH)]
        lines += _equations(section, most)
    lines += ["", "CHECKS"]
    return lines + [part for line in checks(trace) for part in textwrap.wrap(line, WIDTH)]


def _equations(section: Section, most: int) -> list[str]:
    """Its equations below each other, `=` below `=` in all groups, or in each that has room."""
    shown = [each for group in section.groups for each in group[:most]]
    together = _columns(shown)
    lines = []
    for group in section.groups:
        lines += _aligned(group[:most], together or _columns(group[:most]))
        if missing := missing_equations(group, most):
            lines.append(f"    … {missing}")
    return lines


def _columns(equations: Sequence[Equation]) -> list[int]:
    """Characters of name, words and product, side by side; empty where a line has no room."""
    parts = [(each.name, each.words, each.product) for each in equations]
    wide = [max(map(len, column)) for column in zip(*parts, strict=True)]
    values = max(len(number(each.value)) for each in equations)
    return wide if sum(wide) + len(" = ") * len(wide) + values <= WIDTH else []


def _aligned(equations: Sequence[Equation], wide: Sequence[int]) -> list[str]:
    lines = []
    for each in equations:
        parts, value = (each.name, each.words, each.product), number(each.value)
        if wide:
            lines.append(" = ".join([*map(str.ljust, parts, wide), value]))
            continue
        lines += textwrap.wrap(f"{each.name} = {each.words}", WIDTH, subsequent_indent=" " * 8)
        lines += textwrap.wrap(
            f"{each.product} = {value}", WIDTH, initial_indent="    = ", subsequent_indent=" " * 8
        )
    return lines


def missing_equations(group: Sequence[Equation], most: int) -> str:
    """How many are not shown, in words; nothing where all are."""
    return f"{len(group) - most} more of {len(group)}" if len(group) > most else ""


def _three(values: Sequence[str]) -> str:
    return "".join(f"{value:>{COLUMN}}" for value in values)


def _defined(name: str, formula: str) -> str:
    return f"{name} = {formula}" if formula else name


def _quantity(quantity: Quantity, most: int) -> list[str]:
    """Its formula, shape and value, on one line where the value is small."""
    shown, missing = cut(quantity.value, most, BESIDE)
    head = _head(_defined(quantity.name, quantity.formula), quantity.shape)
    rows = ["".join(f"{entry:>{COLUMN}}" for entry in row) for row in shown]
    if len(rows) == 1 and quantity.value.shape[1] <= INLINE and len(head[0]) <= LEFT:
        return [f"{head[0]:<{LEFT}}{rows[0]}"]
    return [*head, *(f"  {row}" for row in rows), *([f"    … {missing}"] if missing else [])]


def _head(formula: str, shape: Sequence[int]) -> list[str]:
    """A formula, and its shape on the right of column 44; or on lines of their own."""
    words = shape_text(shape)
    if len(formula) + len(words) + 1 <= (narrow := LEFT):
        return [f"{formula:<{narrow - len(words)}}{words}"]
    lines = textwrap.wrap(formula, WIDTH - len(words) - 1, subsequent_indent="    ")
    return [*lines[:-1], f"{lines[-1]} {words}"]


def _gradient(trace: Trace, gradient: Gradient, most: int) -> list[str]:
    lines = _head(_defined(gradient.name, gradient.formula), gradient.shape)
    if gradient.chain and gradient.chain != gradient.formula:
        lines += textwrap.wrap(
            f"= {gradient.chain}", WIDTH, initial_indent="    ", subsequent_indent="      "
        )
    for name, *values in entries_of(trace, gradient, most):
        lines.append(f"    {name:<{LEFT - 4}}" + _three(values))
    missing = missing_entries(gradient, most)
    return [*lines, f"    … {missing}"] if missing else lines


def missing_entries(gradient: Gradient, most: int) -> str:
    """How many entries are not shown, in words; nothing where all are."""
    count = gradient.value.numel()
    return f"{count - most:,} more of {count:,} entries" if count > most else ""


def entries_of(trace: Trace, gradient: Gradient, most: int) -> list[tuple[str, str, str, str]]:
    """Name, and value by the engine, by autograd and by a difference, of the first entries."""
    found = []
    columns = gradient.value.shape[1]
    three = (gradient.value, gradient.autograd, gradient.difference)
    flat = [tensor.flatten()[:most].tolist() for tensor in three]
    kinks = gradient.kinks.flatten()[:most].tolist()
    for i, (value, autograd, difference) in enumerate(zip(*flat, strict=True)):
        row, column = divmod(i, columns)
        name = f"dL/d{trace.network.entry(gradient.of, row, column)}"
        third = NOT_TAKEN if math.isnan(difference) else number(difference)
        found.append((name, number(value), number(autograd), third + " kink" * kinks[i]))
    return found


def markdown(trace: Trace, most: int) -> str:
    """The trace as a page of Markdown with mathematics between dollar signs."""
    head, *notes = title(trace)
    notes = [*map(in_prose, notes), *columns_of(trace)]
    lines = [f"# {head}", "", *(f"{note}  " for note in notes), "", "## Forward pass", ""]
    lines += ["| quantity | formula | shape | value |", "|---|---|---|---|"]
    for quantity in trace.forward:
        formula = f"${as_latex(quantity.formula)}$" if quantity.formula else "given"
        lines.append(
            f"| ${as_latex(quantity.name)}$ | {formula} | {shape_text(quantity.shape)}"
            f" | {_in_line(quantity.value, most)} |"
        )
    lines += ["", "## Backward pass"]
    for gradient in trace.backward:
        whole = " = ".join(as_latex(part) for part in (gradient.name, *gradient.formulas))
        lines += ["", f"$${whole}$$", "", f"Shape {shape_text(gradient.shape)}.", ""]
        lines += [f"| entry | {' | '.join(HEADINGS)} |", "|---|---:|---:|---:|"]
        for name, *values in entries_of(trace, gradient, most):
            lines.append(f"| ${as_latex(name)}$ | {' | '.join(values)} |")
        if missing := missing_entries(gradient, most):
            lines.append(f"| … {missing} | | | |")
    for section in sections(trace):
        lines += ["", f"## {section.heading}", "", f"{in_prose(section.meaning)}.", ""]
        lines += ["| of | formula | in numbers | value |", "|---|---|---|---:|"]
        for group in section.groups:
            lines += [
                f"| ${as_latex(each.name)}$ | ${as_latex(each.words)}$"
                f" | {each.product.replace(' * ', ' · ')} | {number(each.value)} |"
                for each in group[:most]
            ]
            if missing := missing_equations(group, most):
                lines.append(f"| … {missing} | | | |")
    return "\n".join(
        [*lines, "", "## Checks", "", *(f"- {in_prose(line)}" for line in checks(trace)), ""]
    )


def _in_line(value: Tensor, most: int) -> str:
    """A matrix in one line, rows between semicolons."""
    shown, missing = cut(value, most, BESIDE)
    rows = "; ".join(", ".join(row) for row in shown)
    return rows + (f" (… {missing})" if missing else "")

"""The network as a picture: units with their values, edges with weights and gradients."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise, product
from xml.etree import ElementTree as ET

from mlp_lab.formatting import counted
from mlp_lab.trace.quantities import Trace

MOST_UNITS = 6
"""Units of a layer that are drawn."""

LABELLED_EDGES = 12
"""Between two layers; with more, an edge's width and colour say what its weight is."""

BETWEEN, APART, MARGIN, TOP = 310, 138, 90, 92
RADIUS = 44
LABELS = [(0.5,), (0.27, 0.73), (0.17, 0.36, 0.8), (0.15, 0.33, 0.67, 0.85)]
"""How far along an edge its label stands, for 1 to 4 edges of a unit: not where edges cross."""

POSITIVE, NEGATIVE, GRADIENT, INK = "#1b6ca8", "#b8452a", "#5b5b5b", "#1a1a1a"


@dataclass(frozen=True, slots=True)
class Layer:
    """Where a layer's units are drawn: a unit's index, or None for dots, at a height."""

    x: float
    places: list[tuple[int | None, float]]


def svg(trace: Trace) -> str:
    """The picture, on a white ground. Units show the first row, edges the gradient of L."""
    sizes = trace.network.sizes
    height = TOP + MARGIN + max(min(size, MOST_UNITS + 1) for size in sizes) * APART
    width = 2 * MARGIN + len(sizes) * BETWEEN
    middle = TOP + (height - TOP - MARGIN / 2) / 2
    layers = [_layer(size, MARGIN + i * BETWEEN, middle) for i, size in enumerate(sizes)]
    root = ET.Element(
        "svg",
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width} {height}",
        width=str(width),
        height=str(height),
    )
    root.set("font-family", "system-ui, sans-serif")
    ET.SubElement(root, "title").text = "A network, its forward and its backward pass"
    ET.SubElement(root, "rect", width="100%", height="100%", fill="white")
    for line, words in enumerate(_legend(trace)):
        _text(root, MARGIN / 2, 24 + 19 * line, [(words, INK)], anchor="start", size=14)
    for k, (left, right) in enumerate(pairwise(layers)):
        _edges(root, trace, k, left, right)
    _loss_edges(root, trace, layers[-1], middle, width - MARGIN)
    for i, layer in enumerate(layers):
        _units(root, trace, i, layer)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode") + "\n"


def _layer(size: int, x: float, middle: float) -> Layer:
    units: list[int | None] = list(range(min(size, MOST_UNITS)))
    if size > MOST_UNITS:
        units.insert(-1, None)
        units[-1] = size - 1
    top = middle - (len(units) - 1) * APART / 2
    return Layer(x, [(unit, top + i * APART) for i, unit in enumerate(units)])


def _legend(trace: Trace) -> list[str]:
    network = trace.network
    hidden, rows = ", ".join(network.hidden), network.rows
    lines = [
        f"{counted(network.inputs, 'input')}{f', {hidden}' * bool(hidden)},"
        f" {network.sizes[-1]} {network.objective.output}; loss {network.objective.title};"
        f" {counted(rows, 'row')}" + ", units show the first" * (rows > 1),
        "edge: its weight (blue positive, red negative), in grey dL/dweight"
        " | unit: its values, in grey dL/df; under it bias, in grey dL/dbias",
    ]
    if max(network.parts, default=1) > 1:
        lines.append("weights, bias and dL/df of a gated unit are those of its u, not of its v")
    if network.plan is not None:
        lines.append(f"the first layer reads {network.sizes[0]:,} numbers e of the embedded inputs")
    if network.objective.output == "ordinal":
        lines.append("the last of the ordered classes, whose probability is the rest, is not drawn")
    cut = [f"{size:,}" for size in network.sizes if size > MOST_UNITS]
    if cut:
        lines.append(f"{MOST_UNITS} units are drawn of layers with more ({', '.join(cut)})")
    return lines


def _short(value: float) -> str:
    return f"{value + 0.0:.3g}"


def _edges(root: ET.Element, trace: Trace, k: int, left: Layer, right: Layer) -> None:
    """The edges of layer k: lines first, labels upon them."""
    weights, gradients = trace.value(f"Omega_{k}"), trace.value(f"dL/dOmega_{k}")
    both = product(left.places, right.places)
    pairs = [(i, j, a, b) for (i, a), (j, b) in both if i is not None and j is not None]
    largest = float(weights.abs().nan_to_num(nan=0.0, posinf=0.0).max()) or 1.0
    for i, j, left_y, right_y in pairs:
        weight = float(weights[i, j])
        ends = _ends(left.x, left_y, right.x, right_y)
        colour, width = NEGATIVE if weight < 0 else POSITIVE, 0.6 + 3 * abs(weight) / largest
        look = {"stroke": colour, "stroke-width": f"{width:.2f}", "stroke-opacity": "0.55"}
        ET.SubElement(root, "line", ends | look)
    if len(pairs) > LABELLED_EDGES:
        return
    shares = LABELS[min(max(*weights.shape), len(LABELS)) - 1]
    for i, j, left_y, right_y in pairs:
        weight = float(weights[i, j])
        colour = NEGATIVE if weight < 0 else POSITIVE
        share = shares[(i + j) % len(shares)]
        lines = [(_short(weight), colour), (_short(float(gradients[i, j])), GRADIENT)]
        x0, x1 = left.x + RADIUS, right.x - RADIUS
        at = (x0 + share * (x1 - x0), left_y + share * (right_y - left_y))
        angle = math.degrees(math.atan2(right_y - left_y, x1 - x0))
        _text(root, *at, lines, size=13, angle=angle)


def _ends(x0: float, y0: float, x1: float, y1: float) -> dict[str, str]:
    """A line between the circles around two points."""
    numbers = {"x1": x0 + RADIUS, "y1": y0, "x2": x1 - RADIUS, "y2": y1}
    return {name: f"{number:g}" for name, number in numbers.items()}


def _loss_edges(root: ET.Element, trace: Trace, layer: Layer, middle: float, x: float) -> None:
    """From each output to L, with dL/dy of the first row."""
    slopes = trace.value("dL/dy")
    for unit, y in layer.places:
        if unit is None:
            continue
        x0, x1 = layer.x + RADIUS, x - RADIUS
        ends = _ends(layer.x, y, x, middle)
        ET.SubElement(root, "line", {**ends, "stroke": GRADIENT, "stroke-dasharray": "5 4"})
        words = f"dL/dy {_short(float(slopes[0, unit]))}"
        at = ((x0 + x1) / 2, (y + middle) / 2)
        angle = math.degrees(math.atan2(middle - y, x1 - x0))
        _text(root, *at, [("", INK), (words, GRADIENT)], size=13, angle=angle)
    _unit(root, x, middle, [("L", INK), (_short(float(trace.value("L"))), INK)], "#f3eefc")


def _units(root: ET.Element, trace: Trace, i: int, layer: Layer) -> None:
    """The units of layer i, inputs being 0, with the first row's values."""
    network, last = trace.network, len(trace.network.sizes) - 1
    size = network.sizes[i]
    for unit, y in layer.places:
        if unit is None:
            _text(
                root, layer.x, y, [("⋮", INK), (f"{size - MOST_UNITS:,} more", GRADIENT)], size=15
            )
            continue
        if i == 0:
            letter = "x" if network.plan is None else "e"
            value = _short(float(trace.value(letter)[0, unit]))
            name = letter if size == 1 else f"{letter} {unit + 1}"
            _unit(root, layer.x, y, [(name, INK), (value, INK)], "#eef6ee")
            continue
        parts = 1 if i == last else network.parts[i - 1]
        letters = "uv" if parts > 1 else "f"
        places = [part * size + unit for part in range(parts)]
        f = trace.value(f"f_{i - 1}")[0, places].tolist()
        d_f = trace.value(f"dL/df_{i - 1}")[0, unit]
        name, after = ("y", trace.value("y")) if i == last else ("h", trace.value(f"h_{i}"))
        lines = [
            *((f"{letter} = {_short(n)}", INK) for letter, n in zip(letters, f, strict=True)),
            (f"{name} = {_short(float(after[0, unit]))}", INK),
            (_short(float(d_f)), GRADIENT),
        ]
        if i == last:
            lines.insert(2, (f"t = {_short(float(network.t[0, unit]))}", INK))
        _unit(root, layer.x, y, lines, "#eef3fb" if i < last else "#fdf4e7")
        bias = float(trace.value(f"beta_{i - 1}")[0, unit])
        slope = float(trace.value(f"dL/dbeta_{i - 1}")[0, unit])
        below = [(f"bias {_short(bias)}", NEGATIVE if bias < 0 else POSITIVE)]
        _text(root, layer.x, y + RADIUS + 20, [*below, (_short(slope), GRADIENT)], size=13)


def _unit(root: ET.Element, x: float, y: float, lines: list[tuple[str, str]], fill: str) -> None:
    ET.SubElement(root, "circle", cx=f"{x:g}", cy=f"{y:g}", r=f"{RADIUS}", fill=fill, stroke=INK)
    _text(root, x, y, lines, size=13)


def _text(
    root: ET.Element,
    x: float,
    y: float,
    lines: list[tuple[str, str]],
    *,
    size: int,
    anchor: str = "middle",
    angle: float = 0.0,
) -> None:
    """Lines of words in their colours, centred upon a point, with a white edge."""
    edge = {"stroke": "white", "stroke-width": "3", "paint-order": "stroke"}
    place = {"transform": f"translate({x:.1f} {y:.1f}) rotate({angle:.1f})"}
    letters = {"text-anchor": anchor, "font-size": str(size)}
    found = ET.SubElement(root, "text", letters | edge | place)
    for i, (words, colour) in enumerate(lines):
        height = (i - (len(lines) - 1) / 2) * (size + 3) + size * 0.35
        line = ET.SubElement(found, "tspan", x="0", y=f"{height:.1f}", fill=colour)
        line.text = words

"""learning_curve.png: loss and metric of training and validation rows against epochs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlp_lab.drawing import blank_figure, legend_above, legend_within, save, whole_ticks
from mlp_lab.formatting import four_digits, listed
from mlp_lab.report.charts import Chart, Series
from mlp_lab.report.headline import PART, named
from mlp_lab.tracking.curves import Row
from mlp_lab.tracking.phases import PLATEAU, in_words, phases

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLORS = {"train": "#0072b2", "val": "#d55e00"}
"""Told apart with any colour vision (Okabe and Ito, 2008)."""

WIDTH, HEIGHT, DPI = 5.0, 3.6, 120
"""Of a panel, in inches, and its pixels to the inch."""

TOP = 0.84
"""Share of the height below the verdict and the legend."""

LOG_FROM = 30
"""Ratio of the largest loss to the smallest from which a linear axis would hide the small ones."""

MOST = 130
"""Letters of a verdict that fit above the curves."""

NOTHING_FINITE = "the loss was finite in no epoch"


def draw_learning_curve(rows: Sequence[Row], result: Mapping[str, Any], path: Path) -> str:
    """Draw curves.csv's rows, the best epoch and the verdict of result.json; alternative text."""
    quantities = _quantities(rows)
    count = len(quantities)
    figure = blank_figure(WIDTH * count, HEIGHT, DPI)
    axes = figure.subplots(1, len(quantities), squeeze=False)[0]
    for axis, quantity in zip(axes, quantities, strict=True):
        draw_curves(axis, rows, quantity, result["best_epoch"])
        if quantity != "loss":
            axis.set_ylabel(f"mean {named(quantity)}" if result.get("targets") else named(quantity))
    # Fixed margins: matplotlib's automatic layouts draw everything twice. Every panel has its own
    # share of the width, 0.8 inches of it to the left of its axis and 0.1 to the right.
    left, right = 0.8 / WIDTH, 0.1 / WIDTH
    gap = (left + right) / (1 - left - right)
    margins = {"left": left / count, "right": 1 - right / count, "wspace": gap}
    figure.subplots_adjust(**margins, bottom=0.14, top=TOP)
    verdict = result["verdict"]["words"]
    figure.suptitle(f"{verdict[:MOST]}…" if len(verdict) > MOST else verdict, fontsize=9, y=0.97)
    save(figure, path)
    shown = listed(["Loss", *map(named, quantities[1:])])
    return f"{shown} against epochs: {_in_words(rows, result)}. {verdict}"


@dataclass(frozen=True, slots=True)
class Panel:
    """A part of the picture, as the view box of an SVG, and its alternative text."""

    box: str
    alt_text: str
    chart: Chart


@dataclass(frozen=True, slots=True)
class CurvePicture:
    """The picture for a page, which shows its panels apart: a PNG file in base64, and pixels."""

    content: str
    width: int
    height: int
    panels: Sequence[Panel]


def curve_picture(
    rows: Sequence[Row], result: Mapping[str, Any], content: str, alt_text: str
) -> CurvePicture:
    """The drawn picture panel by panel, without the verdict above them."""
    quantities = _quantities(rows)
    width, height, top = (round(DPI * inches) for inches in (WIDTH, HEIGHT, 0.075 * HEIGHT))
    texts = [alt_text, *(_ends_in_words(rows, quantity) for quantity in quantities[1:])]
    charts = [curve_chart(rows, quantity, result["best_epoch"]) for quantity in quantities]
    panels = [
        Panel(f"{place * width} {top} {width} {height - top}", text, chart)
        for place, (text, chart) in enumerate(zip(texts, charts, strict=True))
    ]
    return CurvePicture(content, width * len(quantities), height, panels)


def curve_chart(rows: Sequence[Row], quantity: str, best_epoch: int) -> Chart:
    """The numbers of a panel."""
    series = []
    for part, colour in COLORS.items():
        values = [row.get(f"{part}_{quantity}", math.nan) for row in rows]
        if any(map(math.isfinite, values)):
            series.append(Series(PART[part], values, colour))
    shaded = plateaus(rows) if quantity == "loss" else []
    logarithmic = _is_logarithmic(rows, quantity)
    return Chart(named(quantity), series, best_epoch, logarithmic, shaded)


def _is_logarithmic(rows: Sequence[Row], quantity: str) -> bool:
    """Whether a loss falls so far that a linear axis would hide its end."""
    every = [row.get(f"{part}_{quantity}", math.nan) for part in COLORS for row in rows]
    shown = [value for value in every if value > 0]
    return quantity == "loss" and bool(shown) and max(shown) > LOG_FROM * min(shown)


def _quantities(rows: Sequence[Row]) -> list[str]:
    return [name.removeprefix("train_") for name in rows[0] if name.startswith("train_")]


def _ends_in_words(rows: Sequence[Row], quantity: str) -> str:
    ends = [
        f"{four_digits(value)} on the {PART[part]} rows"
        for part in COLORS
        if math.isfinite(value := rows[-1].get(f"{part}_{quantity}", math.nan))
    ]
    return f"{quantity} against epochs: it ends at {' and '.join(ends) or 'no finite number'}."


def _in_words(rows: Sequence[Row], result: Mapping[str, Any]) -> str:
    finite = [row for row in rows if math.isfinite(row["train_loss"])]
    if not finite:
        return NOTHING_FINITE
    ends = f"the training loss {'ends at' if finite[-1] is rows[-1] else 'was last'}"
    best = f"; the best epoch is {result['best_epoch']}" if result["best_epoch"] else ""
    found = in_words(phases([row["train_loss"] for row in rows]))
    course = f"; its phases: {found}" if found else ""
    return f"{ends} {four_digits(finite[-1]['train_loss'])}{course}{best}"


def draw_curves(
    axis: Axes, rows: Sequence[Row], quantity: str, best_epoch: int, *, legend_inside: bool = False
) -> None:
    """Draw one quantity of the training and the validation rows, and the best epoch.

    With `legend_inside`, the place above the axes is left to a title.
    """
    epochs = [row["epoch"] for row in rows]
    for part, color in COLORS.items():
        values = [row.get(f"{part}_{quantity}", math.nan) for row in rows]
        if all(math.isnan(value) for value in values):
            continue  # a part without rows
        marker = "o" if len(rows) == 1 else None
        axis.plot(epochs, values, color=color, label=PART[part], marker=marker)
    every = [row.get(f"{part}_{quantity}", math.nan) for part in COLORS for row in rows]
    if _is_logarithmic(rows, quantity):
        axis.set_yscale("log")
    if quantity == "loss":
        shade(axis, plateaus(rows), "training plateau")
    if best_epoch:
        axis.axvline(best_epoch, color="0.6", linewidth=1, linestyle="--", label="best epoch")
    whole_ticks(axis.xaxis)
    axis.set(xlabel="epoch", ylabel=quantity)
    axis.grid(alpha=0.3)
    if any(map(math.isfinite, every)):
        legend_within(axis) if legend_inside else legend_above(axis)
    else:
        words = f"the {named(quantity)} was finite in no epoch"
        axis.text(0.5, 0.5, words, ha="center", va="center", transform=axis.transAxes)


def shade(axis: Axes, stretches: Sequence[tuple[int, int]], label: str) -> None:
    """Stretches of epochs in grey, with one name for all of them."""
    for ends in stretches:
        axis.axvspan(*ends, color="0.5", alpha=0.12, linewidth=0, label=label)
        label = "_again"  # a name that matplotlib leaves out of the legend


def plateaus(rows: Sequence[Row]) -> list[tuple[int, int]]:
    """The ends of each stretch in which the training loss rests; see `tracking.phases`."""
    found = phases([row["train_loss"] for row in rows])
    epochs = [round(row["epoch"]) for row in rows]
    return [(epochs[p.first - 1], epochs[p.last - 1]) for p in found if p.name == PLATEAU]

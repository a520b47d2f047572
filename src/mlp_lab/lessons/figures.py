"""Panels -> figures: the one file of the lessons that knows matplotlib."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

from mlp_lab.drawing import blank_figure
from mlp_lab.lessons.claims import t_interval
from mlp_lab.lessons.panels import Area, Band, Contours, Line, Mark, Panel

__all__ = ["Figure", "figure_of"]

COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#8c6d31")
"""Told apart with any colour vision (Okabe and Ito, 2008), and a brown."""

SHORT = 100
"""A logarithmic axis whose ends are in a smaller ratio has too few powers of ten."""


def figure_of(panels: Sequence[Panel], *, columns: int, size: float) -> Figure:
    """All panels row by row, each `size` inches wide."""
    columns = min(len(panels), columns)
    rows = -(-len(panels) // columns)
    figure = blank_figure(size * columns, 0.82 * size * rows, 130, layout="constrained")
    for place, panel in enumerate(panels, start=1):
        _draw(figure.add_subplot(rows, columns, place), panel)
    return figure


def _draw(axis: Axes, panel: Panel) -> None:
    axis.grid(alpha=0.3)
    unused = iter(COLORS)
    for mark in panel.drawn:
        if isinstance(mark, Contours):
            x, y, heights = mark.x, mark.y, mark.heights
            axis.contour(x, y, heights, levels=mark.shown, colors="0.75", linewidths=0.7)
            continue
        color = next(unused) if mark.color is None else mark.color
        color = COLORS[color] if isinstance(color, int) else color
        match mark:
            case Band():
                _draw_band(axis, mark, color)
            case Line():
                _draw_line(axis, mark, color)
            case Area():
                low, high, words = mark.low, mark.high, mark.label
                axis.fill_between(mark.x, low, high, color=color, alpha=0.5, label=words, lw=0)
                axis.plot(mark.x, mark.high, color=color, linewidth=0.8)
            case Mark(x=None, y=float() | int() as y):
                axis.axhline(y, color=color, linestyle=mark.line, linewidth=1.4, label=mark.label)
            case Mark(x=float() | int() as x):
                axis.axvline(x, color=color, linestyle=mark.line, linewidth=1.4, label=mark.label)
    _name(axis, panel)


def _draw_band(axis: Axes, band: Band, color: str) -> None:
    means = [float(np.mean(values)) for values in band.values]
    bounds = np.array([t_interval(values) for values in band.values]).reshape(-1, 2)
    axis.plot(
        band.x,
        means,
        color=color,
        label=band.label,
        linestyle=band.line or "none",
        marker=band.marker,
        markersize=4,
    )
    if not np.isfinite(bounds).all():
        return
    if band.line:
        axis.fill_between(band.x, *bounds.T, color=color, alpha=0.18, linewidth=0)
    else:
        axis.vlines(band.x, *bounds.T, color=color, linewidth=1)


def _draw_line(axis: Axes, line: Line, color: str) -> None:
    axis.plot(
        line.x,
        line.y,
        color=color,
        label=line.label,
        linestyle=line.line or "none",
        linewidth=line.width,
        marker=line.marker,
        markersize=line.size,
        alpha=line.alpha,
        zorder=0 if line.below else 2,
    )


def _name(axis: Axes, panel: Panel) -> None:
    """Title, names of axes, their scales and limits, and the legend."""
    axis.set_title(panel.title, fontsize=10)
    axis.set_xlabel(panel.x)
    axis.set_ylabel(panel.y)
    for letter, own, scale in (
        ("x", axis.xaxis, axis.set_xscale),
        ("y", axis.yaxis, axis.set_yscale),
    ):
        if letter in panel.log:
            scale("log")
            _label_plainly(own)
    if panel.ticks is not None:
        axis.set_xticks(list(panel.ticks), list(panel.ticks.values()))
        if panel.tilted:
            for words in axis.get_xticklabels():
                words.set(rotation=60, ha="right", fontsize=8)
        axis.xaxis.set_minor_locator(NullLocator())
    axis.set_xlim(*panel.x_limits)
    axis.set_ylim(*panel.y_limits)
    if panel.legend_columns and axis.get_legend_handles_labels()[0]:
        axis.legend(fontsize=panel.legend_size, ncols=panel.legend_columns, loc=panel.legend_place)


def _label_plainly(axis: Axis) -> None:
    """1, 2, 5 and so on where a logarithmic axis is short: matplotlib writes 2 x 10^0 there."""
    low, high = axis.get_view_interval()
    if high < SHORT * low:
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_formatter(NullFormatter())

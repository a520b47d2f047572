"""Panels -> figures: the one file of the lessons that knows matplotlib."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.contour import ContourSet
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator
from matplotlib.transforms import Bbox

from mlp_lab.drawing import blank_figure
from mlp_lab.lessons.claims import t_interval
from mlp_lab.lessons.panels import Area, Band, Contours, Line, Mark, Panel

__all__ = ["Figure", "figure_of"]

COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#8c6d31")
"""Told apart with any colour vision (Okabe and Ito, 2008), and a brown."""

SHORT = 100
"""A logarithmic axis whose ends are in a smaller ratio has few powers of ten: 1, 2, 5 are shown."""

MOST_COLUMNS = 3
"""Of a legend below its axes ..."""
BELOW = -0.13
"""... at this share of their height: beneath the name of the x axis."""


def figure_of(panels: Sequence[Panel], *, columns: int, size: float) -> Figure:
    """All panels row by row, each `size` inches wide."""
    columns = min(len(panels), columns)
    rows = -(-len(panels) // columns)
    figure = blank_figure(size * columns, 0.82 * size * rows, 130, layout="constrained")
    for place, panel in enumerate(panels, start=1):
        _draw(figure.add_subplot(rows, columns, place), panel)
    _uncover(figure)
    return figure


def _draw(axis: Axes, panel: Panel) -> None:
    axis.grid(alpha=0.3)
    unused = iter(COLORS)
    for own in panel.drawn:
        if isinstance(own, Contours):
            grid, levels = (own.x, own.y, own.heights), own.shown
            axis.contour(*grid, levels=levels, colors="0.75", linewidths=0.7)
            continue
        color = next(unused) if own.color is None else own.color
        color = COLORS[color] if isinstance(color, int) else color
        match own:
            case Band():
                _draw_band(axis, own, color, panel)
            case Line():
                _draw_line(axis, own, color)
            case Area():
                area = axis.fill_between(own.x, own.low, own.high, color=color, alpha=0.5, lw=0)
                area.set_label(own.label)
                axis.plot(own.x, own.high, color=color, linewidth=0.8)
            case Mark(x=None, y=float() | int() as y):
                axis.axhline(y, color=color, linestyle=own.line, linewidth=1.4, label=own.label)
            case Mark(x=float() | int() as x):
                axis.axvline(x, color=color, linestyle=own.line, linewidth=1.4, label=own.label)
    _name(axis, panel)


def _draw_band(axis: Axes, band: Band, color: str, panel: Panel) -> None:
    """On a logarithmic axis mean and interval are those of the logarithms.

    There an interval of the numbers themselves would reach down to zero, which is infinitely far.
    Where a number is zero its logarithm is, too: intervals of such a band end at its least other.
    All are cut at what the panel's numbers can be.
    """
    log = "y" in panel.log
    positive = band.values[band.values > 0]
    lowest = float(positive.min()) if log and len(positive) else -np.inf
    log = log and len(positive) == band.values.size
    scaled = np.log(band.values) if log else band.values
    means = [float(np.mean(values)) for values in scaled]
    means = np.exp(means).tolist() if log else means
    line = Line(
        x=band.x, y=means, label=band.label, line=band.line, marker=band.marker, size=4, width=1.5
    )
    _draw_line(axis, line, color)
    bounds = np.array([t_interval(values) for values in scaled]).reshape(-1, 2)
    bounds = np.exp(bounds) if log else np.maximum(bounds, lowest)
    bounds = np.clip(bounds, *panel.within)
    if band.values.shape[1] < 2 or not np.isfinite(bounds).all():
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
    axis.set(xlabel=panel.x, ylabel=panel.y, **{f"{letter}scale": "log" for letter in panel.log})
    for own in (axis.xaxis, axis.yaxis):
        low, high = own.get_view_interval()
        if own.get_scale() == "log" and high < SHORT * low:
            own.set_major_locator(LogLocator(subs=(1, 2, 5)))
            own.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            own.set_minor_formatter(NullFormatter())
    if panel.ticks is not None:
        axis.set_xticks(list(panel.ticks), list(panel.ticks.values()))
        axis.xaxis.set_minor_locator(NullLocator())
        if panel.tilted:
            for words in axis.get_xticklabels():
                words.set(rotation=60, ha="right", fontsize=8)
    axis.set(xlim=panel.x_limits, ylim=panel.y_limits)
    if panel.legend_columns and axis.get_legend_handles_labels()[0]:
        axis.legend(fontsize=panel.legend_size, ncols=panel.legend_columns, loc=panel.legend_place)


def _uncover(figure: Figure) -> None:
    """Move each legend that would cover what is drawn below its axes, in as many columns as fit.

    Where there is room, it stays within. Heights of a landscape lie everywhere: they are no data.
    """
    figure.draw_without_rendering()
    for axis in figure.axes:
        legend = axis.get_legend()
        if legend is None or not _covers(axis, legend.get_window_extent()):
            continue
        size = legend.get_texts()[0].get_fontsize()
        width, count = axis.get_window_extent().width, len(legend.get_texts())
        for columns in range(min(count, MOST_COLUMNS), 0, -1):
            legend = axis.legend(
                fontsize=size,
                ncols=columns,
                loc="upper center",
                bbox_to_anchor=(0.5, BELOW),
                columnspacing=1.2,
            )
            figure.draw_without_rendering()
            if legend.get_window_extent().width <= width:
                break


def _covers(axis: Axes, box: Bbox) -> bool:
    """Whether a legend lies on a point, a curve or a band of its axes."""
    for line in axis.lines:
        path = line.get_transform().transform_path(line.get_path())
        joined = line.get_linestyle() != "None" and np.shape(path.vertices)[0] > 1
        if joined and path.intersects_bbox(box, filled=False):
            return True
        if line.get_marker() != "None" and box.count_contains(path.vertices):
            return True
    areas = [own for own in axis.collections if not isinstance(own, ContourSet)]
    return any(
        area.get_transform().transform_path(path).intersects_bbox(box, filled=True)
        for area in areas
        for path in area.get_paths()
    )

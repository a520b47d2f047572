"""Figures of lessons: panels, and curves with their spread over seeds."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from mlp_lab.lessons.claims import t_interval

__all__ = ["COLORS", "GREY", "MARKERS", "Axes", "Figure", "band", "mark", "name", "panels"]

COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#8c6d31")
"""Told apart with any colour vision (Okabe and Ito, 2008), and a brown."""

MARKERS = "osD^vPX*"
GREY = "0.55"
SHORT = 100
"""A logarithmic axis whose ends are in a smaller ratio has too few powers of ten."""


def panels(count: int, *, columns: int = 3, size: float = 4.4) -> tuple[Figure, list[Axes]]:
    """A figure of so many panels, row by row."""
    columns = min(count, columns)
    rows = -(-count // columns)
    figure = Figure(figsize=(size * columns, 0.82 * size * rows), dpi=130, layout="constrained")
    FigureCanvasAgg(figure)
    axes = [figure.add_subplot(rows, columns, place + 1) for place in range(count)]
    for axis in axes:
        axis.grid(alpha=0.3)
    return figure, axes


def band(
    axis: Axes,
    x: Sequence[float],
    by_seed: Sequence[Sequence[float]],
    *,
    label: str,
    color: str,
    marker: str | None = "o",
    dashed: bool = False,
) -> None:
    """The mean over seeds at every x, with its 95 % interval; `by_seed` is (x, seeds)."""
    means = [float(np.mean(values)) for values in by_seed]
    low, high = zip(*(t_interval(values) for values in by_seed), strict=True)
    style = "--" if dashed else "-"
    axis.plot(x, means, style, color=color, label=label, marker=marker, markersize=4)
    if np.isfinite(low).all():
        axis.fill_between(x, low, high, color=color, alpha=0.18, linewidth=0)


def mark(axis: Axes, x: float, text: str, *, color: str = GREY) -> None:
    """A vertical line with words for the legend."""
    axis.axvline(x, color=color, linestyle=":", linewidth=1.4, label=text)


def name(axis: Axes, title: str, x: str, y: str, *, log: str = "") -> None:
    """Title and labels; `log` says which axes are logarithmic: x, y or xy."""
    axis.set_title(title, fontsize=10)
    axis.set_xlabel(x)
    axis.set_ylabel(y)
    if "x" in log:
        axis.set_xscale("log")
        _label_plainly(axis.xaxis)
    if "y" in log:
        axis.set_yscale("log")
        _label_plainly(axis.yaxis)
    if axis.get_legend_handles_labels()[0]:
        axis.legend(fontsize=8)


def _label_plainly(axis: Axis) -> None:
    """1, 2, 5 and so on where a logarithmic axis is short: matplotlib writes 2 x 10^0 there."""
    low, high = axis.get_view_interval()
    if high < SHORT * low:
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_formatter(NullFormatter())

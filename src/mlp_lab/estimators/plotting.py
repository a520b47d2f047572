"""Pictures on matplotlib's axes, where a notebook or a script shows them."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib import pyplot
from matplotlib.axes import Axes

from mlp_lab.compare.figures import TICKS, axis_positions
from mlp_lab.compare.ranking import Ranking
from mlp_lab.drawing import blank_figure, save
from mlp_lab.network.loss_surface import LossSurface
from mlp_lab.report.learning_curve import draw_curves
from mlp_lab.report.rate_curve import draw_rates
from mlp_lab.report.surface_figure import draw_surface
from mlp_lab.tracking.curves import Row

DPI = 90

RatePoints = tuple[Sequence[float], Mapping[str, Sequence[float]], float | None, int]
"""Learning rates, the losses that they leave by part, the best rate, and after how many epochs."""


def plot_curves(rows: Sequence[Row], best_epoch: int, ax: Axes | None) -> Axes:
    """Loss of training and validation rows against epochs, on axes or in a figure of its own.

    Axes of somebody else keep their width and the place of their title: the legend is inside.
    """
    axes = _axes(ax)
    draw_curves(axes, rows, "loss", best_epoch, legend_inside=ax is not None)
    return axes


def png_of_curves(rows: Sequence[Row], best_epoch: int) -> bytes:
    """The same as a PNG."""
    figure = blank_figure(5, 3.2, DPI, layout="constrained")
    draw_curves(figure.subplots(), rows, "loss", best_epoch)
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()


def plot_ranking(ranking: Ranking, ax: Axes | None) -> Axes:
    """Validation scores of settings: against the one swept key, or one below the other.

    Bars reach a standard error to either side of the mean.
    """
    axes = _axes(ax)
    settings = [setting for setting in ranking.settings if setting.scores]
    errors = [setting.error or 0.0 for setting in settings]
    means = [setting.mean for setting in settings]
    score = f"validation {ranking.score}"
    if len(ranking.keys) == 1:
        (key,) = ranking.keys
        places, labels, logarithmic = axis_positions([s.values[key] for s in settings])
        axes.errorbar(places, means, errors, fmt="o", capsize=3)
        axes.set(xlabel=key, ylabel=score)
        if logarithmic:
            axes.set_xscale("log")
            axes.minorticks_off()
        if labels:
            axes.set_xticks(range(len(labels)), labels)
        elif len(places) <= TICKS:
            axes.set_xticks(places, [setting.values[key] for setting in settings])
    else:
        places = [float(place) for place in range(len(settings))]
        axes.errorbar(means, places, xerr=errors, fmt="o", capsize=3)
        axes.set_yticks(places, [setting.label or "all" for setting in settings])
        axes.invert_yaxis()
        axes.set(xlabel=score)
    axes.grid(alpha=0.3)
    return axes


def plot_rates(points: RatePoints, ax: Axes | None) -> Axes:
    """Loss after a short training against the learning rate."""
    axes = _axes(ax)
    draw_rates(axes, *points)
    return axes


def save_rates(points: RatePoints, path: Path) -> None:
    """The same as a PNG file.

    Raises:
        OSError: it cannot be written.
    """
    figure = blank_figure(6.4, 4, 120, layout="constrained")
    draw_rates(figure.subplots(), *points)
    save(figure, path)


def plot_surface(surface: LossSurface, ax: Axes | None) -> Axes:
    """The loss around a network's weights."""
    axes = _axes(ax)
    draw_surface(axes, surface)
    return axes


def save_surface(surface: LossSurface, path: Path) -> None:
    """The same as a PNG file.

    Raises:
        OSError: it cannot be written.
    """
    figure = blank_figure(5.6, 4.6, 120, layout="constrained")
    draw_surface(figure.subplots(), surface)
    save(figure, path)


def _axes(ax: Axes | None) -> Axes:
    if ax is None:
        _, ax = pyplot.subplots(figsize=(5, 3.6), layout="constrained")
    return ax

"""Learning curves on matplotlib's axes, where a notebook or a script shows them."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib import pyplot
from matplotlib.axes import Axes

from mlp_lab.report.learning_curve import draw_curves
from mlp_lab.tracking.curves import Row


def plot_curves(rows: Sequence[Row], best_epoch: int, ax: Axes | None) -> Axes:
    """Loss of training and validation rows against epochs, on axes or a figure of its own."""
    if ax is None:
        _, ax = pyplot.subplots(figsize=(5, 3.6))
    draw_curves(ax, rows, "loss", best_epoch)
    return ax

"""The loss around a network's weights, as lines of equal height."""

from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize
from matplotlib.ticker import MaxNLocator

from mlp_lab.network.loss_surface import LossSurface
from mlp_lab.report.learning_curve import LOG_FROM

MARKS = "#d55e00"
HEIGHTS = 14
"""Lines of equal loss, about."""


def draw_surface(axes: Axes, surface: LossSurface) -> None:
    """Draw losses over both directions; the network and the lowest point are marked.

    Colours are logarithmic where the largest loss is many times the smallest.
    """
    steps, losses = surface.steps.tolist(), surface.losses.T.double().numpy()
    least, *place = surface.lowest
    logarithmic = least > 0 and surface.highest > LOG_FROM * least
    norm = LogNorm(least, surface.highest) if logarithmic else Normalize(least, surface.highest)
    mesh = axes.pcolormesh(steps, steps, losses, norm=norm, cmap="viridis_r", shading="gouraud")
    if surface.highest > least:
        levels = [_between(least, surface.highest, k, logarithmic) for k in range(1, HEIGHTS)]
        lines = axes.contour(steps, steps, losses, levels=levels, colors="white", linewidths=0.6)
        axes.clabel(lines, fontsize=6, fmt="%.2g")
    marks = {"the network": ("o", (0.0, 0.0)), "lowest point of the grid": ("x", place)}
    for label, (marker, (x, y)) in marks.items():
        axes.plot(
            [x],
            [y],
            marker=marker,
            label=label,
            color=MARKS,
            linestyle="none",
            markersize=9,
            markeredgewidth=2,
            fillstyle="none",
        )
    axes.figure.colorbar(mesh, ax=axes, label="training loss")
    axes.set(xlabel="step along a direction", ylabel="step along another", aspect="equal")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(5))
    axes.legend(fontsize=7, loc="upper right")


def _between(low: float, high: float, place: int, logarithmic: bool) -> float:
    share = place / HEIGHTS
    return float(low * (high / low) ** share if logarithmic else low + share * (high - low))

"""Loss after a short training against the learning rate."""

import math
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullFormatter, NullLocator

from mlp_lab.report.headline import PART
from mlp_lab.report.learning_curve import COLORS, LOG_FROM

ROOM = 1.15
"""How far the axis reaches above the loss of the lowest rate, which is nearly the first loss."""


def draw_rates(
    axes: Axes,
    rates: Sequence[float],
    losses: Mapping[str, Sequence[float]],
    best: float | None,
    epochs: int,
) -> None:
    """Draw the losses by part, NaN where a training diverged; the best rate is marked.

    Losses far above those of the lowest rate, and diverged trainings, are crosses at the upper
    edge: to scale, they would press all others flat. So would training losses near 0, below what
    is suggested by: the axis is made for the last part.
    """
    *_, judged = losses.values()  # of the validation rows, where there are any
    finite = [loss for loss in judged if math.isfinite(loss)]
    reach = [next((v for v in values if math.isfinite(v)), 0.0) for values in losses.values()]
    top = ROOM * (max(reach) or 1.0)
    for part, values in losses.items():
        shown = [loss if loss <= top else math.nan for loss in values]
        axes.plot(rates, shown, color=COLORS[part], label=PART[part], marker="o", markersize=4)
    beyond = [
        rate
        for rate, found in zip(rates, zip(*losses.values(), strict=True), strict=True)
        if any(not loss <= top for loss in found)
    ]
    axes.set_xscale("log")
    low = min(finite, default=0.0)
    if low > 0 and top > LOG_FROM * low:
        axes.set_yscale("log")
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.set_ylim(low / ROOM**4, top)
    else:
        axes.set_ylim(min(0.0, low), top)
    if beyond:
        edge = axes.get_xaxis_transform()  # the height in shares of the axes
        axes.plot(
            *(beyond, [0.97] * len(beyond)),
            color="0.4",
            marker="x",
            linestyle="none",
            transform=edge,
            label="higher, or diverged",
        )
    if best is not None:
        axes.axvline(best, color="0.6", linewidth=1, linestyle="--", label=f"suggested: {best:g}")
        height = judged[rates.index(best)]
        axes.plot(best, height, marker="o", markersize=11, fillstyle="none", color="0.2")
    axes.xaxis.set_major_locator(LogLocator(numticks=20))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set(xlabel="learning rate", ylabel=f"loss after {epochs} epoch{'s' * (epochs > 1)}")
    axes.grid(alpha=0.3)
    axes.legend()

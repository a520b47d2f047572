"""The picture of learning rates."""

import math

import numpy as np

from mlp_lab.drawing import blank_figure
from mlp_lab.report.rate_curve import draw_rates

RATES = [0.001, 0.01, 0.1, 1.0]


def test_what_is_far_above_is_a_cross_at_the_edge() -> None:
    """A diverged rate and a huge loss; the axis reaches little above the loss of the first."""
    axes = blank_figure(4, 3, 80).subplots()
    losses = {"train": [2.0, 1.0, 1e9, math.nan], "val": [2.1, 1.2, 2e9, math.nan]}
    draw_rates(axes, RATES, losses, 0.01, 3)
    crosses = next(line for line in axes.lines if line.get_label() == "higher, or diverged")
    assert np.array_equal(crosses.get_xdata(), [0.1, 1.0])
    assert 2.1 < axes.get_ylim()[1] < 3
    assert axes.get_yscale() == "linear"
    assert axes.get_ylabel() == "loss after 3 epochs"
    assert any(line.get_label() == "suggested: 0.01" for line in axes.lines)


def test_losses_over_decades() -> None:
    """On a logarithmic axis, by the part that counts."""
    axes = blank_figure(4, 3, 80).subplots()
    draw_rates(axes, RATES, {"train": [1.0, 0.1, 0.001, 0.5]}, 0.1, 1)
    assert axes.get_yscale() == "log"
    assert axes.get_ylabel() == "loss after 1 epoch"
    axes = blank_figure(4, 3, 80).subplots()
    draw_rates(axes, RATES, {"train": [1.0, 0.1, 1e-6, 0.5], "val": [1.0, 0.4, 0.3, 0.6]}, 0.1, 1)
    assert axes.get_yscale() == "linear"

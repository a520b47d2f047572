"""The picture of a loss surface."""

import torch

from mlp_lab.drawing import blank_figure
from mlp_lab.network.loss_surface import LossSurface
from mlp_lab.report.surface_figure import draw_surface

STEPS = torch.tensor([-1.0, 0.0, 1.0])


def test_the_network_and_the_lowest_point_are_marked() -> None:
    """The first direction goes along x."""
    losses = torch.tensor([[3.0, 1.5, 4.0], [2.0, 2.0, 8.0], [9.0, 2.5, 5.0]])
    axes = blank_figure(4, 4, 80).subplots()
    draw_surface(axes, LossSurface(STEPS, losses))
    places = {line.get_label(): (line.get_xdata(), line.get_ydata()) for line in axes.lines}
    assert places["the network"] == ([0.0], [0.0])
    assert places["lowest point of the grid"] == ([-1.0], [0.0])


def test_equal_losses_and_losses_that_are_not_finite() -> None:
    """There are no lines of equal height then, and holes where nothing is known."""
    for losses in (torch.ones(3, 3), torch.tensor([[torch.inf] * 3, [1.0, 1.0, 9.0], [2.0] * 3])):
        figure = blank_figure(4, 4, 80)
        draw_surface(figure.subplots(), LossSurface(STEPS, losses))
        figure.canvas.draw()

"""The loss around a network, held against networks whose weights were moved by hand."""

import pytest
import torch

from mlp_lab.network.backprop import Batch
from mlp_lab.network.loss_surface import LossSurface, filter_normalised, loss_surface
from mlp_lab.network.losses import Objective
from mlp_lab.network.mlp import MLP


def network() -> MLP:
    """Drawn, with biases."""
    own = MLP([[3, 5, 4, 2]], activations=["tanh", "relu"], output="softmax", dtype=torch.float64)
    own.initialise(["he"], [torch.Generator().manual_seed(1)])
    for bias in own.layers.biases:
        bias.fill_(0.1)
    return own


def rows() -> tuple[torch.Tensor, torch.Tensor]:
    """Inputs and one-hot targets."""
    generator = torch.Generator().manual_seed(2)
    x = torch.randn(20, 3, generator=generator, dtype=torch.float64)
    return x, torch.eye(2, dtype=torch.float64)[torch.randint(2, (20,), generator=generator)]


OBJECTIVE = Objective("softmax", "cce")


def test_directions_are_as_long_as_the_weights_filter_by_filter() -> None:
    """Those of each unit; biases stay, and a unit without weights does not move."""
    own = network()
    own.layers.weights[0][0, :, 2] = 0
    direction = filter_normalised(own.layers, torch.Generator().manual_seed(0))
    for drawn, weight in zip(direction.weights, own.layers.weights, strict=True):
        torch.testing.assert_close(drawn.norm(dim=1), weight.norm(dim=1))
    assert all(bool((bias == 0).all()) for bias in direction.biases)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("largest", [2**23, 300])
def test_points_are_networks_with_moved_weights(
    weighted: bool, largest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether all are one stack or several; the middle is the network itself."""
    monkeypatch.setattr("mlp_lab.network.loss_surface.LARGEST", largest)
    own, (x, t) = network(), rows()
    weights = torch.linspace(0.5, 1.5, 20, dtype=torch.float64) if weighted else None
    batch = Batch(x[None], t[None], None if weights is None else weights[None], ())
    found = loss_surface(own, OBJECTIVE, batch, points=5, reach=0.8, seed=3)
    generator = torch.Generator().manual_seed(3)
    first, second = (filter_normalised(own.layers, generator) for _ in range(2))
    assert found.steps.tolist() == pytest.approx([-0.8, -0.4, 0, 0.4, 0.8])
    for i, j in ((0, 0), (1, 4), (2, 2), (4, 0)):
        moved = own.take([0])
        a, b = float(found.steps[i]), float(found.steps[j])
        moved.layers.flat.add_(first.flat, alpha=a).add_(second.flat, alpha=b)
        plain = moved.member(0)
        losses = -(plain(x).log() * t).sum(1)
        expected = (losses if weights is None else losses * weights).mean().detach()
        assert float(found.losses[i, j]) == pytest.approx(float(expected))
    assert found.centre == float(found.losses[2, 2])


def test_extremes() -> None:
    """Losses that are not finite are no heights."""
    steps = torch.tensor([-1.0, 0.0, 1.0])
    losses = torch.tensor([[9.0, 4.0, torch.inf], [3.0, 2.0, 8.0], [1.0, torch.nan, 5.0]])
    found = LossSurface(steps, losses)
    assert (found.centre, found.lowest, found.highest) == (2.0, (1.0, 1.0, -1.0), 9.0)

"""Plain layers that predict."""

import numpy as np
import pytest
from array_twins import both
from torch import nn

from mlp_lab.network.losses import Objective
from mlp_lab.network.plain_network import Ensemble
from mlp_lab.network.saved import Layers
from mlp_lab.network.torch_networks import TorchNetworks


@pytest.mark.parametrize("ensemble", [1, 3])
def test_a_network_or_several(ensemble: int) -> None:
    """An ensemble gives the mean of its networks' outputs."""
    _, found = both(Layers([2, 3, 1], ["relu"], "sigmoid", "bce", ensemble=ensemble))
    assert isinstance(found.network, Ensemble) == (ensemble > 1)
    assert (found.count, len(found.networks), found.dtype) == (ensemble, ensemble, "float64")
    inputs = np.random.default_rng(0).normal(size=(5, 2))
    mean, each = found.mean_and_each(inputs)
    assert each.shape == (ensemble, 5, 1)
    np.testing.assert_allclose(each.mean(0), mean)
    np.testing.assert_array_equal(mean, found.outputs(inputs))


def test_losses_start_from_the_last_pre_activations() -> None:
    """No probability underflows before its logarithm is taken."""
    _, found = both(Layers([1, 1], [], "sigmoid", "bce"))
    f, outputs, losses = found.outputs_and_losses(np.array([[1e4], [-1e4]]), np.array([[0.0], [1]]))
    assert np.isfinite(losses).all()
    assert {float(y) for y in outputs.round(300).ravel()} == {0.0, 1.0}
    assert losses.max() == pytest.approx(np.abs(f).max())


def test_layers_that_somebody_made_add_up_nothing() -> None:
    """Others than ours have no sums over columns."""
    objective = Objective("sigmoid", "bce")
    own = nn.Sequential(nn.Linear(2, 1), nn.Sigmoid())
    assert TorchNetworks(own, objective).by_column([1, 1]) is None
    _, found = both(Layers([2, 3, 1], ["relu"], "sigmoid", "bce"))
    assert found.by_column([1, 1]) is not None
    (network,) = found.networks
    network[0] = nn.Sequential(nn.Tanh(), nn.Linear(2, 3))
    assert found.by_column([1, 1]) is None

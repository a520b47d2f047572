"""The two ways that share nothing with the engine's backward pass."""

import pytest
import torch

from mlp_lab.network.losses import Objective
from mlp_lab.network.mlp import MLP
from mlp_lab.trace.backprop import trace
from mlp_lab.trace.gradient_check import (
    MAX_ENTRIES,
    MIN_ENTRIES,
    loss_of_output,
    sampled_entries,
    torch_loss,
)
from mlp_lab.trace.quantities import Network


@pytest.mark.parametrize(
    ("loss", "output"), [("bce", "sigmoid"), ("cce", "softmax"), ("poisson", "exponential")]
)
def test_a_loss_from_outputs_is_that_from_pre_activations(loss: str, output: str) -> None:
    """As written down, and as it is computed."""
    f = torch.tensor([[0.5, -1.0], [2.0, 0.25]], dtype=torch.float64)
    t = torch.tensor([[1.0, 0.0], [0.0, 1.0]], dtype=torch.float64)
    objective = Objective(output, loss)
    y = objective.predict(f)
    torch.testing.assert_close(torch_loss(objective, f, t), loss_of_output(objective, y, t))


@pytest.mark.parametrize(
    ("count", "taken"),
    [(3, 3), (MAX_ENTRIES, MAX_ENTRIES), (8192, MAX_ENTRIES), (2**22, MIN_ENTRIES)],
)
def test_how_many_entries_are_sampled(count: int, taken: int) -> None:
    """All of a few, some of many, evenly from the first to the last."""
    entries = sampled_entries(count)
    assert len(entries) == taken
    assert (entries[0].item(), entries[-1].item()) == (0, count - 1)
    assert sorted(set(entries.tolist())) == entries.tolist()


def test_a_difference_of_a_linear_model_is_its_gradient() -> None:
    """L = (2 w - 1)^2 at w = 3: dL/dw = 20."""
    mlp = MLP([[1, 1]], activations=[], output="linear", dtype=torch.float64)
    mlp.layers.weights[0].fill_(3.0)
    x, t = torch.tensor([[2.0]], dtype=torch.float64), torch.tensor([[1.0]], dtype=torch.float64)
    found = trace(Network(mlp, Objective("linear", "mse"), x, t))
    (gradient,) = [gradient for gradient in found.backward if gradient.of == "Omega_0"]
    assert gradient.value.item() == 20
    assert gradient.autograd.item() == 20
    assert gradient.difference.item() == pytest.approx(20, rel=1e-9)

"""Which networks predict best together."""

import pytest
import torch

from mlp_lab.data.dataset import Part
from mlp_lab.engine.selection import INVERSE, mean_loss, selected
from mlp_lab.network.losses import OUTPUTS, Objective

MSE = Objective("linear", "mse")


def part(targets: torch.Tensor, weights: torch.Tensor | None = None) -> Part:
    return Part(torch.zeros(len(targets), 1), targets, weights, weights)


@pytest.mark.parametrize("output", OUTPUTS)
def test_outputs_give_their_pre_activations(output: str) -> None:
    """Up to what the output does not depend on."""
    f = torch.randn(5, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    y = OUTPUTS[output].value(f)
    torch.testing.assert_close(OUTPUTS[output].value(INVERSE[output](y)), y)


def test_loss_is_that_of_the_rows() -> None:
    """With the weights that they have."""
    rows = part(torch.tensor([[0.0], [1.0]]), torch.tensor([3.0, 1.0]))
    y = torch.tensor([[1.0], [3.0]], dtype=torch.float64)
    assert mean_loss(y, rows, MSE) == pytest.approx((3 * 1 + 4) / 4)


def test_errors_that_cancel_are_kept_together() -> None:
    """Of two that err in opposite directions, and a better one that helps neither."""
    t = torch.linspace(-1, 1, 200, dtype=torch.float64)[:, None]
    outputs = [t + 1, t - 1, t + 0.9]
    counts = selected(outputs, part(t), MSE, 16)
    mean = sum(count * outputs[k] for k, count in counts.items()) / sum(counts.values())
    assert mean_loss(torch.as_tensor(mean), part(t), MSE) < 0.01
    assert sum(counts.values()) == 16


def test_at_most() -> None:
    """One network is the best one; among few rows, the best ones, each once."""
    t = torch.zeros(100, 1, dtype=torch.float64)
    outputs = [t + 0.5, t + 0.1, t + 0.2]
    assert selected(outputs, part(t), MSE, 1) == {1: 1}
    assert selected([y[:9] for y in outputs], part(t[:9]), MSE, 2) == {1: 1, 2: 1}


def test_it_repeats_itself() -> None:
    """Bags are drawn from a seed."""
    generator = torch.Generator().manual_seed(1)
    t = torch.randn(50, 1, dtype=torch.float64, generator=generator)
    outputs = [t + torch.randn(50, 1, dtype=torch.float64, generator=generator) for _ in range(6)]
    assert selected(outputs, part(t), MSE, 8) == selected(outputs, part(t), MSE, 8)

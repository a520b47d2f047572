"""Activations against torch's own layers, and their slopes against differences and autograd."""

import pytest
import torch

from mlp_lab.network.activations import ACTIVATIONS
from mlp_lab.network.plain_network import PLAIN_ACTIVATIONS


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation(name: str) -> None:
    """Values as torch's layer has them, slopes as central differences say."""
    activation = ACTIVATIONS[name]
    f = torch.linspace(-6, 6, 240, dtype=torch.float64)  # an even number: not at the kink
    h = activation.value(f)
    torch.testing.assert_close(h, PLAIN_ACTIVATIONS[name]()(f), rtol=1e-12, atol=1e-12)
    step = 1e-5
    difference = (activation.value(f + step) - activation.value(f - step)) / (2 * step)
    torch.testing.assert_close(activation.slope(f, h), difference, rtol=1e-8, atol=1e-8)
    zero = torch.zeros(1, dtype=torch.float64)
    assert activation.value(zero).item() == activation.at_zero


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation_far_out(name: str, dtype: torch.dtype) -> None:
    """Values and slopes stay finite; neither function changes what it is given."""
    activation = ACTIVATIONS[name]
    f = torch.tensor([-1000.0, -100.0, 0.0, 100.0, 1000.0], dtype=dtype)
    given = f.clone()
    h = activation.value(f)
    kept = h.clone()
    slope = activation.slope(f, h)
    assert h.isfinite().all()
    assert slope.isfinite().all()
    assert torch.equal(f, given)
    assert torch.equal(h, kept)
    autograd = given.clone().requires_grad_()
    PLAIN_ACTIVATIONS[name]()(autograd).sum().backward()
    assert autograd.grad is not None
    torch.testing.assert_close(slope, autograd.grad, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("zero", [0.0, -0.0])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_autograd_takes_the_same_slope_at_zero(name: str, zero: float) -> None:
    """Of this function, not of torch's: a kink has no true slope, and both must choose one."""
    activation = ACTIVATIONS[name]
    f = torch.tensor([zero], dtype=torch.float64, requires_grad=True)
    h = activation.value(f)
    (slope,) = torch.autograd.grad(h.sum(), f)
    torch.testing.assert_close(slope, activation.slope(f.detach(), h.detach()))

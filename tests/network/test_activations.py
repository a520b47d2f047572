"""Activations against torch's own layers, and their slopes against differences and autograd."""

import pytest
import torch

from mlp_lab.network.activations import ACTIVATIONS, GATES, parts_of
from mlp_lab.network.plain_network import plain_activation

PLAIN = [name for name in ACTIVATIONS if name not in GATES]


@pytest.mark.parametrize("name", PLAIN)
def test_activation(name: str) -> None:
    """Values as torch's layer has them, slopes as central differences say."""
    activation = ACTIVATIONS[name]
    f = torch.linspace(-6, 6, 240, dtype=torch.float64)  # an even number: not at the kink
    h = activation.value(f)
    torch.testing.assert_close(h, plain_activation(name)(f), rtol=1e-12, atol=1e-12)
    step = 1e-5
    difference = (activation.value(f + step) - activation.value(f - step)) / (2 * step)
    torch.testing.assert_close(activation.slope(f, h), difference, rtol=1e-8, atol=1e-8)
    zero = torch.zeros(1, dtype=torch.float64)
    assert activation.value(zero).item() == activation.at_zero


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", PLAIN)
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
    plain_activation(name)(autograd).sum().backward()
    assert autograd.grad is not None
    torch.testing.assert_close(slope, autograd.grad, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("zero", [0.0, -0.0])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_autograd_takes_the_same_slope_at_zero(name: str, zero: float) -> None:
    """Of this function, not of torch's: a kink has no true slope, and both must choose one."""
    activation = ACTIVATIONS[name]
    f = torch.tensor([zero] * activation.parts, dtype=torch.float64, requires_grad=True)
    h = activation.value(f)
    (slope,) = torch.autograd.grad(h.sum(), f)
    torch.testing.assert_close(slope, activation.slope(f.detach(), h.detach()))


@pytest.mark.parametrize("name", GATES)
def test_gated_units(name: str) -> None:
    """u s(v), with torch's own layer as s: values, both slopes, and nothing given is changed."""
    activation, gate = ACTIVATIONS[name], plain_activation(GATES[name])
    generator = torch.Generator().manual_seed(0)
    f = 4 * torch.randn(5, 8, dtype=torch.float64, generator=generator)
    f[0, :] = torch.tensor([-1000.0, -100, 100, 1000, 1000, -1000, 100, -100])
    given = f.clone().requires_grad_()
    h = activation.value(f)
    assert h.shape == (5, 4)
    expected = given[:, :4] * gate(given[:, 4:])
    torch.testing.assert_close(h, expected.detach(), rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(plain_activation(name)(f), h, rtol=1e-12, atol=1e-12)
    kept = h.clone()
    expected.sum().backward()
    assert given.grad is not None
    torch.testing.assert_close(activation.slope(f, h), given.grad, rtol=1e-10, atol=1e-10)
    assert torch.equal(f, given)
    assert torch.equal(h, kept)
    assert name in repr(plain_activation(name)).lower()


def test_parts_of_units() -> None:
    """Two of gated ones, one of others."""
    assert parts_of(["relu", "swiglu", "tanh"]) == [1, 2, 1]

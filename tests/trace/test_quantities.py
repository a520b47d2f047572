"""How gradients are held against others, and what a trace finds by name."""

import math

import pytest
import torch
from traces import traced

from mlp_lab.trace.quantities import Gradient, shape_of


def gradient(value: float, autograd: float, difference: float, *, kink: bool = False) -> Gradient:
    """By one number."""
    numbers = [torch.tensor([[number]]).double() for number in (value, autograd, difference)]
    return Gradient(
        name="dL/dOmega_0",
        formula="",
        shape=(1, 1),
        value=numbers[0],
        chain="",
        autograd=numbers[1],
        difference=numbers[2],
        kinks=torch.tensor([[kink]]),
    )


@pytest.mark.parametrize(
    ("value", "other", "error"),
    [(2.0, 1.0, 1.0), (110.0, 100.0, 0.1), (0.5, 0.25, 0.25), (math.inf, math.inf, 0.0)],
)
def test_errors_are_relative_to_what_is_larger_than_one(
    value: float, other: float, error: float
) -> None:
    """Two equal infinities agree."""
    found = gradient(value, other, other)
    assert found.of == "Omega_0"
    assert found.autograd_error.item() == pytest.approx(error)
    assert found.difference_error.item() == pytest.approx(error)


def test_a_kink_and_what_was_not_taken_are_no_error() -> None:
    """Autograd's disagreement stays one."""
    assert gradient(2.0, 1.0, 1.0, kink=True).difference_error.item() == 0
    assert gradient(2.0, 1.0, math.nan).difference_error.item() == 0
    assert gradient(2.0, 1.0, 1.0, kink=True).autograd_error.item() == 1


def test_quantities_by_name() -> None:
    """The example's, of both passes; a bias is a vector and L a number."""
    found = traced()
    assert found.value("L").item() == 6.25
    assert found.value("dL/dy").item() == 5
    assert found.finite
    assert shape_of("beta_0", found.value("beta_0")) == (2,)
    assert shape_of("L", found.value("L")) == ()
    assert shape_of("Omega_0", found.value("Omega_0")) == (1, 2)

"""Linear regions, counted again by the slopes at very many points."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
import torch

from mlp_lab.data.arrays import Floats
from mlp_lab.lessons.linear_regions import breakpoints, folding, max_regions
from mlp_lab.lessons.trained import Layers
from mlp_lab.network.architecture import INITS

POINTS = np.linspace(-1, 1, 400_001)


def drawn(sizes: Sequence[int], seed: int, init: str = "torch", bias: float = 0.0) -> Layers:
    """Random layers; `bias` is the spread of normal ones, 0 for those that `init` draws."""
    generator = torch.Generator().manual_seed(seed)
    layers = []
    for inputs, outputs in pairwise(sizes):
        omega, beta = torch.zeros(inputs, outputs), torch.zeros(outputs)
        INITS[init](omega, beta, generator)
        if bias:
            beta.normal_(0, bias, generator=generator)
        layers.append((omega.double().numpy(), beta.double().numpy()))
    return layers


def slopes(layers: Layers) -> Floats:
    """dy/dx of the first output at every point, by autograd."""
    x = torch.as_tensor(POINTS[:, None]).requires_grad_()
    h = x
    for omega, beta in layers[:-1]:
        h = torch.relu(h @ torch.as_tensor(omega) + torch.as_tensor(beta))
    y = h @ torch.as_tensor(layers[-1][0]) + torch.as_tensor(layers[-1][1])
    (gradient,) = torch.autograd.grad(y[:, 0].sum(), x)
    found: Floats = gradient[:, 0].numpy()
    return found


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "sizes", [[1, 40, 1], [1, 12, 12, 1], [1, 8, 8, 8, 1], [1, 10, 10, 10, 10, 10, 1]]
)
def test_breakpoints_are_where_slopes_change(sizes: list[int], seed: int) -> None:
    """One between two neighbouring points of other slopes, and none between any others."""
    layers = drawn(sizes, seed, init="he", bias=0.5)
    found = breakpoints(layers)
    ends = np.concatenate([[-1.0], found, [1.0]])
    assert np.diff(ends).min() > 1e-5  # twice the points' distance: each region holds a point
    changes = np.flatnonzero(np.abs(np.diff(slopes(layers))) > 1e-9)
    assert len(found) == len(changes) > 4
    assert (POINTS[changes] <= found + 1e-12).all()
    assert (found - 1e-12 <= POINTS[changes + 1]).all()


def test_no_breakpoint_where_nothing_is_passed_on() -> None:
    """Of 12 units, four have no way out and one is dead."""
    ((omega, beta), last) = drawn([1, 12, 1], 3)
    all_of_them = len(breakpoints([(omega, beta), last]))
    inside = np.abs(-beta / omega[0]) < 1
    assert all_of_them == inside.sum()
    last[0][:4] = 0
    assert len(breakpoints([(omega, beta), last])) == inside[4:].sum()
    beta[4] = -100
    assert len(breakpoints([(omega, beta), last])) == inside[5:].sum()


def test_a_linear_model_and_initial_weights_without_biases() -> None:
    assert breakpoints([(np.array([[2.0]]), np.array([1.0]))]).tolist() == []
    assert breakpoints(drawn([1, 10, 10, 1], 0, init="he")).tolist() == [0.0]


@pytest.mark.parametrize("depth", [1, 2, 5, 10])
def test_folding_by_hand(depth: int) -> None:
    """Breakpoints lie evenly, and the function is a zigzag between -1 and 1."""
    found = breakpoints(folding(depth))
    assert found == pytest.approx(np.linspace(-1, 1, 2**depth + 1)[1:-1], abs=1e-12)
    h = np.concatenate([[-1.0], found, [1.0]])[:, None]
    for omega, beta in folding(depth)[:-1]:
        h = np.maximum(h @ omega + beta, 0)
    omega, beta = folding(depth)[-1]
    assert (h @ omega + beta)[:, 0] == pytest.approx(np.tile([-1.0, 1.0], 2**depth)[: len(h)])


def test_max_regions_are_the_textbooks() -> None:
    """Five layers of ten units: 161,051 (Understanding Deep Learning, figure 4.7)."""
    assert max_regions(10, 5) == 161_051
    assert max_regions(160, 1) == 161
    for seed in range(20):
        assert len(breakpoints(drawn([1, 2, 2, 1], seed, "he", bias=1.0))) + 1 <= max_regions(2, 2)

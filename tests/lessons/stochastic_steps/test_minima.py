"""The surface by autograd, minima by their definition, and what is said of ways out of them."""

import numpy as np
import pytest
import torch
from given import evidence

from mlp_lab.lessons.stochastic_steps import minima
from mlp_lab.lessons.stochastic_steps.minima import RATE, ROWS, Surface
from mlp_lab.lessons.tables import by_seed

NAME = "stochastic_steps"


def surface(seed: int = 0) -> Surface:
    """A seed's."""
    return Surface.of(np.random.default_rng(seed))


def loss(own: Surface, point: torch.Tensor, rows: list[int]) -> torch.Tensor:
    """As one writes it down."""
    x, t = (torch.as_tensor(values[rows]) for values in (own.x, own.t))
    z = point[0] + 0.06 * point[1] * x
    return (torch.sin(z) * torch.exp(-(z**2) / 32) - t).square().mean()


@pytest.mark.parametrize("rows", [list(range(ROWS)), [3], [0, 7, 7, 29]])
def test_gradients_and_curvatures_are_autograds(rows: list[int]) -> None:
    """Of all rows and of a batch."""
    own, points = surface(), np.array([[0.3, 12.0], [-4.0, 20.0]])
    batch = None if len(rows) == ROWS else np.array([rows, rows])
    found = own.gradient(points, batch)
    for point, gradient in zip(points, found, strict=True):
        at = torch.tensor(point, requires_grad=True)
        (expected,) = torch.autograd.grad(loss(own, at, rows), at)
        np.testing.assert_allclose(gradient, expected.numpy(), atol=1e-12)
    at = torch.tensor(points[0], requires_grad=True)
    whole = loss(own, at, list(range(ROWS)))
    (slope,) = torch.autograd.grad(whole, at, create_graph=True)
    hessian = torch.stack([torch.autograd.grad(s, at, retain_graph=True)[0] for s in slope])
    expected = torch.linalg.eigvalsh(hessian)
    np.testing.assert_allclose(own.curvatures(points)[0], expected.numpy(), atol=1e-6)


def test_minima_are_minima() -> None:
    """No neighbour lies lower; the deepest is near the truth, and none of the local ones."""
    own = surface(1)
    local, deepest = minima.minima(own, own.descend(minima.grid(8), 5000))
    assert deepest[0] == pytest.approx(minima.TRUE, abs=1)
    around = 0.01 * np.array([[np.cos(a), np.sin(a)] for a in np.linspace(0, 6, 13)])
    for point in [*local, deepest[0]]:
        assert (own.loss(point + around) > own.loss(point)).all()
    assert (own.loss(local) > own.loss(deepest) + minima.ABOVE).all()


def test_all_rows_are_full_steps() -> None:
    """A batch of all of them moves as descent does: it stays in every minimum."""
    own, generator = surface(2), np.random.default_rng(0)
    points = minima.grid(3)
    path = own.wander(points, ROWS, generator)
    np.testing.assert_allclose(path[1], points - RATE * own.gradient(points), atol=1e-12)
    local, _ = minima.minima(own, own.descend(minima.grid(8), 5000))
    assert minima.left(own, local[:3], ROWS, generator) == (0.0, 0.0)


def test_what_is_said_of_the_tables() -> None:
    """Claims are of the columns that their words name."""
    found = evidence(NAME)
    tables = found.tables
    lower = by_seed(tables["left"], "lower", "batch")
    assert found.findings["leaves"].values == pytest.approx(lower[0].tolist())
    assert lower[0].min() > 0
    starts = tables["starts"]
    more = by_seed(starts, "few_deepest") - by_seed(starts, "full_deepest")
    assert found.findings["everywhere"].values == pytest.approx(more.tolist())

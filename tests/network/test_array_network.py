"""Layers by numpy against the same by torch."""

import numpy as np
import pytest
from array_twins import both, held_by_column, held_equal

from mlp_lab.network.activations import ACTIVATIONS
from mlp_lab.network.array_network import NUMBERS_AT_ONCE, ArrayNetworks
from mlp_lab.network.embedding_plan import EmbeddingPlan
from mlp_lab.network.saved import Layers


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("normalisation", ["none", "layer", "batch"])
def test_layers(activation: str, normalisation: str) -> None:
    """Every activation behind every normalisation, around which layers add."""
    more = {"normalisation": normalisation, "residual": True}
    layers = Layers([3, 5, 5, 5, 2], [activation] * 3, "linear", "mse", **more)  # type: ignore[arg-type]
    held_equal(layers)
    held_by_column(layers, [1, 2])


@pytest.mark.parametrize("kind", ["none", "piecewise", "periodic", "both"])
def test_embeddings(kind: str) -> None:
    """Numbers and categories, and inputs that are read as they are."""
    plan = EmbeddingPlan(
        kind=kind,
        size=3,
        bins=4,
        frequencies=2,
        numbers=[1, 3],
        categories=[[4, 7]],
        category_size=2,
        inputs=8,
    )
    layers = Layers([8, 4, 1], ["relu"], "linear", "mse", plan, ensemble=2)
    held_equal(layers)
    held_by_column(layers, [1, 2, 1, 3, 1])
    held_by_column(layers, [2, 2, 4])


@pytest.mark.parametrize("temperature", [1.0, 1.7])
@pytest.mark.parametrize("widths", [[], [[3], [5]]])
def test_sums_over_columns(widths: list[list[int]], temperature: float) -> None:
    """Of an ensemble, each network has its part; a temperature is that of the mean."""
    hidden = ["tanh"] if widths else []
    sizes = [4, 3, 1] if widths else [4, 1]
    more = {"ensemble": 2, "ensemble_widths": widths, "temperature": temperature}
    layers = Layers(sizes, hidden, "sigmoid", "bce", **more)  # type: ignore[arg-type]
    held_equal(layers)
    held_by_column(layers, [1, 2, 1])


def test_many_rows_in_pieces() -> None:
    """A wide layer of more rows than are computed at once; and no row at all."""
    layers = Layers([2, 600, 1], ["relu"], "sigmoid", "bce")
    held_equal(layers, rows=NUMBERS_AT_ONCE // 1200 + 5)
    assert both(layers)[0].outputs(np.empty((0, 2))).shape == (0, 1)


def test_parts_of_ones_own_are_not_computed() -> None:
    """torch's tensors go through them."""
    assert not ArrayNetworks.can_compute(Layers([2, 3, 1], ["mine"], "linear", "mse"))
    assert not ArrayNetworks.can_compute(Layers([2, 3, 1], ["relu"], "linear", "mine"))

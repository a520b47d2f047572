"""What columns add to a network's predictions, against every state computed as a row of its own."""

import numpy as np
import pytest
from array_twins import both
from exported import NUMBER, THREE, TWO, levels, number, predictor

from mlp_lab.data.arrays import Array, Floats
from mlp_lab.data.schema import AnyTarget, Schema, Targets
from mlp_lab.errors import UserError
from mlp_lab.metrics.explained import Asked, explained
from mlp_lab.metrics.explainer import Explainer
from mlp_lab.metrics.shapley import Explained, _orders
from mlp_lab.network import array_network
from mlp_lab.network.array_network import ArrayNetworks
from mlp_lab.network.embedding_plan import EmbeddingPlan
from mlp_lab.network.saved import Layers, Weights
from mlp_lab.network.torch_networks import TorchNetworks

COLUMNS = [number("x"), number("yy", gaps=True), levels("k", "category", 0, 1, 2), number("zzz")]
WIDTHS = [len(column.names) for column in COLUMNS]
INPUTS = sum(WIDTHS)
PLAN = EmbeddingPlan(
    kind="both",
    size=3,
    bins=4,
    frequencies=2,
    numbers=[0, 1, INPUTS - 1],
    categories=[[3, 3 + WIDTHS[2]]],
    category_size=2,
    inputs=INPUTS,
)


def rows_of(count: int, seed: int) -> Array:
    """Numbers, and one indicator of the category; some columns are alike in many rows."""
    draw = np.random.default_rng(seed)
    rows = draw.normal(size=(count, INPUTS)).round(1)
    rows[:, 2] = rows[:, 2] > 1
    rows[:, 3:-1] = np.eye(WIDTHS[2])[draw.integers(0, WIDTHS[2], count)]
    return rows


def one_by_one(explained: Explained, row: Array, background: Array) -> Floats:
    """Along the same orders: each state is a row, and each step a difference, (F,)."""
    total = np.zeros(len(WIDTHS))
    of_input = np.repeat(np.arange(len(WIDTHS)), WIDTHS)
    for places, orders in _orders(len(background), len(WIDTHS), 3, 0):
        for place, order in zip(places, orders, strict=True):
            state = background[place].copy()
            before = explained(state[None])[0]
            for column in order:
                state[of_input == column] = row[of_input == column]
                after = explained(state[None])[0]
                total[column] += after - before
                before = after
    return total / (2 * len(background))


def made(target: AnyTarget, layers: Layers) -> tuple[Schema, ArrayNetworks, TorchNetworks]:
    """Drawn weights for such columns and targets."""
    return predictor(COLUMNS, target).schema, *both(layers)


@pytest.mark.parametrize(
    ("target", "asked", "layers"),
    [
        (NUMBER, Asked(), Layers([INPUTS, 5, 4, 1], ["relu", "tanh"], "linear", "mse", PLAN)),
        (TWO, Asked("no"), Layers([INPUTS, 4, 1], ["glu"], "sigmoid", "bce", temperature=1.6)),
        (THREE, Asked("l"), Layers([INPUTS, 4, 3], ["elu"], "softmax", "cce", PLAN, ensemble=2)),
        (THREE, Asked("s"), Layers([INPUTS, 3], [], "softmax", "cce")),
        (
            Targets([NUMBER, NUMBER]),
            Asked(target="wage"),
            Layers([INPUTS, 5, 2], ["silu"], "linear", "mse", PLAN, normalisation="layer"),
        ),
    ],
)
def test_contributions_are_those_of_whole_rows(
    target: AnyTarget, asked: Asked, layers: Layers
) -> None:
    """By sums over the first layer, by layers of torch, and one row after another; they add up."""
    schema, arrays, tensors = made(target, layers)
    probabilities = layers.objective.gives_probabilities(target.task)
    rows, background = rows_of(6, 1), rows_of(5, 2)
    background[0] = rows[0]
    name, number_of = explained(target, asked, arrays.outputs, probabilities=probabilities)
    wanted = np.array([one_by_one(number_of, row, background) for row in rows])
    for networks in (arrays, tensors):
        explainer = Explainer(networks, schema, asked, probabilities=probabilities)
        found = explainer.contributions(rows, background)
        assert list(found)[:2] == [name, "base"]
        contributions = np.column_stack(list(found.values())[2:])
        np.testing.assert_allclose(contributions, wanted, rtol=1e-8, atol=1e-11)
        np.testing.assert_allclose(found[name], number_of(rows), rtol=1e-9, atol=1e-13)
        np.testing.assert_allclose(found["base"] + contributions.sum(1), found[name], atol=1e-11)


def test_sums_are_taken_some_rows_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second layer may be far wider than the first: its units of all rows would not fit."""
    layers = Layers([INPUTS, 2, 50, 1], ["relu", "tanh"], "linear", "mse", ensemble=2)
    _, arrays, _ = made(NUMBER, layers)
    sums = arrays.by_column(WIDTHS)
    rows = sums.parts(rows_of(37, 4)).sum(1)
    whole, lengths = sums.outputs(rows), []

    def counted(layers: Layers, weights: Weights, f: Floats) -> Floats:
        lengths.append(len(f))
        return after_first(layers, weights, f)

    after_first = array_network.after_first
    monkeypatch.setattr(array_network, "after_first", counted)
    monkeypatch.setattr(array_network, "NUMBERS_AT_ONCE", 1000)
    np.testing.assert_allclose(sums.outputs(rows), whole, rtol=1e-12)
    assert lengths == [10, 10, 10, 7] * 2
    assert sums.outputs(rows[:0]).shape == (0, 1)


def test_the_background() -> None:
    """Rows of the pool, evenly along their predictions; all where there are no more."""
    layers = Layers([INPUTS, 4, 1], ["relu"], "linear", "mse")
    schema, arrays, _ = made(NUMBER, layers)
    rows = rows_of(300, 3)
    found = Explainer(arrays, schema, Asked(samples=10), probabilities=False).background_of(rows)
    assert len(found) == 10
    middle = abs(arrays.outputs(found).mean() - arrays.outputs(rows).mean())
    assert middle < 0.1 * arrays.outputs(rows).std()
    every = Explainer(arrays, schema, Asked(samples=300), probabilities=False)
    assert every.background_of(rows) is not found
    np.testing.assert_array_equal(every.background_of(rows), rows)
    with pytest.raises(UserError, match="there is no background row to compare with"):
        every.background_of(rows[:0])

"""Contributions of columns, against linear functions and all orders one by one."""

from itertools import permutations

import numpy as np
import pytest

from mlp_lab.data.arrays import Array, Floats
from mlp_lab.metrics import shapley as module
from mlp_lab.metrics.shapley import Sums, shapley


def product(rows: Array) -> Floats:
    """A function in which columns act together."""
    found: Floats = rows[:, 0] * np.exp(rows[:, 1]) + np.sin(rows.sum(1))
    return found


def test_a_linear_function_is_exact() -> None:
    """w (x - mean x) of each column, its inputs together, whatever orders were drawn."""
    draw = np.random.default_rng(0)
    weights = draw.normal(size=6)
    rows, background = draw.normal(size=(5, 6)), draw.normal(size=(7, 6))
    found = shapley(lambda inputs: inputs @ weights + 3, rows, background, [1, 3, 2])
    by_input = weights * (rows - background.mean(0))
    wanted = np.stack([by_input[:, :1].sum(1), by_input[:, 1:4].sum(1), by_input[:, 4:].sum(1)], 1)
    np.testing.assert_allclose(found.by_column, wanted, atol=1e-12)
    np.testing.assert_allclose(found.base, (background @ weights).mean() + 3)


def test_they_add_up() -> None:
    """Base and contributions are what is explained."""
    draw = np.random.default_rng(1)
    rows, background = draw.normal(size=(20, 4)), draw.normal(size=(9, 4))
    found = shapley(product, rows, background, [1, 1, 1, 1])
    np.testing.assert_allclose(found.base + found.by_column.sum(1), product(rows), atol=1e-12)
    np.testing.assert_array_equal(found.explained, product(rows))


def test_two_columns_are_exact() -> None:
    """An order and its reverse are all that there are."""
    draw = np.random.default_rng(2)
    rows, background = draw.normal(size=(3, 2)), draw.normal(size=(8, 2))
    found = shapley(product, rows, background, [1, 1])
    for row, own in zip(rows, found.by_column, strict=True):
        np.testing.assert_allclose(own, every_order(row, background), atol=1e-12)


def every_order(row: Floats, background: Floats) -> Floats:
    """Shapley values by their definition: the mean over all orders and background rows."""
    columns = len(row)
    total = np.zeros(columns)
    orders = list(permutations(range(columns)))
    for order in orders:
        state = background.copy()
        for column in order:
            before = product(state).mean()
            state[:, column] = row[column]
            total[column] += product(state).mean() - before
    return total / len(orders)


def test_sampling_comes_near_all_orders() -> None:
    """Of three columns, over so many background rows that every order is among theirs."""
    draw = np.random.default_rng(3)
    row, background = draw.normal(size=(1, 3)), draw.normal(size=(2000, 3))
    found = shapley(product, row, background, [1, 1, 1])
    np.testing.assert_allclose(found.by_column[0], every_order(row[0], background), atol=0.05)


def squared(rows: Array) -> Floats:
    """Of the first column."""
    found: Floats = np.square(rows[:, 0], dtype=np.float64)
    return found


def test_one_column() -> None:
    """It is the whole difference."""
    rows, background = np.array([[2.0], [3.0]]), np.array([[0.0], [1.0]])
    found = shapley(squared, rows, background, [1])
    assert (found.base, found.by_column.tolist()) == (0.5, [[3.5], [8.5]])


def test_pieces_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither how many rows nor how many orders are computed at once."""
    draw = np.random.default_rng(4)
    rows, background = draw.normal(size=(5, 3)), draw.normal(size=(6, 3))
    whole = shapley(product, rows, background, [1, 1, 1]).by_column
    monkeypatch.setattr(module, "NUMBERS_AT_ONCE", 30)
    np.testing.assert_allclose(
        shapley(product, rows, background, [1, 1, 1]).by_column, whole, atol=1e-12
    )


def test_what_does_not_change_is_not_computed() -> None:
    """Columns that are equal in both rows contribute nothing, and cost nothing."""
    computed: list[int] = []

    def explained(states: Array) -> Floats:
        computed.append(len(states))
        found: Floats = states.prod(1) + states[:, 0]
        return found

    background = np.array([[1.0, 2.0, 3.0, 4.0]])
    rows = np.array([[1.0, 5.0, 3.0, 7.0], [1.0, 2.0, 3.0, 4.0], [2.0, 2.0, 3.0, 4.0]])
    found = shapley(explained, rows, background, [1, 1, 1, 1])
    assert computed == [1, 3, 2]  # of both orders of the first row, one state between
    assert found.by_column[:, 2].tolist() == [0, 0, 0]
    assert found.by_column[1].tolist() == [0, 0, 0, 0]
    assert found.by_column[2].tolist() == [25, 0, 0, 0]
    np.testing.assert_allclose(found.base + found.by_column.sum(1), found.explained)


def test_sums_of_what_columns_give(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same, of a function of them; what a column gives is asked for once a row."""
    draw = np.random.default_rng(5)
    weights = draw.normal(size=(4, 3))
    rows, background = draw.normal(size=(12, 4)), draw.normal(size=(6, 4))
    asked: list[int] = []

    def explained(inputs: Array) -> Floats:
        found: Floats = np.tanh(inputs @ weights).sum(1)
        return found

    def parts(inputs: Array) -> Floats:
        asked.append(len(inputs))
        found: Floats = inputs[:, :, None] * weights
        return found

    def value(sums: Array) -> Floats:
        found: Floats = np.tanh(sums).sum(1)
        return found

    widths = [1, 1, 1, 1]
    whole = shapley(explained, rows, background, widths)
    found = shapley(explained, rows, background, widths, sums=Sums(parts, value))
    np.testing.assert_allclose(found.by_column, whole.by_column, atol=1e-12)
    assert found.explained.tolist() == whole.explained.tolist()
    assert asked == [1, 6, 12]  # for their size, of the background rows, and of the rows
    monkeypatch.setattr(module, "NUMBERS_KEPT", 1)
    again = shapley(explained, rows, background, widths, sums=Sums(parts, value))
    np.testing.assert_allclose(again.by_column, whole.by_column, atol=1e-12)
    assert asked[3:] == [1, 12, 12]  # of each background row for both of its orders

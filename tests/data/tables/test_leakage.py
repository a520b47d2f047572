"""Columns that give the target away are found in every draw; strong honest ones hardly ever."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mlp_lab.data.arrays import Floats
from mlp_lab.data.columns import Column, classified, numeric
from mlp_lab.data.rows import RawData
from mlp_lab.data.tables.leakage import leaks, separates

DRAWS = 20
ROWS = 300
COLUMNS = 6

Drawn = tuple[Floats, Floats | NDArray[np.bool_] | NDArray[np.signedinteger[Any]], int]
"""Inputs, target, number of classes or 0."""


def threshold(x: Floats, _: Floats) -> Drawn:
    return x, x[:, 0] > 0.2, 2


def rare_threshold(x: Floats, _: Floats) -> Drawn:
    return x, x[:, 0] > 1.5, 2


def two_thresholds(x: Floats, _: Floats) -> Drawn:
    return x, np.digitize(x[:, 0], [-0.5, 0.5]), 3


def nearly_the_target(x: Floats, noise: Floats) -> Drawn:
    return x, x[:, 0] + 0.05 * noise, 0


def its_logarithm(x: Floats, _: Floats) -> Drawn:
    return x, np.exp(3 * x[:, 0]), 0


def an_opposite(x: Floats, noise: Floats) -> Drawn:
    return x, 10 - 3 * x[:, 0] + 0.1 * noise, 0


def a_sum(x: Floats, _: Floats) -> Drawn:
    return x, x[:, 0] + x[:, 1], 0


def a_difference(x: Floats, noise: Floats) -> Drawn:
    return x, 2 * x[:, 0] - x[:, 1] + 0.05 * noise, 0


def a_sum_with_gaps(x: Floats, noise: Floats) -> Drawn:
    return np.where((noise > 2)[:, None], np.nan, x), x[:, 0] + x[:, 1], 0


def a_threshold_of_a_sum(x: Floats, _: Floats) -> Drawn:
    return x, x[:, 0] - x[:, 1] > 0.3, 2


def a_score_of_items(x: Floats, _: Floats) -> Drawn:
    items = np.round(2 * x + 5)
    return items, items[:, :4].sum(1), 0


def strong(x: Floats, noise: Floats) -> Drawn:
    return x, np.sqrt(0.95) * x[:, 0] + np.sqrt(0.05) * noise, 0


def strong_sum(x: Floats, noise: Floats) -> Drawn:
    return x, (x[:, 0] + x[:, 1]) / np.sqrt(2) + 0.15 * noise, 0


def strong_of_classes(x: Floats, noise: Floats) -> Drawn:
    return x, x[:, 0] + 0.3 * noise > 0, 2


def strong_of_a_rare_class(x: Floats, noise: Floats) -> Drawn:
    return x, x[:, 0] + 0.5 * noise > 1.9, 2


def nothing(x: Floats, noise: Floats) -> Drawn:
    return x, noise > 0, 2


def found(make: Callable[[Floats, Floats], Drawn], seed: int) -> list[list[str]]:
    draw = np.random.default_rng(seed)
    x, target, classes = make(draw.normal(size=(ROWS, COLUMNS)), draw.normal(size=ROWS))
    names = [f"x{i}" for i in range(COLUMNS)]
    kinds = list(map(str, range(classes)))
    raw = RawData(
        x,
        np.asarray(target, float),
        numeric(names),
        [classified("y", kinds) if kinds else Column(name="y")],
    )
    return leaks(raw, np.arange(ROWS))


@pytest.mark.parametrize(
    ("make", "columns"),
    [
        (threshold, 1),
        (rare_threshold, 1),
        (two_thresholds, 1),
        (nearly_the_target, 1),
        (its_logarithm, 1),
        (an_opposite, 1),
        (a_sum, 2),
        (a_difference, 2),
        (a_sum_with_gaps, 2),
        (a_threshold_of_a_sum, 2),
        (a_score_of_items, 4),
    ],
)
def test_leaks_are_found_in_every_draw(
    make: Callable[[Floats, Floats], Drawn], columns: int
) -> None:
    """Alone, or all that make the sum."""
    wanted = [[f"x{i}" for i in range(columns)]]
    assert [found(make, seed) for seed in range(DRAWS)] == [wanted] * DRAWS


@pytest.mark.parametrize(
    "make", [strong, strong_sum, strong_of_classes, strong_of_a_rare_class, nothing]
)
def test_honest_columns_are_not_suspected(make: Callable[[Floats, Floats], Drawn]) -> None:
    """They explain 95 % or so, and no more."""
    assert [found(make, seed) for seed in range(DRAWS)] == [[]] * DRAWS


def test_classes_that_chance_would_part() -> None:
    """Of eight rows one threshold parts two classes too often to be believed; of 40 never."""
    few, many = np.arange(8.0), np.arange(40.0)
    assert not separates(few, (few > 3).astype(float))
    assert separates(many, (many > 20).astype(float))
    assert not separates(np.minimum(many, 21), (many > 21).astype(float))
    assert not separates(many, (many % 20 > 10).astype(float))
    gaps = np.where(many > 38, np.nan, many)
    assert separates(gaps, (many > 20).astype(float))
    assert not separates(np.where(many % 4 == 0, np.nan, many), (many > 20).astype(float))
    assert not separates(many, np.zeros(40))


def test_columns_of_one_value_explain_nothing() -> None:
    """Nor does a target of one."""
    x = np.ones((50, 3))
    for target in (np.ones(50), np.arange(50.0)):
        raw = RawData(x, target, numeric(["a", "b", "c"]), numeric(["y"]))
        assert leaks(raw, np.arange(50)) == []

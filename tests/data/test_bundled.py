"""Bundled data against scikit-learn's own loaders."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from lab import configure
from sklearn import datasets

from mlp_lab.data.bundled import BUNDLED
from mlp_lab.data.loading import load_rows

LOADERS: dict[str, Callable[[], Any]] = {
    "digits": datasets.load_digits,
    "iris": datasets.load_iris,
    "wine": datasets.load_wine,
    "breast_cancer": datasets.load_breast_cancer,
    "diabetes": partial(datasets.load_diabetes, scaled=False),
}


def test_every_bundled_set_has_a_loader() -> None:
    """A new set must be compared too."""
    assert LOADERS.keys() == BUNDLED.keys()


@pytest.mark.parametrize("name", LOADERS)
def test_equals_scikit_learn(name: str) -> None:
    """Values, targets and names."""
    wanted = LOADERS[name]()
    raw = load_rows(configure(f"data={name}").data)
    np.testing.assert_array_equal(raw.inputs, wanted.data)
    np.testing.assert_array_equal(raw.target, wanted.target)
    assert [column.name for column in raw.columns] == list(wanted.feature_names)
    names = None if name == "diabetes" else [str(label) for label in wanted.target_names]
    assert raw.target_columns[0].levels == (names or [])
    assert raw.target_columns[0].name


@pytest.mark.parametrize(
    ("name", "task"),
    [("digits", "multiclass"), ("breast_cancer", "binary"), ("diabetes", "regression")],
)
def test_task(name: str, task: str) -> None:
    """Two classes are a task of their own."""
    assert BUNDLED[name]().task == task

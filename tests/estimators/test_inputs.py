"""What estimators are given."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from mlp_lab.errors import UserError
from mlp_lab.estimators.inputs import (
    holds_texts,
    named,
    row_groups,
    row_weights,
    target_columns,
    target_names,
)


def test_texts_and_numbers() -> None:
    assert holds_texts([["a"]])
    assert holds_texts(np.array([[None]]))
    assert not holds_texts([[1, 2.5]])


def test_names_are_texts() -> None:
    assert list(named(pd.DataFrame({0: [1], "b": [2]})).columns) == ["0", "b"]


def test_targets_weights_and_groups() -> None:
    assert target_columns([1, 2]).tolist() == [1, 2]
    with pytest.raises(UserError, match="y is missing in 1 of 2 rows"):
        target_columns(pd.Series([1.0, None]))
    assert row_weights(2, 3).tolist() == [2, 2, 2]
    with pytest.raises(UserError, match="sample_weight is zero in every row"):
        row_weights([0, 0], 2)
    assert row_groups(["a", "b", "a"], 3).tolist() == [0, 1, 0]


def test_targets_have_names() -> None:
    """Those of a frame's columns, which differ."""
    two = np.zeros((3, 2))
    frame = pd.DataFrame(two, columns=["a", "b"])
    assert target_names(frame, two) == ["a", "b"]
    assert target_names(two, two) == ["y0", "y1"]
    assert target_names(pd.Series([1.0], name="score"), np.ones(1)) == ["score"]
    assert target_names([1.0], np.ones(1)) == ["y"]
    with pytest.raises(UserError, match="y has two columns 'a'"):
        target_names(frame.set_axis(["a", "a"], axis=1), two)


def test_several_targets_stay_apart() -> None:
    """Dense, or sparse; a row without one of them is refused, and one column alone is a column."""
    labels = np.array([[0, 1], [1, 1]])
    assert target_columns(sparse.csr_matrix(labels)).tolist() == labels.tolist()
    assert target_columns(pd.DataFrame(labels)).shape == (2, 2)
    with pytest.raises(UserError, match="y is missing in 1 of 2 rows"):
        target_columns(np.array([[1.0, np.nan], [1.0, 2.0]]))

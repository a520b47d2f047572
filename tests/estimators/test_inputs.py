"""What estimators are given."""

import numpy as np
import pandas as pd
import pytest

from mlp_lab.errors import UserError
from mlp_lab.estimators.inputs import holds_texts, named, row_groups, row_weights, target_columns


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

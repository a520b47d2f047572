"""Arrays and frames -> columns."""

import numpy as np
import pandas as pd
import pytest

from mlp_lab.errors import UserError
from mlp_lab.estimators.frames import array_names, frame_of, separate


def test_objects_that_are_numbers_are_numbers() -> None:
    frame = frame_of(np.array([[1, "a"], [2.5, None]], dtype=object))
    assert list(frame.columns) == array_names(2) == ["x0", "x1"]
    assert frame["x0"].dtype == float


def test_a_target_is_a_column_of_a_frame() -> None:
    features, target = separate(pd.DataFrame({"a": [1], "b": [2]}), "b")
    assert (list(features), list(target)) == (["a"], [2])
    with pytest.raises(UserError, match="rows must be a DataFrame"):
        separate([[1, 2]], "b")

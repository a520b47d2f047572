"""The regressor."""

import numpy as np
import pytest
from sklearn.datasets import load_diabetes

from mlp_lab import MLPRegressor
from mlp_lab.errors import UserError


def test_predictions_are_in_the_targets_own_units() -> None:
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    fitted = MLPRegressor(depth=1, width=16, target_transform="log").fit(X, y)
    assert abs(fitted.predict(X).mean() - y.mean()) < 0.2 * y.mean()
    assert fitted.score(X, y) > 0.3
    assert {"rmse", "r2"} <= {*fitted.scores_.columns}


def test_numbers_in_words_are_none() -> None:
    with pytest.raises(ValueError, match="could not convert string to float"):
        MLPRegressor().fit(np.ones((4, 1)), ["a", "b", "c", "d"])


def test_a_target_that_says_nothing() -> None:
    with pytest.raises(UserError, match=r"y is 1\.0 in every training row: nothing to learn"):
        MLPRegressor().fit(np.arange(6.0)[:, None], np.ones(6))

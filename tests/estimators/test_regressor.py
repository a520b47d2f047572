"""The regressor."""

from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from several import pupils
from sklearn.datasets import load_diabetes
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV as sklearn_search  # noqa: N813
from sklearn.model_selection import cross_val_score

import mlp_lab
from mlp_lab import GridSearchCV, MLPRegressor
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


SMALL: dict[str, Any] = {"depth": 1, "width": 16, "epochs": 40, "lr": 0.01}


def test_several_numbers_at_once() -> None:
    """Arrays, and columns of a frame by name; each in its own units, whatever theirs are."""
    frame = pupils().drop(columns=["voted", "member"])
    X, Y = frame[["a", "b", "c"]], frame[["math", "reading"]]
    regressor = MLPRegressor(**SMALL).fit(X, Y)
    assert regressor.predict(X).shape == Y.shape
    assert (r2_score(Y, regressor.predict(X), multioutput="raw_values") > 0.8).all()
    assert regressor.score(X, Y) == pytest.approx(r2_score(Y, regressor.predict(X)))
    assert regressor.scores_["r2"]["train"] == pytest.approx(regressor.score(X, Y), abs=1e-4)
    by_name = MLPRegressor(**SMALL).fit(frame, target=["math", "reading"])
    np.testing.assert_array_equal(by_name.predict(frame), regressor.predict(X))
    of_arrays = MLPRegressor(**SMALL).fit(X.to_numpy(), Y.to_numpy())
    np.testing.assert_array_equal(of_arrays.predict(X.to_numpy()), regressor.predict(X))
    larger = MLPRegressor(**SMALL).fit(X, Y * [1, 1000])
    np.testing.assert_allclose(larger.predict(X) / [1, 1000], regressor.predict(X), rtol=1e-4)


def test_several_numbers_in_scikit_learns_tools(tmp_path: Path) -> None:
    """Weights, another fit, a grid as one stack, a folder and back."""
    frame = pupils()
    X, Y = frame[["a", "b", "c"]], frame[["math", "reading"]]
    weights = np.arange(len(X)) % 3
    some = MLPRegressor(**SMALL, val_fraction=0.0).fit(X, Y, weights)
    kept = weights > 0
    others = MLPRegressor(**SMALL, val_fraction=0.0).fit(X[kept], Y[kept], weights[kept])
    np.testing.assert_array_equal(some.predict(X), others.predict(X))
    grid = {"width": [4, 16], "lr": [0.01]}
    alone = GridSearchCV(MLPRegressor(**SMALL), grid, cv=2).fit(X, Y)
    with joblib.parallel_config(backend="mlp_lab"):
        together = sklearn_search(MLPRegressor(**SMALL), grid, cv=2).fit(X, Y)
    assert together.cv_results_["mean_test_score"] == pytest.approx(
        alone.cv_results_["mean_test_score"], abs=1e-4
    )
    assert cross_val_score(some, X, Y, cv=2).shape == (2,)
    folder = some.save(tmp_path / "run")
    np.testing.assert_allclose(
        mlp_lab.load(folder).predict(X).astype(float), some.predict(X), rtol=1e-5
    )
    validated = MLPRegressor(**SMALL).fit(X[:80], Y[:80], X_val=X[80:], y_val=Y[80:])
    assert validated.scores_["r2"]["val"] > 0.5


def test_targets_of_another_fit() -> None:
    frame = pupils()
    X, Y = frame[["a", "b", "c"]].to_numpy(), frame[["math", "reading"]].to_numpy()
    regressor = MLPRegressor(**SMALL, warm_start=True).fit(X, Y)
    before = regressor.score(X, Y)
    assert regressor.fit(X, Y).score(X, Y) > before - 0.05
    with pytest.raises(UserError, match="y must have 2 columns, as in the first fit, got 1"):
        regressor.fit(X, Y[:, 0])
    with pytest.raises(UserError, match="y_val must have as many columns as y"):
        MLPRegressor().fit(X, Y, X_val=X, y_val=Y[:, 0])
    parts = MLPRegressor(**SMALL)
    for _ in range(30):
        parts.partial_fit(X, Y)
    assert parts.score(X, Y) > 0.5
    with pytest.raises(UserError, match="target names 'math' twice"):
        MLPRegressor().fit(frame, target=["math", "math"])
    with pytest.raises(UserError, match="target='maths': no such column"):
        MLPRegressor().fit(frame, target=["math", "maths"])
    frame["same"] = 1.0
    with pytest.raises(UserError, match=r"same is 1\.0 in every training row: nothing to learn"):
        MLPRegressor().fit(frame[["a", "b", "same", "math"]], target=["same", "math"])

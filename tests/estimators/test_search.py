"""scikit-learn's searches under the backend: the same results, trained as stacks."""

import warnings
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.ensemble import BaggingClassifier
from sklearn.exceptions import FitFailedWarning
from sklearn.model_selection import GridSearchCV as TheirGridSearchCV
from sklearn.model_selection import cross_val_score, cross_validate, learning_curve
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mlp_lab import GridSearchCV, MLPClassifier
from mlp_lab.estimators import batches

X, Y = load_iris(return_X_y=True)
QUICK = MLPClassifier(depth=1, width=8, epochs=5, lr=0.01, dtype="float64")
GRID = {"width": [4, 8], "lr": [0.003, 0.01], "optimizer": ["adam", "sgd"]}


def scores(search: Any) -> pd.DataFrame:
    """All columns of the results that are no times."""
    found = pd.DataFrame(search.cv_results_)
    names = [str(name) for name in found]
    return found[[name for name in names if "time" not in name and not name.startswith("param")]]


@pytest.fixture
def stacks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Sizes of the stacks that were trained."""
    found: list[int] = []
    trained = batches._trained

    def count(members: Any, *others: Any) -> Any:
        found.append(len(members))
        return trained(members, *others)

    monkeypatch.setattr(batches, "_trained", count)
    monkeypatch.setattr("os.cpu_count", lambda: 1)  # by which stacks are cut
    return found


def test_a_grid_search_is_the_same_as_one_fit_after_the_other(stacks: list[int]) -> None:
    """Settings that cannot share a stack form several; all folds and values of each share one."""
    ours = GridSearchCV(QUICK, GRID, cv=3, return_train_score=True).fit(X, Y)
    assert sorted(stacks) == [12, 12]
    theirs = TheirGridSearchCV(QUICK, GRID, cv=3, return_train_score=True).fit(X, Y)
    pd.testing.assert_frame_equal(scores(ours), scores(theirs))
    assert ours.best_params_ == theirs.best_params_
    assert (ours.predict(X) == theirs.predict(X)).all()


@pytest.mark.parametrize("pipeline", [False, True])
def test_other_tools_meet_too(stacks: list[int], *, pipeline: bool) -> None:
    model = make_pipeline(StandardScaler(), QUICK) if pipeline else QUICK
    plain = cross_validate(model, X, Y, cv=4)["test_score"]
    with joblib.parallel_config(backend="mlp_lab"):
        assert (cross_validate(model, X, Y, cv=4)["test_score"] == plain).all()
        assert stacks == [4]
        _, _, found = learning_curve(model, X, Y, train_sizes=[0.5, 1.0], cv=3, shuffle=True)
        assert sum(stacks) == 4 + 6
        bagged = BaggingClassifier(model, n_estimators=5, random_state=0).fit(X, Y)
    assert found.shape == (2, 3)
    assert bagged.score(X, Y) > 0.6


def test_a_search_inside_a_search_does_not_wait_for_itself() -> None:
    inner = GridSearchCV(QUICK, {"width": [2, 4]}, cv=2)
    with joblib.parallel_config(backend="mlp_lab"):
        found = cross_val_score(inner, X, Y, cv=2)
    assert np.isfinite(found).all()


def test_one_that_fails_leaves_the_others_alone() -> None:
    """A rate at which the loss overflows, and a setting that cannot be."""
    grid = {"lr": [0.01, 1e30, -1.0], "optimizer": ["sgd"]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", (FitFailedWarning, UserWarning))
        found = GridSearchCV(QUICK, grid, cv=2).fit(X, Y)
    assert np.isnan(found.cv_results_["mean_test_score"]).tolist() == [False, True, True]
    with pytest.raises(ValueError, match=r"^lr must be positive"):
        GridSearchCV(QUICK, grid, cv=2, error_score="raise").fit(X, Y)
    assert GridSearchCV(QUICK, {"width": [2]}, cv=2).fit(X, Y).best_score_ > 0.3


def test_fits_with_validation_rows_and_without(stacks: list[int]) -> None:
    """Of few rows none are set aside; in a stack such a network may be the last."""
    more, labels = np.tile(X, (2, 1)), np.tile(Y, 2)

    def scores() -> list[float]:
        sizes = {"train_sizes": [0.4, 1.0], "cv": 4, "shuffle": True, "random_state": 0}
        return [float(score) for score in learning_curve(QUICK, more, labels, **sizes)[2].flat]

    with joblib.parallel_config(backend="mlp_lab"):
        together = scores()
    assert stacks == [8]
    assert together == pytest.approx(scores())


def test_more_fits_than_can_begin_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlp_lab.estimators.backend.AT_ONCE", 4)
    grid = {"width": [*range(2, 9)]}
    assert len(GridSearchCV(QUICK, grid, cv=2).fit(X, Y).cv_results_["params"]) == 7

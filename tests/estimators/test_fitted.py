"""What stays of a training, also when it is pickled."""

import pickle
from pathlib import Path

import pytest
from sklearn.datasets import load_iris
from surveys import survey

import mlp_lab
from mlp_lab import GridSearchCV, MLPClassifier
from mlp_lab.data.dataset import Dataset
from mlp_lab.errors import UserError
from mlp_lab.network.losses import Objective
from mlp_lab.runs import finish
from mlp_lab.runs.boosting import Boosting, boosting

X, Y = load_iris(return_X_y=True)
FRAME = survey().drop(columns=["remark", "id"])


def test_a_pickle_has_no_rows() -> None:
    """Nor what is found out of them, unless it was asked for before."""
    fitted = MLPClassifier(epochs=2, depth=1, width=4).fit(X, Y)
    copy = pickle.loads(pickle.dumps(fitted))  # noqa: S301
    assert (copy.predict_proba(X) == fitted.predict_proba(X)).all()
    assert copy.curves_.equals(fitted.curves_)
    assert len(pickle.dumps(copy)) < len(pickle.dumps(X)) + 12_000
    with pytest.raises(UserError, match="a pickled network has no rows to be scored on"):
        _ = copy.scores_
    with pytest.raises(UserError, match="a pickled network has no rows"):
        _ = copy.verdict_
    with pytest.raises(UserError, match="a pickled network has no rows"):
        copy.save("nowhere")
    assert not Path("nowhere").exists()
    words = fitted.verdict_.in_brief()
    assert pickle.loads(pickle.dumps(fitted)).verdict_.in_brief() == words  # noqa: S301


def test_advice_is_in_keywords() -> None:
    fitted = MLPClassifier(epochs=20, depth=1, width=8, val_fraction=0.2).fit(X, Y)
    assert fitted.verdict_.in_brief()[-1] == "try: epochs=75"


def test_a_training_that_diverges() -> None:
    with pytest.raises(UserError, match=r"diverged: .* try a smaller lr or clip_norm=1"):
        MLPClassifier(optimizer="sgd", lr=1e30).fit(X, Y)


def quick() -> MLPClassifier:
    """It has hardly begun."""
    return MLPClassifier(depth=1, width=4, epochs=2)


@pytest.fixture
def fitted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Which data sets it has been fitted on."""
    calls: list[int] = []

    def counted(dataset: Dataset, objective: Objective, threads: int) -> Boosting | None:
        calls.append(id(dataset))
        return boosting(dataset, objective, threads)

    monkeypatch.setattr(finish, "boosting", counted)
    return calls


def test_boosting_waits_until_somebody_looks(fitted: list[int]) -> None:
    """Its own scores need no baseline."""
    classifier = quick().fit(FRAME, target="voted")
    classifier.predict(FRAME)
    assert [*classifier.scores_.index] == ["train", "val"]
    assert classifier.curves_.shape[0] == 2
    assert fitted == []
    accuracy = classifier.baselines_["accuracy"].xs("val", level="part")
    assert [*accuracy.index] == ["constant", "logistic", "boosting"]
    assert accuracy.to_dict()["boosting"] > accuracy.to_dict()["constant"]
    assert classifier.verdict_.state.kind
    assert len(fitted) == 1


def test_boosting_is_not_fitted_for_folds(fitted: list[int]) -> None:
    """Nobody looks at the networks of its folds."""
    rows, target = FRAME.drop(columns="voted"), FRAME["voted"]
    search = GridSearchCV(quick(), {"width": [2, 4]}, cv=3).fit(rows, target)
    assert search.best_score_ > 0
    assert fitted == []
    assert "boosting" in search.best_estimator_.baselines_.index.get_level_values("model")
    assert len(fitted) == 1


def test_a_sweep_fits_boosting_once(fitted: list[int]) -> None:
    """And not at all where one says so."""
    found = mlp_lab.sweep(FRAME, target="voted", seed=range(3), epochs=2)
    assert len(found.ranking) == 1
    assert len(fitted) == 1
    run = mlp_lab.train(FRAME, "tracking.boosting=never", target="voted", epochs=2)
    assert [*run.baselines.index.unique("model")] == ["constant", "logistic"]
    assert len(fitted) == 1

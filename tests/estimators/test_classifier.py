"""The classifier, as those who know scikit-learn use one."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix
from several import pupils
from sklearn import config_context
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_iris
from sklearn.inspection import permutation_importance
from sklearn.metrics import accuracy_score, roc_auc_score
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.utils.estimator_checks import parametrize_with_checks
from voters import voters

from mlp_lab import GridSearchCV, MLPClassifier, MLPRegressor
from mlp_lab.errors import UserError

WEIGHTS = {
    "check_sample_weight_equivalence_on_dense_data": (
        "a row of weight 2 takes one place of a mini-batch, two equal rows take two"
    )
}
"""What does not hold of stochastic gradient descent; scikit-learn expects it of its own, too."""


CHECKS = parametrize_with_checks(
    [MLPClassifier(), MLPRegressor()], expected_failed_checks=lambda _: WEIGHTS
)
NAMES, CASES = CHECKS.args  # a generator in scikit-learn 1.6, which pytest will not take any more


@pytest.mark.parametrize(NAMES, list(CASES), **CHECKS.kwargs)
@pytest.mark.filterwarnings("ignore")
def test_what_scikit_learn_asks_of_an_estimator(estimator: Any, check: Any) -> None:
    check(estimator)


def test_a_frame_of_numbers_and_words() -> None:
    frame = voters()
    classifier = MLPClassifier(depth=1, width=16, epochs=30, val_fraction=0.2)
    classifier.fit(frame, target="voted")
    assert list(classifier.classes_) == ["no", "yes"]
    assert set(classifier.feature_names_in_) == {"age", "town"}
    assert classifier.score(frame.drop(columns="voted"), frame.voted) > 0.75
    assert classifier.predict(frame).tolist() == classifier.predict(frame[["age", "town"]]).tolist()
    assert np.allclose(classifier.predict_proba(frame).sum(1), 1)
    assert classifier.verdict_.state.kind
    assert list(classifier.scores_.index) == ["train", "val"]
    assert {"constant", "logistic"} == set(classifier.baselines_.index.get_level_values("model"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"target": "vote"}, "target='vote': no such column in the DataFrame"),
        ({"target": "voted", "y": [1]}, "leave y out"),
        ({"target": "voted", "sample_weight": [1.0]}, "sample_weight must have 200 entries"),
        ({"target": "voted", "sample_weight": -np.ones(200)}, "must be 0 or more, got -1"),
        ({"target": "voted", "groups": [1]}, "groups must have 200 entries"),
    ],
)
def test_what_cannot_be_fitted(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        MLPClassifier(epochs=1).fit(voters(), **arguments)


def test_rows_of_weight_0_are_not_there() -> None:
    X, y = load_iris(return_X_y=True)
    weights = np.tile([1.0, 0.0], 75)
    some = MLPClassifier(epochs=3).fit(X, y, sample_weight=weights).predict_proba(X)
    kept = MLPClassifier(epochs=3).fit(X[::2], y[::2], sample_weight=weights[::2]).predict_proba(X)
    assert (some == kept).all()


def test_given_validation_rows_are_the_only_ones() -> None:
    X, y = load_iris(return_X_y=True)
    fitted = MLPClassifier(epochs=2).fit(X[::2], y[::2], X_val=X[1::2], y_val=y[1::2])
    assert fitted.curves_["val_loss"].notna().all()
    frame = voters()
    val = frame.tail(50)
    fitted = MLPClassifier(epochs=2, patience=1).fit(frame.head(150), target="voted", X_val=val)
    assert fitted.curves_["val_loss"].notna().all()


def test_groups_stay_together() -> None:
    X, y = load_iris(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(y))
    X, y = X[order], y[order]
    groups = np.arange(len(y)) // 10
    fitted = MLPClassifier(epochs=1, val_fraction=0.2).fit(X, y, groups=groups)
    assert fitted._fitted.run.prepared.rows["val"] == 30


def test_classes_that_only_validation_rows_have() -> None:
    X, y = load_iris(return_X_y=True)
    with pytest.raises(UserError, match="y_val holds 2, which is no class of y"):
        MLPClassifier(epochs=1).fit(X[:100], y[:100], X_val=X, y_val=y)


def test_a_warm_start_goes_on_from_the_weights() -> None:
    """On new rows, by the encoding and the classes of the first."""
    X, y = load_iris(return_X_y=True)
    once = MLPClassifier(epochs=30, warm_start=True).fit(X, y)
    before = once._fitted.models["network"]["train"]["loss"]
    once.set_params(epochs=1).fit(X, y)
    assert once.curves_["train_loss"].iloc[0] < before + 0.05
    with pytest.raises(UserError, match="none of the classes of the first fit"):
        once.fit(X, y + 1)
    with pytest.raises(UserError, match="warm_start needs layers of"):
        once.set_params(width=3).fit(X, y)


def test_classes_that_are_words_in_an_order() -> None:
    """`levels` orders them for the network; those who call it have scikit-learn's order."""
    chance = np.random.default_rng(0)
    X = pd.DataFrame({"a": chance.normal(size=200)})
    y = pd.cut(X["a"], [-9, -0.5, 0.5, 9], labels=["low", "mid", "top"]).astype(str).rename("k")
    settings: dict[str, Any] = {"loss": "ordinal", "epochs": 60, "lr": 0.03}
    ordered = MLPClassifier(1, 8, levels={"k": ["low", "mid", "top"]}, **settings).fit(X, y)
    turned = MLPClassifier(1, 8, levels={"k": ["top", "mid", "low"]}, **settings)
    for fitted in (ordered, turned.fit(X.assign(k=y), target="k")):
        assert list(fitted.classes_) == ["low", "mid", "top"]
        assert fitted.score(X, y) > 0.9
        likely = fitted.classes_[fitted.predict_proba(X).argmax(1)]
        assert (likely == fitted.predict(X)).mean() > 0.9
    with pytest.raises(UserError, match=r"say it by levels=\{'k': \[…\]\}"):
        MLPClassifier(**settings).fit(X, y.replace({"mid": "amid"}))
    with pytest.raises(UserError, match="y must hold one of low, top"):
        MLPClassifier(levels={"k": ["low", "top"]}).fit(X, y)
    parts = MLPClassifier(levels={"y": ["low", "mid", "top"]}, loss="ordinal")
    parts.partial_fit(X.to_numpy(), y.to_numpy(), classes=["low", "mid", "top"])
    assert parts.predict_proba(X.to_numpy()).shape == (200, 3)


def test_rows_that_come_in_parts() -> None:
    """The second call goes on from the first, also where it lacks a class."""
    X, y = load_iris(return_X_y=True)
    some = MLPClassifier(lr=0.01)
    for _ in range(5):
        some.partial_fit(X[::2], y[::2], classes=[0, 1, 2, 3])
        some.partial_fit(X[1:100:2], y[1:100:2])
        some.partial_fit(X[::2], y[::2])
    assert some.score(X, y) > 0.8
    assert some.predict_proba(X).shape == (150, 4)
    assert some.n_iter_ == 1
    whole = MLPClassifier()
    losses = [whole.partial_fit(X, y).curves_["train_loss"].iloc[-1] for _ in range(4)]
    assert losses == sorted(losses, reverse=True)
    with pytest.raises(UserError, match="y holds 3, which is none of the classes"):
        whole.partial_fit(X, y + 1)
    with pytest.raises(UserError, match="classes are those of the first call, 0, 1, 2: leave them"):
        whole.partial_fit(X, y, classes=[0, 1, 2, 3])


def test_scikit_learns_own_tools_take_it() -> None:
    X, y = load_iris(return_X_y=True)
    quick = MLPClassifier(depth=1, width=8, epochs=20, lr=0.01)
    assert cross_val_score(make_pipeline(MinMaxScaler(), quick), X, y, cv=3).mean() > 0.8
    assert CalibratedClassifierCV(quick, cv=3).fit(X, y).score(X, y) > 0.8
    importance = permutation_importance(quick.fit(X, y), X, y, n_repeats=2, random_state=0)
    assert importance.importances_mean.max() > 0.1
    assert clone(quick).get_params() == quick.get_params()


def test_callers_that_know_no_frames() -> None:
    """Explainers hand in arrays, in the order of the columns; scikit-learn warns of that."""
    frame = voters()
    classifier = MLPClassifier(epochs=3).fit(frame, target="voted")
    rows = frame[["age", "town"]]
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        found = classifier.predict_proba(rows.to_numpy(dtype=object))
    assert (found == classifier.predict_proba(rows)).all()


def test_weights_are_routed() -> None:
    X, y = load_iris(return_X_y=True)
    weights = np.where(y == 2, 0.0, 1.0)
    quick = MLPClassifier(depth=1, width=8, epochs=20, lr=0.01)
    with config_context(enable_metadata_routing=True):
        asking = quick.set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        search = GridSearchCV(asking, {"width": [4, 8]}, cv=3)
        search.fit(X, y, sample_weight=weights)
    assert set(search.predict(X)) <= {0, 1, 2}
    assert (search.predict(X[y == 2]) != 2).mean() > 0.9  # the class was never seen to count


def test_a_random_state_is_a_seed() -> None:
    X, y = load_iris(return_X_y=True)
    one, other = MLPClassifier(epochs=1, seed=3), MLPClassifier(epochs=1, random_state=3)
    assert (one.fit(X, y).predict_proba(X) == other.fit(X, y).predict_proba(X)).all()
    drawn = MLPClassifier(epochs=1, random_state=np.random.RandomState(0))
    assert (drawn.fit(X, y).predict_proba(X) != one.predict_proba(X)).any()


LABELLED: dict[str, Any] = {"depth": 1, "width": 16, "epochs": 40, "lr": 0.01}


def test_labels_at_once() -> None:
    """An indicator matrix in and out, a probability for each label, as scikit-learn has it."""
    frame = pupils()
    X = frame[["a", "b", "c"]]
    Y = np.column_stack([frame.voted == "yes", frame.member])
    classifier = MLPClassifier(**LABELLED).fit(X, Y)
    shares, decided = classifier.predict_proba(X), classifier.predict(X)
    assert (decided.shape, shares.shape) == (Y.shape, Y.shape)
    assert decided.dtype == Y.dtype
    np.testing.assert_array_equal(decided, shares > 0.5)
    assert list(classifier.classes_) == [0, 1]
    assert classifier.score(X, Y) == accuracy_score(Y, decided)
    assert roc_auc_score(Y, shares) > 0.9
    assert {"accuracy", "subset_accuracy", "f1", "roc_auc"} <= set(classifier.scores_.columns)
    assert set(classifier.baselines_.index.get_level_values("model")) == {"constant", "logistic"}
    assert classifier.verdict_.state.kind
    whole = frame[["a", "b", "c", "member"]].assign(voted=Y[:, 0])
    by_name = MLPClassifier(**LABELLED).fit(whole, target=["voted", "member"])
    np.testing.assert_array_equal(by_name.predict_proba(whole), shares)
    assert by_name.predict(whole.drop(columns="voted")).shape == Y.shape
    sparse_labels = MLPClassifier(**LABELLED).fit(X.to_numpy(), csr_matrix(Y.astype(int)))
    np.testing.assert_array_equal(sparse_labels.predict(X.to_numpy()), decided)
    parts = MLPClassifier(**LABELLED)
    for _ in range(40):
        parts.partial_fit(X, Y.astype(int), classes=[0, 1])
    assert parts.score(X, Y) > 0.6


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ([[0, 2], [1, 0], [1, 5]] * 7, r"column 'y1' holds 3 \(0, 2, 5\)"),
        ([["no", "a"], ["yes", "b"], ["no", "c"]] * 7, r"column 'y1' holds 3 \(a, b, c\)"),
        ([["no", "a"], ["yes", "a"]] * 10, r"column 'y1' holds 1 \(a\)"),
        ([[0, 1], [1, 1]] * 10, "hold one class of y1, '1': two are needed"),
    ],
)
def test_what_are_no_labels(labels: list[list[object]], said: str) -> None:
    X = np.arange(float(len(labels)))[:, None]
    with pytest.raises(UserError, match=said):
        MLPClassifier(epochs=2, val_fraction=0.0).fit(X, np.array(labels))


def test_labels_of_text_are_given_back() -> None:
    """Two in each column, whatever they are; the network is that of their indicators."""
    frame = pupils()
    X = frame[["a", "b", "c"]]
    member = np.where(frame.member == frame.member.max(), "in", "out")
    Y = pd.DataFrame({"voted": frame.voted, "member": member, "side": 2 - (frame.a > 0)})
    classifier = MLPClassifier(**LABELLED).fit(X, Y)
    decided = classifier.predict(X)
    assert [list(pair) for pair in classifier.classes_] == [["no", "yes"], ["in", "out"], [1, 2]]
    assert [set(column) for column in decided.T] == [{"no", "yes"}, {"in", "out"}, {1, 2}]
    indicators = np.column_stack([Y.voted == "yes", Y.member == "out", Y.side == 2]).astype(int)
    plain = MLPClassifier(**LABELLED).fit(X, indicators)
    np.testing.assert_array_equal(plain.predict_proba(X), classifier.predict_proba(X))
    right = plain.score(X, indicators)
    assert classifier.score(X, Y) == pytest.approx(right)
    assert right > 0.5
    texts = Y[["voted", "member"]].to_numpy(dtype=str)
    of_texts = MLPClassifier(**LABELLED, warm_start=True).fit(X, texts, X_val=X, y_val=texts)
    assert of_texts.predict(X).dtype == texts.dtype
    weights = np.arange(len(X))
    score = of_texts.score(X, texts, weights)
    assert score == pytest.approx(
        np.average((of_texts.predict(X) == texts).all(1), weights=weights)
    )
    other = np.where(texts == "yes", "perhaps", texts)
    with pytest.raises(UserError, match="column 'y0' of y holds perhaps, which is none of the lab"):
        of_texts.fit(X, other)
    with pytest.raises(UserError, match="column 'y0' of y holds perhaps, which is no label of the"):
        MLPClassifier(**LABELLED).fit(X, texts, X_val=X, y_val=other)
    digits = np.where(indicators == 1, "1", "0")
    of_digits = MLPClassifier(**LABELLED).fit(X, digits)
    np.testing.assert_array_equal(of_digits.predict(X), plain.predict(X).astype(str))
    mixed = Y.assign(side=["a", 1] * (len(Y) // 2))
    with pytest.raises(UserError, match="column 'side' of y mixes text and numbers"):
        MLPClassifier(**LABELLED).fit(X, mixed)


def test_labels_and_classes_do_not_follow_each_other() -> None:
    X, labels = np.arange(20.0)[:, None], np.array([[0, 1], [1, 0]] * 10)
    classifier = MLPClassifier(epochs=2, warm_start=True, val_fraction=0.0)
    classifier.fit(X, labels)
    with pytest.raises(UserError, match="y must have 2 columns, as in the first fit"):
        classifier.fit(X, labels[:, 0])
    with pytest.raises(UserError, match="y must have as many columns as in the first fit"):
        classifier.fit(X, np.hstack([labels, labels[:, :1]]))
    with pytest.raises(UserError, match="class_weights=balanced is for one target"):
        MLPClassifier(epochs=2, class_weights="balanced").fit(X, labels)

"""What stays of a training, also when it is pickled."""

import pickle

import pytest
from sklearn.datasets import load_iris

from mlp_lab import MLPClassifier
from mlp_lab.errors import UserError

X, Y = load_iris(return_X_y=True)


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
    words = fitted.verdict_.in_brief()
    assert pickle.loads(pickle.dumps(fitted)).verdict_.in_brief() == words  # noqa: S301


def test_advice_is_in_keywords() -> None:
    fitted = MLPClassifier(epochs=20, depth=1, width=8, val_fraction=0.2).fit(X, Y)
    assert fitted.verdict_.in_brief()[-1] == "try: epochs=40"


def test_a_training_that_diverges() -> None:
    with pytest.raises(UserError, match=r"diverged: .* try a smaller lr or clip_norm=1"):
        MLPClassifier(optimizer="sgd", lr=1e30).fit(X, Y)

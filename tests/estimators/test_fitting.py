"""Rows and settings -> a network."""

import pytest
from sklearn.datasets import load_iris

from mlp_lab import MLPClassifier

X, Y = load_iris(return_X_y=True)


def test_a_batch_has_at_most_the_rows() -> None:
    fitted = MLPClassifier(epochs=1, batch_size=4000).fit(X, Y)
    assert fitted._fitted.config.batch_size == len(Y)


def test_progress_is_shown_if_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    MLPClassifier(epochs=2).fit(X, Y)
    assert capsys.readouterr().out == ""
    MLPClassifier(epochs=2, verbose=True).fit(X, Y)
    assert "epoch 2/2" in capsys.readouterr().out

"""Nearest neighbours against scikit-learn."""

import numpy as np
import pytest
from lab import prepared_dataset
from sklearn.metrics import accuracy_score, r2_score
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

from mlp_lab.verdict.neighbours import neighbours_skill


def test_neighbours_against_scikit_learn() -> None:
    """Of a number, and of classes."""
    _, dataset = prepared_dataset("data=diabetes")
    train, val = dataset.train, dataset.val
    fitted = KNeighborsRegressor(10).fit(train.inputs, train.targets)
    expected = r2_score(val.targets.numpy(), fitted.predict(val.inputs))
    assert neighbours_skill(dataset) == pytest.approx(expected, abs=1e-9)
    _, dataset = prepared_dataset("data=digits")
    train, val = dataset.train, dataset.val
    labels, truth = (part.targets.argmax(1).numpy() for part in (train, val))
    fitted = KNeighborsClassifier(10, algorithm="brute").fit(train.inputs, labels)
    accuracy = accuracy_score(truth, fitted.predict(val.inputs))
    majority = np.bincount(truth).max() / len(truth)
    expected = (accuracy - majority) / (1 - majority)
    assert neighbours_skill(dataset) == pytest.approx(expected, abs=0.01)  # ties

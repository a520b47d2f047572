"""Metrics of classes against scikit-learn."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from predicted import Case, draw_case
from sklearn import metrics

from mlp_lab.data.arrays import Floats, Index
from mlp_lab.metrics.classification import classification_metrics, confusion_matrix

RANKED = ["accuracy", "balanced_accuracy", "f1", "roc_auc"]
PROBABLE = ["log_loss", "brier", "calibration_error"]

cases = st.builds(
    lambda seed, rows, classes, missing, weighted: draw_case(
        seed, rows, classes, max(1, classes - missing), weighted
    ),
    st.integers(0, 10**6),
    st.integers(1, 40),
    st.integers(2, 5),
    st.integers(0, 2),
    st.booleans(),
)


def curves_by_sklearn(scores: Floats, labels: Index, weights: Floats | None) -> float:
    """Area under the curve of each class that has both kinds of rows, averaged."""
    chosen = [1] if scores.shape[1] == 2 else range(scores.shape[1])
    areas = [
        metrics.roc_auc_score(labels == c, scores[:, c], sample_weight=weights)
        for c in chosen
        if len(np.unique(labels == c)) == 2
    ]
    return float(np.mean(areas)) if areas else float("nan")


def brier_by_sklearn(scores: Floats, labels: Index, weights: Floats | None) -> float:
    """A sum over classes, each against the rest; of two, the second alone."""
    chosen = [1] if scores.shape[1] == 2 else range(scores.shape[1])
    losses = [
        metrics.brier_score_loss(
            (labels == c).astype(int), scores[:, c], sample_weight=weights, pos_label=1
        )
        for c in chosen
    ]
    return float(np.sum(losses))


def by_sklearn(scores: Floats, labels: Index, weights: Floats | None) -> dict[str, float]:
    """Every metric of classes but the calibration error."""
    classes = scores.shape[1]
    names = list(range(classes))
    guess = scores.argmax(1)
    average = "binary" if classes == 2 else "macro"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of classes that do not occur
        return {
            "accuracy": metrics.accuracy_score(labels, guess, sample_weight=weights),
            "balanced_accuracy": metrics.balanced_accuracy_score(
                labels, guess, sample_weight=weights
            ),
            "f1": metrics.f1_score(labels, guess, average=average, sample_weight=weights),
            "roc_auc": curves_by_sklearn(scores, labels, weights),
            "log_loss": metrics.log_loss(labels, scores, labels=names, sample_weight=weights),
            "brier": brier_by_sklearn(scores, labels, weights),
        }


@pytest.mark.parametrize("weighted", [False, True])
def test_metrics_of_ordered_classes(*, weighted: bool) -> None:
    """As scikit-learn has them; a wrong class counts by how far off it is."""
    draw = np.random.default_rng(4)
    scores, labels = draw.dirichlet(np.ones(5), 300), draw.integers(5, size=300)
    scores[np.arange(300), labels] += 0.3
    weights = draw.uniform(0.1, 2, 300) if weighted else None
    found = classification_metrics(scores, labels, weights, probabilities=False, ordered=True)
    guess, known = scores.argmax(1), found.estimate()
    kappa = metrics.cohen_kappa_score(labels, guess, weights="quadratic", sample_weight=weights)
    assert known["quadratic_kappa"] == pytest.approx(kappa, rel=1e-12)
    off = metrics.mean_absolute_error(labels, guess, sample_weight=weights)
    assert known["rank_mae"] == pytest.approx(off, rel=1e-12)


def calibration_by_loop(scores: Floats, labels: Index, weights: Floats | None) -> float:
    """Expected calibration error as its paper words it, bin by bin."""
    given_weights = np.ones(len(labels)) if weights is None else weights
    error = 0.0
    for lowest in range(10):
        right = trust = 0.0
        for row, label, weight in zip(scores, labels, given_weights, strict=True):
            confidence = max(row)
            if lowest < confidence * 10 <= lowest + 1:
                right += weight * (int(np.argmax(row)) == label)
                trust += weight * confidence
        error += abs(right - trust)
    return error / float(given_weights.sum())


@settings(max_examples=60, deadline=None)
@given(case=cases)
def test_class_metrics_are_those_of_scikit_learn(case: Case) -> None:
    """With and without weights, ties, two or more classes, classes that do not occur."""
    found = classification_metrics(*case, probabilities=True).estimate()
    assert list(found) == RANKED + PROBABLE
    assert found.pop("calibration_error") == pytest.approx(calibration_by_loop(*case))
    assert found == pytest.approx(by_sklearn(*case), nan_ok=True)


def test_scores_that_are_no_probabilities_have_no_such_metrics() -> None:
    """Metrics of ranks are those of any scores in the same order."""
    scores, labels, weights = draw_case(3, 50, 4, 4, weighted=True)
    with_all = classification_metrics(scores, labels, weights, probabilities=True).estimate()
    found = classification_metrics(
        np.log(scores) * 7, labels, weights, probabilities=False
    ).estimate()
    assert list(found) == RANKED
    assert found == pytest.approx({name: with_all[name] for name in RANKED})
    assert (
        list(classification_metrics(scores, labels, weights, probabilities=False).intervals())
        == RANKED
    )


def test_a_tie_between_two_classes_is_the_first() -> None:
    """Class 1 is predicted only if it scores higher."""
    even = np.full((1, 2), 0.5)
    first, second = (
        classification_metrics(even, np.array([label]), None, probabilities=False).estimate()
        for label in (0, 1)
    )
    assert (first["accuracy"], second["accuracy"]) == (1, 0)


def test_certain_and_wrong_costs_a_finite_loss() -> None:
    """Clipped at the resolution of floats, as in scikit-learn."""
    scores, labels = np.eye(3), np.array([1, 1, 2])
    found = classification_metrics(scores, labels, None, probabilities=True).estimate()
    assert found["log_loss"] == pytest.approx(metrics.log_loss(labels, scores, labels=[0, 1, 2]))


def test_infinite_scores_rank() -> None:
    """Logits may overflow."""
    scores = np.array([[0, -np.inf], [0, -np.inf], [0, 1], [0, np.inf]])
    found = classification_metrics(
        scores, np.array([0, 1, 0, 1]), None, probabilities=False
    ).estimate()
    assert found["roc_auc"] == (0.5 + 0 + 1 + 1) / 4


@settings(max_examples=30, deadline=None)
@given(case=cases, seed=st.integers(0, 100))
def test_a_weight_counts_as_that_many_rows(case: Case, seed: int) -> None:
    """What the bootstrap rests on; rows of weight 0 are absent."""
    scores, labels, _ = case
    counts = np.random.default_rng(seed).integers(3, size=len(labels))
    repeated = np.repeat(np.arange(len(labels)), counts)
    if len(repeated) > 0:
        found = classification_metrics(
            scores, labels, counts.astype(np.float64), probabilities=True
        ).estimate()
        wanted = classification_metrics(
            scores[repeated], labels[repeated], None, probabilities=True
        ).estimate()
        assert found == pytest.approx(wanted, nan_ok=True)


@settings(max_examples=30, deadline=None)
@given(case=cases)
def test_confusion_matrices_are_those_of_scikit_learn(case: Case) -> None:
    """With and without weights; a row for each true class."""
    scores, labels, weights = case
    classes, predicted = scores.shape[1], scores.argmax(1)
    wanted = metrics.confusion_matrix(
        labels, predicted, labels=range(classes), sample_weight=weights
    )
    np.testing.assert_allclose(confusion_matrix(predicted, labels, weights, classes), wanted)


def test_no_rows_have_no_metrics() -> None:
    """A part may be empty."""
    none, no_labels, no_scores = np.zeros(0), np.zeros(0, np.int64), np.zeros((0, 3))
    assert classification_metrics(no_scores, no_labels, None, probabilities=True).estimate() == {}
    assert classification_metrics(no_scores, no_labels, none, probabilities=True).intervals() == {}


def test_one_class_has_no_roc_curve() -> None:
    """In no resample."""
    scores, labels, _ = draw_case(0, 20, 2, 1, weighted=False)
    low, high = classification_metrics(scores, labels, None, probabilities=True).intervals()[
        "roc_auc"
    ]
    assert np.isnan([low, high]).all()


@pytest.mark.parametrize("broken", [np.inf, np.nan, 1e200])
def test_outputs_of_a_diverged_network_warn_of_nothing(broken: float) -> None:
    """Warnings are errors here."""
    generator = np.random.default_rng(0)
    values = generator.normal(size=20)
    scores = np.stack([values, np.where(np.arange(20) % 3 == 0, broken, values)], axis=1)
    labels = generator.integers(2, size=20)
    classification_metrics(scores, labels, None, probabilities=True).estimate()
    classification_metrics(scores, labels, None, probabilities=True).intervals(replicates=20)

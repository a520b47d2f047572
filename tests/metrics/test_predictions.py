"""Metrics against scikit-learn, their intervals against one resample at a time."""

import subprocess
import sys
import warnings
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn import metrics

from mlp_lab.data.arrays import Floats, Index
from mlp_lab.metrics.predictions import (
    CHUNK_NUMBERS,
    FEWEST_REPLICATES,
    assess_classes,
    assess_numbers,
    class_intervals,
    number_intervals,
    resamples,
)

RANKED = ["accuracy", "balanced_accuracy", "f1", "roc_auc"]
PROBABLE = ["log_loss", "brier", "calibration_error"]

Case = tuple[Floats, Index, Floats | None]
"""Probabilities (N, C), labels (N,) and weights (N,)."""


def draw_case(seed: int, rows: int, classes: int, present: int, weighted: bool) -> Case:
    """Rounded probabilities, so that scores tie; only the first `present` classes occur."""
    generator = np.random.default_rng(seed)
    parts = generator.integers(1, 6, size=(rows, classes)).astype(np.float64)
    labels = generator.integers(present, size=rows)
    parts[np.arange(rows), labels] += generator.integers(4, size=rows)
    weights = generator.exponential(size=rows) if weighted else None
    return parts / parts.sum(1, keepdims=True), labels, weights


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


def by_sklearn(scores: Floats, labels: Index, weights: Floats | None) -> dict[str, float]:
    """Every metric of classes but the calibration error."""
    classes = scores.shape[1]
    names = list(range(classes))
    guess = scores.argmax(1)
    average = "binary" if classes == 2 else "macro"
    brier = (scores[:, 1],) if classes == 2 else (scores,)
    every = None if classes == 2 else names
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
            "brier": np.average(((scores - np.eye(classes)[labels]) ** 2).sum(1), weights=weights)
            / (2 if classes == 2 else 1)
            if len(set(labels)) == 1
            else metrics.brier_score_loss(labels, *brier, labels=every, sample_weight=weights),
        }


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
    found = assess_classes(*case, probabilities=True)
    assert list(found) == RANKED + PROBABLE
    assert found.pop("calibration_error") == pytest.approx(calibration_by_loop(*case))
    assert found == pytest.approx(by_sklearn(*case), nan_ok=True)


def test_scores_that_are_no_probabilities_have_no_such_metrics() -> None:
    """Metrics of ranks are those of any scores in the same order."""
    scores, labels, weights = draw_case(3, 50, 4, 4, weighted=True)
    with_all = assess_classes(scores, labels, weights, probabilities=True)
    found = assess_classes(np.log(scores) * 7, labels, weights, probabilities=False)
    assert list(found) == RANKED
    assert found == pytest.approx({name: with_all[name] for name in RANKED})
    assert list(class_intervals(scores, labels, weights, probabilities=False)) == RANKED


def test_a_tie_between_two_classes_is_the_first() -> None:
    """Class 1 is predicted only if it scores higher."""
    even = np.full((1, 2), 0.5)
    first, second = (
        assess_classes(even, np.array([label]), None, probabilities=False) for label in (0, 1)
    )
    assert (first["accuracy"], second["accuracy"]) == (1, 0)


def test_certain_and_wrong_costs_a_finite_loss() -> None:
    """Clipped at the resolution of floats, as in scikit-learn."""
    scores, labels = np.eye(3), np.array([1, 1, 2])
    found = assess_classes(scores, labels, None, probabilities=True)
    assert found["log_loss"] == pytest.approx(metrics.log_loss(labels, scores, labels=[0, 1, 2]))


def test_infinite_scores_rank() -> None:
    """Logits may overflow."""
    scores = np.array([[0, -np.inf], [0, -np.inf], [0, 1], [0, np.inf]])
    found = assess_classes(scores, np.array([0, 1, 0, 1]), None, probabilities=False)
    assert found["roc_auc"] == (0.5 + 0 + 1 + 1) / 4


numbers = st.floats(-100, 100, allow_subnormal=False).map(lambda x: round(x, 2))


@settings(max_examples=60, deadline=None)
@given(
    pairs=st.lists(
        st.tuples(numbers, numbers, st.floats(0.1, 10, allow_subnormal=False)),
        min_size=1,
        max_size=30,
    ),
    weighted=st.booleans(),
    shift=st.sampled_from([0.0, 1e6]),
)
def test_number_metrics_are_those_of_scikit_learn(
    pairs: list[tuple[float, float, float]], weighted: bool, shift: float
) -> None:
    """Also far from 0; scikit-learn gives constant targets an r2 of 0 or 1, we give NaN."""
    predictions, targets, drawn = np.array(pairs).T
    predictions, targets = predictions + shift, targets + shift
    weights = drawn if weighted else None
    found = assess_numbers(predictions, targets, weights)
    squared = metrics.mean_squared_error(targets, predictions, sample_weight=weights)
    constant = len(np.unique(targets)) == 1
    assert list(found) == ["rmse", "mae", "r2"]
    assert found == pytest.approx(
        {
            "rmse": np.sqrt(squared),
            "mae": metrics.mean_absolute_error(targets, predictions, sample_weight=weights),
            "r2": float("nan")
            if constant
            else metrics.r2_score(targets, predictions, sample_weight=weights),
        },
        nan_ok=True,
        rel=1e-6,
    )


@settings(max_examples=30, deadline=None)
@given(case=cases, seed=st.integers(0, 100))
def test_a_weight_counts_as_that_many_rows(case: Case, seed: int) -> None:
    """What the bootstrap rests on; rows of weight 0 are absent."""
    scores, labels, _ = case
    counts = np.random.default_rng(seed).integers(3, size=len(labels))
    repeated = np.repeat(np.arange(len(labels)), counts)
    if len(repeated) > 0:
        found = assess_classes(scores, labels, counts.astype(np.float64), probabilities=True)
        wanted = assess_classes(scores[repeated], labels[repeated], None, probabilities=True)
        assert found == pytest.approx(wanted, nan_ok=True)


def one_at_a_time(
    assess: Callable[[NDArray[np.int64]], dict[str, float]], rows: int, replicates: int, seed: int
) -> dict[str, tuple[float, float]]:
    """Intervals from a metric of each resample's row numbers."""
    counts = np.concatenate(list(resamples(rows, replicates, seed)), axis=1).astype(np.int64)
    every = [assess(np.repeat(np.arange(rows), column)) for column in counts.T]
    values = {name: np.array([found[name] for found in every]) for name in every[0]}
    bounds = {name: np.nanquantile(each, [0.025, 0.975]) for name, each in values.items()}
    return {name: (float(low), float(high)) for name, (low, high) in bounds.items()}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("rows", "classes", "present"), [(30, 2, 2), (40, 4, 3), (3, 3, 3)])
def test_class_intervals_are_those_of_a_loop(
    rows: int, classes: int, present: int, weighted: bool
) -> None:
    """Each resample is assessed as rows of its own; in three rows many lack a class."""
    scores, labels, weights = draw_case(5, rows, classes, present, weighted)

    def assess(drawn: NDArray[np.int64]) -> dict[str, float]:
        heavy = None if weights is None else weights[drawn]
        return assess_classes(scores[drawn], labels[drawn], heavy, probabilities=True)

    found = class_intervals(scores, labels, weights, probabilities=True, replicates=100, seed=4)
    wanted = one_at_a_time(assess, rows, 100, 4)
    assert list(found) == list(wanted)
    for name, bounds in wanted.items():
        assert found[name] == pytest.approx(bounds), name


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("rows", [2, 35])
def test_number_intervals_are_those_of_a_loop(rows: int, weighted: bool) -> None:
    """Of two rows, half the resamples have constant targets and no r2."""
    generator = np.random.default_rng(2)
    targets = generator.normal(1e6, 3, size=rows)
    predictions = targets + generator.normal(size=rows)
    weights = generator.exponential(size=rows) if weighted else None

    def assess(drawn: NDArray[np.int64]) -> dict[str, float]:
        heavy = None if weights is None else weights[drawn]
        return assess_numbers(predictions[drawn], targets[drawn], heavy)

    found = number_intervals(predictions, targets, weights, replicates=100, seed=4)
    for name, bounds in one_at_a_time(assess, rows, 100, 4).items():
        assert found[name] == pytest.approx(bounds, rel=1e-5), name


@pytest.mark.parametrize(("rows", "replicates"), [(1, 3), (700, 1000), (2**18, 5)])
def test_every_resample_draws_as_many_rows_as_there_are(rows: int, replicates: int) -> None:
    """However they are cut into chunks, each small enough for the cache."""
    chunks = list(resamples(rows, replicates, 0))
    assert sum(chunk.shape[1] for chunk in chunks) == replicates
    for chunk in chunks:
        assert chunk.shape[0] == rows
        assert chunk.shape[1] == 1 or chunk.size <= CHUNK_NUMBERS
        assert (chunk.sum(0) == rows).all()


def test_many_rows_are_resampled_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Never fewer than 200 times, and never more often than asked."""
    monkeypatch.setattr("mlp_lab.metrics.predictions.DRAWN_ROWS", 50_000)

    def drawn(rows: int, replicates: int) -> int:
        return sum(chunk.shape[1] for chunk in resamples(rows, replicates, 0))

    assert drawn(50, 1000) == 1000
    assert drawn(100, 1000) == 500
    assert drawn(1000, 1000) == FEWEST_REPLICATES
    assert drawn(1000, 20) == 20


def test_rows_are_drawn_alike() -> None:
    """Each row's count is binomial: mean 1, variance 1 - 1/N."""
    counts = np.concatenate(list(resamples(50, 4000, 1)), axis=1)
    assert counts.mean(1) == pytest.approx(np.ones(50), abs=0.08)
    assert counts.var() == pytest.approx(1 - 1 / 50, rel=0.03)
    assert np.corrcoef(counts)[0, 1] == pytest.approx(-1 / 49, abs=0.06)


def test_intervals_cover_the_truth() -> None:
    """About 95 % of intervals of an accuracy hold the chance it estimates."""
    generator = np.random.default_rng(0)
    held, samples = 0, 200
    for sample in range(samples):
        labels = generator.integers(2, size=150)
        guess = np.where(generator.random(150) < 0.8, labels, 1 - labels)
        low, high = class_intervals(
            np.eye(2)[guess], labels, None, probabilities=False, replicates=300, seed=sample
        )["accuracy"]
        held += low <= 0.8 <= high
    assert 0.89 <= held / samples <= 0.99


def test_a_seed_gives_the_same_intervals() -> None:
    """And another seed others, by little."""
    scores, labels, weights = draw_case(1, 200, 3, 3, weighted=True)
    first, again, other = (
        class_intervals(scores, labels, weights, probabilities=True, seed=seed)
        for seed in (0, 0, 1)
    )
    assert first == again
    assert first != other
    for name, bounds in first.items():
        assert other[name] == pytest.approx(bounds, abs=0.03)
    found = assess_classes(scores, labels, weights, probabilities=True)
    assert all(low < found[name] < high for name, (low, high) in first.items())


def test_no_rows_have_no_metrics() -> None:
    """A part may be empty."""
    none, no_labels, no_scores = np.zeros(0), np.zeros(0, np.int64), np.zeros((0, 3))
    assert assess_numbers(none, none, None) == {}
    assert number_intervals(none, none, none) == {}
    assert assess_classes(no_scores, no_labels, None, probabilities=True) == {}
    assert class_intervals(no_scores, no_labels, none, probabilities=True) == {}


def test_what_is_unknown_in_every_resample_has_no_interval() -> None:
    """One class has no curve, constant targets have no r2."""
    scores, labels, _ = draw_case(0, 20, 2, 1, weighted=False)
    low, high = class_intervals(scores, labels, None, probabilities=True)["roc_auc"]
    assert np.isnan([low, high]).all()
    targets = np.full(20, 0.1)
    found = number_intervals(scores[:, 0], targets, np.linspace(0.1, 1, 20))
    assert np.isnan(found["r2"]).all()
    assert np.isfinite(found["rmse"]).all()


@pytest.mark.parametrize("broken", [np.inf, np.nan, 1e200])
def test_outputs_of_a_diverged_network_warn_of_nothing(broken: float) -> None:
    """Warnings are errors here."""
    generator = np.random.default_rng(0)
    values = generator.normal(size=20)
    outputs = np.where(np.arange(20) % 3 == 0, broken, values)
    found = assess_numbers(outputs, values, None)
    assert not np.isfinite(found["rmse"])
    number_intervals(outputs, values, None, replicates=20)
    scores = np.stack([values, outputs], axis=1)
    labels = generator.integers(2, size=20)
    assess_classes(scores, labels, None, probabilities=True)
    class_intervals(scores, labels, None, probabilities=True, replicates=20)


def test_an_outlier_among_targets_leaves_r2_known() -> None:
    """Resamples without it are as good as any."""
    targets = np.append(np.random.default_rng(0).normal(size=40), 1e9)
    low, high = number_intervals(targets + 0.1, targets, None)["r2"]
    assert 0.9 < low < high <= 1


def test_neither_scikit_learn_nor_torch_is_loaded() -> None:
    """Assessing is quick to import."""
    code = "import sys, mlp_lab.metrics.predictions; print({'torch', 'sklearn'} & {*sys.modules})"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "set()\n"

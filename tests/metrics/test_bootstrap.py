"""Intervals against one resample at a time."""

import subprocess
import sys

import numpy as np
import pytest
from numpy.typing import NDArray
from predicted import draw_case, one_at_a_time

from mlp_lab.metrics.bootstrap import CHUNK_NUMBERS, FEWEST_REPLICATES, resamples
from mlp_lab.metrics.classification import classification_metrics
from mlp_lab.metrics.regression import regression_metrics


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("rows", "classes", "present"), [(30, 2, 2), (40, 4, 3), (3, 3, 3)])
def test_class_intervals_are_those_of_a_loop(
    rows: int, classes: int, present: int, weighted: bool
) -> None:
    """Each resample is assessed as rows of its own; in three rows many lack a class."""
    scores, labels, weights = draw_case(5, rows, classes, present, weighted)

    def assess(drawn: NDArray[np.int64]) -> dict[str, float]:
        heavy = None if weights is None else weights[drawn]
        return classification_metrics(
            scores[drawn], labels[drawn], heavy, probabilities=True
        ).estimate()

    found = classification_metrics(scores, labels, weights, probabilities=True).intervals(
        replicates=100, seed=4
    )
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
        return regression_metrics(predictions[drawn], targets[drawn], heavy).estimate()

    found = regression_metrics(predictions, targets, weights).intervals(replicates=100, seed=4)
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
    monkeypatch.setattr("mlp_lab.metrics.bootstrap.DRAWN_ROWS", 50_000)

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
        low, high = classification_metrics(
            np.eye(2)[guess], labels, None, probabilities=False
        ).intervals(replicates=300, seed=sample)["accuracy"]
        held += low <= 0.8 <= high
    assert 0.89 <= held / samples <= 0.99


def test_a_seed_gives_the_same_intervals() -> None:
    """And another seed others, by little."""
    scores, labels, weights = draw_case(1, 200, 3, 3, weighted=True)
    first, again, other = (
        classification_metrics(scores, labels, weights, probabilities=True).intervals(seed=seed)
        for seed in (0, 0, 1)
    )
    assert first == again
    assert first != other
    for name, bounds in first.items():
        assert other[name] == pytest.approx(bounds, abs=0.03)
    found = classification_metrics(scores, labels, weights, probabilities=True).estimate()
    assert all(low < found[name] < high for name, (low, high) in first.items())


def test_neither_scikit_learn_nor_torch_is_loaded() -> None:
    """Metrics are quick to import."""
    code = "import sys, mlp_lab.metrics.predictions; print({'torch', 'sklearn'} & {*sys.modules})"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "set()\n"

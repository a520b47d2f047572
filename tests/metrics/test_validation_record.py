"""What a run keeps of its validation rows: what is read of it, and what an interval is by it."""

from dataclasses import asdict
from typing import Any

import numpy as np
import pytest

from mlp_lab.data.arrays import Floats
from mlp_lab.data.column_encoding import Scaling
from mlp_lab.data.columns import Column, classified
from mlp_lab.data.schema import AnyTarget, Target, Targets
from mlp_lab.errors import UserError
from mlp_lab.metrics.conformal import Residuals
from mlp_lab.metrics.coverage import TargetCoverage
from mlp_lab.metrics.predictions import Predictions
from mlp_lab.metrics.validation_record import (
    ValidationRecord,
    coverage_of,
    intervals,
    place_of_class,
    record_of,
    usual_coverage,
)
from mlp_lab.network.losses import Objective

SCALING = Scaling(20.0, 4.0, [])
WAGE = Target(Column(name="wage"), "regression", None, 1, "none", SCALING)
RENT = Target(Column(name="rent"), "regression", None, 1, "log", Scaling(2.0, 0.5, []))
VOTE = Target(classified("vote", ["no", "yes"]), "binary", ["no", "yes"], 1, "none", SCALING)
SIZE = Target(
    classified("size", ["s", "m", "l"]), "multiclass", ["s", "m", "l"], 3, "none", SCALING
)
SQUARED = Objective("linear", "mse")


def predictions(
    target: AnyTarget,
    outputs: Floats,
    truth: Floats,
    weights: Floats | None = None,
    *,
    probabilities: bool = True,
) -> Predictions:
    """Of some rows."""
    return Predictions(
        target=target,
        outputs=outputs,
        truth=truth,
        losses=np.zeros(len(truth)),
        weights=weights,
        loss_weights=None,
        probabilities=probabilities,
    )


def test_residuals_are_in_the_networks_units() -> None:
    """Of each target; weights count."""
    outputs, truth = np.array([[0.0, 0.0], [1.0, 1.0]]), np.array([[24.0, np.e**2], [24.0, 1.0]])
    found = ValidationRecord.of(predictions(Targets([WAGE, RENT]), outputs, truth))
    assert found is not None
    assert found.residuals[0].sizes == [0.0, 1.0]
    assert found.residuals[1].sizes == pytest.approx([0.0, 5.0])
    weights = np.array([1.0, 0.0])
    found = ValidationRecord.of(predictions(WAGE, outputs[:, :1], truth[:, 0], weights=weights))
    assert found == ValidationRecord([Residuals([1.0], [1.0], 1.0)])


def test_two_classes_are_ranked() -> None:
    """By the probability of the second."""
    outputs, truth = np.array([[0.7], [0.2], [0.2]]), np.array([1.0, 0.0, 1.0])
    found = ValidationRecord.of(predictions(VOTE, outputs, truth))
    assert found is not None
    assert found.ranking is not None
    assert asdict(found.ranking) == {
        "probabilities": [0.2, 0.7],
        "first": [1.0, 1.0],
        "second": [1.0, 2.0],
        "left_out": [0, 0],
    }


def test_nothing_is_kept() -> None:
    """Of no rows, of more classes, of outputs that are no probabilities."""
    assert ValidationRecord.of(predictions(WAGE, np.empty((0, 1)), np.empty(0))) is None
    assert ValidationRecord.of(predictions(SIZE, np.eye(3), np.arange(3.0))) is None
    two = np.array([[0.1], [0.9]]), np.array([0.0, 1.0])
    assert ValidationRecord.of(predictions(VOTE, *two, probabilities=False)) is None
    unknown = np.full((2, 1), np.nan), np.array([0.0, 1.0])
    assert ValidationRecord.of(predictions(VOTE, *unknown)) is None
    assert ValidationRecord.of(predictions(VOTE, *two, weights=np.zeros(2))) is None


def test_intervals_end_where_the_target_can_be() -> None:
    """In the target's units: a logarithm's by factors, counts not below 0."""
    record = ValidationRecord([Residuals([1.0, 2.0], [0.5, 1.0], 2.0)] * 2)
    outputs = np.array([[0.0, 1.0]])
    found = intervals(record, Targets([WAGE, RENT]), SQUARED, outputs, 0.3)
    assert found[0, 0].tolist() == [16.0, 24.0]
    assert found[0, 1] == pytest.approx([np.exp(2.0), np.exp(3.0)])
    one = ValidationRecord(record.residuals[:1])
    counts = Target(Column(name="n"), "regression", None, 1, "none", Scaling(0.0, 2.0, []))
    found = intervals(one, counts, Objective("exponential", "poisson"), np.array([[0.5]]), 0.6)
    assert found[0, 0].tolist() == [0.0, 5.0]


@pytest.mark.parametrize(
    ("record", "target", "line"),
    [
        (None, WAGE, "an interval needs validation rows, and this run kept none: it had none, or"),
        (None, VOTE, "an interval is for numbers, and vote holds classes: its probabilities say"),
    ],
)
def test_no_interval(record: ValidationRecord | None, target: Target, line: str) -> None:
    """The message says why."""
    with pytest.raises(UserError, match=line):
        intervals(record, target, SQUARED, np.zeros((1, 1)), 0.9)


@pytest.mark.parametrize(
    ("target", "class_name", "line"),
    [
        (WAGE, None, "for one target of two classes, and this run has wage, a number"),
        (SIZE, None, "for one target of two classes, and this run has size, 3 classes"),
        (Targets([VOTE, VOTE]), None, r"and this run has several targets \(vote, vote\)"),
        (VOTE, "maybe", r"unknown class_name 'maybe' \(no, yes\)"),
    ],
)
def test_no_threshold(target: AnyTarget, class_name: str | None, line: str) -> None:
    """The message says why."""
    with pytest.raises(UserError, match=line):
        place_of_class(target, class_name, probabilities=True)


def test_which_class() -> None:
    """The second, or the one that is named; scores that are no probabilities have no threshold."""
    assert place_of_class(VOTE, None, probabilities=True) == 1
    assert place_of_class(VOTE, "no", probabilities=True) == 0
    with pytest.raises(UserError, match="need probabilities: the outputs for vote are none"):
        place_of_class(VOTE, None, probabilities=False)


SIZES: dict[str, Any] = {"sizes": [1.0, 2.0], "shares": [0.5, 1.0], "rows": 2.0}
RANKING: dict[str, Any] = {
    "probabilities": [0.1, 0.2],
    "first": [1.0, 1.0],
    "second": [0.0, 1.0],
    "left_out": [0, 3],
}


@pytest.mark.parametrize(
    ("value", "target", "line"),
    [
        ({"residuals": []}, WAGE, "validation.residuals must be of 1 targets, got 0"),
        ({"residuals": [SIZES]}, VOTE, "validation.residuals must be of 0 targets, got 1"),
        (
            {"residuals": [SIZES | {"sizes": [2.0, 1.0]}]},
            WAGE,
            r"validation.residuals\[0\].sizes must be finite numbers in order, got \[2.0, 1.0\]",
        ),
        (
            {"residuals": [SIZES | {"shares": [1.0]}]},
            WAGE,
            r"validation.residuals\[0\].shares must be of 2 numbers, as the others, and at most",
        ),
        (
            {"residuals": [SIZES | {"rows": -1.0}]},
            WAGE,
            r"validation.residuals\[0\].rows must be 0 to 9,007,199,254,740,992, got -1.0",
        ),
        ({"residuals": [SIZES | {"rows": 1e308}]}, WAGE, r"rows must be 0 to .*, got 1e\+308"),
        ({"residuals": [SIZES | {"sizes": [-1.0, 1.0]}]}, WAGE, "sizes must be 0 or more, got -1"),
        (
            {"residuals": [SIZES | {"shares": [0.5, 7.0]}]},
            WAGE,
            r"residuals\[0\].shares must be in \[0, 1\], got \[0.5, 7.0\]",
        ),
        ({"residuals": [SIZES | {"rows": "2"}]}, WAGE, r"residuals\[0\].rows must be a number"),
        ({"ranking": RANKING}, SIZE, "validation.ranking must be missing for size"),
        (
            {"ranking": RANKING | {"second": [1.0, float("inf")]}},
            VOTE,
            "validation.ranking.second must be finite numbers in order",
        ),
        (
            {"ranking": {"probabilities": [], "first": [], "second": []}},
            VOTE,
            "validation.ranking.probabilities must be of 1 number or more, got none",
        ),
        (
            {"ranking": RANKING | {"probabilities": [0.1, 1.2]}},
            VOTE,
            r"validation.ranking.probabilities must be in \[0, 1\], got \[0.1, 1.2\]",
        ),
        (
            {"ranking": RANKING | {"first": [-1.0, 1.0]}},
            VOTE,
            "validation.ranking.first must be 0 or more, got -1.0",
        ),
        (
            {"ranking": RANKING | {"first": [0.0, 0.0], "second": [0.0, 0.0]}},
            VOTE,
            "validation.ranking must be of rows that weigh more than 0 together, got 0.0",
        ),
        (
            {"ranking": RANKING | {"first": [0.0, 1e308], "second": [0.0, 1e308]}},
            VOTE,
            "validation.ranking must be of rows that weigh more than 0 together, got inf",
        ),
        (
            {"ranking": RANKING | {"left_out": [1]}},
            VOTE,
            "validation.ranking.left_out must be 2 counts of 0 or more, as the other lists have",
        ),
        ({"ranking": RANKING | {"left_out": [1, -1]}}, VOTE, "left_out must be 2 counts of 0 or"),
        ({"rows": 3}, VOTE, "unknown key 'validation.rows'"),
        ([], VOTE, "validation must be a group"),
    ],
)
def test_what_a_file_may_not_say(value: object, target: Target, line: str) -> None:
    """The key is named."""
    with pytest.raises(UserError, match=line):
        record_of(value, "validation", target)


def test_what_is_written_is_read() -> None:
    """As it was."""
    for value, target in (({"residuals": [SIZES]}, WAGE), ({"ranking": RANKING}, VOTE)):
        assert record_of(value, "validation", target).to_dict() == value


def test_coverage_of_rows_by_hand() -> None:
    """Shares and widths of each target by the weights of the rows, in its own units."""
    kept = Residuals([1.0], [1.0], 99.0)
    record = ValidationRecord([kept, kept])
    outputs = np.zeros((4, 2))  # wage 20 ± 4, rent exp(2 ± 0.5)
    rent = np.exp([2.0, 2.4, 2.6, 1.4])
    truth = np.column_stack([[16.0, 24.0, 24.1, 20.0], rent])
    both = Targets([WAGE, RENT])
    found = coverage_of(record, predictions(both, outputs, truth), SQUARED, 0.9)
    assert found.level == 0.9
    assert found.validation_rows == 99
    assert found.targets["wage"] == TargetCoverage(0.75, 8.0, 4.0)
    assert found.targets["rent"].coverage == 0.5
    assert found.targets["rent"].mean_width == pytest.approx(np.exp(2.5) - np.exp(1.5))
    assert found.targets["rent"].half_width is None
    weights = np.array([1.0, 1.0, 6.0, 0.0])
    rows = predictions(WAGE, outputs[:, :1], truth[:, 0], weights=weights)
    assert (
        coverage_of(ValidationRecord([kept]), rows, SQUARED, 0.9).targets["wage"].coverage == 0.25
    )


def test_intervals_without_an_end_have_no_width() -> None:
    """JSON has no infinity."""
    record = ValidationRecord([Residuals([1e4], [1.0], 99.0)])
    rows = predictions(RENT, np.zeros((1, 1)), np.array([3.0]))
    with np.errstate(over="ignore"):
        own = coverage_of(record, rows, SQUARED, 0.9).targets["rent"]
    assert own == TargetCoverage(1.0, None, None)


def test_a_wild_prediction_has_no_interval_to_measure() -> None:
    """Both of its ends are infinite, which is told by the coverage and by no warning."""
    record = ValidationRecord([Residuals([1.0], [1.0], 99.0)])
    rows = predictions(RENT, np.array([[4e3], [0.0]]), np.array([3.0, 7.0]))
    own = coverage_of(record, rows, SQUARED, 0.9).targets["rent"]
    assert own == TargetCoverage(0.5, None, None)


def test_the_usual_coverage_is_of_numbers_alone() -> None:
    """None of classes, without rows, weights, or enough validation rows; else of 90 %."""
    kept = ValidationRecord([Residuals([1.0], [1.0], 99.0)])
    zeros = np.zeros((1, 1))
    rows = predictions(WAGE, zeros, np.array([20.0]))
    found = usual_coverage(kept, rows, SQUARED)
    assert found is not None
    assert (found.level, found.targets["wage"].coverage) == (0.9, 1.0)
    none = predictions(WAGE, zeros[:0], np.array([]))
    unweighted = predictions(WAGE, zeros, np.array([20.0]), weights=np.array([0.0]))
    few = ValidationRecord([Residuals([1.0], [1.0], 8.0)])
    tried = [(kept, none), (kept, unweighted), (few, rows), (None, rows)]
    votes = predictions(VOTE, np.array([[0.3]]), np.array([1.0]))
    assert [usual_coverage(*own, SQUARED) for own in [*tried, (None, votes)]] == [None] * 5

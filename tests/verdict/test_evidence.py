"""What is compared, and how it is said."""

from dataclasses import replace

import pytest

from mlp_lab.formatting import percent
from mlp_lab.verdict.evidence import (
    Evidence,
    beats_constant,
    difference_of,
    error_of_lead,
    error_of_nothing,
    has_learnt,
    is_idle,
    score_of,
)


def evidence(errors: dict[str, float], moved: float = 1.0, kept: int = 10) -> Evidence:
    """400 validation rows; `errors` of a constant prediction."""
    return Evidence(
        divergence=None,
        train_loss=[1.0] * 10,
        val_loss=[1.0] * 10,
        constant={"train": 1.0, "val": 1.0},
        train=0.2,
        val=0.2,
        val_rows=400,
        baselines={},
        steps=1000,
        kept=kept,
        kept_d2={"train": 0.2, "val": 0.2},
        baselines_d2={},
        constant_errors=errors,
        moved=moved,
    )


def test_error_of_nothing() -> None:
    """0.5 / sqrt(n); for classes that of an accuracy, by the share that a constant gets wrong."""
    assert error_of_nothing(evidence({})) == 0.025
    assert error_of_nothing(evidence({"val": 0.5})) == pytest.approx(0.05)
    assert error_of_nothing(evidence({"val": 0.1})) == pytest.approx((0.09 / 400) ** 0.5 / 0.1)
    for errors in ({}, {"val": 0.1}):
        clustered = replace(evidence(errors), design_effect=4.0)
        assert error_of_nothing(clustered) == pytest.approx(2 * error_of_nothing(evidence(errors)))


@pytest.mark.parametrize(
    ("skill", "explained", "beats"),
    [
        (0.03, 0.001, True),
        (0.03, -0.001, False),
        (0.0, 0.03, True),
        (0.02, 0.02, False),
        (0.06, None, True),
        (0.04, None, False),
    ],
)
def test_what_beats_a_constant(skill: float, explained: float | None, beats: bool) -> None:
    """By the loss, or by the score and no worse a loss; twice the error where there is no loss."""
    assert beats_constant(evidence({}), skill, explained) is beats


def test_weights_that_stay_where_they_were() -> None:
    """Unless they were kept because later ones, which moved, were no better."""
    assert has_learnt(evidence({}))
    assert is_idle(evidence({}, moved=0.04))
    assert not is_idle(evidence({}, moved=0.06))
    assert not is_idle(evidence({}, moved=0.04, kept=1))


def test_a_lead_has_an_error_of_its_own() -> None:
    """That of the difference, row by row; of the network's own score where it is not known."""
    paired = replace(evidence({"val": 0.5}), differences={"logistic": 0.01})
    assert error_of_lead(paired, "logistic") == 0.01
    assert error_of_lead(paired, "linear") == pytest.approx((0.24 / 400) ** 0.5 / 0.5)


def test_scores_in_their_units() -> None:
    """A skill of 0.5 avoids half of a constant's errors."""
    classes = evidence({"train": 0.4, "val": 0.2})
    assert score_of(classes, 0.5, "train") == "80 %"
    assert score_of(classes, 0.5, "val") == "90 %"
    assert difference_of(classes, -0.1, 0.05) == "-2 % ± 1 %"
    assert difference_of(classes, 0.1, 0.05) == "+2 % ± 1 %"
    assert difference_of(evidence({}), 0.001, 0.02) == "+0.00 ± 0.02"
    assert score_of(evidence({}), -0.001, "val") == "0.00"
    assert percent(0.12345) == "12.3 %"

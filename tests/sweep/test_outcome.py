"""What a search makes small, and what a folder says of a job."""

import math
from pathlib import Path

import pytest
from sweeps import write_ended

from mlp_lab.sweep.outcome import Outcome, earlier_outcome

VAL = {"loss": 0.5, "accuracy": 0.9}


def test_the_value_of_a_job() -> None:
    """Less is better: the loss, or what is missing to a perfect accuracy or R²."""
    done = Outcome({"status": "completed", "val": VAL})
    assert not done.open
    assert done.value("loss") == 0.5
    assert done.value("metric") < Outcome({"val": {**VAL, "accuracy": 0.8}}).value("metric")


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome(),
        Outcome(reason="its process died"),
        Outcome({"status": "completed", "val": {}}),
        Outcome({"status": "completed", "val": {"loss": None, "accuracy": 0.9}}),
        Outcome({"status": "diverged", "val": VAL}, "diverged"),
    ],
)
def test_a_job_without_a_value(outcome: Outcome) -> None:
    """Not a number."""
    assert math.isnan(outcome.value("metric"))
    assert outcome.open == (not outcome.result and not outcome.reason)


def test_what_had_ended_before(tmp_path: Path) -> None:
    """A failed job is trained again; a diverged one says where."""
    assert earlier_outcome(tmp_path) == Outcome()
    for status, open_again in (("completed", False), ("stopped", False), ("failed", True)):
        write_ended(tmp_path, status)
        assert earlier_outcome(tmp_path).open == open_again
    write_ended(tmp_path, "diverged")
    assert earlier_outcome(tmp_path).reason.startswith("diverged: the loss was no longer finite")

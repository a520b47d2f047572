"""Rungs of successive halving, and who stops at them."""

from pathlib import Path

import pytest
from sweeps import iris_job, settings

from mlp_lab.sweep.halving import Rung, bracket_of, eliminated, rungs
from mlp_lab.sweep.jobs import SweepJob


def test_rungs_lie_a_factor_apart() -> None:
    """And before the last epoch."""
    assert rungs(settings(halving=2, first_rung=3), 25) == [(3, 0), (6, 0), (12, 0), (24, 0)]
    assert rungs(settings(halving=2, first_rung=3), 24) == [(3, 0), (6, 0), (12, 0)]
    assert rungs(settings(halving=None), 24) == []
    assert rungs(settings(halving=3, first_rung=5), 3) == []


def test_each_bracket_begins_later() -> None:
    """By one rung; epochs of all brackets are in order."""
    two = settings(halving=2, first_rung=3, brackets=2)
    assert rungs(two, 13) == [(3, 0), (6, 0), (6, 1), (12, 0), (12, 1)]
    assert [bracket_of(number, two) for number in range(4)] == [0, 1, 0, 1]


def test_the_name_of_a_rung() -> None:
    """As sweep.json of every version has it."""
    assert str(Rung(12, 1)) == "epoch 12, bracket 1"
    assert Rung.parse("epoch 12, bracket 1") == Rung(12, 1)


@pytest.fixture
def jobs(tmp_path: Path) -> dict[int, SweepJob]:
    """Five jobs without files."""
    found = {number: iris_job(number, tmp_path, seed=number) for number in range(5)}
    for job in found.values():
        job.job.folder.mkdir()
    return found


def write_curve(job: SweepJob, accuracies: list[float], val_loss: str = "1.0") -> None:
    """curves.csv of an epoch for each accuracy."""
    head = "epoch,train_loss,val_loss,train_accuracy,val_accuracy,lr,seconds\n"
    rows = [
        f"{epoch},2.0,{val_loss},{0.1 * job.number},{value if val_loss else ''},0.1,0.1\n"
        for epoch, value in enumerate(accuracies, start=1)
    ]
    (job.job.folder / "curves.csv").write_text(head + "".join(rows))


def test_the_best_half_goes_on(jobs: dict[int, SweepJob]) -> None:
    """By the epoch of the rung alone; a half job goes on, and of equals the first."""
    for number, accuracy in enumerate([0.5, 0.7, 0.6, 0.7, 0.5]):
        write_curve(jobs[number], [1 - accuracy, accuracy])
    found = eliminated(jobs, [0, 1, 2, 3, 4], 2, settings(halving=2, first_rung=3))
    assert found == dict.fromkeys([0, 4], "stopped by halving at epoch 2")
    assert list(eliminated(jobs, [1, 3], 2, settings(halving=2, first_rung=3))) == [3]
    assert list(eliminated(jobs, [0, 1, 2, 3, 4], 1, settings(halving=2, first_rung=3))) == [1, 3]


def test_who_has_not_come_to_a_rung_is_not_judged(jobs: dict[int, SweepJob]) -> None:
    """It neither stops nor counts."""
    for number, epochs in enumerate([2, 1, 2, 2, 2]):
        write_curve(jobs[number], [0.1 * number] * epochs)
    assert list(eliminated(jobs, [0, 1, 2, 3, 4], 2, settings(halving=2, first_rung=3))) == [0, 2]


def test_without_validation_rows_training_rows_judge(jobs: dict[int, SweepJob]) -> None:
    """As a run without them is judged."""
    for number in range(5):
        write_curve(jobs[number], [0.0], val_loss="")
    assert list(eliminated(jobs, [0, 1, 2, 3, 4], 1, settings(halving=2, first_rung=3))) == [0, 1]

"""Rungs of successive halving, and who stops at them."""

import os
import signal
import time
from pathlib import Path

import pytest
from lab import BARE, written
from sweeps import SMALL, bits, curve, iris_job, job_folders, result, settings, start, sweep

from mlp_lab.errors import JOBS_FAILED
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


def kept_by_ranking(folder: Path, epoch: int, numbers: list[int], factor: int) -> list[int]:
    """The best of some jobs by their validation accuracy at an epoch, the first of equals."""
    scores = {n: float(curve(folder / str(n))[epoch - 1]["val_accuracy"]) for n in numbers}
    ranked = sorted(numbers, key=lambda n: (-scores[n], n))
    return sorted(ranked[: -(-len(numbers) // factor)])


HALVED = (
    *(*BARE, "data=iris", "model=shallow", "optimizer.lr=1e-3,3e-3,1e-2,3e-2", "seed=0,1,2"),
    *("epochs=20", "model.width=3,8", "sweep.halving=2", "sweep.first_rung=3", "sweep.members=7"),
)


def test_halving_keeps_what_a_plain_ranking_keeps(tmp_path: Path) -> None:
    """Rungs at the epochs 3, 6 and 12, over all stacks; who leaves says so."""
    folder = tmp_path / "sweep"
    assert sweep(folder, *HALVED).returncode == 0
    going = list(range(24))
    for epoch in (3, 6, 12):
        kept = kept_by_ranking(folder, epoch, going, 2)
        for number in sorted(set(going) - set(kept)):
            found = result(folder / str(number))
            assert found["reason"] == f"stopped by halving at epoch {epoch}"
            assert (found["status"], found["epochs_run"]) == ("stopped", epoch)
        going = kept
    assert [result(folder / str(number))["status"] for number in going] == ["completed"] * 3


def test_halving_judges_jobs_together(tmp_path: Path) -> None:
    """Neither batch after batch, nor with points that come later; the same command is done."""
    folder = tmp_path / "sweep"
    few = (*BARE, "data=iris", "epochs=4", "sweep.halving=2")
    done = sweep(folder, *few, "seed=0,1,2,3", "hydra.sweeper.max_batch_size=2")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "sweep.halving judges a whole grid at once: leave out hydra.sweeper.max_batch_size\n"
    )
    assert sweep(folder, *few, "seed=0,1,2,3").returncode == 0
    assert sweep(folder, *few, "seed=0,1,2,3").returncode == 0
    before = written(folder)
    done = sweep(folder, *few, "seed=0,1,2,3,4")
    assert done.returncode == 1
    assert done.stderr.startswith("job 4 (")
    assert "is new, but the jobs of this sweep were halved together" in done.stderr
    done = sweep(folder, *few, "seed=0,1,2,3", "sweep.first_rung=2")
    assert done.returncode == 1
    assert done.stderr.startswith("the jobs of this sweep were halved at epoch 1, bracket 0: ")
    assert written(folder) == before


def test_brackets_begin_later(tmp_path: Path) -> None:
    """Of two brackets the second has its first rung where the first has its second."""
    folder = tmp_path / "sweep"
    assert sweep(folder, *HALVED, "sweep.brackets=2").returncode == 0
    epochs = {n: result(folder / str(n))["epochs_run"] for n in range(24)}
    assert {epochs[n] for n in range(0, 24, 2)} == {3, 6, 12, 20}
    assert {epochs[n] for n in range(1, 24, 2)} == {6, 12, 20}


def test_a_stack_goes_on_with_a_diverged_member(tmp_path: Path) -> None:
    """From its checkpoint, here at a rung: the others end as they would; it is named each time."""
    folder = tmp_path / "sweep"
    words = (*SMALL, "optimizer=sgd", "optimizer.lr=0.1,1e20,0.2,0.3", "epochs=8")
    halved = (*words, "sweep.halving=2", "sweep.first_rung=3", "sweep.processes=1")
    for _ in range(2):
        done = sweep(folder, *halved)
        assert done.returncode == 1
        diverged, termination = done.stderr.splitlines()
        assert diverged.startswith("job 1: diverged: the loss was no longer finite by epoch 2")
        assert termination == JOBS_FAILED
        found = [result(path) for path in job_folders(folder)]
        assert sorted(str(entry["epochs_run"]) for entry in found) == ["2", "3", "6", "8"]
        assert len(curve(folder / "1")) == 2


def test_a_halved_sweep_goes_on_after_a_kill(tmp_path: Path) -> None:
    """To the same end."""
    assert sweep(tmp_path / "whole", *HALVED).returncode == 0
    folder = tmp_path / "killed"
    process = start(folder, *HALVED)
    deadline = time.monotonic() + 240
    while '"rungs": {}' in rungs_of(folder) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert sweep(folder, *HALVED).returncode == 0
    assert bits(folder) == bits(tmp_path / "whole")


def rungs_of(folder: Path) -> str:
    """What the manifest says, if it is there."""
    try:
        return (folder / "sweep.json").read_text()
    except FileNotFoundError:
        return '"rungs": {}'

"""Who trains the stacks of a sweep."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from sweeps import PROBLEMS, settings, slurm_values

from mlp_lab.errors import UserError
from mlp_lab.sweep.cluster import ClusterScheduler
from mlp_lab.sweep.engine_choice import Place, require_no_tasks
from mlp_lab.sweep.plan import StackPlan
from mlp_lab.sweep.scheduler import Scheduler
from mlp_lab.sweep.slurm import SlurmQueue
from mlp_lab.sweep.submitted import Submitted
from mlp_lab.sweep.workers import Workers

STACKS = [StackPlan(n, (n,), 600.0, 1.0) for n in range(8)]


def place(folder: Path, processes: int, **changes: object) -> Place:
    """Where stacks train."""
    return Place(folder, settings(**changes), processes, print)


def test_engines(tmp_path: Path) -> None:
    """Processes of this machine, or tasks of a cluster."""
    with Workers(0) as workers:
        here = place(tmp_path, 1).engine({}, PROBLEMS, workers, STACKS)
        there = place(tmp_path, 1, engine="slurm").engine({}, PROBLEMS, workers, STACKS)
    assert isinstance(here, Scheduler)
    assert isinstance(there, ClusterScheduler)


def test_processes_that_stacks_are_planned_for(tmp_path: Path) -> None:
    """Those of this machine; of a cluster as many as have work for some minutes."""
    assert place(tmp_path, 3).processes_for(lambda: STACKS) == 3
    slurm = slurm_values(task_minutes=20, cpus_per_task=2)
    cluster = place(tmp_path, 2, engine="slurm", slurm=slurm)
    assert cluster.processes_for(lambda: STACKS) == 4
    assert [task.stacks for task in cluster.tasks(STACKS)] == [(0, 2, 4, 6), (1, 3, 5, 7)]


def test_tasks_that_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No other process trains in their folder meanwhile."""
    require_no_tasks(tmp_path, settings())
    (tmp_path / ".cluster").mkdir()
    Submitted(2, {0: "7_0", 1: "7_1"}).save(tmp_path)
    require_no_tasks(tmp_path, settings(engine="slurm"))
    require_no_tasks(tmp_path, settings(dry_run=True))
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(UserError, match="were left to Slurm, which is not here"):
        require_no_tasks(tmp_path, settings())
    monkeypatch.setattr(shutil, "which", lambda name: name)
    answers: list[Mapping[str, str] | None] = [None, {"7_0": "ended", "7_1": "queued"}, {}]
    monkeypatch.setattr(SlurmQueue, "states", lambda queue: answers.pop(0))
    with pytest.raises(UserError, match="Slurm does not say which tasks"):
        require_no_tasks(tmp_path, settings())
    with pytest.raises(UserError, match=r"^1 task of .* wait or run on Slurm: .*scancel --name="):
        require_no_tasks(tmp_path, settings())
    require_no_tasks(tmp_path, settings())

"""The line that says where a sweep stands, and the plan of a dry run."""

import time
from io import StringIO

import pytest
from sweeps import iris_job, settings

from mlp_lab.sweep.jobs import longest, steps_of
from mlp_lab.sweep.plan import StackPlan
from mlp_lab.sweep.progress import SAID_SECONDS, SweepLine, print_plan, print_tasks
from mlp_lab.sweep.task_plan import TaskPlan
from mlp_lab.terminal import Screen

STACKS = {0: StackPlan(0, (0, 1), 30.0, 2**20), 1: StackPlan(1, (2,), 10.0, 2**21)}


def test_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs that are done, epochs of stacks that train, and the time left by their costs."""
    now = [1000.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    out = StringIO()
    line = SweepLine(Screen(out), STACKS, {0: 10, 1: 10}, [2], quiet=False)
    line.epoch(0, 1)
    line.show()
    assert out.getvalue() == ""
    line.epoch(0, 5)
    line.ended(1)
    now[0] += SAID_SECONDS
    line.show()
    assert out.getvalue() == "1/2 jobs  2 stacks  epoch 5/10  17 s left\n"


def test_a_resumed_stack_counts_from_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it had trained before says nothing of this command's speed."""
    now = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    out = StringIO()
    line = SweepLine(Screen(out), {0: STACKS[0]}, {0: 10}, [], quiet=False)
    line.epoch(0, 9)
    now[0] += SAID_SECONDS
    line.show()
    assert out.getvalue() == "0/2 jobs  1 stack  epoch 9/10  10 s left\n"


def test_tasks_of_a_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    """How many wait and run."""
    now = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    out = StringIO()
    line = SweepLine(Screen(out), STACKS, {0: 10, 1: 10}, [], quiet=False)
    line.tasks("3 queued, 1 running")
    now[0] += SAID_SECONDS
    line.show()
    assert out.getvalue() == "0/3 jobs  2 stacks  tasks: 3 queued, 1 running\n"


def test_the_tasks_of_a_dry_run() -> None:
    """A row for each, and the core-hours of all."""
    out = StringIO()
    tasks = [TaskPlan((0, 2), 5, 1800.0, 2**21), TaskPlan((1,), 3, 3600.0, 2**20)]
    print_tasks(Screen(out, 200), tasks, settings().slurm.task)
    head, *rows, last = out.getvalue().splitlines()
    assert head.split() == ["task", "stacks", "jobs", "cores", "MiB", "hours", "core-hours"]
    assert rows[0].split() == ["0", "0,", "2", "5", "1", "2.0", "0.500", "0.500"]
    assert last == (
        "2 tasks of Slurm, the longest about 1 h 0 min of its 1 h 0 min, about 1.50 core-hours"
    )
    out = StringIO()
    print_tasks(Screen(out, 200), tasks, settings().ray.task)
    assert out.getvalue().splitlines()[-1] == (
        "2 tasks of Ray, the longest about 1 h 0 min, about 1.50 core-hours"
    )


def test_a_quiet_sweep_has_none() -> None:
    """Nor one that was just shown."""
    out = StringIO()
    line = SweepLine(Screen(out), STACKS, {0: 1, 1: 1}, [], quiet=True)
    line.epoch(0, 1)
    line.show()
    line.close()
    assert out.getvalue() == ""


def test_the_plan_of_a_dry_run() -> None:
    """A row for each job, and what all take together."""
    out, jobs = StringIO(), {number: iris_job(number, seed=number) for number in range(3)}
    print_plan(Screen(out), list(STACKS.values()), jobs)
    head, *rows, last = out.getvalue().splitlines()
    assert head.split() == ["stack", "job", "overrides", "parameters", "epochs", "MiB", "seconds"]
    assert [row.split()[:3] for row in rows] == [
        [str(stack), str(job), f"seed={job}"] for stack, job in ((0, 0), (0, 1), (1, 2))
    ]
    assert rows[0].split()[-2:] == ["0.5", "15.0"]
    assert last == "3 jobs in 2 stacks, about 40 s on one core: nothing was trained"


def test_a_stack_without_a_limit_says_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody knows what is left; it trains until its jobs have ended."""
    now = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    out = StringIO()
    line = SweepLine(Screen(out), STACKS, {0: 10, 1: None}, [], quiet=False)
    for stack, epoch in ((0, 4), (1, 700)):
        line.epoch(stack, epoch)
    now[0] += SAID_SECONDS
    line.show()
    line.ended(2)
    now[0] += SAID_SECONDS
    line.show()
    assert out.getvalue().splitlines() == [
        "0/3 jobs  2 stacks  epoch 4/10, 700",
        "1/3 jobs  2 stacks  epoch 4/10",
    ]


def test_the_plan_of_a_job_without_a_limit() -> None:
    """By as many epochs as are expected, which is said."""
    out, job = StringIO(), iris_job(0, epochs=None, stop__patience=3)
    print_plan(Screen(out, 200), [StackPlan(0, (0,), 3.0, 1.0)], {0: job})
    _, row, last = out.getvalue().splitlines()
    assert "no limit" in row
    assert last.endswith("core, if jobs without a limit take 100 epochs: nothing was trained")
    assert steps_of(job) == steps_of(iris_job(0, epochs=100))
    assert longest([job, iris_job(1)]) is None
    assert (longest([iris_job(0, epochs=3), iris_job(1, epochs=9)]), longest([])) == (9, 0)

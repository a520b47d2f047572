"""How stacks are shared among tasks of a cluster."""

from mlp_lab.sweep.plan import StackPlan
from mlp_lab.sweep.task_plan import divided, task_count, task_plans

SECONDS = {0: 8.0, 1: 5.0, 2: 4.0, 3: 3.0}


def test_how_many() -> None:
    """As many as have some minutes of work on all their processes, within the bounds."""
    assert task_count(0.0, 1, 10, 32) == 1
    assert task_count(3600, 1, 10, 32) == 6
    assert task_count(3600, 4, 10, 32) == 2
    assert task_count(36000, 1, 10, 32) == 32


def test_about_equal_shares() -> None:
    """The longest first, each to the task that has least; every stack once."""
    assert divided(SECONDS, 2) == [[0, 3], [1, 2]]
    assert divided(SECONDS, 1) == [[0, 1, 2, 3]]
    assert divided(SECONDS, 9) == [[0], [1], [2], [3]]


def test_what_a_task_should_take() -> None:
    """Its longest process, and the memory of the largest stacks side by side."""
    stacks = [StackPlan(n, (2 * n, 2 * n + 1), s, 10.0 * s) for n, s in SECONDS.items()]
    first, second = task_plans(stacks, 2, processes=2)
    assert (first.stacks, first.jobs, first.seconds, first.memory) == ((0, 3), 4, 8.0, 110.0)
    assert (second.stacks, second.seconds, second.memory) == ((1, 2), 5.0, 90.0)
    (alone,) = task_plans(stacks, 1, processes=1)
    assert (alone.seconds, alone.memory) == (20.0, 80.0)
    assert task_plans([], 3, processes=1) == []

"""What travels between a sweep and its workers."""

import pickle
from pathlib import Path

import pytest
from sweeps import iris_job, rows_of

from mlp_lab.errors import UserError
from mlp_lab.sweep.messages import Ended, Epoch, Failed, Idle, StackRequest, in_one_line


def test_all_of_it_can_travel() -> None:
    """A request with its rows, and every answer."""
    jobs = [iris_job(number, seed=number) for number in range(2)]
    request = StackRequest(3, jobs, rows_of(jobs), Path("c"), reports=True, elsewhere={1})
    there = pickle.loads(pickle.dumps(request))  # noqa: S301  our own
    assert (there.stack, there.jobs, there.checkpoint) == (3, jobs, Path("c"))
    assert [job.number for job in there.own] == [0]
    for message in (
        Epoch(3, 1),
        Ended(0, {"status": "completed"}, ""),
        Failed(1, "why"),
        Idle(stopped=True),
    ):
        assert pickle.loads(pickle.dumps(message)) == message  # noqa: S301


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (UserError("seed must be 0 or more"), "seed must be 0 or more"),
        (PermissionError(13, "Permission denied", "a/b"), "cannot use a/b: Permission denied"),
        (ZeroDivisionError("division by zero"), "ZeroDivisionError: division by zero"),
    ],
)
def test_one_line_for_any_error(error: Exception, line: str) -> None:
    """What a person can mend without its class."""
    assert in_one_line(error) == line

"""Who may train the stacks of a sweep: an engine; and what a cluster must be able to do for one.

    requests (a stack each) -> engine -> run folders, checkpoints of stacks

The engine of this machine is `Scheduler`, whose workers are sent requests through pipes. Every
cluster shares another, `ClusterScheduler`: requests become chunks, which are files in the sweep's
folder, and what comes back are lines of a journal beside each. A cluster itself is only a `Queue`.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from mlp_lab.formatting import one_line
from mlp_lab.sweep.messages import StackRequest
from mlp_lab.sweep.outcome import Outcome


class Listener(Protocol):
    """Who is told how far training is."""

    def epoch(self, stack: int, epoch: int) -> None:
        """Note a stack's epoch."""

    def ended(self, job: int) -> None:
        """Note the end of a job."""

    def show(self) -> None:
        """Say so, if it is time to."""

    def tasks(self, words: str) -> None:
        """Take note of what a cluster has of it."""


class Engine(Protocol):
    """Trains stacks, and keeps how each job ended.

    `lost`: jobs that nobody could train, for no fault of their own, and why.
    """

    outcomes: dict[int, Outcome]
    lost: dict[int, str]
    stop_requested: bool

    @property
    def unended(self) -> list[int]:
        """Jobs that have neither ended nor failed."""

    def train(self, requests: Sequence[StackRequest], line: Listener) -> None:
        """Train every stack; a job's folder says how it ended.

        Raises:
            Interrupted: somebody asked the sweep to stop; it can be resumed.
            DiskFull: so can one that found no room to write.
        """


class Queue(Protocol):
    """A cluster: tasks wait in it, run, and are gone. A task is known by a name that it gives."""

    title: str
    """What it is called in messages."""

    outlives: bool
    """Whether tasks go on where the command that submitted them ends."""

    def submit(self, chunks: Sequence[int]) -> list[str]:
        """A task for each chunk, by number, of the sweep's folder; their names in that order.

        Raises:
            UserError: the cluster takes none, and says why.
        """

    def states(self) -> Mapping[str, str] | None:
        """Name -> state, of STATES, of the sweep's tasks that it knows; None where it is silent."""

    def cancel(self, tasks: Sequence[str]) -> None:
        """Ask tasks to end; those that run keep their stacks first."""

    def last_words(self, task: str) -> str:
        """What a task has written last of how it ended."""


QUEUED, RUNNING, CANCELLED, INTERRUPTED, ENDED = (
    *("queued", "running", "cancelled", "interrupted"),
    "ended",
)
"""Of a task. Cancelled: by somebody; interrupted: by its limit of time or a task that goes first;
ended: however else. What has not come to an end is queued or running."""

STATES = (QUEUED, RUNNING, CANCELLED, INTERRUPTED, ENDED)


def telling_line(log: str) -> str:
    """Of what a task has printed: the last line that names an error, else the last."""
    lines = [one_line(line.strip()) for line in log.split("\n") if line.strip()]
    errors = [line for line in lines if "error" in line.casefold()]
    return (errors or lines or [""])[-1]


def checkpoint_of(folder: Path, stack: int) -> Path:
    """The checkpoint of a stack, in a sweep's folder."""
    return folder / STACKS / f"{stack}.safetensors"


STACKS = ".stacks"
"""Folder of the checkpoints of stacks."""

"""What a sweep and its workers say to each other: stacks go out, messages come back."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlp_lab.config.messages import explain
from mlp_lab.formatting import one_line
from mlp_lab.runs.prepared_data import PreparedData
from mlp_lab.sweep.jobs import SweepJob


@dataclass(frozen=True, slots=True)
class StackRequest:
    """A stack to train, or to resume where its checkpoint is; `prepared_data` are its rows."""

    stack: int
    jobs: Sequence[SweepJob]
    prepared_data: Mapping[str, PreparedData]
    checkpoint: Path
    reports: bool
    """Whether each job gets a report of its own."""
    until: int | None = None
    """Epoch after which training pauses."""
    eliminated: Mapping[int, str] = field(default_factory=dict)
    """Jobs that stop before the next epoch, and why."""
    elsewhere: Set[int] = frozenset()
    """Jobs that have failed in this stack, and are trained in another."""

    @property
    def own(self) -> list[SweepJob]:
        """Jobs that this stack is to train."""
        return [job for job in self.jobs if job.number not in self.elsewhere]


@dataclass(frozen=True, slots=True)
class Epoch:
    """A stack has finished an epoch."""

    stack: int
    epoch: int


@dataclass(frozen=True, slots=True)
class Ended:
    """A job has ended, and result.json says how; `reason` says where it diverged."""

    job: int
    result: Mapping[str, Any]
    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    """A job could not be trained."""

    job: int
    reason: str


@dataclass(frozen=True, slots=True)
class Full:
    """Nothing more can be written: what had not ended of a stack waits for room."""

    reason: str


@dataclass(frozen=True, slots=True)
class Idle:
    """A worker is free again; `stopped`: it was told to stop, perhaps amid its stack."""

    stopped: bool


Message = Epoch | Ended | Failed | Full | Idle


def in_one_line(error: Exception) -> str:
    """One line for any error."""
    return explain(error) or one_line(f"{type(error).__name__}: {error}")

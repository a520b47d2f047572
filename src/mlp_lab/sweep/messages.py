"""What a sweep and its worker processes say to each other."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlp_lab.runs.prepared import Problem
from mlp_lab.sweep.jobs import SweepJob


@dataclass(frozen=True, slots=True)
class Task:
    """A stack to train, or to go on with where its checkpoint is."""

    stack: int
    jobs: Sequence[SweepJob]
    problems: Mapping[str, Problem]
    checkpoint: Path
    reports: bool
    """Whether each job gets a report of its own."""
    until: int | None = None
    """Epoch after which the stack rests."""
    dropped: Mapping[int, str] = field(default_factory=dict)
    """Jobs that leave the stack before it goes on, and why."""
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
class Left:
    """A worker is free again; what had not ended of its stack was asked to stop."""


Message = Epoch | Ended | Failed | Left

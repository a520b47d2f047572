"""Chunks: stacks that one task of a cluster trains, as plain data in a file."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mlp_lab.config.reading import read
from mlp_lab.config.schema import Config
from mlp_lab.errors import UserError
from mlp_lab.files import write_whole
from mlp_lab.plain import read_as
from mlp_lab.runs.job import Job
from mlp_lab.runs.prepared_data import PreparedDataCache
from mlp_lab.stored import naming, read_json
from mlp_lab.sweep.engines import checkpoint_of
from mlp_lab.sweep.jobs import SweepJob, sweep_job
from mlp_lab.sweep.manifest import ManifestJob
from mlp_lab.sweep.messages import StackRequest

CLUSTER = ".cluster"
"""Folder of what a sweep and its tasks on a cluster write to each other."""

MEGABYTES = 1024
"""Of a chunk; a job takes some thousand letters."""


@dataclass(frozen=True, slots=True)
class ChunkJob:
    """A job: its configuration, its folder inside the sweep's, and what is recorded of it."""

    identity: str
    values: dict[str, object]
    folder: str
    overrides: list[str]
    record: dict[str, object]


@dataclass(frozen=True, slots=True)
class ChunkStack:
    """A stack to train, as a `StackRequest` has it, without rows."""

    stack: int
    jobs: list[int]
    reports: bool
    until: int | None
    eliminated: dict[int, str]
    elsewhere: list[int]


@dataclass(frozen=True, slots=True)
class Chunk:
    """What a task trains, with so many processes side by side."""

    processes: int
    stacks: list[ChunkStack]
    jobs: dict[int, ChunkJob]

    @classmethod
    def of(cls, requests: Sequence[StackRequest], sweep: Path, processes: int) -> "Chunk":
        """Some requests of a sweep."""
        stacks, jobs = [], dict[int, ChunkJob]()
        for request in requests:
            numbers = [job.number for job in request.jobs]
            stopped = {n: why for n, why in request.eliminated.items() if n in numbers}
            stacks.append(
                ChunkStack(
                    *(request.stack, numbers, request.reports, request.until, stopped),
                    sorted(request.elsewhere),
                )
            )
            jobs |= {job.number: _plain(job, sweep) for job in request.jobs}
        return cls(min(processes, len(stacks)), stacks, jobs)

    def write(self, path: Path) -> None:
        """Write it whole."""
        write_whole(path, json.dumps(asdict(self), ensure_ascii=False) + "\n")

    @classmethod
    def load(cls, path: Path) -> "Chunk":
        """Read it.

        Raises:
            UserError: it is none.
            OSError: it cannot be opened.
        """
        found = read_json(path, MEGABYTES)
        with naming(path):
            chunk = read_as(cls, found)
            for number, job in chunk.jobs.items():
                ManifestJob(job.identity, [], job.folder).require_own(f"jobs.{number}")
            for stack in chunk.stacks:
                for number in stack.jobs:
                    if number not in chunk.jobs:
                        raise UserError(f"stacks must hold jobs of the chunk, got {number}")
        return chunk

    def requests(
        self, sweep: Path, jobs: Mapping[int, SweepJob], done: Collection[int]
    ) -> list[StackRequest]:
        """What to ask of workers; nothing of stacks whose own jobs are all `done`."""
        found = [
            StackRequest(
                *(stack.stack, [jobs[number] for number in stack.jobs], {}),
                checkpoint_of(sweep, stack.stack),
                reports=stack.reports,
                until=stack.until,
                eliminated=stack.eliminated,
                elsewhere=frozenset(stack.elsewhere),
            )
            for stack in self.stacks
        ]
        ended = set(done)
        return [each for each in found if {job.number for job in each.own} - ended]


def chunk_file(sweep: Path, number: int) -> Path:
    """Where a chunk of a sweep lies."""
    return sweep / CLUSTER / f"{number}.json"


def rebuilt(number: int, job: ChunkJob, sweep: Path, data: PreparedDataCache) -> SweepJob:
    """A job as it was planned, held against the rows that this machine finds.

    Raises:
        UserError: it cannot be trained here, or its rows or this package are others.
    """
    config = read(Config, job.values, "")
    whole = Job(config, job.values, sweep / job.folder, job.overrides)
    found = sweep_job(number, whole, job.record, data)
    if found.identity != job.identity:
        raise UserError("the task has other rows or another version of mlp_lab than the sweep")
    return found


def _plain(job: SweepJob, sweep: Path) -> ChunkJob:
    folder = job.job.folder.relative_to(sweep)
    values: dict[str, Any] = dict(job.job.values)
    return ChunkJob(job.identity, values, str(folder), [*job.job.overrides], dict(job.record))

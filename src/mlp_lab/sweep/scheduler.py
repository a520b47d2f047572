"""The stacks of a sweep: which are left to train, and how workers train them side by side."""

import math
import os
from collections.abc import Iterable, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mlp_lab.errors import Interrupted, UserError
from mlp_lab.metrics.epoch import minimised_metric
from mlp_lab.runs.folder import result_of
from mlp_lab.runs.interruption import interruption
from mlp_lab.runs.prepared import Problem, Problems
from mlp_lab.runs.progress import Divergence
from mlp_lab.sweep.config import SweepConfig
from mlp_lab.sweep.jobs import SweepJob
from mlp_lab.sweep.manifest import ENDED, STACKS, Book
from mlp_lab.sweep.messages import Ended, Epoch, Failed, Left, Message, Task
from mlp_lab.sweep.plan import StackPlan, plan
from mlp_lab.sweep.progress import SweepLine
from mlp_lab.sweep.workers import Worker, Workers

REPORTED = 8
"""Jobs of a sweep, up to which each gets a report of its own; those of a search get none."""

LISTEN_SECONDS = 0.2
MEMORY_SHARE = 0.5
"""Of the memory that is free, which stacks may take if nothing is said."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job of a sweep ended: what result.json says, or why it failed."""

    result: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""

    def value(self, select: str) -> float:
        """What a search makes small: the validation rows' metric or loss; NaN if there is none."""
        scores = self.result.get("val")
        diverged = self.result.get("status") == "diverged"
        if self.reason or diverged or not scores or scores["loss"] is None:
            return math.nan
        return minimised_metric(scores, select)


def free_memory() -> float:
    """Bytes that processes may still take; what only caches files counts as free."""
    with suppress(OSError, StopIteration):
        lines = Path("/proc/meminfo").read_text(encoding="utf-8").splitlines()
        return 1024.0 * next(int(line.split()[1]) for line in lines if "MemAvailable" in line)
    try:
        return float(os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (ValueError, OSError, AttributeError):  # no such name on this system
        return 4 * 2.0**30


def processes_for(device: str, threads: int, settings: SweepConfig) -> int:
    """Worker processes: one for each core; a GPU has one."""
    if settings.processes is not None:
        return settings.processes
    gpu = device == "cuda" or (device == "auto" and Path("/dev/nvidia0").exists())
    return 1 if gpu else max(1, (os.cpu_count() or 1) // threads)


def stack_plans(
    jobs: Sequence[SweepJob], settings: SweepConfig, processes: int, first: int = 0
) -> list[StackPlan]:
    """Stacks of jobs that fit the machine."""
    memory = free_memory() * MEMORY_SHARE if settings.memory is None else settings.memory * 2**30
    return plan(
        jobs, processes=processes, memory=memory / processes, members=settings.members, first=first
    )


def unfinished(book: Book, jobs: Mapping[int, SweepJob]) -> tuple[list[int], list[SweepJob]]:
    """Stacks of the book to go on with, and jobs that are in none of them.

    A job that failed leaves its stack: it is trained again in another.
    """
    state = {number: result_of(job.job.folder).get("status", "") for number, job in jobs.items()}
    waiting = {number for number in jobs if state[number] == ""}
    homes = book.homes
    going = sorted({homes[number] for number in waiting if number in homes})
    placed = {number for number, stack in homes.items() if stack in going}
    fresh = [
        job
        for number, job in jobs.items()
        if state[number] not in ENDED and (state[number] == "failed" or number not in placed)
    ]
    return going, fresh


def _outcome(folder: Path) -> Outcome:
    """Of a job that had ended before."""
    result = result_of(folder)
    if result.get("status") == "diverged":
        return Outcome(result, str(Divergence(**result["diverged"])))
    return Outcome(result) if result.get("status") in ENDED else Outcome()


class Sweep:
    """The stacks of a sweep, trained side by side by worker processes."""

    def __init__(
        self,
        folder: Path,
        jobs: Mapping[int, SweepJob],
        problems: Problems,
        *,
        reports: bool,
    ) -> None:
        """Nothing is trained yet; `reports`: each job gets pictures and a page of its own."""
        self.folder = folder
        self.jobs = jobs
        self._reports = reports
        self.outcomes = {number: _outcome(job.job.folder) for number, job in jobs.items()}
        self.asked = False
        """Whether somebody asked to stop."""
        self._problems = problems

    def task(
        self,
        stack: int,
        members: Sequence[int],
        until: int | None = None,
        dropped: Mapping[int, str] | None = None,
        elsewhere: Set[int] = frozenset(),
    ) -> Task:
        """What a worker needs to train a stack, perhaps `until` an epoch alone, without rows."""
        jobs = [self.jobs[number] for number in members]
        return Task(
            stack,
            jobs,
            {},
            self.folder / STACKS / f"{stack}.safetensors",
            reports=self._reports,
            until=until,
            dropped=dropped or {},
            elsewhere=elsewhere,
        )

    def unended(self, members: Iterable[int]) -> list[int]:
        """Those of some jobs that have neither ended nor failed."""
        return [number for number in members if self._open(number)]

    def train(self, tasks: Sequence[Task], workers: Workers, line: SweepLine) -> None:
        """Train every stack.

        Raises:
            Interrupted: somebody asked the sweep to stop; it can go on later.
        """
        (self.folder / STACKS).mkdir(parents=True, exist_ok=True)
        waiting = list(tasks)
        stopping = False
        with interruption() as asked:
            while waiting or workers.busy():
                if self.asked and not stopping:
                    stopping, waiting = True, []
                    for worker in workers.busy():
                        worker.stop()
                for worker in workers.idle()[: len(waiting)] if waiting else []:
                    self._give(worker, waiting.pop(0), line)
                for worker, message in workers.messages(LISTEN_SECONDS):
                    self.asked = asked()
                    self._take(worker, message, workers, line)
                self.asked = asked()
                line.show()
            self._require_whole()

    def _give(self, worker: Worker, task: Task, line: SweepLine) -> None:
        """Let a worker train a stack, with its rows."""
        problems: dict[str, Problem] = {}
        try:
            for job in task.jobs:
                if job.problem in problems:
                    continue  # it may be let go meanwhile, and would be cut again
                problems[job.problem] = self._problems.pose(job.job.config)
                if problems[job.problem].digest != job.digest:
                    raise UserError("its rows have changed since the sweep began")
        except (UserError, OSError) as error:  # they were read again, and are no longer there
            for job in task.own:
                if self._open(job.number):
                    self._fail(job.number, str(error), line)
            return
        worker.give(replace(task, problems=problems))

    def _take(
        self, worker: Worker, message: Message | None, workers: Workers, line: SweepLine
    ) -> None:
        if message is None:
            task = worker.task
            assert task is not None
            code = workers.replace(worker)
            for job in [] if self.asked else task.own:  # who asks may end all processes
                if self._open(job.number):
                    self._fail(job.number, f"its process died with status {code}", line)
        elif isinstance(message, Epoch):
            line.epoch(message.stack, message.epoch)
        elif isinstance(message, Ended):
            self.outcomes[message.job] = Outcome(message.result, message.reason)
            line.ended(message.job)
        elif isinstance(message, Failed):
            self._fail(message.job, message.reason, line)
        else:
            assert isinstance(message, Left)
            task, worker.task = worker.task, None
            assert task is not None
            for job in task.own if task.until is None and not self.asked else []:
                if self._open(job.number):
                    self._fail(job.number, "its process was told to end", line)

    def _open(self, number: int) -> bool:
        outcome = self.outcomes[number]
        return not outcome.result and not outcome.reason

    def _fail(self, number: int, reason: str, line: SweepLine) -> None:
        self.outcomes[number] = Outcome(reason=reason)
        line.ended(number)

    def _require_whole(self) -> None:
        left = [number for number in self.jobs if self._open(number)]
        if self.asked and left:
            done = len(self.jobs) - len(left)
            raise Interrupted(f"{done} of {len(self.jobs)} jobs are done")

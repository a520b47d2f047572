"""What a task of a cluster does: it trains a chunk of a sweep's stacks, as its sweep would here."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from mlp_lab.errors import DiskFull, Interrupted, UserError
from mlp_lab.runs.prepared_data import PreparedDataCache
from mlp_lab.sweep.chunks import Chunk, chunk_file, rebuilt
from mlp_lab.sweep.jobs import SweepJob
from mlp_lab.sweep.messages import in_one_line
from mlp_lab.sweep.scheduler import Scheduler
from mlp_lab.sweep.task_journal import (
    ALIVE,
    BEGAN,
    DONE,
    FAILED,
    FULL,
    JOB_ENDED,
    STOPPED,
    Entry,
    TaskJournal,
    journal_file,
)
from mlp_lab.sweep.workers import Workers, shared_folder

KEPT = 2.0**28
"""Bytes of rows that a task keeps, as a sweep does."""


class TaskRequest:
    """Whether a task was told to end, and whether it shall go back into its queue itself."""

    def __init__(self) -> None:
        """Nobody has said anything."""
        self.made = False
        self.goes_back = False
        self.deserted = False
        """Whether whoever started it is gone."""

    def __call__(self) -> bool:
        """Whether to stop after this epoch."""
        return self.made

    @contextmanager
    def listening(self) -> Iterator["TaskRequest"]:
        """As `stop_requests`; what hears signals was set before any process was started."""
        yield self


@contextmanager
def listening() -> Iterator[TaskRequest]:
    """Let the epoch be finished on SIGTERM, of scancel or for a job that goes first, and SIGUSR2.

    Slurm sends the second before the limit of time, and the task requeues itself. Both reach the
    workers, too, which are copies of this process.
    """
    request = TaskRequest()

    def hear(number: int, frame: FrameType | None) -> None:
        request.made = True
        request.goes_back = request.goes_back or number == signal.SIGUSR2

    before = {each: signal.signal(each, hear) for each in (signal.SIGTERM, signal.SIGUSR2)}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class JournalLine:
    """Tells a journal how far a task is."""

    def __init__(self, journal: TaskJournal) -> None:
        """Nothing is trained yet."""
        self._journal = journal
        self.scheduler: Scheduler | None = None
        self.epochs: dict[int, int] = {}
        """Stack -> epoch that it has finished."""

    def epoch(self, stack: int, epoch: int) -> None:
        """Keep it for the next sign of life; where a stack begins is one."""
        begins = stack not in self.epochs
        self.epochs[stack] = epoch
        if begins:
            self._journal.write(Entry(ALIVE, epochs={stack: epoch}))

    def ended(self, job: int) -> None:
        """Write down how a job ended."""
        assert self.scheduler is not None
        outcome = self.scheduler.outcomes[job]
        if outcome.result:
            self._journal.write(Entry(JOB_ENDED, job=job))
        else:
            lost = job in self.scheduler.lost
            self._journal.write(Entry(FAILED, job=job, reason=outcome.reason, lost=lost))

    def show(self) -> None:
        """Nobody looks on."""

    def tasks(self, words: str) -> None:
        """A task has none."""


def train_chunk(sweep: Path, number: int, asked: TaskRequest, back: Callable[[], None]) -> None:
    """Train a chunk to its end, or until somebody asks to stop; its journal says how it went.

    `back` puts the task into its queue again, if it can.
    """
    journal = TaskJournal(journal_file(sweep, number))
    journal.write(Entry(BEGAN, reason=os.uname().nodename))
    chunk = Chunk.load(chunk_file(sweep, number))
    line = JournalLine(journal)
    with (
        shared_folder() as shared,
        Workers(chunk.processes, shared=shared) as workers,
        journal.beating(line.epochs),
    ):
        data = PreparedDataCache(KEPT)
        jobs = _jobs(chunk, sweep, data, journal)
        scheduler = Scheduler(jobs, data, workers, asked.listening)
        line.scheduler = scheduler
        done = [n for n in chunk.jobs if n not in jobs or not scheduler.outcomes[n].open]
        for job in done:
            if job in jobs:  # whoever waits may have missed it
                line.ended(job)
        whole = [each for each in chunk.stacks if jobs.keys() >= set(each.jobs)]
        requests = Chunk(chunk.processes, whole, chunk.jobs).requests(sweep, jobs, done)
        try:
            scheduler.train(requests, line)
        except Interrupted:
            journal.write(Entry(STOPPED, epochs=line.epochs))
            if asked.goes_back and line.epochs:  # else it would come back without an end
                back()
        except DiskFull as full:
            journal.write(Entry(FULL, reason=str(full)))
        else:
            journal.write(Entry(DONE, epochs=line.epochs))


def _jobs(
    chunk: Chunk, sweep: Path, data: PreparedDataCache, journal: TaskJournal
) -> dict[int, SweepJob]:
    """The jobs of a chunk; of a stack with one that cannot be trained here, none."""
    found: dict[int, SweepJob] = {}
    for stack in chunk.stacks:
        try:
            found |= {n: rebuilt(n, chunk.jobs[n], sweep, data) for n in stack.jobs}
        except (UserError, OSError) as error:
            for job in set(stack.jobs) - set(stack.elsewhere):
                journal.write(Entry(FAILED, job=job, reason=in_one_line(error)))
    return found

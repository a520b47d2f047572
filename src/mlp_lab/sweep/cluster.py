"""The engine of every cluster: requests become chunks, chunks tasks, and journals say the rest."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mlp_lab.errors import DiskFull, Interrupted, UserError
from mlp_lab.files import make_folder
from mlp_lab.formatting import counted
from mlp_lab.runs.interruption import stop_requests
from mlp_lab.sweep.chunks import CLUSTER, Chunk, chunk_file
from mlp_lab.sweep.engines import (
    CANCELLED,
    ENDED,
    INTERRUPTED,
    QUEUED,
    RUNNING,
    STACKS,
    Listener,
    Queue,
)
from mlp_lab.sweep.jobs import SweepJob
from mlp_lab.sweep.messages import StackRequest
from mlp_lab.sweep.outcome import Outcome, earlier_outcome
from mlp_lab.sweep.submitted import Submitted
from mlp_lab.sweep.task_journal import (
    BEGAN,
    DONE,
    FAILED,
    FULL,
    JOB_ENDED,
    STOPPED,
    Entry,
    JournalReader,
    journal_file,
)
from mlp_lab.sweep.task_plan import divided, task_count

LISTEN_SECONDS = 0.2
"""How long Ctrl-C may wait."""

SLOWEST = 15.0
"""Seconds between two looks at a sweep that takes hours; at first there is one a second."""

SILENCE = 300.0
"""Seconds after which a task that runs and says nothing is taken for dead."""

GONE = 2
"""Looks in a row at which the cluster does not know a task that has not come to an end."""

SETTLING = 30.0
"""Seconds in which the result of a job that has ended must be seen in the shared folder."""

STOPPING = "cancelling the tasks of the sweep, which keep their stacks first; press Ctrl-C again to"
STOPPING += " leave now"


@dataclass(frozen=True, slots=True)
class TaskShape:
    """What a task is like: its processes, its expected minutes; and how many there are at `most`.

    Nobody waits for them where the sweep is `left` to them.
    """

    processes: int
    minutes: float
    most: int
    left: bool = False


@dataclass(slots=True)
class Task:
    """A task of a cluster that has not come to an end."""

    name: str
    chunk: int
    requests: list[StackRequest]
    reader: JournalReader
    state: str = QUEUED
    again: bool = False
    """Whether it is the second for its chunk, after one that failed."""
    done: bool = False
    stopped: bool = False
    """Whether it was told to end, and had not begun again."""
    trained: bool = False
    """Whether it has finished an epoch since it began."""
    missing: int = 0
    """Looks at which the cluster did not know it."""
    heard: float = field(default_factory=time.monotonic)
    """When something was heard of it."""

    @property
    def own(self) -> set[int]:
        """Jobs that it is to train."""
        return {job.number for request in self.requests for job in request.own}

    def take(self, entry: Entry) -> None:
        """Note what a line of its journal says of it."""
        self.heard = time.monotonic()
        self.trained = (self.trained and entry.say != BEGAN) or bool(entry.epochs)
        self.stopped = (self.stopped and entry.say != BEGAN) or entry.say == STOPPED
        self.done = self.done or entry.say == DONE


class ClusterScheduler:
    """Hands chunks to a queue, and keeps how each job ended."""

    def __init__(
        self,
        jobs: Mapping[int, SweepJob],
        sweep: Path,
        queue: Queue,
        *,
        shape: TaskShape,
        seconds: Mapping[int, float],
        say: Callable[[str], None],
    ) -> None:
        """Nothing is submitted yet; `seconds`: what each stack should take on one core."""
        self._sweep = sweep
        self._queue = queue
        self._shape = shape
        self._seconds = seconds
        self._say = say
        self._folders = {number: job.job.folder for number, job in jobs.items()}
        self.outcomes = {
            number: earlier_outcome(folder) for number, folder in self._folders.items()
        }
        self.lost: dict[int, str] = {}
        self.stop_requested = False
        self._tasks: list[Task] = []
        self._submitted = Submitted.load(sweep)
        self._unseen: dict[int, float] = {}
        """Jobs that have ended, whose result is not seen yet, and until when it is waited for."""
        self._full = ""
        self._cancelled = 0

    @property
    def unended(self) -> list[int]:
        """Jobs that have neither ended nor failed."""
        return [number for number, outcome in self.outcomes.items() if outcome.open]

    def train(self, requests: Sequence[StackRequest], line: Listener) -> None:
        """Train every stack; where the sweep is left to its tasks, only hand them over.

        Raises:
            Interrupted: somebody asked the sweep to stop, or has cancelled tasks of it.
            DiskFull: a task found no room to write.
            UserError: the cluster does not take a task.
        """
        for place in (CLUSTER, STACKS):
            make_folder(self._sweep / place, below=self._sweep)
        self._follow(requests)
        flying = {request.stack for task in self._tasks for request in task.requests}
        self._submit([each for each in requests if each.stack not in flying])
        if self._shape.left:
            self._say_what_is_left()
            return
        with stop_requests(STOPPING) as asked:
            self._wait(asked, line)
        left, whole = len(self.unended), len(self.outcomes)
        done = f"{whole - left} of {whole} jobs are done"
        if self._full:
            raise DiskFull(f"{self._full}: {done}")
        if left and (self.stop_requested or self._cancelled):
            tasks = counted(self._cancelled, "task")
            others = f"{tasks} of the sweep were cancelled on {self._queue.title}: "
            raise Interrupted(f"{others if self._cancelled else ''}{done}")

    def _follow(self, requests: Sequence[StackRequest]) -> None:
        """Take up the tasks of an earlier command that the cluster still has.

        Raises:
            UserError: it does not say.
        """
        if not self._submitted.tasks:
            return
        states = self._queue.states()
        if states is None:
            raise UserError(f"{self._queue.title} does not say which tasks of the sweep it has")
        alive = [name for name, state in states.items() if state in (QUEUED, RUNNING)]
        asked = {(request.stack, request.until): request for request in requests}
        for chunk, name in list(self._submitted.tasks.items()):
            if name in alive:
                stacks = Chunk.load(chunk_file(self._sweep, chunk)).stacks
                own = [asked[key] for each in stacks if (key := (each.stack, each.until)) in asked]
                self._tasks.append(self._task(name, chunk, own))
        strange = set(alive) - {task.name for task in self._tasks}
        if strange:  # of a command that was killed before it could write their names down
            self._cancel(sorted(strange))
        self._write_down()

    def _task(self, name: str, chunk: int, requests: list[StackRequest]) -> Task:
        return Task(name, chunk, requests, JournalReader(journal_file(self._sweep, chunk)))

    def _cancel(self, names: Sequence[str]) -> None:
        """Cancel tasks, and wait until they are gone: no stack has two."""
        self._queue.cancel(names)
        deadline = time.monotonic() + SILENCE
        while time.monotonic() < deadline:
            states = self._queue.states() or {}
            if not any(states.get(name) in (QUEUED, RUNNING) for name in names):
                return
            time.sleep(1)

    def _submit(self, requests: Sequence[StackRequest]) -> None:
        """Put requests into chunks, and submit them."""
        if not requests:
            return
        shape = self._shape
        asked = {request.stack: request for request in requests}
        seconds = {stack: self._seconds[stack] for stack in asked}
        count = task_count(sum(seconds.values()), shape.processes, shape.minutes, shape.most)
        parts = [[asked[stack] for stack in part] for part in divided(seconds, count)]
        first = self._submitted.next
        for number, part in enumerate(parts, first):
            chunk = Chunk.of(part, self._sweep, shape.processes)
            chunk.write(chunk_file(self._sweep, number))
        self._submitted.next += len(parts)
        numbers = range(first, first + len(parts))
        names = self._queue.submit(numbers)
        for name, number, part in zip(names, numbers, parts, strict=True):
            self._tasks.append(self._task(name, number, part))
        self._write_down()

    def _write_down(self) -> None:
        names = {task.chunk: task.name for task in self._tasks}
        self._submitted.tasks = names if self._queue.outlives else {}
        self._submitted.save(self._sweep)

    def _say_what_is_left(self) -> None:
        left, whole = len(self.unended), len(self.outcomes)
        if left:
            names = sorted({task.name.partition("_")[0] for task in self._tasks})
            self._say(
                f"{whole - left} of {whole} jobs are done; {counted(len(self._tasks), 'task')} of"
                f" {self._queue.title} go on with the others: {', '.join(names)}"
            )

    def _wait(self, asked: Callable[[], bool], line: Listener) -> None:
        """Follow the tasks until none is left."""
        pause, next_look = 1.0, 0.0
        while self._tasks or self._unseen:
            if time.monotonic() >= next_look:
                self._look(line)
                pause = min(SLOWEST, 1.1 * pause)
                next_look = time.monotonic() + pause
            if (asked() or self._full) and not self.stop_requested:
                self.stop_requested = True
                self._queue.cancel([task.name for task in self._tasks])
                pause, next_look = 1.0, 0.0
            line.show()
            if self._tasks or self._unseen:
                time.sleep(LISTEN_SECONDS)

    def _look(self, line: Listener) -> None:
        """Ask the cluster, then read what tasks had written before it answered."""
        states = self._queue.states()
        for task in list(self._tasks):
            self._read(task, line)
            if states is not None:
                self._place(task, states, line)
            self._watch(task, line)
        self._see_results(line)
        states_now = [task.state for task in self._tasks]
        words = [f"{states_now.count(each)} {each}" for each in (QUEUED, RUNNING)]
        silent = [] if states is not None else [f"{self._queue.title} does not answer"]
        line.tasks(", ".join([*words, *silent]))

    def _read(self, task: Task, line: Listener) -> None:
        """Take what a task has said since."""
        own = task.own
        for entry in task.reader.entries():
            task.take(entry)
            for stack, epoch in entry.epochs.items():
                if stack in self._seconds:
                    line.epoch(stack, epoch)
            if entry.job in own:
                self._take(entry, line)
            if entry.say == FULL:
                self._full = self._full or entry.reason

    def _take(self, entry: Entry, line: Listener) -> None:
        """Note how a job ended."""
        if entry.say == JOB_ENDED and not self.outcomes[entry.job].result:
            self._unseen[entry.job] = time.monotonic() + SETTLING
        elif entry.say == FAILED and not self.outcomes[entry.job].result:
            self._fail(entry.job, entry.reason, line)
            if entry.lost:
                self.lost[entry.job] = entry.reason

    def _see_results(self, line: Listener) -> None:
        for job, deadline in list(self._unseen.items()):
            outcome = earlier_outcome(self._folders[job])
            if not outcome.open:
                self.outcomes[job] = outcome
                line.ended(job)
            elif time.monotonic() > deadline:
                self._fail(job, "its result.json is not seen in the sweep's folder", line)
            else:
                continue
            del self._unseen[job]

    def _place(self, task: Task, states: Mapping[str, str], line: Listener) -> None:
        """Note where the cluster has a task; one that is gone is over."""
        state = states.get(task.name)
        if state is None:
            task.missing += 1
            state = ENDED if task.missing >= GONE or task.done else task.state
        else:
            task.missing = 0
        if state == QUEUED:
            task.heard = time.monotonic()
        task.state = state
        if task.done or state not in (QUEUED, RUNNING):
            self._read(task, line)  # its last words, which came after the look before
            self._over(task, line)

    def _watch(self, task: Task, line: Listener) -> None:
        """Give up a task that runs and has been silent for too long: its machine may be gone."""
        if task in self._tasks and time.monotonic() - task.heard > SILENCE:
            self._cancel([task.name])
            task.state = ENDED
            self._over(task, line)

    def _over(self, task: Task, line: Listener) -> None:
        """A task has come to an end: submit it again where its stacks have not come to theirs.

        What was interrupted after an epoch gets as many tasks as it needs, what failed one more.
        """
        self._tasks.remove(task)
        left = self._left(task, line)
        if left and not self.stop_requested:
            interrupted = task.trained and (task.stopped or task.state == INTERRUPTED)
            if task.state == CANCELLED:
                self._cancelled += 1
            elif interrupted or not task.again:
                self._again(task, left, line, again=task.again or not interrupted)
            else:
                self._lose(left, f"{self._death(task)}, for the second time", line)
        self._write_down()

    def _left(self, task: Task, line: Listener) -> list[int]:
        """Jobs that a task should have trained, and has not.

        Those that have ended, though it could not say so any more, are noted.
        """
        if task.done:
            return []
        for job in task.own - self._unseen.keys():
            if self.outcomes[job].open:
                self.outcomes[job] = earlier_outcome(self._folders[job])
                if not self.outcomes[job].open:
                    line.ended(job)
        return sorted(n for n in task.own - self._unseen.keys() if self.outcomes[n].open)

    def _again(self, task: Task, left: Sequence[int], line: Listener, *, again: bool) -> None:
        """Give a chunk another task, which goes on from the checkpoints of its stacks."""
        try:
            (name,) = self._queue.submit([task.chunk])
        except UserError as error:
            self._lose(left, f"{self._death(task)}, and {error}", line)
            return
        self._tasks.append(Task(name, task.chunk, task.requests, task.reader, again=again))

    def _death(self, task: Task) -> str:
        """How a task ended, with its last words."""
        said = self._queue.last_words(task.name)
        return (
            f"task {task.name} of {self._queue.title} came to no end{f' ({said})' if said else ''}"
        )

    def _lose(self, jobs: Sequence[int], reason: str, line: Listener) -> None:
        for job in jobs:
            self.lost[job] = reason
            self._fail(job, reason, line)

    def _fail(self, job: int, reason: str, line: Listener) -> None:
        self.outcomes[job] = Outcome(reason=reason)
        line.ended(job)

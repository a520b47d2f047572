"""One line that says where a sweep stands."""

import time
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from mlp_lab.formatting import counted, duration
from mlp_lab.runs.console import REFRESH_SECONDS, of_all
from mlp_lab.sweep.jobs import EXPECTED_EPOCHS, SweepJob
from mlp_lab.sweep.plan import StackPlan
from mlp_lab.sweep.task_plan import TaskPlan
from mlp_lab.sweep.task_resources import TaskResources
from mlp_lab.terminal import Screen, StatusLine, plain_table

SAID_SECONDS = 10.0
"""Between two lines where the output is no terminal."""

MOST_SHOWN = 1000
"""Jobs of a plan that are listed one by one."""


def print_plan(screen: Screen, stacks: Sequence[StackPlan], jobs: Mapping[int, SweepJob]) -> None:
    """Every job, its stack, parameters, memory and expected time; of very many, the first."""
    table = plain_table("stack", "job", "overrides")
    for heading in ("parameters", "epochs", "MiB", "seconds"):
        table.add_column(heading, justify="right")
    planned = ((stack, number) for stack in stacks for number in stack.jobs)
    for stack, number in islice(planned, MOST_SHOWN):
        job, share = jobs[number], 1 / len(stack.jobs)
        table.add_row(
            *(str(stack.number), str(number), " ".join(job.point)),
            *(f"{job.parameters:,}", _limit(job.job.config.epochs)),
            *(f"{stack.memory * share / 2**20:.1f}", f"{stack.seconds * share:,.1f}"),
        )
    screen.print(table)
    seconds = sum(stack.seconds for stack in stacks)
    count = sum(len(stack.jobs) for stack in stacks)
    if count > MOST_SHOWN:
        screen.print(f"... and {count - MOST_SHOWN:,} jobs more")
    open_jobs = any(jobs[n].job.config.epochs is None for stack in stacks for n in stack.jobs)
    expected = f", if jobs without a limit take {EXPECTED_EPOCHS} epochs" if open_jobs else ""
    screen.print(
        f"{counted(count, 'job')} in {counted(len(stacks), 'stack')}, about {duration(seconds)} on"
        f" one core{expected}: nothing was trained"
    )


def _limit(epochs: int | None) -> str:
    return "no limit" if epochs is None else str(epochs)


def print_tasks(screen: Screen, tasks: Sequence[TaskPlan], each: TaskResources) -> None:
    """What a cluster would be asked for: tasks with their stacks, memory, hours and core-hours."""
    table = plain_table("task", "stacks")
    for heading in ("jobs", "cores", "MiB", "hours", "core-hours"):
        table.add_column(heading, justify="right")
    cores = each.cores
    for number, task in enumerate(tasks[:MOST_SHOWN]):
        hours = task.seconds / 3600
        table.add_row(
            *(str(number), ", ".join(map(str, task.stacks)), f"{task.jobs:,}", str(cores)),
            *(f"{task.memory / 2**20:,.1f}", f"{hours:,.3f}", f"{hours * cores:,.3f}"),
        )
    screen.print(table)
    longest = max((task.seconds for task in tasks), default=0.0)
    whole = sum(task.seconds for task in tasks) * cores / 3600
    limit = "" if each.limit is None else f" of its {duration(each.limit * 60)}"
    screen.print(
        f"{counted(len(tasks), 'task')} of {each.title}, the longest about {duration(longest)}"
        f"{limit}, about {whole:,.2f} core-hours"
    )


class SweepLine:
    """Jobs done, stacks and epochs of a sweep, and the time left by what its stacks should cost."""

    def __init__(
        self,
        screen: Screen,
        stacks: Mapping[int, StackPlan],
        epochs: Mapping[int, int | None],
        ended: Iterable[int],
        quiet: bool,
    ) -> None:
        """Nothing is printed yet; `epochs` is the most that a member of each stack has.

        Where it is None, without a limit, nobody knows the time that is left.

        `ended`: jobs that had before.
        """
        self._stacks = stacks
        self._epochs = epochs
        self._quiet = quiet
        self._at: dict[int, int] = {}
        self._jobs = {number for stack in stacks.values() for number in stack.jobs} - set(ended)
        self._done: set[int] = set()
        self._tasks = ""
        """What a cluster has of it."""
        self._before = 0.0
        """Seconds of what stacks had trained before."""
        self._started = self._shown = time.perf_counter()
        self._status = StatusLine(screen, quiet=quiet)

    def epoch(self, stack: int, epoch: int) -> None:
        """Note a stack's epoch."""
        if stack not in self._at:
            self._before += self._seconds(stack, epoch - 1)
        self._at[stack] = epoch

    def _seconds(self, stack: int, epoch: int) -> float:
        """What the epochs of a stack should cost up to one."""
        epochs = self._epochs[stack]
        return 0.0 if epochs is None else self._stacks[stack].seconds * epoch / epochs

    def ended(self, job: int) -> None:
        """Note the end of a job."""
        self._done.add(job)

    def tasks(self, words: str) -> None:
        """Note how many tasks of a cluster wait and run."""
        self._tasks = words

    def show(self) -> None:
        """Print the line, if it is time to."""
        now = time.perf_counter()
        every = REFRESH_SECONDS if self._status.live else SAID_SECONDS
        if self._quiet or now - self._shown < every:
            return
        self._shown = now
        self._status.write(*self._lines(now))

    def _lines(self, now: float) -> list[str]:
        """All there is to say, and less: without the epochs of the stacks."""
        whole = sum(stack.seconds for stack in self._stacks.values())
        done = sum(self._seconds(stack, epoch) for stack, epoch in self._at.items())
        known = None not in self._epochs.values()
        training = [s for s, at in self._at.items() if self._ahead(s, at)]
        jobs = f"{len(self._done)}/{len(self._jobs)} jobs"
        words = [jobs, counted(len(self._stacks), "stack")]
        words += [f"tasks: {self._tasks}"] if self._tasks else []
        epochs, left = [], []
        if training:
            places = ", ".join(of_all(self._at[s], self._epochs[s]) for s in sorted(training))
            epochs = [f"epoch {places}"]
        if known and done > self._before:
            rate = (done - self._before) / (now - self._started)
            left = [f"{duration(round((whole - done) / rate))} left"]
        return ["  ".join([*words, *epochs, *left]), "  ".join([*words, *left])]

    def _ahead(self, stack: int, epoch: int) -> bool:
        """Whether a stack has epochs left after one."""
        epochs = self._epochs[stack]
        if epochs is None:
            return not self._done.issuperset(self._jobs.intersection(self._stacks[stack].jobs))
        return epoch < epochs

    def close(self) -> None:
        """Take the line away."""
        self._status.close()

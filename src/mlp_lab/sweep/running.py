"""A sweep while it runs: grid points -> jobs -> stacks -> workers, in one batch or in several."""

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from mlp_lab.compare.summary import load_drawing, require_place
from mlp_lab.config.messages import explain
from mlp_lab.data.tables.printing import print_report
from mlp_lab.errors import DiskFull, Interrupted, UserError
from mlp_lab.files import remove_leftovers
from mlp_lab.formatting import counted
from mlp_lab.runs.console import say_beforehand
from mlp_lab.runs.folder import OF_A_SWEEP
from mlp_lab.runs.job import Job
from mlp_lab.runs.lock import alone_in, remove_unused_folder
from mlp_lab.runs.prepared_data import PreparedDataCache
from mlp_lab.sweep.checks import (
    Criterion,
    data_name,
    require_a_training,
    require_comparable,
    require_judged_together,
    require_own_folders,
)
from mlp_lab.sweep.config import JOURNAL, SweepConfig, unread_words
from mlp_lab.sweep.engine_choice import Place, require_no_tasks
from mlp_lab.sweep.engines import STACKS
from mlp_lab.sweep.halving import Rung, bracket_of, eliminated, rungs
from mlp_lab.sweep.jobs import SweepJob, longest, sweep_job
from mlp_lab.sweep.manifest import Manifest, ManifestJob
from mlp_lab.sweep.outcome import Outcome, Trained
from mlp_lab.sweep.plan import StackPlan, plan, stack_plan
from mlp_lab.sweep.progress import SweepLine, print_plan, print_tasks
from mlp_lab.sweep.requests import requests, unfinished
from mlp_lab.sweep.resources import (
    process_count,
    require_cores,
    require_few_processes,
    stack_memory,
)
from mlp_lab.sweep.workers import Workers, shared_folder
from mlp_lab.terminal import Screen

REPORTED = 8
"""Jobs of a sweep, up to which each gets a report of its own; those of a search get none."""

KEPT = 2.0**28
"""Bytes of rows that a sweep keeps; others are cut and encoded again when their stack begins."""

MakeJob = Callable[[Sequence[str], int], tuple[Job, Mapping[str, object]]]
"""Grid point and number -> its job, and the record of it, as `SweepJob` has it."""


@dataclass(frozen=True, slots=True)
class SweepCommand:
    """What the command of a sweep says of all its jobs together.

    `device` and `threads` as in a run's configuration; `pictures`: whether pages are drawn;
    `searching`: whether a search is told what jobs reach, and asks for others by it; `words`:
    the command that would start it again; `kept`: those of them that its manifest keeps.
    """

    settings: SweepConfig
    folder: Path
    device: str
    threads: int
    quiet: bool
    pictures: bool
    searching: bool
    words: Sequence[str]
    kept: Sequence[str]

    @property
    def how_to_resume(self) -> str:
        """What to type so that it goes on."""
        return f"resume with: {shlex.join([*self.words, f'sweep.resume={self.folder}'])}"


@contextmanager
def running_sweep(command: SweepCommand, make_job: MakeJob, jobs: int) -> Iterator["Sweep"]:
    """A sweep's folder for this process alone, and workers for at most so many jobs at once.

    A folder in which nothing was written but what was asked for is removed in the end.

    Raises:
        UserError: another process trains in the folder, or its manifest cannot be read.
    """
    if command.settings.latex is not None:
        require_place(command.settings.latex, "sweep.latex")
    require_few_processes(command.settings)
    folder = command.folder
    folder.mkdir(parents=True, exist_ok=True)
    processes = process_count(command.device, command.threads, command.settings)
    settings = command.settings
    count = 0 if settings.dry_run or settings.on_a_cluster else min(processes, jobs)
    with ExitStack() as afterwards, alone_in(folder):
        afterwards.callback(remove_unused_folder, folder, {OF_A_SWEEP, JOURNAL})
        require_no_tasks(folder, settings)
        for place in (folder, *([] if settings.on_a_cluster else [folder / STACKS])):
            remove_leftovers(place)  # where tasks of a cluster may write, a lock may say nothing
        shared = afterwards.enter_context(shared_folder())
        with Workers(
            count, command.device, shared
        ) as workers:  # which load torch while the jobs are composed
            sweep = Sweep(command, make_job, Manifest.load(folder), workers, processes)
            afterwards.callback(sweep.close)
            yield sweep


class Sweep:
    """What the batches of a sweep have in common; inside `running_sweep`."""

    def __init__(
        self,
        command: SweepCommand,
        make_job: MakeJob,
        manifest: Manifest,
        workers: Workers,
        processes: int,
    ) -> None:
        """No job is known yet; stacks are planned for so many processes side by side."""
        self.command = command
        self.manifest = manifest
        self._make_job = make_job
        self._workers = workers
        self._data_cache = PreparedDataCache(KEPT)
        self._screen = Screen()
        self._place = Place(command.folder, command.settings, processes, self._say)
        self._criteria: dict[str, Criterion] = {}
        self._done: set[int] = set()
        """Jobs of earlier batches."""
        self._stopping = False
        """Whether somebody asked to stop when nothing was left of a batch."""

    def train(self, points: Sequence[Sequence[str]], first: int) -> list[Trained]:
        """Train grid points, numbered from `first`; how each ended. Equal points are one job.

        Raises:
            UserError: a point cannot be trained; then none is.
            Interrupted: somebody asked the sweep to stop.
        """
        if self._stopping:
            raise self._interrupted(f"{len(self._done)} jobs are done")
        numbers, jobs = self.checked(points, first)
        if not (self._done or self.command.searching):
            self._require_resumed(numbers)
        asked = {number: jobs[number] for number in numbers}
        require_judged_together(jobs, self.manifest, self.command.settings)
        self._say_first(jobs[numbers[0]])
        stacks = self._planned(jobs)
        if self.command.settings.dry_run:
            print_plan(self._screen, stacks, jobs)
            self._show_tasks(stacks)
            return [Trained(asked[number], Outcome()) for number in numbers]
        self._keep(jobs, stacks)
        if self.command.pictures:
            load_drawing()  # the workers are loading torch: nothing waits for this
        try:
            outcomes = self._train(jobs, stacks)
        except Interrupted as stop:
            raise self._interrupted(str(stop)) from None
        except DiskFull as full:
            raise UserError(f"{full}; make room, then {self.command.how_to_resume}") from full
        self._done |= asked.keys()
        return [Trained(asked[number], outcomes[number]) for number in numbers]

    def _require_resumed(self, numbers: Sequence[int]) -> None:
        """Raise where a sweep is to be resumed, and none of its jobs is among those asked for.

        Raises:
            UserError: there is none: its own words were left out.
        """
        folder, known = self.command.settings.resume, self.manifest.jobs
        if folder is not None and known and known.keys().isdisjoint(numbers):
            raise UserError(
                f"sweep.resume={folder}: this command asks for none of its"
                f" {counted(len(known), 'job')}: repeat the command that began it, and add"
                f" sweep.resume={folder}"
            )

    def checked(
        self, points: Sequence[Sequence[str]], first: int
    ) -> tuple[list[int], dict[int, SweepJob]]:
        """The numbers that grid points have in the manifest, and their jobs, held against the data.

        Raises:
            UserError: one cannot be trained, or they do not belong together.
        """
        jobs = self._composed(points, first)
        names = {job.source: data_name(job) for job in jobs}
        self.manifest.require_same_data({job.source: job.digest for job in jobs}, names)
        numbers = self.manifest.numbers([job.identity for job in jobs], first)
        found = {
            number: job if number == job.number else self._job(overrides, number)
            for number, job, overrides in zip(numbers, jobs, points, strict=True)
        }
        command = self.command
        require_own_folders(found, self.manifest, command.folder)
        self._criteria = require_comparable(
            found.values(), self._criteria, command.settings, searching=command.searching
        )
        return numbers, found

    def _composed(self, points: Sequence[Sequence[str]], first: int) -> list[SweepJob]:
        """Every point as a job, numbered by its place.

        Raises:
            UserError: some cannot be trained; the first is named.
        """
        jobs, refused = [], []
        for number, overrides in enumerate(points, start=first):
            try:
                jobs.append(self._job(overrides, number))
            except Exception as error:
                message = explain(error)
                if message is None:
                    raise
                refused.append(f"job {number} ({' '.join(overrides)}): {message}")
        if refused:
            more = f" (and {len(refused) - 1} more of {len(points)})" if len(refused) > 1 else ""
            nothing = "nothing more" if self._done else "nothing"  # of a later batch of a search
            raise UserError(f"{refused[0]}{more}: {nothing} was trained")
        return jobs

    def _job(self, words: Sequence[str], number: int) -> SweepJob:
        job, record = self._make_job(words, number)
        require_a_training(job.config)
        here = not self.command.settings.on_a_cluster
        if not here:
            require_cores(job.config.threads, self.command.settings)
        found = sweep_job(number, job, record, self._data_cache, here=here)
        if self.command.searching and self._data_cache.summary(job.config).rows["val"] == 0:
            raise UserError("a search needs validation rows: give it data.val_fraction, or cv=5")
        return found

    def close(self) -> None:
        """End what was started for it alone, on a cluster."""
        self._place.close()

    def _say_first(self, job: SweepJob) -> None:
        """Say once what was understood of the first job's table, and which words are not read."""
        if self._done or self.command.quiet:
            return
        overview = self._data_cache.summary(job.job.config).overview
        if overview is not None:
            print_report(self._screen, overview)
        for line in unread_words(self.command.settings, self.command.words):
            self._screen.say(line)

    def _planned(self, jobs: dict[int, SweepJob]) -> list[StackPlan]:
        """Stacks to resume, whose other jobs are added to `jobs`, and stacks of what is new."""
        kept = self.manifest.stacks
        begun, fresh = unfinished(self.manifest, jobs)
        for number in [n for stack in begun for n in kept[stack] if n not in jobs]:
            jobs[number] = self._job(self.manifest.stored_words(number), number)
        resumed = [stack_plan(stack, [jobs[n] for n in kept[stack]]) for stack in begun]
        settings = self.command.settings

        def planned(processes: int) -> list[StackPlan]:
            return plan(
                [jobs[number] for number in fresh],
                processes=processes,
                memory=stack_memory(settings, self._place.processes),
                members=settings.members,
                first=max(kept, default=-1) + 1,
            )

        return resumed + planned(self._place.processes_for(lambda: planned(1)))

    def _show_tasks(self, stacks: Sequence[StackPlan]) -> None:
        """Say what a cluster would be asked for."""
        settings = self.command.settings
        if settings.task is not None:
            print_tasks(self._screen, self._place.tasks(stacks), settings.task)

    def _say(self, words: str) -> None:
        """Print a line, and how to come back to the sweep."""
        if not self.command.quiet:
            self._screen.say(words)
            self._screen.say(self.command.how_to_resume)

    def _keep(self, jobs: Mapping[int, SweepJob], stacks: Sequence[StackPlan]) -> None:
        """Write the plan down before anything is trained."""
        folder = self.command.folder
        if self.manifest.command or not self.manifest.jobs:
            self.manifest.command = list(self.command.kept)
        entered = {
            number: ManifestJob(job.identity, job.point, str(job.job.folder.relative_to(folder)))
            for number, job in jobs.items()
        }
        self.manifest.add(entered, {stack.number: stack.jobs for stack in stacks}, folder)

    def _train(
        self, jobs: Mapping[int, SweepJob], stacks: Sequence[StackPlan]
    ) -> Mapping[int, Outcome]:
        """Train stacks from rung to rung of successive halving, and to their end."""
        command = self.command
        reports = len(self.manifest.jobs) <= REPORTED and not command.searching
        scheduler = self._place.engine(jobs, self._data_cache, self._workers, stacks)
        epochs = {stack.number: longest(jobs[number] for number in stack.jobs) for stack in stacks}
        ended = [number for number, outcome in scheduler.outcomes.items() if outcome.result]
        plans = {stack.number: stack for stack in stacks}
        say_beforehand(self._screen, (job.job for job in jobs.values()), quiet=command.quiet)
        line = SweepLine(self._screen, plans, epochs, ended, command.quiet)

        def train(until: int | None) -> None:
            asked = requests(
                *(stacks, jobs, self.manifest, command.folder),
                unended=scheduler.unended,
                reports=reports,
                until=until,
            )
            scheduler.train(asked, line)

        try:
            for rung in rungs(command.settings, longest(jobs.values()) or 0):
                if str(rung) not in self.manifest.rungs:
                    train(rung.epoch)
                    self._require_none_lost(jobs, scheduler.lost, "successive halving")
                    self._judge(rung, jobs, scheduler.unended)
            train(None)
            if command.searching:
                self._require_none_lost(jobs, scheduler.lost, "a search")
        finally:
            line.close()
        self._stopping = scheduler.stop_requested
        return scheduler.outcomes

    def _require_none_lost(
        self, jobs: Mapping[int, SweepJob], lost: Mapping[int, str], judge: str
    ) -> None:
        """Raise where jobs would be judged that could not show what they reach.

        Raises:
            UserError: there are some.
        """
        for number, reason in lost.items():
            raise UserError(
                f"{jobs[number].label}: {reason}: {judge} cannot judge it;"
                f" {self.command.how_to_resume}"
            )

    def _judge(self, rung: Rung, jobs: Mapping[int, SweepJob], unended: Sequence[int]) -> None:
        """Settle which jobs stop at a rung; once settled, it stays so."""
        settings, stopped = self.command.settings, self.manifest.eliminated
        candidates = [
            n for n in unended if bracket_of(n, settings) == rung.bracket and n not in stopped
        ]
        self.manifest.rungs[str(rung)] = eliminated(jobs, candidates, rung.epoch, settings)
        self.manifest.save(self.command.folder)

    def _interrupted(self, done: str) -> Interrupted:
        """What to say when somebody asked to stop."""
        return Interrupted(f"{done}; {self.command.how_to_resume}")

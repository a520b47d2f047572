"""A sweep's command: its grid points are checked, planned and trained; the border to Hydra."""

import os
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, cast

from hydra.core.config_loader import ConfigLoader
from omegaconf import DictConfig, OmegaConf

from mlp_lab.compare.records import RunRecord, data_of, flat, read_run, reason_of
from mlp_lab.compare.summary import load_drawing, require_place, summarise
from mlp_lab.config.schema import (
    config_options,
    explain,
    from_values,
    of_the_command,
    sweep_settings,
)
from mlp_lab.data.tables.config import TableConfig
from mlp_lab.data.tables.printing import print_report
from mlp_lab.errors import JOBS_FAILED, Interrupted, UserError
from mlp_lab.program import train_words
from mlp_lab.runs.folder import CONFIG, remove_folder
from mlp_lab.runs.job import Job
from mlp_lab.runs.lock import alone_in
from mlp_lab.runs.prepared import Problems
from mlp_lab.sweep.composing import Composer
from mlp_lab.sweep.halving import bracket_of, leaving, rungs
from mlp_lab.sweep.jobs import SweepJob, sweep_job
from mlp_lab.sweep.manifest import Book, Entry
from mlp_lab.sweep.messages import Task
from mlp_lab.sweep.plan import StackPlan, plan_of
from mlp_lab.sweep.progress import SweepLine, print_plan
from mlp_lab.sweep.scheduler import REPORTED, Outcome, Sweep, processes_for, stack_plans, unfinished
from mlp_lab.sweep.workers import Workers
from mlp_lab.terminal import Screen

BROKEN = ("failed", "diverged")


def rung_name(epoch: int, bracket: int) -> str:
    """As the book has it."""
    return f"epoch {epoch}, bracket {bracket}"


KEPT = 2.0**28
"""Bytes of rows that a sweep keeps; others are cut and encoded again when their stack begins."""

NOT_REPEATED = ("sweep.resume=", "hydra.sweep.dir=", "hydra.mode=")
"""Words that the command that goes on does without: it names the folder itself."""


class Session:
    """What the batches of one sweep have in common: its folder, its book, its processes."""

    def __init__(self, loader: ConfigLoader, master: DictConfig, jobs: int) -> None:
        """Take the folder; processes for at most so many jobs begin to load torch."""
        self.settings = sweep_settings(master)
        if self.settings.halving is not None and master.hydra.sweeper.get("max_batch_size"):
            raise UserError(
                "sweep.halving judges a whole grid at once: leave out hydra.sweeper.max_batch_size"
            )
        if self.settings.latex is not None:
            require_place(self.settings.latex, "sweep.latex")
        self.quiet = bool(master.quiet)
        self.searching = False
        """Whether something is told what the jobs reach, and asks for others by it."""
        self.folder = Path(str(master.hydra.sweep.dir))
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock = alone_in(self.folder)
        self._lock.__enter__()  # until this process ends, and its workers do
        self._processes = processes_for(str(master.device), int(master.threads), self.settings)
        self._workers = None
        if not self.settings.dry_run:
            self._workers = Workers(min(self._processes, jobs))
        hydra = cast(Mapping[str, Any], OmegaConf.to_container(master.hydra, enum_to_str=True))
        words = [*hydra["overrides"]["hydra"], *hydra["overrides"]["task"]]
        self._options = config_options(master.hydra)
        self._command = [*train_words(), *self._options, "-m"]
        self._command += [word for word in words if not word.startswith(NOT_REPEATED)]
        self.screen = Screen()
        self._composer = Composer(loader, master)
        self._problems = Problems(KEPT)
        self._book = Book.load(self.folder)
        self.outcomes: dict[int, Outcome] = {}
        """Of all batches."""
        self._stopping = False
        """Whether somebody asked to stop when nothing was left of a batch."""
        self._jobs: dict[int, SweepJob] = {}
        self._kinds: dict[str, tuple[str, ...]] = {}
        """Data set -> what its losses mean."""
        self._pictures = bool(master.tracking.report)

    def launch(self, points: Sequence[Sequence[str]], first: int) -> list[Outcome]:
        """Train grid points; how each of them ended. Equal points are one job.

        Raises:
            UserError: a point cannot be trained; then none is.
            Interrupted: somebody asked the sweep to stop.
        """
        if self._stopping:
            raise self._interrupted(f"{len(self.outcomes)} jobs are done")
        asked, jobs = self._gather(points, first)
        self._require_judged_together(jobs)
        self._show_data(next(iter(jobs.values())))
        going, fresh = unfinished(self._book, jobs)
        for number in [n for stack in going for n in self._book.stacks[stack] if n not in jobs]:
            jobs[number] = self._job(self._book.jobs[number].overrides, number)
        stacks = [plan_of(stack, [jobs[n] for n in self._book.stacks[stack]]) for stack in going]
        next_stack = max(self._book.stacks, default=-1) + 1
        stacks += stack_plans(fresh, self.settings, self._processes, next_stack)
        if self._workers is None:
            print_plan(self.screen, stacks, jobs)
            return [Outcome() for _ in asked]
        self._keep(jobs, stacks)
        if self._pictures:
            load_drawing()  # the workers are loading torch: nothing waits for this
        try:
            outcomes = self._train(jobs, stacks, self._workers)
        except Interrupted as stop:
            raise self._interrupted(str(stop)) from None
        except KeyboardInterrupt:  # the second
            self._workers.kill()
            raise
        self.outcomes |= {number: outcomes[number] for number in asked}
        self._jobs |= jobs
        return [outcomes[number] for number in asked]

    def require_possible(self, points: Sequence[Sequence[str]]) -> None:
        """Hold all grid points against their data, where they come in batches.

        Raises:
            UserError: one cannot be trained.
        """
        self._gather(points, 0)

    def close(self) -> None:
        """Let the workers end."""
        if self._workers is not None:
            self._workers.stop()

    def remove_unused(self) -> None:
        """Remove the folder of a sweep that trained nothing, and what was made for it alone."""
        if {path.name for path in self.folder.iterdir()} <= {"multirun.yaml"}:
            remove_folder(self.folder)

    def _interrupted(self, done: str) -> Interrupted:
        """What to say when somebody asked to stop: the command that goes on, too."""
        self.close()
        command = shlex.join([*self._command, f"sweep.resume={self.folder}"])
        return Interrupted(f"{done}; go on with: {command}")

    def sum_up(self) -> None:
        """Say what the sweep found, and which of its jobs failed.

        Raises:
            UserError: some did.
        """
        self.close()
        if self.settings.dry_run:
            self.remove_unused()
            return
        failed = {n: outcome.reason for n, outcome in self.outcomes.items() if outcome.reason}
        known = {number: entry.folder for number, entry in self._book.jobs.items()}
        earlier = {  # points of another command, trials of a search that was trained before
            number: read_run(self.folder / folder)
            for number, folder in known.items()
            if number not in self.outcomes and (self.folder / folder / CONFIG).is_file()
        }
        records = earlier | {
            number: RunRecord(
                self._jobs[number].job.folder,
                flat(self._jobs[number].job.values),
                {**outcome.result, "overrides": list(self._jobs[number].job.overrides)},
                reason_of(outcome.result) if outcome.result else outcome.reason,
            )
            for number, outcome in self.outcomes.items()
        }
        screen = None if self.quiet else self.screen
        named = not self.quiet  # by the summary
        try:
            summarise(
                [records[number] for number in sorted(records)],
                self.folder,
                screen,
                select=self.settings.select,
                again=self._command,
                pictures=self._pictures,
                latex=None if self.settings.latex is None else Path(self.settings.latex),
            )
        except UserError as error:
            print(f"no ranking: {error}", file=sys.stderr)
            named = False
        if not named:
            for number, reason in failed.items():
                print(f"job {number}: {reason}", file=sys.stderr)
        if not self.quiet:
            self.screen.print(str(self.folder), soft_wrap=True)
        broken = any(record.result.get("status") in BROKEN for record in earlier.values())
        if failed or (self.searching and broken):
            raise UserError(JOBS_FAILED)

    def _gather(
        self, points: Sequence[Sequence[str]], first: int
    ) -> tuple[list[int], dict[int, SweepJob]]:
        """The numbers that the book gives to grid points, and their jobs."""
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
            nothing = "nothing more" if self.outcomes else "nothing"  # of a later batch of a search
            raise UserError(f"{refused[0]}{more}: {nothing} was trained")
        names = {job.source: data_of(flat(job.job.values)) for job in jobs}
        self._book.require_same_data({job.source: job.digest for job in jobs}, names)
        numbers = self._book.numbers([job.identity for job in jobs], first)
        found = {
            number: job if number == job.number else self._job(overrides, number)
            for number, job, overrides in zip(numbers, jobs, points, strict=True)
        }
        self._require_own_folders(found)
        self._require_comparable(found)
        return numbers, found

    def _require_own_folders(self, jobs: Mapping[int, SweepJob]) -> None:
        """Raise if a job would write over another's files.

        Raises:
            UserError: it would, or its folder is not inside the sweep's.
        """
        kept = {self.folder / job.folder: number for number, job in self._book.jobs.items()}
        for number, job in jobs.items():
            folder = Path(os.path.normpath(job.job.folder))
            if Path(os.path.normpath(self.folder)) not in folder.parents:
                raise UserError(
                    f"hydra.sweep.subdir must be inside hydra.sweep.dir={self.folder}, got"
                    f" {str(folder)!r} for {job.label}"
                )
            if (other := kept.setdefault(folder, number)) != number:
                raise UserError(
                    f"hydra.sweep.subdir must differ from job to job, got {folder.name!r} for job"
                    f" {other} and {job.label}: nothing was trained"
                )

    def _require_comparable(self, jobs: Mapping[int, SweepJob]) -> None:
        """Raise if scores that choose between jobs mean different things.

        Raises:
            UserError: they do.
        """
        for job in jobs.values():
            data = job.job.config.data
            kind = (job.loss, data.target_transform, data.class_weights)
            first = self._kinds.setdefault(data_of(flat(job.job.values)), kind)
            if self.settings.select == "loss" and kind != first:
                raise UserError(
                    "sweep.select=loss cannot choose between losses of different kinds, as in"
                    f" {job.label}: use sweep.select=metric"
                )
        judged = "a search" if self.searching else "sweep.halving"
        if (self.searching or self.settings.halving is not None) and len(self._kinds) > 1:
            names = ", ".join(self._kinds)
            raise UserError(f"{judged} chooses between jobs on one data set, got {names}")

    def _require_judged_together(self, jobs: Mapping[int, SweepJob]) -> None:
        """Raise if jobs would join a halved sweep after others have left it.

        Raises:
            UserError: some would.
        """
        if not self._book.rungs:
            return
        last = max(int(rung.split()[1].rstrip(",")) for rung in self._book.rungs)
        same = {rung_name(*rung) for rung in rungs(self.settings, last + 1)}
        other = [rung for rung in self._book.rungs if rung not in same]
        if other:
            raise UserError(
                f"the jobs of this sweep were halved at {other[0]}: sweep.halving, sweep.first_rung"
                " and sweep.brackets cannot change when it goes on"
            )
        fresh = [job.label for number, job in jobs.items() if number not in self._book.jobs]
        if fresh:
            raise UserError(
                f"{fresh[0]} is new, but the jobs of this sweep were halved together: train it in a"
                " sweep of its own"
            )

    def _show_data(self, job: SweepJob) -> None:
        """Say once what was understood of a table, as the first job has it."""
        if not self.outcomes and not self.quiet:
            overview = self._problems.facts(job.job.config).overview
            if overview is not None:
                print_report(self.screen, overview)

    def _job(self, words: Sequence[str], number: int) -> SweepJob:
        overrides = [word for word in words if not of_the_command(word)]
        composed = self._composer.compose(overrides, number)
        config, values = from_values(composed.values, overrides)
        if config.resume is not None:
            raise UserError(f"resume={config.resume} goes on in that folder alone: leave out -m")
        if isinstance(config.data, TableConfig) and config.data.report_only:
            raise UserError("data.report_only=true shows one data set: leave out -m")
        job = Job(config, values, composed.folder, [*self._options, *overrides])
        found = sweep_job(number, job, composed.record, self._problems)
        if self.searching and self._problems.facts(config).rows["val"] == 0:
            raise UserError("a search needs validation rows: give it data.val_fraction, or cv=5")
        return found

    def _keep(self, jobs: dict[int, SweepJob], stacks: Sequence[StackPlan]) -> None:
        """Write the plan down before anything is trained."""
        for number, job in jobs.items():
            folder = str(job.job.folder.relative_to(self.folder))
            self._book.jobs[number] = Entry(job.identity, job.point, folder)
        placed = {number for stack in stacks for number in stack.jobs}
        planned = {stack.number for stack in stacks}
        for stack, members in self._book.stacks.items():
            if stack not in planned:
                self._book.stacks[stack] = [n for n in members if n not in placed]
        self._book.stacks |= {stack.number: list(stack.jobs) for stack in stacks}
        self._book.save(self.folder)

    def _train(
        self, jobs: dict[int, SweepJob], stacks: Sequence[StackPlan], workers: Workers
    ) -> dict[int, Outcome]:
        few = len(self._book.jobs) <= REPORTED and not self.searching
        sweep = Sweep(self.folder, jobs, self._problems, reports=few)
        epochs = {
            stack.number: max(jobs[number].job.config.epochs for number in stack.jobs)
            for stack in stacks
        }
        ended = [number for number, outcome in sweep.outcomes.items() if outcome.result]
        line = SweepLine(self.screen, {s.number: s for s in stacks}, epochs, ended, self.quiet)
        try:
            for epoch, bracket in rungs(self.settings, max(epochs.values(), default=0)):
                self._climb(
                    sweep, stacks, epoch, bracket, partial(sweep.train, workers=workers, line=line)
                )
            sweep.train(self._tasks(sweep, stacks, None), workers, line)
        finally:
            line.close()
        self._stopping = sweep.asked
        return sweep.outcomes

    def _tasks(self, sweep: Sweep, stacks: Sequence[StackPlan], until: int | None) -> list[Task]:
        """What is left of every stack, without the jobs that halving has stopped."""
        homes = self._book.homes
        own = {s.number: [n for n in s.jobs if homes[n] == s.number] for s in stacks}
        return [
            sweep.task(
                *(stack.number, stack.jobs, until, self._book.dropped),
                frozenset(stack.jobs) - frozenset(own[stack.number]),
            )
            for stack in stacks
            if sweep.unended(own[stack.number])
        ]

    def _climb(
        self,
        sweep: Sweep,
        stacks: Sequence[StackPlan],
        epoch: int,
        bracket: int,
        train: Callable[[list[Task]], None],
    ) -> None:
        """Train every stack to a rung, and settle who goes on; once settled, it stays so."""
        rung = rung_name(epoch, bracket)
        if rung in self._book.rungs:
            return
        train(self._tasks(sweep, stacks, epoch))
        members = [n for n in sweep.jobs if bracket_of(n, self.settings) == bracket]
        candidates = [n for n in sweep.unended(members) if n not in self._book.dropped]
        self._book.rungs[rung] = leaving(sweep.jobs, candidates, epoch, self.settings)
        self._book.save(self.folder)

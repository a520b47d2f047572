"""The runs of a stack: what each member's epochs mean for it, and what it leaves when it ends."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch

from mlp_lab.data.dataset import Dataset
from mlp_lab.engine.early_stopping import EarlyStopping
from mlp_lab.engine.fit import fit
from mlp_lab.engine.records import EpochRecord, MemberRecord
from mlp_lab.engine.stack import Member, SharedSettings, Stack
from mlp_lab.files import settle, to_json
from mlp_lab.metrics.epoch import Scores
from mlp_lab.metrics.scoring import Scored
from mlp_lab.network.losses import Objective
from mlp_lab.network.mlp import MLP
from mlp_lab.runs.baselines import baselines
from mlp_lab.runs.checkpoint import Clock
from mlp_lab.runs.folder import CONFIG, MODEL, RESULT, SCHEMA
from mlp_lab.runs.job import Job
from mlp_lab.runs.prepared import Problem
from mlp_lab.runs.progress import CHECKPOINT, Origin, Progress
from mlp_lab.runs.results import (
    Ending,
    Verdict,
    describe_ending,
    environment,
    in_brief,
    in_markdown,
    score_model,
    scores_of,
    write_results,
)
from mlp_lab.tracking.tracker import Tracker, open_tracker

LEFT = (CONFIG, CHECKPOINT, MODEL, SCHEMA, RESULT)
"""Files of a run that a power cut after its end must not take."""

PartScores = Mapping[str, Scores]
"""Part -> loss and metrics."""


@dataclass(slots=True)
class Run:
    """A member of a stack as a run with a folder of its own."""

    job: Job
    problem: Problem
    dataset: Dataset
    progress: Progress
    tracker: Tracker | None = None
    ending: Ending | None = None
    result: dict[str, object] = field(default_factory=dict)
    models: dict[str, PartScores] = field(default_factory=dict)
    """Scores of the network and of the baselines, once the run has ended."""
    verdict: list[str] = field(default_factory=list)
    """What a person reads of how it went, once it has ended."""

    @classmethod
    def fresh(cls, job: Job, problem: Problem, dataset: Dataset) -> "Run":
        """A run before its first step."""
        return cls(job, problem, dataset, Progress(EarlyStopping(), Origin.of(job, problem)))

    def open(self, epochs_done: int) -> None:
        """Open the files that each epoch is written to."""
        job, task = self.job, self.dataset.schema.target.task
        self.tracker = open_tracker(
            job.config.tracking, job.folder, task, epochs_done, job.overrides
        )

    def observe(self, record: MemberRecord, seconds: float, stack: Stack, position: int) -> bool:
        """Write down an epoch that took `seconds`; whether its weights are the best so far."""
        assert self.tracker is not None
        config, progress = self.job.config, self.progress
        progress.seconds += seconds
        self.tracker.add(record, progress.seconds, stack, position)
        if record.diverged is not None:
            progress.diverged = record.diverged
            return False
        best = progress.watch.observe(record, config.stop.monitor, config.stop.min_delta)
        progress.change = record.change
        progress.reason = progress.watch.reason_to_stop(record, config.stop, progress.seconds)
        return best

    def ended(self, epoch: int) -> Ending | None:
        """How the run ended, if it has after so many epochs."""
        progress = self.progress
        if progress.diverged is not None:
            return Ending("diverged", divergence=progress.diverged)
        if progress.reason:
            return Ending("stopped", progress.reason)
        return Ending("completed") if epoch >= self.job.config.epochs else None

    def diverged_before(self, epoch: int) -> bool:
        """Whether it ended in an earlier epoch and only keeps its place in the stack."""
        diverged = self.progress.diverged
        return diverged is not None and diverged.epoch < epoch

    def close(self) -> None:
        """Close its files."""
        if self.tracker is not None:
            self.tracker.close()
            self.tracker = None


Judge = Callable[["Run", MLP], Verdict]
"""Says how a run went, from its curves, its scores and its best network."""


class Common:
    """What runs on the same rows have in common, found once."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._rivals: dict[tuple[int, Objective], dict[str, PartScores]] = {}
        self._schemas: dict[int, str] = {}

    def rivals(self, dataset: Dataset, objective: Objective) -> dict[str, PartScores]:
        """Scores of the baselines: baseline -> part -> scores."""
        key = (id(dataset), objective)
        if key not in self._rivals:
            self._rivals[key] = {
                name: scores_of(score_model(model, dataset, objective))
                for name, model in baselines(dataset, objective).items()
            }
        return self._rivals[key]

    def schema(self, dataset: Dataset) -> str:
        """What inputs and outputs mean, as JSON."""
        if id(dataset) not in self._schemas:
            self._schemas[id(dataset)] = to_json(dataset.schema.to_dict())
        return self._schemas[id(dataset)]


def build_stack(members: Mapping[int, Run], device: torch.device) -> Stack:
    """The networks of some runs that can train together, before their first step."""
    first = members[0]
    config = first.job.config
    shared = SharedSettings(
        activations=config.model.activations,
        objective=first.problem.objective,
        batch_size=config.batch_size if isinstance(config.batch_size, int) else None,
        gradient=config.gradient,
        dtype=getattr(torch, config.dtype),
        device=device,
    )
    stack = Stack([_member(members[k]) for k in range(len(members))], shared)
    if any(run.job.config.tracking.gradient_norms for run in members.values()):
        stack.keep_last_gradients()
    return stack


def _member(run: Run) -> Member:
    config = run.job.config
    return Member(
        dataset=run.dataset,
        widths=config.model.widths,
        dropout=config.model.dropout,
        init=config.model.init,
        seed=config.seed,
        epochs=config.epochs,
        optimizer=config.optimizer,
        schedule=config.schedule,
    )


@dataclass(slots=True)
class Training:
    """A stack, its runs by member, and where their common state is kept."""

    stack: Stack
    runs: Mapping[int, Run]
    checkpoint: Path
    clock: Clock
    finish: Callable[[Run, Stack, int], None]
    """What to do with a run that ends, while it still has its position."""

    def train(
        self,
        asked: Callable[[], bool],
        show: Callable[[EpochRecord], None],
        until: int | None = None,
    ) -> None:
        """Read the records of `fit` until every run has ended, or somebody asks to stop.

        The stack rests after the epoch `until`, if there is one. A run that ends is finished at
        once; its state, and that of all others, is on disk before its results are.
        """
        stack = self.stack
        going = [
            member for member in stack.ids if not self.runs[member].diverged_before(stack.epoch)
        ]
        try:
            self._leave(going)  # whoever had ended, and only its results were not written yet
            if until is not None and stack.epoch >= until:
                return
            for member in going:
                if self.runs[member].ending is None:
                    self.runs[member].open(stack.epoch)
            for epoch in fit(stack):
                self._observe(epoch)
                asked_to_stop = asked() or epoch.epoch == until
                if asked_to_stop or self._must_save(epoch) or self.clock.due():
                    self._save()
                self._leave([record.member for record in epoch.members])
                show(epoch)
                if asked_to_stop:
                    break
        finally:
            for run in self.runs.values():
                run.close()

    def _observe(self, epoch: EpochRecord) -> None:
        stack = self.stack
        position = {member: place for place, member in enumerate(stack.ids)}
        seconds = epoch.seconds / len(stack.ids)
        best = [
            position[record.member]
            for record in epoch.members
            if self.runs[record.member].observe(record, seconds, stack, position[record.member])
        ]
        if best:
            stack.keep_best(best)

    def _must_save(self, epoch: EpochRecord) -> bool:
        """Whether a run ends that could have gone on."""
        runs = [self.runs[record.member] for record in epoch.members]
        ends = [run for run in runs if run.ended(epoch.epoch) is not None]
        return any(run.progress.diverged is None for run in ends)

    def _save(self) -> None:
        runs = {member: self.runs[member] for member in self.stack.ids}
        progress = {member: run.progress for member, run in runs.items()}
        trackers = [run.tracker for run in runs.values() if run.tracker is not None]
        files = [path for tracker in trackers for path in tracker.paths]
        files += [run.job.folder / CONFIG for run in runs.values()]  # none goes on without it
        self.clock.save(self.checkpoint, self.stack, progress, before=files)

    def _leave(self, members: list[int]) -> None:
        """Finish those of the members that have ended; the diverged keep their place, silent.

        What they leave is on disk before a checkpoint forgets them.
        """
        stack = self.stack
        leaving, folders = [], []
        for member in members:
            run = self.runs[member]
            ending = run.ended(stack.epoch)
            if ending is None or run.ending is not None:
                continue
            run.ending = ending
            if run.tracker is None:
                run.open(stack.epoch)
            self.finish(run, stack, stack.ids.index(member))
            run.close()
            folders.append(run.job.folder)
            if ending.divergence is None:
                leaving.append(member)
        settle(folder / name for folder in folders for name in LEFT)
        stack.retire(leaving)


@dataclass(frozen=True, slots=True)
class Finished:
    """A run that has ended: its best network, a stack of one, and its outputs by part."""

    ending: Ending
    dataset: Dataset
    network: MLP
    scored: Mapping[str, Scored]


def finish(run: Run, stack: Stack, position: int, common: Common, judge: Judge) -> Finished:
    """Score and judge a run's best network, and write what it leaves behind."""
    assert run.ending is not None
    network = stack.best_network([position])
    scored = score_model(network, run.dataset, run.problem.objective)
    run.models = {
        "network": scores_of(scored),
        **common.rivals(run.dataset, run.problem.objective),
    }
    verdict = judge(run, network)
    run.result = {
        **describe_ending(run.ending, run.progress.watch.best_epoch, stack.epoch),
        "parameters": network.parameter_counts[0],
        "output": run.problem.objective.output,
        "loss": run.problem.objective.loss,
        "rows": run.problem.rows,
        **run.models["network"],
        "test_intervals": scored["test"].intervals(),
        "baselines": {name: scores for name, scores in run.models.items() if name != "network"},
        "verdict": verdict,
        "seconds": round(run.progress.seconds, 3),
        "overrides": run.progress.origin.overrides,
        "environment": environment(stack.shared.device),
    }
    assert run.tracker is not None
    run.verdict = in_brief(verdict)
    run.tracker.add_text("verdict", in_markdown(verdict), stack.epoch)
    run.tracker.add_best(run.models["network"]["val"], run.progress.watch.best_epoch)
    schema = common.schema(run.dataset)
    write_results(run.job.folder, network, schema, run.problem.objective, run.result)
    return Finished(run.ending, run.dataset, network, scored)

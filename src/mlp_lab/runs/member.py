"""A member of a stack as a run with a folder of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch

from mlp_lab.config.schema import Config
from mlp_lab.data.dataset import Dataset
from mlp_lab.engine.cuda import no_autocast
from mlp_lab.engine.early_stopping import EarlyStopping
from mlp_lab.engine.ranks import Ranks
from mlp_lab.engine.records import EpochRecord, MemberRecord
from mlp_lab.engine.stack import Member, SharedSettings, Stack
from mlp_lab.metrics.predictions import Predictions
from mlp_lab.network.losses import Objective
from mlp_lab.network.own_parts import require_true_derivatives
from mlp_lab.runs.calibration import Calibration
from mlp_lab.runs.job import Job, labels_of
from mlp_lab.runs.prepared_data import PreparedData, embedded_columns
from mlp_lab.runs.progress import Origin, Progress
from mlp_lab.runs.result_file import with_single
from mlp_lab.runs.scoring import PartScores
from mlp_lab.runs.termination import Termination
from mlp_lab.tracking.tracker import Tracker, open_tracker


@dataclass(slots=True)
class Run:
    """A member of a stack as a run with a folder of its own."""

    job: Job
    prepared: PreparedData
    dataset: Dataset
    progress: Progress
    tracker: Tracker | None = None
    termination: Termination | None = None
    result: dict[str, object] = field(default_factory=dict)
    models: dict[str, PartScores] = field(default_factory=dict)
    """Scores of the network and of the baselines, once the run has ended."""
    validation: Mapping[str, Predictions] = field(default_factory=dict)
    """What these predict for the validation rows, while the run is judged."""
    targets: Mapping[str, PartScores] = field(default_factory=dict)
    """Of several targets, the network's scores of each, once the run has ended."""
    single: PartScores | None = None
    """Of an ensemble, mean scores of its networks one by one, once it has ended."""
    calibration: Calibration | None = None
    """What was found out of a temperature of its probabilities, once it has ended."""
    budget: dict[str, object] | None = None
    """What was tried within a budget, once it has ended."""
    verdict: list[str] = field(default_factory=list)
    """What a person reads of how it went, once it has ended."""

    @classmethod
    def fresh(cls, job: Job, prepared: PreparedData, dataset: Dataset) -> Run:
        """A run before its first step."""
        return cls(job, prepared, dataset, Progress(EarlyStopping(), Origin.of(job, prepared)))

    def open(self, epochs_done: int) -> None:
        """Open the files that each epoch is written to."""
        job, task = self.job, self.dataset.schema.target.task
        self.tracker = open_tracker(
            *(job.config.tracking, job.folder, task, epochs_done, job.overrides),
            labels=labels_of(job.config),
            monitor=job.config.stop.monitor,
        )

    def observe(self, record: MemberRecord, seconds: float, stack: Stack, position: int) -> bool:
        """Write down an epoch that took `seconds`; whether its weights are the best so far."""
        assert self.tracker is not None
        best = self.progress.observe(record, seconds, self.job.config.stop)
        self.tracker.add(record, self.progress.seconds, stack, position)
        return best

    def ended(self, epoch: int) -> Termination | None:
        """How the run ended, if it has after so many epochs."""
        progress = self.progress
        if progress.diverged is not None:
            return Termination("diverged", divergence=progress.diverged)
        if progress.reason:
            return Termination("stopped", progress.reason)
        return Termination("completed") if epoch >= self.job.config.last_epoch else None

    def diverged_before(self, epoch: int) -> bool:
        """Whether it ended in an earlier epoch and only keeps its place in the stack."""
        diverged = self.progress.diverged
        return diverged is not None and diverged.epoch < epoch

    @property
    def compared(self) -> dict[str, PartScores]:
        """Scores for a person, model by model: the network or ensemble, one of it, baselines."""
        return with_single(self.models, self.single)

    def close(self) -> None:
        """Close its files."""
        if self.tracker is not None:
            self.tracker.close()
            self.tracker = None


def keep_best(
    epoch: EpochRecord, stack: Stack, is_best: Callable[[MemberRecord, float, int], bool]
) -> None:
    """Remember the weights of those members whose epoch is their best so far.

    `is_best` takes note of a member's record, its share of the epoch's seconds, and its position.
    """
    position = {member: place for place, member in enumerate(stack.ids)}
    seconds = epoch.seconds / len(stack.ids)
    best = [
        position[record.member]
        for record in epoch.members
        if is_best(record, seconds, position[record.member])
    ]
    if best:
        stack.keep_best(best)


def build_stack(
    members: Mapping[int, Run], device: torch.device, ranks: Ranks | None = None
) -> Stack:
    """The networks of some runs that can train together, before their first step.

    `ranks`: this process among several that train them.
    """
    first = members[0]
    config = first.job.config
    loss = first.prepared.objective.loss
    require_true_derivatives(config.model.activations, loss, config.optimizer)
    shared = shared_settings(config, first.prepared.objective, device, ranks)
    stack = Stack(
        [member_of(members[k].job.config, members[k].dataset) for k in range(len(members))], shared
    )
    if any(run.job.config.tracking.gradient_norms for run in members.values()):
        stack.keep_last_gradients()
    return stack


def shared_settings(
    config: Config, objective: Objective, device: torch.device, ranks: Ranks | None = None
) -> SharedSettings:
    """What a stack with a run of this configuration has in common.

    Raises:
        UserError: it asks for what this device does not do.
    """
    autocast = None if config.autocast == "none" else getattr(torch, config.autocast)
    if autocast is not None and device.type != "cuda":
        raise no_autocast(config.autocast)
    return SharedSettings(
        ensemble=config.ensemble,
        activations=config.model.activations,
        normalisation=config.model.normalisation,
        residual=config.model.residual,
        objective=objective,
        batch_size=config.batch_size if isinstance(config.batch_size, int) else None,
        gradient=config.gradient,
        kernel=config.kernel,
        dtype=getattr(torch, config.dtype),
        autocast=autocast,
        device=device,
        ranks=ranks,
    )


def member_of(config: Config, dataset: Dataset) -> Member:
    """A member of a stack that is told what a run is told."""
    return Member(
        dataset=dataset,
        widths=config.model.widths,
        embedding=config.model.embedding_plan(embedded_columns(dataset.schema)),
        frequency_scale=config.model.frequency_scale,
        dropout=config.model.dropouts,
        init=config.model.init,
        seed=config.seed,
        epochs=config.last_epoch,
        optimizer=config.optimizer,
        schedule=config.schedule,
        averaging=config.averaging,
        monitor=config.stop.monitor,
    )

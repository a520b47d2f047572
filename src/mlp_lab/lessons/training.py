"""Stacks trained side by side, each in a process of its own."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from mlp_lab.config.messages import explain
from mlp_lab.data.arrays import Floats
from mlp_lab.data.dataset import Dataset
from mlp_lab.engine.device import prepare_torch
from mlp_lab.engine.early_stopping import EarlyStopping, StopConfig
from mlp_lab.engine.monitoring import fit_monitored
from mlp_lab.engine.records import MemberRecord
from mlp_lab.engine.stack import Stack
from mlp_lab.errors import UserError
from mlp_lab.lessons.trained import Layers, Outcome
from mlp_lab.network.layers import LayerTensors
from mlp_lab.runs.member import Run, build_stack
from mlp_lab.runs.prepared_data import PreparedData
from mlp_lab.side_by_side import as_they_end
from mlp_lab.sweep.jobs import SweepJob

Probe = Callable[[Stack], Mapping[str, Tensor]]
"""Measures every member of a stack, (K, ...) by name, before training and after each epoch."""

Change = Callable[[Stack], None]
"""Changes a stack's weights before its first step, to such as no setting draws."""


@dataclass(frozen=True, slots=True)
class StackTask:
    """A stack to train."""

    jobs: Sequence[SweepJob]
    problems: Mapping[str, PreparedData]
    probe: Probe | None
    change: Change | None


def side_by_side(tasks: Sequence[StackTask], processes: int) -> Iterator[tuple[int, list[Outcome]]]:
    """Train stacks; the position of each and what became of its networks, as they end.

    Raises:
        UserError: a stack could not be trained, or a process has died.
    """
    return as_they_end(_train, tasks, processes)


def _train(task: StackTask) -> list[Outcome]:
    """Train a stack to its end; what became of each job."""
    try:
        return _trained(task)
    except Exception as error:
        raise UserError(explain(error) or f"{type(error).__name__}: {error}") from None


def _trained(task: StackTask) -> list[Outcome]:
    stack = build(task)
    if task.change is not None:
        task.change(stack)  # a second time: build has made the change, and so was all measured yet
    logs = [_Log() for _ in task.jobs]
    stops = [job.job.config.stop for job in task.jobs]

    def take_probe() -> None:
        for name, values in task.probe(stack).items() if task.probe else ():
            for member, value in zip(stack.ids, values.tolist(), strict=True):
                logs[member].probes[name].append(value)

    take_probe()
    for epoch in fit_monitored(stack):
        seconds = epoch.seconds / len(stack.ids)
        records = {stack.ids.index(record.member): record for record in epoch.members}
        better = [
            position
            for position, record in records.items()
            if logs[record.member].improved(record, stops[record.member])
        ]
        if better:
            stack.keep_best(better)
        for position, record in records.items():
            log = logs[record.member]
            log.take(record, seconds)
            if log.diverged or record.epoch == stack.members[position].epochs:
                log.layers = layers_of(stack, position)
                log.best_layers = layers_of(stack, position, stack.best)
        take_probe()
    return [log.outcome(stack.kernel) for log in logs]


@dataclass(slots=True)
class _Log:
    """What is noted of one network while it trains."""

    curves: dict[str, list[object]] = field(default_factory=lambda: defaultdict(list))
    probes: dict[str, list[object]] = field(default_factory=lambda: defaultdict(list))
    layers: Layers = ()
    best_layers: Layers = ()
    diverged: bool = False
    _stopping: EarlyStopping = field(default_factory=EarlyStopping)

    def improved(self, record: MemberRecord, stop: StopConfig) -> bool:
        """Whether an epoch is the best so far, as a run has it: `stop.monitor` says of what."""
        return self._stopping.observe(record, stop.monitor, stop.min_delta)

    def take(self, record: MemberRecord, seconds: float) -> None:
        """Note an epoch."""
        for name, value in {"lr": record.lr, "seconds": seconds, **record.scores}.items():
            self.curves[name].append(value)
        self.diverged = record.diverged is not None

    def outcome(self, kernel: str) -> Outcome:
        """All of it, when training is over; `kernel` has computed it."""
        return Outcome(
            curves=_arrays(self.curves),
            probes=_arrays(self.probes),
            layers=self.layers,
            best_layers=self.best_layers,
            best_epoch=self._stopping.best_epoch,
            kernel=kernel,
            diverged=self.diverged,
        )


def _arrays(log: Mapping[str, list[object]]) -> dict[str, Floats]:
    return {name: np.array(values) for name, values in log.items()}


def layers_of(stack: Stack, position: int, layers: LayerTensors | None = None) -> Layers:
    """Omega_k and beta_k of the member at a position, as they are or of others; unpadded."""
    layers = stack.network.layers if layers is None else layers
    own = layers.take([position], stack.network.member_sizes[position])
    return [
        (weight[0].double().numpy(), bias[0, 0].double().numpy())
        for weight, bias in zip(own.weights, own.biases, strict=True)
    ]


def build(task: StackTask) -> Stack:
    """The stack of a task, before its first step."""
    config = task.jobs[0].job.config
    device = prepare_torch(device=config.device, threads=config.threads)
    dtype = getattr(torch, config.dtype)
    rows = {
        name: Dataset.of(problem.encoded, dtype, device) for name, problem in task.problems.items()
    }
    runs = {
        member: Run.fresh(job.job, task.problems[job.data_key], rows[job.data_key])
        for member, job in enumerate(task.jobs)
    }
    stack = build_stack(runs, device)
    if task.change is not None:
        task.change(stack)
        stack.best.flat.copy_(stack.network.layers.flat)
    return stack

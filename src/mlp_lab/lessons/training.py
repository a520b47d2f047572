"""Stacks trained side by side, each in a process of its own."""

import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from threading import Thread

import numpy as np
import torch
from torch import Tensor

from mlp_lab.config.messages import explain
from mlp_lab.data.dataset import Dataset
from mlp_lab.engine.device import prepare_torch
from mlp_lab.engine.fit import fit
from mlp_lab.engine.records import MemberRecord
from mlp_lab.engine.stack import Stack
from mlp_lab.errors import UserError
from mlp_lab.lessons.trained import Layers, Outcome
from mlp_lab.runs.member import Run, build_stack
from mlp_lab.runs.prepared_data import PreparedData
from mlp_lab.sweep.jobs import SweepJob
from mlp_lab.sweep.workers import process_context

Probe = Callable[[Stack], Mapping[str, Tensor]]
"""Measures every member of a stack, (K, ...) by name, before training and after each epoch."""

Change = Callable[[Stack], None]
"""Changes a stack's weights before its first step, to such as no setting draws."""

WATCH_SECONDS = 0.5
"""How often a process looks whether its lesson is still there."""


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
        UserError: a stack could not be trained.
    """
    context = process_context()
    over, end = context.Pipe(duplex=False)  # no event: a worker that is killed may hold its lock
    pool = ProcessPoolExecutor(min(processes, len(tasks)), context, _begin, (over, os.getpid()))
    with pool:
        places = {pool.submit(_train, task): place for place, task in enumerate(tasks)}
        try:
            for done in as_completed(places):
                yield places[done], done.result()
        except BrokenProcessPool:
            text = "a process that trained networks was killed: is there enough memory?"
            raise UserError(text) from None
        finally:
            end.send_bytes(b"over")  # nobody reads it, so that all workers see it


def _begin(over: Connection, parent: int) -> None:
    """Let this process end when the lesson does, whatever it is training."""

    def watch() -> None:
        while os.getppid() == parent and not over.poll(WATCH_SECONDS):
            pass
        os._exit(0)

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the lesson decides what Ctrl-C means
    Thread(target=watch, daemon=True).start()


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
    _take_probe(logs, stack, task.probe)
    for epoch in fit(stack):
        for record in epoch.members:
            position = stack.ids.index(record.member)
            logs[record.member].add(record, epoch.seconds / len(stack.ids))
            if record.diverged or record.epoch == stack.members[position].epochs:
                logs[record.member].layers = layers_of(stack, position)
        _take_probe(logs, stack, task.probe)
    return [log.outcome() for log in logs]


@dataclass(slots=True)
class _Log:
    """What is written down of a network while it trains."""

    curves: dict[str, list[float]] = field(default_factory=dict)
    probes: dict[str, list[object]] = field(default_factory=dict)
    layers: Layers = ()
    diverged: bool = False

    def add(self, record: MemberRecord, seconds: float) -> None:
        """Write down an epoch."""
        self.diverged = record.diverged is not None
        numbers = {"lr": record.lr, "seconds": seconds, **record.scores}
        for name, value in numbers.items():
            self.curves.setdefault(name, []).append(value)

    def outcome(self) -> Outcome:
        """All of it as arrays."""
        curves = {name: np.array(values) for name, values in self.curves.items()}
        probes = {name: np.array(values) for name, values in self.probes.items()}
        return Outcome(curves, probes, self.layers, self.diverged)


def _take_probe(logs: Sequence[_Log], stack: Stack, probe: Probe | None) -> None:
    for name, values in {} if probe is None else probe(stack).items():
        for member, value in zip(stack.ids, values.tolist(), strict=True):
            logs[member].probes.setdefault(name, []).append(value)


def layers_of(stack: Stack, position: int) -> Layers:
    """Omega_k and beta_k of the member at a position, padding left out."""
    own = stack.network.layers.take([position], stack.network.member_sizes[position])
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

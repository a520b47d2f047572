"""Where lessons train: settings as on the command line -> stacks on every core -> what was learnt.

Nothing here is a second engine. Hydra composes the settings, `sweep.plan` puts them into stacks,
`training.fit` trains those. Only run folders are left out: a lesson keeps its measurements.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.utils import create_config_search_path
from hydra.types import RunMode

from mlp_lab.config.composition import from_values
from mlp_lab.config.schema import Config
from mlp_lab.data.arrays import Array, Floats
from mlp_lab.errors import UserError
from mlp_lab.runs.job import Job
from mlp_lab.runs.prepared_data import PreparedData, PreparedDataCache
from mlp_lab.sweep.composing import Composer
from mlp_lab.sweep.jobs import SweepJob, sweep_job
from mlp_lab.sweep.messages import one_line
from mlp_lab.sweep.plan import plan
from mlp_lab.sweep.resources import MEMORY_SHARE, free_memory
from mlp_lab.sweep.workers import process_context

if TYPE_CHECKING:
    from multiprocessing.sharedctypes import Synchronized

    from torch import Tensor

    from mlp_lab.engine.records import MemberRecord
    from mlp_lab.engine.stack import Stack
    from mlp_lab.network.mlp import MLP

MEMBERS = 128
"""Most networks of a stack."""

Words = Sequence[str]
"""What a command line would say after `python train.py`."""

Probe = Callable[["Stack"], "Mapping[str, Tensor]"]
"""Measures every member of a stack, (K,) by name, before training and after each epoch."""

Start = Callable[["Stack"], None]
"""Changes a stack's weights before its first step, to such as no setting draws."""

Shown = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a worker sends back of a network.

    Shape:
        - curves: (epochs,) each; `train_loss`, `val_accuracy`, ...; `seconds` is the network's
          share of its stack's time
        - probes: (1 + epochs,) each
        - layers: Omega_k (inputs, outputs) and beta_k (outputs,) after the last epoch
    """

    curves: Mapping[str, Floats]
    probes: Mapping[str, Floats]
    layers: Sequence[tuple[Floats, Floats]]
    diverged: bool


@dataclass(frozen=True, slots=True)
class Trained:
    """A network after its last epoch, and how it got there."""

    config: Config
    problem: PreparedData
    outcome: Outcome

    @property
    def sizes(self) -> list[int]:
        """Units of every layer, inputs first."""
        return [len(omega) for omega, _ in self.outcome.layers] + [len(self.outcome.layers[-1][1])]

    @property
    def parameters(self) -> int:
        """Weights and biases."""
        return sum(omega.size + beta.size for omega, beta in self.outcome.layers)

    def curve(self, name: str) -> Floats:
        """(epochs,) such as `val_loss`; epochs after a divergence are not a number."""
        known = self.outcome.curves[name]
        missing = self.config.epochs - len(known)
        return np.concatenate([known, np.full(missing, np.nan)])

    def last(self, name: str) -> float:
        """The last epoch's entry of a curve."""
        return float(self.curve(name)[-1])

    def network(self) -> MLP:
        """A stack of one with these weights, in double precision."""
        import torch

        from mlp_lab.network.mlp import MLP

        network = MLP(
            [self.sizes],
            activations=self.config.model.activations,
            output=self.problem.objective.output,
            dtype=torch.float64,
        )
        with torch.no_grad():
            for k, (omega, beta) in enumerate(self.outcome.layers):
                network.layers.weights[k][0] = torch.as_tensor(omega)
                network.layers.biases[k][0, 0] = torch.as_tensor(beta)
        return network

    def outputs(self, inputs: Array) -> Floats:
        """y of encoded rows, (N, D) -> (N, C), as the network gives them."""
        import torch

        with torch.inference_mode():
            y: Floats = self.network()(torch.as_tensor(inputs, dtype=torch.float64))[0].numpy()
        return y

    def predicted(self, inputs: Array) -> Floats:
        """Numbers in the target's own units, (N, D) -> (N,)."""
        return self.problem.encoded.schema.target.decode(self.outputs(inputs))


class Bench:
    """Trains what a lesson asks for, on every core, and shows how far it is."""

    def __init__(self, configs: Path, *, seeds: range, quick: bool, shown: Shown) -> None:
        """Compose from the folder `configs`; `quick` asks lessons for a smaller, weaker form."""
        loader = ConfigLoaderImpl(create_config_search_path(str(configs)))
        words = ["hydra.sweep.dir=."]  # nothing is written there
        master = loader.load_configuration("train", words, run_mode=RunMode.MULTIRUN)
        self._composer = Composer(loader, master)
        self._problems = PreparedDataCache()
        self._shown = shown
        self.seeds = seeds
        self.quick = quick

    @staticmethod
    def seed(seed: int) -> list[str]:
        """Settings by which everything random follows from a seed: the network and the data."""
        return [f"seed={seed}", f"data.split_seed={seed}"]

    def train(
        self, trials: Sequence[Words], probe: Probe | None = None, start: Start | None = None
    ) -> list[Trained]:
        """Train a network for each list of settings; in their order."""
        jobs = [self._job(words, number) for number, words in enumerate(trials)]
        processes = os.cpu_count() or 1
        memory = free_memory() * MEMORY_SHARE / processes
        plans = plan(jobs, processes=processes, memory=memory, members=MEMBERS)
        tasks = [
            _Task([jobs[number] for number in stack.jobs], self._problems.prepared, probe, start)
            for stack in plans
        ]
        outcomes: dict[int, Outcome] = {}
        self._shown(f"{len(jobs)} networks in {len(tasks)} stacks")
        for done, (index, found) in enumerate(_side_by_side(tasks, processes), start=1):
            outcomes |= zip(plans[index].jobs, found, strict=True)
            self._shown(f"{len(outcomes)} of {len(jobs)} networks, {done} of {len(tasks)} stacks")
        return [
            Trained(job.job.config, self._problems.prepared[job.data_key], outcomes[job.number])
            for job in jobs
        ]

    def stack(self, trials: Sequence[Words], start: Start | None = None) -> Stack:
        """One stack of all, before its first step, in this process."""
        jobs = [self._job(words, number) for number, words in enumerate(trials)]
        return _stack(_Task(jobs, self._problems.prepared, start=start))

    def _job(self, words: Words, number: int) -> SweepJob:
        words = ["device=cpu", *words]
        composed = self._composer.compose(words, number)
        config, values = from_values(composed.values, words)
        return sweep_job(number, Job(config, values, Path(), words), {}, self._problems)


@dataclass(frozen=True, slots=True)
class _Task:
    """A stack to train."""

    jobs: Sequence[SweepJob]
    problems: Mapping[str, PreparedData]
    probe: Probe | None = None
    start: Start | None = None


def _side_by_side(tasks: Sequence[_Task], processes: int) -> Iterator[tuple[int, list[Outcome]]]:
    """Train stacks in processes of their own; each stack's position and outcome, as they end."""
    context = process_context()
    following = context.Value("i", 0)  # the task that whoever is free takes
    pipes: list[Connection] = []
    workers = []
    for _ in range(min(processes, len(tasks))):
        ours, theirs = context.Pipe(duplex=False)
        worker = context.Process(
            target=_work, args=(tasks, following, theirs, os.getpid()), daemon=True
        )
        worker.start()
        theirs.close()  # so that a worker's end is the pipe's end
        pipes.append(ours)
        workers.append(worker)
    try:
        yield from _received(pipes, len(tasks))
    finally:
        for worker in workers:
            worker.terminate()
            worker.join()


def _received(pipes: list[Connection], count: int) -> Iterator[tuple[int, list[Outcome]]]:
    """What workers send, until everything has come.

    Raises:
        UserError: a stack could not be trained.
    """
    while count:
        if not pipes:
            raise UserError("a process that trained networks was killed: is there enough memory?")
        for pipe in [pipe for pipe in pipes if pipe in wait(pipes)]:
            try:
                index, found = pipe.recv()
            except EOFError:
                pipes.remove(pipe)
                continue
            if isinstance(found, str):
                raise UserError(found)
            count -= 1
            yield index, found


def _work(
    tasks: Sequence[_Task], following: Synchronized[int], pipe: Connection, parent: int
) -> None:
    """Train one stack after the other until none is left, or the lesson has died."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the lesson ends its workers itself
    while os.getppid() == parent:
        with following.get_lock():
            index = following.value
            following.value += 1
        if index >= len(tasks):
            return
        try:
            found: list[Outcome] | str = _trained(tasks[index], lambda: os.getppid() != parent)
        except Exception as error:
            found = one_line(error)
        pipe.send((index, found))


def _trained(task: _Task, orphaned: Callable[[], bool]) -> list[Outcome]:
    """Train a stack to its end; what became of each job."""
    from mlp_lab.engine.fit import fit

    stack = _stack(task)
    if task.start is not None:
        task.start(stack)
    logs = [_Log() for _ in task.jobs]
    _take_probe(logs, stack, task.probe)
    for epoch in fit(stack):
        for record in epoch.members:
            position = stack.ids.index(record.member)
            logs[record.member].add(record, epoch.seconds / len(stack.ids))
            if record.diverged or record.epoch == stack.members[position].epochs:
                logs[record.member].layers = layers_of(stack, position)
        _take_probe(logs, stack, task.probe)
        if orphaned():
            break
    return [log.outcome() for log in logs]


@dataclass(slots=True)
class _Log:
    """What is written down of a network while it trains."""

    curves: dict[str, list[float]] = field(default_factory=dict)
    probes: dict[str, list[float]] = field(default_factory=dict)
    layers: list[tuple[Floats, Floats]] = field(default_factory=list)
    diverged: bool = False

    def add(self, record: MemberRecord, seconds: float) -> None:
        """An epoch."""
        self.diverged = record.diverged is not None
        numbers = {"lr": record.lr, "seconds": seconds}
        for part, scores in (("train", record.train), ("val", record.val)):
            numbers |= {f"{part}_{name}": value for name, value in scores.items()}
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


def layers_of(stack: Stack, position: int) -> list[tuple[Floats, Floats]]:
    """Omega_k and beta_k of the member at a position, padding left out."""
    own = stack.network.layers.take([position], stack.network.member_sizes[position])
    return [
        (weight[0].double().numpy(), bias[0, 0].double().numpy())
        for weight, bias in zip(own.weights, own.biases, strict=True)
    ]


def _stack(task: _Task) -> Stack:
    import torch

    from mlp_lab.data.dataset import Dataset
    from mlp_lab.engine.device import prepare_torch
    from mlp_lab.runs.member import Run, build_stack

    config = task.jobs[0].job.config
    device = prepare_torch(device=config.device, threads=config.threads)
    dtype = getattr(torch, config.dtype)
    rows = {
        name: Dataset.of(task.problems[name].encoded, dtype, device)
        for name in {job.data_key for job in task.jobs}
    }
    runs = {
        member: Run.fresh(job.job, task.problems[job.data_key], rows[job.data_key])
        for member, job in enumerate(task.jobs)
    }
    stack = build_stack(runs, device)
    if task.start is not None:
        task.start(stack)
        stack.best.flat.copy_(stack.network.layers.flat)
    return stack

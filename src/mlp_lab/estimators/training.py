"""Networks trained in memory, as stacks: no folder, and nothing is printed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from threading import RLock

import torch
from threadpoolctl import ThreadpoolController

from mlp_lab.config.schema import Config
from mlp_lab.engine.device import choose_device, keep_freed_memory, set_thread
from mlp_lab.engine.monitoring import fit_monitored
from mlp_lab.engine.records import EpochRecord, MemberRecord
from mlp_lab.engine.stack import Stack
from mlp_lab.errors import UserError
from mlp_lab.estimators.fitted import Fitted
from mlp_lab.runs.interruption import stop_requests
from mlp_lab.runs.member import Run, build_stack, keep_best
from mlp_lab.runs.team import team_of
from mlp_lab.runs.termination import Termination
from mlp_lab.runs.torchrun import place_of_this

TRAINING = RLock()
"""Held by the one thread that trains: torch's settings are those of the process."""

INTERRUPTED = "interrupted"
"""Why a run stopped, where somebody asked for it."""

Begin = Callable[[Stack], None]
"""Puts a stack, before its first step, where its training is to start."""

Show = Callable[[EpochRecord], None]
"""Says where a training is."""


def train(
    runs: Mapping[int, Run],
    device: torch.device,
    *,
    begin: Begin | None = None,
    show: Show | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> dict[int, Fitted]:
    """Train runs that can share a stack to their ends, by their numbers from 0.

    Ctrl-C ends all of them after the epoch at hand, as does `stopped`.
    """
    config = runs[0].job.config
    if config.devices > 1 and place_of_this() is not None:
        raise UserError("torchrun is for `mlp-lab train`: from Python, devices=2 starts by itself")
    with team_of(config, device) as team:
        stack = build_stack(runs, device, team.ranks)
        if begin is not None:
            begin(stack)
        training = _Training(runs, stack)
        with team.training(runs[0], stack), stop_requests() as stop_requested:
            _follow(training, stack, show, lambda: stop_requested() or stopped())
    return training.fitted


def _follow(
    training: _Training, stack: Stack, show: Show | None, stopped: Callable[[], bool]
) -> None:
    """Read the epochs of a stack to the last, or until it is to stop."""
    for epoch in fit_monitored(stack):
        training.observe(epoch)
        training.finish(epoch, stopped=stopped())
        if show is not None:
            show(epoch)


class _Training:
    """Runs of a stack on their way; `fitted` are those that have ended."""

    def __init__(self, runs: Mapping[int, Run], stack: Stack) -> None:
        self.fitted: dict[int, Fitted] = {}
        self._runs, self._stack = runs, stack
        self._records: dict[int, list[tuple[MemberRecord, float]]] = {k: [] for k in runs}

    def observe(self, epoch: EpochRecord) -> None:
        """Take note of an epoch, and of the weights that are the best so far."""

        def is_best(record: MemberRecord, seconds: float, _: int) -> bool:
            run = self._runs[record.member]
            best = run.progress.observe(record, seconds, run.job.config.stop)
            self._records[record.member].append((record, run.progress.seconds))
            return best

        keep_best(epoch, self._stack, is_best)

    def finish(self, epoch: EpochRecord, *, stopped: bool) -> None:
        """Take the networks of those that end; the diverged keep their place, unless all stop."""
        stack, leaving = self._stack, []
        for member in [record.member for record in epoch.members]:
            run = self._runs[member]
            termination = run.ended(stack.epoch)
            if termination is None and stopped:
                termination = Termination("stopped", INTERRUPTED)
            if termination is None:
                continue
            run.termination = termination
            network = stack.best_network([stack.ids.index(member)])
            records, shared = self._records[member], stack.shared
            own = (records, stack.epoch, shared.device, stack.kernel)
            self.fitted[member] = Fitted(run, network, *own)
            if termination.divergence is None:
                leaving.append(member)
        stack.retire(stack.ids if stopped else leaving)


@contextmanager
def torch_settings(config: Config) -> Iterator[torch.device]:
    """Set torch up as a run has it, and leave it as it was found; one thread at a time.

    Raises:
        UserError: the machine does not have the device.
    """
    with TRAINING:
        device, threads = choose_device(config.device), torch.get_num_threads()
        keep_freed_memory()
        set_thread(config.threads)
        try:
            with _libraries().limit(limits=config.threads):
                yield device
        finally:
            torch.set_flush_denormal(False)
            torch.set_num_threads(threads)


@cache
def _libraries() -> ThreadpoolController:
    """Libraries that numpy's products run in; looking for them takes some milliseconds."""
    return ThreadpoolController()

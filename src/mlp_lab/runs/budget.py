"""A run with a budget: what is tried within the time, and the one ensemble that it leaves."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace

import torch

from mlp_lab.formatting import counted
from mlp_lab.runs.console import BudgetLine
from mlp_lab.runs.finish import DatasetCache, FinishedRun, RunJudge, finish_network
from mlp_lab.runs.interruption import stop_requests
from mlp_lab.runs.member import Run
from mlp_lab.runs.pacing import Clock, Plan
from mlp_lab.runs.results import environment
from mlp_lab.runs.search import INTERRUPTED, Found, Search
from mlp_lab.runs.termination import Termination
from mlp_lab.runs.tried import kept_in_words
from mlp_lab.terminal import Screen


def search(
    run: Run,
    device: torch.device,
    console: Screen,
    *,
    quiet: bool,
    clock: Clock = time.perf_counter,
    stopped: Callable[[], bool] = lambda: False,
) -> tuple[Run, Found]:
    """Try networks within the run's budget; the run as that of the one with the largest weight.

    Ctrl-C ends it after the epoch at hand, as does `stopped`; what was trained is kept.
    """
    budget = run.job.config.budget_seconds
    assert budget is not None

    def say(plan: Plan, number: int) -> None:
        if number == 1 and not quiet:
            console.say(intended(plan, run, budget))

    with closing(BudgetLine(console, budget, quiet)) as line, stop_requests() as stop_requested:

        def stops() -> bool:
            return stop_requested() or stopped()

        found = Search(run, device, clock, stopped=stops, say=say, show=line.show).found()
    if not quiet:
        console.say(reached(found, run, budget))
    return ended(run, found, budget), found


def train_within(
    run: Run, device: torch.device, judge: RunJudge, console: Screen
) -> tuple[Run, FinishedRun]:
    """The run after its search, with its folder: curves of its leading network, and results."""
    run, found = search(run, device, console, quiet=run.job.config.quiet)
    run.open(0)
    assert run.tracker is not None
    try:
        for record, seconds in found.leader.records:
            run.tracker.add_row(record, seconds)
        epochs = len(found.leader.records)
        finished = finish_network(
            *(run, found.kept.network, epochs, DatasetCache(), judge),
            surroundings=environment(device, found.kernel),
        )
    finally:
        run.close()
    return run, finished


def ended(run: Run, found: Found, budget: float) -> Run:
    """The run as its leading network was trained, with what it was told."""
    leader = found.leader
    reason = INTERRUPTED if found.ended == INTERRUPTED else leader.ended
    termination = Termination("stopped", reason) if reason else Termination("completed")
    if leader.outputs is None and leader.progress.diverged is not None:
        termination = Termination("diverged", divergence=leader.progress.diverged)
    return replace(
        run,
        job=replace(run.job, config=leader.config),
        progress=replace(leader.progress, seconds=found.seconds),
        termination=termination,
        budget=found.described(budget),
    )


def intended(plan: Plan, run: Run, budget: float) -> str:
    """What is begun, in a line."""
    config = run.job.config
    epochs = "until none gets better" if plan.epochs is None else counted(plan.epochs, "epoch")
    words = [epochs]
    if plan.epochs is not None and config.epochs is not None and plan.epochs < config.epochs:
        words = [f"{epochs} rather than {config.epochs}, which would take longer"]
    if plan.rungs:
        rungs = " and ".join(str(at) for at, _ in plan.rungs)
        words.append(f"the better half goes on after epoch {rungs}")
    vary = [key for key in config.vary if key not in ("epochs", "ensemble")]
    if plan.networks > 1:
        words.append(f"they differ in {', '.join([*vary, 'seed'])}")
    return f"{counted(plan.networks, 'network')} in {budget:g} s: {'; '.join(words)}"


def reached(found: Found, run: Run, budget: float) -> str:
    """What was kept, in a line."""
    rows = {"val": len(run.dataset.val)}
    return kept_in_words({"budget": found.described(budget), "rows": rows})

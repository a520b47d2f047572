"""Settings -> networks that are ready to train: those that can share a stack do."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import torch

from mlp_lab.config.schema import Config
from mlp_lab.data.dataset import Dataset
from mlp_lab.data.synthetic import SyntheticConfig
from mlp_lab.engine.device import prepare_torch
from mlp_lab.engine.stack import Stack
from mlp_lab.errors import UserError, require
from mlp_lab.memory import free_memory
from mlp_lab.play.settings import Settings, begun, split_values
from mlp_lab.runs.job import Job
from mlp_lab.runs.member import Run, build_stack, member_of, shared_settings
from mlp_lab.runs.prepared_data import PreparedDataCache
from mlp_lab.sweep.jobs import SweepJob, sweep_job
from mlp_lab.sweep.plan import plan
from mlp_lab.sweep.resources import MEMBERS, MEMORY_SHARE
from mlp_lab.tracking.curves import Row

Compose = Callable[[Sequence[str]], tuple[Config, dict[str, object]]]
"""Words of a command line -> the configuration, typed and as plain data."""

MOST_ROWS = 20_000
"""Rows of a page's data: every epoch of them is drawn."""

MOST_EPOCHS = 20_000
"""Of a training: the page has a point on its curves for each."""

MOST_PARAMETERS = 200_000
"""Weights and biases of one of its networks."""


@dataclass(slots=True)
class Trial:
    """One network of a page: its run, where it stands, and its epochs so far."""

    run: Run
    stack: int
    """Which of the stacks holds it."""
    member: int
    """Its number in that stack."""
    rows: list[Row]
    """Of every epoch: scores of each part, and the learning rate."""

    @property
    def config(self) -> Config:
        """Its settings."""
        return self.run.job.config


@dataclass(frozen=True, slots=True)
class Lineup:
    """All networks of a page, and the stacks that train them."""

    trials: list[Trial]
    stacks: list[Stack]

    def position(self, trial: Trial) -> int:
        """Where a network stands in its stack."""
        return self.stacks[trial.stack].ids.index(trial.member)


def begin(words: Sequence[str], compose: Compose) -> list[str]:
    """What a page begins with: batches that nobody asked for are no larger than there are rows.

    Raises:
        UserError: a setting cannot be.
    """
    found = begun(words)
    if len(found) == len(words) or any(word.startswith("batch_size=") for word in words):
        return found
    chosen = [word.partition("=")[2] for word in words if word.startswith("optimizer=")]
    if any("gd" in split_values(text) for text in chosen):
        return ["batch_size=full" if word.startswith("batch_size=") else word for word in found]
    fitted = fit_batch(Settings.of(found), compose)
    own = {word.partition("=")[0]: word for word in fitted.words}
    return [own.get(word.partition("=")[0], word) for word in found]


def fit_batch(settings: Settings, compose: Compose) -> Settings:
    """The same with batches no larger than there are training rows.

    Raises:
        UserError: a setting cannot be, or its rows cannot be loaded.
    """
    cache = PreparedDataCache(0)
    rows = []
    for words in settings.variants:
        others = [word for word in words if not word.startswith("batch_size=")]
        config, _ = compose([*others, "batch_size=full"])
        _require_small(config)
        rows.append(cache.facts(config.data).rows)
    return settings.of_batch(min(rows))


def line_up(settings: Settings, compose: Compose, cache: PreparedDataCache) -> Lineup:
    """Networks before their first step.

    Raises:
        UserError: a setting cannot be, or is too large for a page.
    """
    jobs = [_job(number, words, compose, cache) for number, words in enumerate(settings.variants)]
    device = prepare_torch(device="cpu", threads=1)
    memory = free_memory() * MEMORY_SHARE
    plans = plan(jobs, processes=1, memory=memory, members=MEMBERS)
    rows: dict[str, Dataset] = {}
    for job in jobs:
        if job.data_key not in rows:
            encoded = cache.prepare_data(job.job.config).encoded
            rows[job.data_key] = Dataset.of(encoded, getattr(torch, job.job.config.dtype), device)
    trials: dict[int, Trial] = {}
    stacks = []
    for place, planned in enumerate(plans):
        runs = {k: _run(jobs[number], cache, rows) for k, number in enumerate(planned.jobs)}
        stack = build_stack(runs, device)
        _keep_gradients(stack)
        stacks.append(stack)
        for k, number in enumerate(planned.jobs):
            trials[number] = Trial(runs[k], place, k, [])
    return Lineup([trials[number] for number in range(len(jobs))], stacks)


def _keep_gradients(stack: Stack) -> None:
    """Keep those of each epoch's last step; they are NaN until there is one."""
    stack.keep_last_gradients()
    assert stack.last_gradients is not None
    stack.last_gradients.flat.fill_(math.nan)


def _run(job: SweepJob, cache: PreparedDataCache, rows: Mapping[str, Dataset]) -> Run:
    return Run.fresh(job.job, cache.prepare_data(job.job.config), rows[job.data_key])


def _job(number: int, words: Sequence[str], compose: Compose, cache: PreparedDataCache) -> SweepJob:
    config, values = compose(words)
    _require_small(config)
    job = sweep_job(number, Job(config, values, Path(), list(words)), {}, cache)
    parameters = job.parameters
    require(parameters <= MOST_PARAMETERS, "weights", f"{MOST_PARAMETERS:,} at most", parameters)
    rows = sum(cache.summary(config).rows.values())
    require(rows <= MOST_ROWS, "rows", f"{MOST_ROWS:,} at most on a page", rows)
    return job


def _require_small(config: Config) -> None:
    """Raise before anything large is made.

    Raises:
        UserError: it would be.
    """
    rows = config.data.rows if isinstance(config.data, SyntheticConfig) else 0
    require(rows <= MOST_ROWS, "data.rows", f"{MOST_ROWS:,} at most on a page", rows)
    if config.ensemble > 1:
        raise UserError(f"ensemble must be 1 on a page, got {config.ensemble}: compare seeds")
    if config.epochs is None:
        raise UserError("epochs must be a number on a page, got null: it is paused by hand")
    require(
        config.epochs <= MOST_EPOCHS, "epochs", f"{MOST_EPOCHS:,} at most on a page", config.epochs
    )
    if config.device == "cuda":
        raise UserError("device must be cpu on a page, got cuda")


LIVE = ("optimizer", "batch_size", "epochs", "stop", "gradient")
"""Settings that change while a network trains: its weights and its rows stay what they are."""


def can_go_on(old: Config, new: Config) -> bool:
    """Whether a network of some settings may train on by others."""
    differ = {
        field.name
        for field in fields(Config)
        if getattr(old, field.name) != getattr(new, field.name)
    }
    if "model" in differ and _model(old) == _model(new):
        differ.discard("model")
    same_rule = (
        type(old.optimizer) is type(new.optimizer)
        and old.optimizer.moments == new.optimizer.moments
    )
    return differ <= set(LIVE) and same_rule


def _model(config: Config) -> dict[str, object]:
    """What a network is, without its dropout."""
    names = (field.name for field in fields(config.model))
    return {name: getattr(config.model, name) for name in names if name != "dropout"}


def go_on_with(
    lineup: Lineup, settings: Settings, compose: Compose, cache: PreparedDataCache
) -> bool:
    """Let all networks train on by other settings; whether they can, else nothing has changed.

    Raises:
        UserError: a setting cannot be.
    """
    if len(settings.variants) != len(lineup.trials):
        return False
    jobs = [_job(number, words, compose, cache) for number, words in enumerate(settings.variants)]
    pairs = list(zip(lineup.trials, jobs, strict=True))
    if not all(can_go_on(trial.config, job.job.config) for trial, job in pairs):
        return False
    for place in range(len(lineup.stacks)):
        if len({job.group for trial, job in pairs if trial.stack == place}) > 1:
            return False
    for trial, job in pairs:
        trial.run.job = job.job
    for place, stack in enumerate(lineup.stacks):
        own = {trial.member: trial for trial in lineup.trials if trial.stack == place}
        members = [member_of(own[k].config, own[k].run.dataset) for k in stack.ids]
        first = own[stack.ids[0]]
        objective = first.run.prepared.objective
        stack.go_on_with(members, shared_settings(first.config, objective, stack.shared.device))
        _keep_gradients(stack)
    return True

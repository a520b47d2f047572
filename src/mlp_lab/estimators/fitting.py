"""Rows and settings -> a trained network."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from mlp_lab.config.reading import read
from mlp_lab.config.recipe import settled
from mlp_lab.data.config import DataConfig
from mlp_lab.data.dataset import Dataset
from mlp_lab.data.tables.config import TableConfig
from mlp_lab.engine.records import EpochRecord
from mlp_lab.engine.stack import Stack
from mlp_lab.errors import UserError, require
from mlp_lab.estimators.batches import Cache, Request
from mlp_lab.estimators.fitted import Fitted
from mlp_lab.estimators.frames import Rows, raw_data
from mlp_lab.estimators.rendezvous import current
from mlp_lab.estimators.settings import config_of
from mlp_lab.estimators.training import torch_settings, train
from mlp_lab.runs.budget import search
from mlp_lab.runs.compiling import await_kernel
from mlp_lab.runs.console import ProgressLine, say_beforehand
from mlp_lab.runs.job import Job
from mlp_lab.runs.member import Run
from mlp_lab.runs.prepared_data import (
    PreparedData,
    PreparedDataCache,
    facts_of_rows,
    hashing,
    prepare_rows,
    require_calibrated,
    require_monitored,
)
from mlp_lab.terminal import Screen


def fit_rows(
    rows: Rows, values: Mapping[str, object], *, before: Fitted | None, verbose: bool
) -> Fitted:
    """Train one network; `before`: go on from its weights, and keep its encoding.

    Among fits of other threads that meet (`backend.py`), it is trained with theirs.

    Raises:
        UserError: rows and settings do not fit.
        Diverged: the loss was no longer finite.
    """
    rendezvous = current()
    alone = values["budget"] is not None or values["devices"] != 1
    if rendezvous is not None and before is None and not alone:
        return rendezvous.fitted(request(rows, values, rendezvous.cache))
    job, prepared = prepared_job(rows, values, before)
    with torch_settings(job.config) as device:
        run = fresh_run(job, prepared, device)
        fitted = train_alone(run, device, before=before, quiet=not verbose)
    outcome = fitted.or_error
    if not isinstance(outcome, Fitted):
        raise outcome
    return outcome


def train_alone(
    run: Run, device: torch.device, *, before: Fitted | None = None, quiet: bool
) -> Fitted:
    """Train a stack of one, or what a budget has time for, and say how far it is.

    Raises:
        UserError: it is to go on from weights, which no budget does.
    """
    await_kernel(run, device, Screen(), quiet=quiet)
    if run.job.config.budget is not None:
        if before is not None:
            raise UserError("warm_start goes on with one network, and a budget tries many: use one")
        return train_within_budget(run, device, quiet=quiet)

    def begin(stack: Stack) -> None:
        if before is not None:
            go_on_from(before, stack)

    screen, config = Screen(), run.job.config
    say_beforehand(screen, [run.job], quiet=quiet)
    with closing(ProgressLine(screen, config.epochs, 0, quiet, config.stop.monitor)) as line:

        def show(epoch: EpochRecord) -> None:
            for record in epoch.members:
                line.show(record)

        return train({0: run}, device, begin=begin, show=show)[0]


def train_within_budget(run: Run, device: torch.device, *, quiet: bool) -> Fitted:
    """Train networks within the run's budget; the ensemble that it keeps."""
    run, found = search(run, device, Screen(), quiet=quiet)
    records = found.leader.records
    return Fitted(run, found.kept.network, records, len(records), device, found.kernel)


def request(rows: Rows, values: Mapping[str, object], cache: Cache) -> Request:
    """What to train among others; equal rows are encoded once.

    Raises:
        UserError: rows and settings do not fit.
    """
    job, prepared = prepared_job(rows, values, None, cache)
    config = job.config
    return Request(job, prepared, cache.dataset(prepared, config.dtype, config.device))


def prepared_job(
    rows: Rows, values: Mapping[str, object], before: Fitted | None, cache: Cache | None = None
) -> tuple[Job, PreparedData]:
    """What to train, and its rows; a batch has at most the training rows."""
    schema = None if before is None else before.predictor.schema
    data = read(DataConfig, values["data"], "data")
    assert isinstance(data, TableConfig)
    raw = raw_data(rows, data, schema)
    values, _ = settled(values, lambda data: facts_of_rows(raw, data))
    config = config_of(values)
    digest = hashing(raw)

    def make() -> PreparedData:
        with np.errstate(over="ignore", invalid="ignore"):  # too large: refused in words
            return prepare_rows(config, raw, digest, schema)

    if cache is None:
        prepared = make()
    else:
        prepared = cache.prepared(digest.result() + PreparedDataCache.key(config), make)
    require_monitored(config, prepared.summary)
    require_calibrated(config, prepared.summary)
    training = prepared.rows["train"]
    if isinstance(config.batch_size, int) and config.batch_size > training:
        values = {**values, "batch_size": training}
        config = replace(config, batch_size=training)
    return Job(config, values, Path(), []), prepared


def fresh_run(job: Job, prepared: PreparedData, device: torch.device) -> Run:
    """A run before its first step."""
    dtype = getattr(torch, job.config.dtype)
    return Run.fresh(job, prepared, Dataset.of(prepared.encoded, dtype, device))


def go_on_from(before: Fitted, stack: Stack) -> None:
    """Put the weights of a trained network into a stack of one.

    Raises:
        UserError: its layers have other sizes.
    """
    ours, theirs = stack.network.member_sizes[0], before.network.member_sizes[0]
    if ours != theirs:
        raise UserError(f"warm_start needs layers of {theirs} units as before, got {ours}")
    was, now = before.network.normalisation, stack.network.normalisation
    require(was == now, "normalisation", f"{was} as before, with warm_start", now)
    if before.network.embedding is not None and stack.network.embedding is not None:
        stack.network.embedding.knots.copy_(before.network.embedding.knots)
    stack.network.layers.flat.copy_(before.network.layers.flat)
    stack.best.flat.copy_(before.network.layers.flat)

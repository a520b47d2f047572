"""A learning rate for a training: copies of a network try many rates for a short time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import torch

from mlp_lab.config.schema import Config
from mlp_lab.data.dataset import Dataset
from mlp_lab.errors import UserError, require
from mlp_lab.estimators.data import Data
from mlp_lab.estimators.fitted import Fitted
from mlp_lab.estimators.laboratory import RequestedRows
from mlp_lab.estimators.settings import from_words, key_of
from mlp_lab.estimators.training import torch_settings, train
from mlp_lab.formatting import counted
from mlp_lab.network.optimizers import LARGEST
from mlp_lab.runs.job import Job
from mlp_lab.runs.member import Run as MemberRun
from mlp_lab.runs.prepared_data import PreparedData
from mlp_lab.sweep.jobs import require_member

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GRID = (1e-6, 3e-6, 1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0)
"""Half decades; the middle ones are what networks are usually trained with."""

EPOCHS = 10
"""Of each training."""

SIMILAR = 0.05
"""Rates whose loss is higher than the lowest by no more than this share of it are as good."""


class Rates:
    """What `mlp_lab.rates` gives: the loss that each learning rate leaves after a short training.

    `best` is the rate of the lowest loss after the last epoch, of the validation rows where there
    are any, else of the training rows; None where every training diverged.
    """

    def __init__(self, rates: Sequence[float], fitted: Sequence[Fitted]) -> None:
        self._rates = list(rates)
        trained = [each for each in fitted if each.termination.divergence is None]
        self.epochs = max(each.epochs for each in trained or fitted)
        rows = [_row(each) for each in fitted]
        self.table = pd.DataFrame(rows, index=pd.Index(rates, name="lr"))
        """Of each rate, losses after the last epoch, NaN where the training diverged."""
        has_val = self.table["val_loss"].notna().any()
        self.part = "val" if has_val else "train"
        self.table = self.table if has_val else self.table.drop(columns="val_loss")

    @property
    def _losses(self) -> pd.Series[float]:
        """Of the part that counts; infinite where the training diverged."""
        return self.table[f"{self.part}_loss"].fillna(math.inf)

    @property
    def best(self) -> float | None:
        """The rate of the lowest loss."""
        losses = self._losses.to_numpy()
        return self._rates[int(losses.argmin())] if np.isfinite(losses).any() else None

    @property
    def similar(self) -> list[float]:
        """The rates around the best one, without a gap, whose loss is within 5 % of the lowest."""
        if self.best is None:
            return []
        limit = self._losses.min() * (1 + SIMILAR)
        good = [bool(loss <= limit) for loss in self._losses]
        first = last = self._rates.index(self.best)
        while first > 0 and good[first - 1]:
            first -= 1
        while last + 1 < len(good) and good[last + 1]:
            last += 1
        return self._rates[first : last + 1]

    @property
    def conclusion(self) -> str:
        """Which rate is suggested, by which rule, and how much it matters, in a sentence or two."""
        rows = {"val": "validation", "train": "training"}[self.part]
        if self.best is None:
            return "every training diverged: try lower rates, or optimizer.clip_norm=1"
        words = (
            f"suggested learning rate: {self.best:g}, of the lowest {rows} loss after"
            f" {counted(self.epochs, 'epoch')}"
        )
        similar = self.similar
        if len(similar) > 1:
            words += f"; within {SIMILAR:.0%} of it lie {similar[0]:g} to {similar[-1]:g}"
        ends = {self._rates[0]: "lower", self._rates[-1]: "higher"}
        if self.best in ends:
            words += f". It is an end of the grid: {ends[self.best]} rates may be better"
        elif math.isinf(self._losses.iloc[self._rates.index(self.best) + 1]):
            words += ". The next higher rate diverged"
        return words

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the losses against the rates, and mark the best one."""
        from mlp_lab.estimators.plotting import plot_rates  # noqa: PLC0415  matplotlib

        return plot_rates(self.points, ax)

    @property
    def points(self) -> tuple[list[float], dict[str, list[float]], float | None, int]:
        """What there is to draw: rates, losses by part, the best rate, epochs."""
        parts = [part for part in ("train", "val") if f"{part}_loss" in self.table]
        losses = {part: self.table[f"{part}_loss"].tolist() for part in parts}
        return self._rates, losses, self.best, self.epochs

    def __repr__(self) -> str:
        return f"{self.table.to_string(na_rep='')}\n{self.conclusion}"

    def _repr_html_(self) -> str:
        return f"{self.table.to_html(border=0, na_rep='')}<p>{self.conclusion}</p>"


def rates(
    data: Data,
    *words: str,
    target: str | Sequence[str] | None = None,
    grid: Sequence[float] = GRID,
    epochs: int | None = EPOCHS,
    **settings: object,
) -> Rates:
    """Train copies of a network, one stack, with a learning rate each, and see what is left.

    The copies have the same first weights and batches, those of `seed`.

    Args:
        data: a DataFrame, the path of a table, or a name such as "digits".
        words: settings as on the command line, `"model.width=32"`.
        target: the column to predict, or several, of a DataFrame or a file.
        grid: the learning rates, ascending.
        epochs: of each training; None: until patience ends it.
        settings: by keyword, `optimizer="sgd"`.

    Raises:
        UserError: rows or settings cannot be used, or `lr` is set. It is a `ValueError`.
    """
    named = {**from_words(words), **settings}
    given = {key_of(name): value for name, value in named.items()}
    if given.get("optimizer.lr") is not None:
        raise UserError("lr is what is searched for: leave it out")
    require_grid(grid, "grid")
    request = RequestedRows(data, target, named).request({**given, "epochs": epochs})
    job = request.job
    return tried(job.config, job.values, request.prepared, grid)


def require_grid(grid: Sequence[float], key: str) -> None:
    """Raise unless there are two or more rates, positive and ascending."""
    ascending = all(low < high for low, high in pairwise(grid))
    fits = len(grid) >= 2 and ascending and grid[0] > 0 and grid[-1] <= LARGEST
    require(fits, key, "two or more positive rates, ascending, up to 1e30", list(grid))


def tried(
    config: Config, values: Mapping[str, object], prepared: PreparedData, grid: Sequence[float]
) -> Rates:
    """Train as a configuration says, with every rate of a grid.

    Raises:
        UserError: the machine cannot do it, or the configuration is of one run alone.
    """
    require_member(config)
    with torch_settings(config) as device:
        dataset = Dataset.of(prepared.encoded, getattr(torch, config.dtype), device)
        runs = {}
        for place, rate in enumerate(grid):
            own = replace(config, optimizer=replace(config.optimizer, lr=float(rate)))
            runs[place] = MemberRun.fresh(Job(own, values, Path(), []), prepared, dataset)
        fitted = train(runs, device)
    return Rates([float(rate) for rate in grid], [fitted[place] for place in range(len(grid))])


def _row(fitted: Fitted) -> dict[str, object]:
    """Losses after the last epoch of a training, or where it diverged."""
    divergence = fitted.termination.divergence
    if divergence is not None:
        ending = f"diverged in epoch {divergence.epoch}"
        return {"train_loss": math.nan, "val_loss": math.nan, "status": ending}
    last = fitted.records[-1][0]
    return {
        "train_loss": last.train["loss"],
        "val_loss": last.val.get("loss", math.nan),
        "status": fitted.termination.status,
    }

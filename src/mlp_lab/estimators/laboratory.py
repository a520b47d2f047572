"""The laboratory from Python: train, sweep, look at runs, trace, give a lesson."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from mlp_lab.compare.records import read_runs
from mlp_lab.compare.settings import swept_keys
from mlp_lab.compare.values import value_of
from mlp_lab.config.recipe import Facts, settled
from mlp_lab.config.unread import unread
from mlp_lab.data.config import DataConfig
from mlp_lab.data.tables.config import TableConfig
from mlp_lab.errors import UserError
from mlp_lab.estimators.batches import Cache, Request, train_together
from mlp_lab.estimators.data import Data, data_settings, frame_rows
from mlp_lab.estimators.fitting import train_alone
from mlp_lab.estimators.messages import naming_keywords
from mlp_lab.estimators.run import Run
from mlp_lab.estimators.settings import (
    config_of,
    from_words,
    key_of,
    keys,
    swept_by_words,
    values_of,
)
from mlp_lab.estimators.sweep import Sweep, grid, reached
from mlp_lab.estimators.training import torch_settings
from mlp_lab.metrics.choosing import require_choosing, require_reported
from mlp_lab.runs.interruption import stop_requests
from mlp_lab.runs.job import Job
from mlp_lab.runs.member import Run as MemberRun
from mlp_lab.runs.preflight import require_machine, require_memory, require_rows
from mlp_lab.runs.prepared_data import PreparedDataCache
from mlp_lab.terminal import Screen, StatusLine, in_notebook
from mlp_lab.tracking.curves import CURVES, read_curves


def train(
    data: Data, *words: str, target: str | Sequence[str] | None = None, **settings: object
) -> Run:
    """Train one network on a DataFrame, a file or a named data set.

    Ctrl-C, or a notebook's stop, ends it after the epoch at hand; what it has learnt stays.

    Args:
        data: a DataFrame, the path of a table, or a name such as "digits".
        words: settings as on the command line, `"optimizer.lr=0.01"`.
        target: the column to predict, or several, of a DataFrame or a file.
        settings: by keyword, `lr=0.01`; a group by its name, `model="shallow"`.

    Raises:
        UserError: rows or settings cannot be used. It is a `ValueError`.
    """
    given = {**from_words(words), **settings}
    request = RequestedRows(data, target, given).request(given)
    job = request.job
    _say_unread([(request, given)])
    with torch_settings(job.config) as device:
        run = MemberRun.fresh(job, request.prepared, request.dataset)
        return Run(train_alone(run, device, quiet=job.config.quiet or nobody_watches()))


def sweep(
    data: Data,
    *words: str,
    target: str | Sequence[str] | None = None,
    cv: int | None = None,
    select: str = "metric",
    **settings: object,
) -> Sweep:
    """Train a network for every combination of settings, as few stacks.

    Args:
        data: a DataFrame, the path of a table, or a name such as "digits".
        words: settings as on the command line, `"model.width=8,32"`.
        target: the column to predict, or several, of a DataFrame or a file.
        cv: folds of a cross-validation: each setting is trained once for each fold.
        select: the score of the validation rows by which settings are ranked: metric, loss, or any
            other that is reported, as roc_auc or mae.
        settings: by keyword; a list is swept, `width=[8, 32], seed=range(3)`. A setting that is a
            list itself stands in one more: `width=[[64, 32], [32, 16]]`.

    Raises:
        UserError: rows or settings cannot be used; then nothing was trained.
    """
    require_choosing(select, "select", "metric")
    named = {**swept_by_words(words), **settings, **_folds(cv)}
    shared, points = grid(named)
    given = {key_of(name): value for name, value in shared.items()}
    rows = RequestedRows(data, target, named)
    requests = [rows.request({**given, **point}) for point in points]
    for request in requests:
        require_reported(select, "select", request.prepared.summary.scores)
    _say_unread(
        (request, {**given, **point}) for request, point in zip(requests, points, strict=True)
    )
    quiet = bool(given.get("quiet")) or nobody_watches()
    line = StatusLine(Screen(), quiet=quiet)

    def show(ended: int) -> None:
        if not quiet:
            line.write(f"{ended} of {len(requests)} networks trained")

    try:
        with stop_requests() as stop_requested:
            return Sweep(points, train_together(requests, stop_requested, show), select)
    finally:
        line.close()


def runs(*folders: str | Path) -> pd.DataFrame:
    """All runs in some folders, at any depth: a row for each, with what differs between them.

    Names and tags stand there if a run has any.

    Raises:
        UserError: a folder is not there, or holds no run.
    """
    records = read_runs([Path(folder) for folder in folders or ("outputs",)])
    keys = swept_keys(records)
    labelled = {key for record in records for key, words in record.labels.items() if words}
    rows = []
    for record in records:
        own = {key: value_of(record, key) for key in keys}
        facts = ("best_epoch", "epochs_run", "parameters")
        labels = {key: words for key, words in record.labels.items() if key in labelled}
        rows.append({"data": record.data, **labels, **own, **reached(record, facts)})
    folders_of = pd.Index([str(record.folder) for record in records], name="folder")
    return pd.DataFrame(rows, index=folders_of)


def curves(folder: str | Path) -> pd.DataFrame:
    """The epochs of a run: a row for each, with losses and metrics of each part.

    Raises:
        UserError: the folder holds no run.
    """
    path = Path(folder) / CURVES
    if not path.is_file():
        raise UserError(f"{folder} holds no run: it has no {CURVES}")
    return pd.DataFrame(read_curves(path)).astype({"epoch": int}).set_index("epoch")


TABLE_MODEL = "tabular"
"""The model that a table takes where none is named."""


class RequestedRows:
    """The rows of a call, and what its networks share of them.

    `names` are those of its settings, as they were typed: messages call them so.
    """

    def __init__(
        self, data: Data, target: str | Sequence[str] | None, names: Iterable[str]
    ) -> None:
        self._typed = [name for name in names if "." in name]
        self._data, self._settings = data, data_settings(data, target)
        self._prepared, self._cache = PreparedDataCache(), Cache()
        self._known: set[str] = set()

    def request(self, settings: Mapping[str, object]) -> Request:
        """What to train, held against its rows.

        Raises:
            UserError: rows and settings do not fit.
        """
        with naming_keywords(keys(), self._typed):
            return self._request(settings)

    def _request(self, settings: Mapping[str, object]) -> Request:
        if self._settings["name"] == "table":  # as on the command line
            settings = {"model": TABLE_MODEL, **settings}
        composed = values_of(settings, self._settings)
        values, chosen = settled(composed, self._facts)
        if chosen and not values["quiet"] and not nobody_watches():
            print(*chosen, sep="\n")
        config = config_of(values)
        self._add_frame(config.data)
        prepared = self._prepared.prepare_data(config)
        require_machine(config)
        require_memory(config, prepared.summary)
        require_rows(config, prepared.summary)
        job = Job(config, values, Path(), [])
        return Request(job, prepared, self._cache.dataset(prepared, config.dtype, config.device))

    def _facts(self, data: DataConfig) -> Facts:
        """What there is to choose settings by."""
        self._add_frame(data)
        return self._prepared.facts(data)

    def _add_frame(self, data: DataConfig) -> None:
        """Read a frame as the settings say, once for each way."""
        if not isinstance(self._data, pd.DataFrame):
            return
        assert isinstance(data, TableConfig)
        source = self._prepared.source(data)
        if source not in self._known:
            self._prepared.add_rows(data, frame_rows(self._data, data))
            self._known.add(source)


def _say_unread(requests: Iterable[tuple[Request, Mapping[str, object]]]) -> None:
    """Say which settings of some trainings none of them reads, where somebody watches."""
    found = [] if nobody_watches() else list(requests)
    if any(request.job.config.quiet for request, _ in found):
        return
    asked = [
        (request.job.config, {key_of(name): f"{name}={value}" for name, value in given.items()})
        for request, given in found
    ]
    for line in unread(asked):
        print(line)


def nobody_watches() -> bool:
    """Whether a line that says how far a training is would only fill a file."""
    return not (sys.stdout.isatty() or in_notebook())


def _folds(cv: int | None) -> dict[str, object]:
    return {} if cv is None else {"folds": cv, "fold": range(cv)}

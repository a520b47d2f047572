"""A grid of settings, trained as stacks in memory, and what it shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from html import escape
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mlp_lab.compare.conclusion import cautions, significance
from mlp_lab.compare.ranking import Ranking, rank
from mlp_lab.compare.records import RunRecord, flat
from mlp_lab.compare.settings import Setting, swept_keys
from mlp_lab.compare.table import setting_row
from mlp_lab.compare.values import value_of
from mlp_lab.errors import UserError, require_count
from mlp_lab.estimators.fitted import Fitted, Shared
from mlp_lab.estimators.run import Run
from mlp_lab.estimators.settings import key_of, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Point = Mapping[str, object]
"""Values of the swept settings, by key."""

FACTS = ("epochs_run", "best_epoch", "parameters", "seconds")
"""What a table says of each network beside its scores."""

MOST = 100_000
"""Networks of a sweep."""


def grid(settings: Mapping[str, object]) -> tuple[dict[str, object], list[Point]]:
    """Settings that all networks share, and every combination of those that are lists.

    >>> grid({"epochs": 5, "width": [8, 32], "seed": range(2)})[1][:3]
    [{'model.width': 8, 'seed': 0}, {'model.width': 8, 'seed': 1}, {'model.width': 32, 'seed': 0}]

    Raises:
        UserError: a list is empty, or there are too many combinations.
    """
    shared: dict[str, object] = {}
    axes: dict[str, list[object]] = {}
    count = 1
    for name, value in settings.items():
        if not isinstance(value, list | tuple | range | np.ndarray):
            shared[name] = value
            continue
        count *= len(value)
        if count == 0:
            raise UserError(f"{name} is a list without a value: name some, or leave it out")
        require_count(count, "the number of networks", 1, MOST)
        axes[key_of(name)] = [plain(entry) for entry in value]
    return shared, [dict(zip(axes, values, strict=True)) for values in product(*axes.values())]


class Sweep:
    """What `mlp_lab.sweep` gives: a network for each combination of settings."""

    def __init__(
        self, points: Sequence[Point], outcomes: Sequence[Fitted | Exception], select: str
    ) -> None:
        self._points, self._select = points, select
        shared = Shared()
        self._outcomes = [_sharing(outcome, shared) for outcome in outcomes]

    def __len__(self) -> int:
        return len(self._points)

    def __getitem__(self, place: int) -> Run:
        """The network of a row of `jobs`.

        Raises:
            UserError: it could not be trained.
        """
        outcome = self._outcomes[place]
        if isinstance(outcome, Exception):
            raise outcome
        return Run(outcome)

    @cached_property
    def _records(self) -> list[RunRecord]:
        pairs = zip(self._points, self._outcomes, strict=True)
        return [_record(place, *pair) for place, pair in enumerate(pairs)]

    @cached_property
    def _ranked(self) -> Ranking:
        return rank(self._records, self._select)

    @cached_property
    def jobs(self) -> pd.DataFrame:
        """A row for each network: its settings, and scores of each part at its best epoch."""
        keys = swept_keys(self._records)
        rows = []
        for point, record in zip(self._points, self._records, strict=True):
            own = {key: point.get(key, value_of(record, key)) for key in keys}
            rows.append({**own, **reached(record, FACTS)})
        return pd.DataFrame(rows)

    @cached_property
    def ranking(self) -> pd.DataFrame:
        """A row for each setting, from best to worst by the validation rows.

        Seeds and folds repeat a setting: `mean` and `se`, the standard error, are over them.
        `minus_...` is the mean difference to the best baseline on the same rows. `standing` says
        which is the best, and which are not significantly worse.

        Raises:
            UserError: no network has validation rows, or none could be trained.
        """
        ranking = self._ranked
        rows = [
            {
                **setting_row(ranking, place),
                **dict(zip(ranking.keys, self._values(setting, ranking.keys), strict=True)),
            }
            for place, setting in enumerate(ranking.settings)
        ]
        return pd.DataFrame(rows, index=pd.RangeIndex(1, len(rows) + 1))

    def _values(self, setting: Setting, keys: Sequence[str]) -> list[object]:
        """A setting's values as they were given, not as text."""
        point = self._points[int(setting.runs[0].folder.name)]
        return [point.get(key, setting.values[key]) for key in keys]

    @property
    def best(self) -> Run:
        """The first network of the best setting."""
        first = self._ranked.best.first_finished
        return self[int(first.folder.name)]

    @property
    def conclusion(self) -> str:
        """What speaks against the first setting, and how sure its place is; a line for each."""
        return "\n".join([*cautions(self._ranked), significance(self._ranked)])

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the validation score of every setting, with standard errors."""
        from mlp_lab.estimators.plotting import plot_ranking  # noqa: PLC0415  matplotlib

        return plot_ranking(self._ranked, ax)

    def __repr__(self) -> str:
        best = self._ranked.best.label or "the only setting"
        return f"{self.ranking.to_string()}\nbest: {best}\n{self.conclusion}"

    def _repr_html_(self) -> str:
        lines = "<br>".join(map(escape, self.conclusion.splitlines()))
        return f"{self.ranking.to_html(border=0)}<p>{lines}</p>"


def _sharing(outcome: Fitted | Exception, shared: Shared) -> Fitted | Exception:
    if isinstance(outcome, Fitted):
        outcome.shared = shared
    return outcome


def _record(place: int, point: Point, outcome: Fitted | Exception) -> RunRecord:
    """A network as a ranking knows it."""
    folder, words = Path(str(place)), [f"{key}={value}" for key, value in point.items()]
    if isinstance(outcome, Exception):
        failed = {"status": "failed", "reason": str(outcome), "overrides": words}
        return RunRecord(folder, flat(dict(point)), failed, str(outcome))
    result = {**outcome.result(intervals=False), "overrides": words}
    return RunRecord(folder, flat(outcome.run.job.values), result)


def reached(record: RunRecord, facts: Sequence[str]) -> dict[str, object]:
    """What became of a run, as a row of a table: scores of each part, facts, status, verdict."""
    result = record.result
    row = {
        f"{part}_{name}": value
        for part in ("val", "train", "test")
        for name, value in result.get(part, {}).items()
    }
    row |= {fact: result.get(fact) for fact in facts}
    verdict = result.get("verdict", {}).get("kind")
    return {**row, "status": record.reason or result.get("status"), "verdict": verdict}

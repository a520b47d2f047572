"""Settings in order, and how sure that order is. Validation results alone decide."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from mlp_lab.compare.against_baseline import best_baseline
from mlp_lab.compare.multiple import Comparisons, compare_with_best
from mlp_lab.compare.records import RunRecord
from mlp_lab.compare.settings import REPLICATES, RESPLIT, Setting, settings_of, swept_keys
from mlp_lab.compare.values import value_of
from mlp_lab.errors import UserError
from mlp_lab.metrics.choosing import choosing_of, higher_is_better, require_reported
from mlp_lab.metrics.epoch import main_metric

OF_THE_LOSS = ("data.target_transform", "data.class_weights")
"""Settings beside the loss that change what a loss of 1 means."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """Settings from best to worst; those with unfinished runs come last.

    `comparisons` says which of them are not significantly worse than the first; `baseline` names
    the one that is best on the rows of the first; `overlap` is as in `statistics.p_value`.
    """

    score: str
    keys: Sequence[str]
    replicates: Sequence[str]
    settings: Sequence[Setting]
    comparisons: Comparisons
    baseline: str | None
    overlap: float

    @property
    def tied(self) -> Sequence[int] | None:
        """Places of those that are not significantly worse; None where none was tested."""
        return self.comparisons.tied

    @property
    def compared(self) -> int:
        """How many others were tested."""
        return self.comparisons.compared

    @property
    def higher_is_better(self) -> bool:
        """Whether a large score is a good one."""
        return higher_is_better(self.score)

    @property
    def best(self) -> Setting:
        """The first setting."""
        return self.settings[0]

    @property
    def simplest(self) -> Setting:
        """The one of fewest parameters among the best and those that do as well."""
        doubtful = self.comparisons.doubtful
        alike = [self.best, *(self.settings[i] for i in self.tied or [] if i not in doubtful)]
        return min(alike, key=lambda setting: setting.parameters)


def rank(records: Sequence[RunRecord], select: str) -> Ranking:
    """Order the settings of some runs by `select`: the main metric, the loss or another score.

    Raises:
        UserError: the runs cannot be compared, or none of them has validation rows.
    """
    score = _score_of(records, select)
    swept = swept_keys(records)
    keys = [key for key in swept if key not in REPLICATES]
    replicates = [key for key in swept if key in REPLICATES]
    settings = settings_of(records, keys, replicates, score)
    sign = -1 if higher_is_better(score) else 1
    settings.sort(key=lambda s: (not s.whole, math.isnan(s.mean), sign * s.mean, s.parameters))
    if not settings[0].scores:
        raise _nothing_known(records, score)
    overlap = _overlap(records, replicates)
    comparisons = compare_with_best(settings, overlap)
    baseline = best_baseline(settings[0], higher_is_better=higher_is_better(score))
    return Ranking(score, keys, replicates, settings, comparisons, baseline, overlap)


def _nothing_known(records: Sequence[RunRecord], score: str) -> UserError:
    if any(not record.reason for record in records):
        return UserError(f"{score} of the validation rows is not known in any run")
    return UserError(f"none of {len(records)} runs has finished: nothing can be compared")


def _score_of(records: Sequence[RunRecord], select: str) -> str:
    """Name of the score that decides."""
    found: dict[str, RunRecord] = {}
    for record in records:
        if "train" in record.result:
            found.setdefault(main_metric(record.result["train"]), record)
    if len(found) > 1:
        one, other = list(found.items())[:2]
        raise UserError(
            f"runs of different tasks cannot be compared: {one[1].folder} has {one[0]},"
            f" {other[1].folder} has {other[0]}"
        )
    if not found:
        raise UserError(f"none of {len(records)} runs has finished: nothing can be compared")
    if not any(record.result.get("val") for record in records):
        raise UserError("no run has validation rows, and nothing else may choose between settings")
    if select == "loss":
        _require_one_loss(records)
    if select == "metric":
        return next(iter(found))
    for record in records:
        if record.result.get("val"):
            require_reported(select, "select", choosing_of(record.result["val"]))
    return select


def _require_one_loss(records: Sequence[RunRecord]) -> None:
    """Raise if a loss of 1 means different things in different runs."""
    kinds: dict[tuple[str, ...], RunRecord] = {}
    for record in records:
        if "loss" in record.result:
            facts = (str(record.result["loss"]), *(value_of(record, key) for key in OF_THE_LOSS))
            kinds.setdefault(facts, record)
    if len(kinds) > 1:
        (one, first), (other, second) = list(kinds.items())[:2]
        words = [
            " ".join(a for a, b in zip(*pair, strict=True) if a != b)
            for pair in ((one, other), (other, one))
        ]
        raise UserError(
            f"losses of different kinds cannot be compared: {first.folder} has {words[0]},"
            f" {second.folder} {words[1]}: select by the metric"
        )


def _overlap(records: Sequence[RunRecord], replicates: Sequence[str]) -> float:
    """Validation rows for each training row where replicates cut rows anew, else 0."""
    if not set(replicates) & set(RESPLIT):
        return 0.0
    rows = next(record.result["rows"] for record in records if "rows" in record.result)
    return float(rows["val"] / rows["train"])

"""Runs that agree in everything but their replicate are one setting."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mlp_lab.compare.records import ASIDE, RunRecord
from mlp_lab.compare.statistics import Scores, mean_of, standard_error
from mlp_lab.compare.values import value_of
from mlp_lab.config.composition import of_the_command
from mlp_lab.runs.job import PATHS

REPLICATES = ("seed", "data.fold", "data.repeat", "data.split_seed")
"""Keys that repeat a setting and are none themselves."""

RESPLIT = ("data.fold", "data.repeat", "data.split_seed")
"""Those that cut rows anew: training rows of one are validation rows of another."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Runs that agree in everything but their replicate, of which each is there once.

    `values` are those of the swept keys; `scores` the validation scores of its finished runs by
    replicate, `baselines` those of what a network has to beat on the same rows.
    """

    values: Mapping[str, str]
    runs: Sequence[RunRecord]
    scores: Scores
    baselines: Mapping[str, Scores] = field(default_factory=dict)

    @property
    def whole(self) -> bool:
        """Whether all of its runs have finished."""
        return len(self.scores) == len(self.runs)

    @property
    def mean(self) -> float:
        """Mean of the scores; NaN if there is none."""
        return mean_of(list(self.scores.values()))

    @property
    def error(self) -> float | None:
        """Standard error of the mean; None with fewer than two scores."""
        return standard_error(list(self.scores.values()))

    @property
    def parameters(self) -> int:
        """Weights and biases of its networks."""
        return max((int(run.result.get("parameters", 0)) for run in self.runs), default=0)

    @property
    def label(self) -> str:
        """The setting as one would type it."""
        return " ".join(f"{key}={value}" for key, value in self.values.items())

    @property
    def first_finished(self) -> RunRecord:
        """The first of its runs that has scores."""
        return next(run for run in self.runs if not run.reason)


def swept_keys(records: Sequence[RunRecord]) -> list[str]:
    """Keys that differ between the runs.

    Where every command line chose it, a group is one key; else whatever differs in it is one each.
    """
    typed = dict.fromkeys(key for record in records for key in record.overrides)
    keys = [
        key
        for key in typed
        if key.partition(".")[0] not in ASIDE
        and not of_the_command(key)
        and _is_known(records, key)
        and len({value_of(record, key) for record in records}) > 1
    ]
    return keys + _untyped_keys(records, keys)


def _is_known(records: Sequence[RunRecord], key: str) -> bool:
    """Whether each run says what it has of a key."""
    return all(
        key in record.overrides or key in record.settings or f"{key}.name" in record.settings
        for record in records
    )


def _untyped_keys(records: Sequence[RunRecord], keys: Sequence[str]) -> list[str]:
    """Settings that differ between runs that agree in some keys: no command line named them."""
    first: dict[tuple[str, ...], RunRecord] = {}
    found: dict[str, None] = {}
    paths = {f"data.{name}" for name in PATHS}
    for record in records:
        one = first.setdefault(tuple(value_of(record, key) for key in keys), record)
        if one.settings != record.settings:
            names = dict.fromkeys([*one.settings, *record.settings])
            found |= dict.fromkeys(k for k in names if value_of(one, k) != value_of(record, k))
    return [key for key in found if key not in keys and key not in paths]


def settings_of(
    records: Sequence[RunRecord], keys: Sequence[str], replicates: Sequence[str], score: str
) -> list[Setting]:
    """Group runs by their values of some keys; `score` is taken on the validation rows."""
    groups: dict[tuple[str, ...], list[RunRecord]] = {}
    for record in records:
        groups.setdefault(tuple(value_of(record, key) for key in keys), []).append(record)
    found = []
    for values, runs in groups.items():
        own: dict[tuple[str, ...], RunRecord] = {}
        for run in runs:  # one that failed may have been trained again elsewhere
            replicate = tuple(value_of(run, key) for key in replicates)
            if replicate not in own or (own[replicate].reason and not run.reason):
                own[replicate] = run
        scores = {
            replicate: float(run.result["val"][score])
            for replicate, run in own.items()
            if not run.reason and _is_finite(run.result["val"].get(score))
        }
        beaten = _baselines({key: own[key] for key in scores}, score)
        named = dict(zip(keys, values, strict=True))
        found.append(Setting(named, list(own.values()), scores, beaten))
    return found


def _baselines(runs: Mapping[tuple[str, ...], RunRecord], score: str) -> dict[str, Scores]:
    """Finite validation scores of each baseline, by replicate."""
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for replicate, run in runs.items():
        for name, parts in run.result.get("baselines", {}).items():
            value = parts.get("val", {}).get(score)
            if _is_finite(value):
                found.setdefault(name, {})[replicate] = float(value)
    return dict(found)


LARGEST = 1e150
"""Scores beyond it count as not finite: their squares are not."""


def _is_finite(score: float | None) -> bool:
    return score is not None and math.isfinite(score) and abs(score) < LARGEST

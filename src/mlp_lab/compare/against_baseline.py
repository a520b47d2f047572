"""Settings against the best of the baselines on the rows that they were compared by."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mlp_lab.compare.settings import Setting
from mlp_lab.compare.statistics import mean_of, one_sided_p, standard_error
from mlp_lab.formatting import error_written, score_written

NOTE = "no better than a baseline"
"""The note by which a single run's verdict says so, from the spread over its rows."""

CLEARLY = 0.05
"""p-value from which a lead over a baseline is not clear."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Mean of setting - baseline over common replicates, and its standard error if it has one."""

    mean: float
    error: float | None

    def __str__(self) -> str:
        """With a sign: `-0.0039 ± 0.0012`."""
        sign = "+" if self.mean > 0 else ""
        error = "" if self.error is None else f" ± {error_written(self.error)}"
        return f"{sign}{error_written(self.mean)}{error}"


def best_baseline(setting: Setting, *, higher_is_better: bool) -> str | None:
    """The baseline of the best mean over the setting's runs; None where they have none."""
    means = {
        name: mean_of(list(scores.values()))
        for name, scores in setting.baselines.items()
        if scores.keys() == setting.scores.keys()
    }
    known = {name: mean for name, mean in means.items() if math.isfinite(mean)}
    sign = 1 if higher_is_better else -1
    return max(known, key=lambda name: sign * known[name]) if known else None


def difference(setting: Setting, baseline: str | None) -> Difference | None:
    """How far a setting is from a baseline, paired over the runs of both; None without any."""
    found = differences(setting, baseline)
    return Difference(mean_of(found), standard_error(found)) if found else None


def differences(setting: Setting, baseline: str | None) -> list[float]:
    """Score of a setting - that of a baseline, for each run that has both."""
    others: Mapping[tuple[str, ...], float] = setting.baselines.get(baseline or "", {})
    return [score - others[key] for key, score in setting.scores.items() if key in others]


def warning(
    setting: Setting, baseline: str | None, score: str, overlap: float, *, higher_is_better: bool
) -> str:
    """A sentence where a setting is not clearly better than a baseline; else nothing.

    By a one-sided t-test of the differences; of a single run by the note in its verdict.
    """
    found = difference(setting, baseline)
    if found is None or baseline is None:
        return ""
    sign = 1 if higher_is_better else -1
    known = [value * sign for value in differences(setting, baseline)]
    if found.mean * sign <= 0:
        words = "no better than"
    elif not _is_clear(setting, known, overlap):
        words = "not clearly better than"
    else:
        return ""
    mean = score_written(score, setting.mean)
    other = score_written(score, mean_of(list(setting.baselines[baseline].values())))
    return (
        f"{words} the {baseline} baseline: {score} {mean} against {other} on the same rows"
        f" ({found})"
    )


def _is_clear(setting: Setting, leads: Sequence[float], overlap: float) -> bool:
    p = one_sided_p(leads, overlap)
    if p is not None:
        return p < CLEARLY
    verdict = setting.first_finished.result.get("verdict", {})
    return NOTE not in [note.get("kind") for note in verdict.get("notes", [])]

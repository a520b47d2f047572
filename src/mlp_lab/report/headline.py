"""The numbers at the top of a page: what was reached, and what that has to be held against."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlp_lab.formatting import counted, percent, score_written
from mlp_lab.metrics.choosing import higher_is_better
from mlp_lab.metrics.epoch import main_metric

TONES = {
    "good fit": "good",
    "diverged": "bad",
    **dict.fromkeys(("nothing to learn", "too early to say", "undecided"), "plain"),
}
"""Kind of a verdict -> how its badge looks; all others ask for something, and are `fair`."""

PART = {"train": "training", "val": "validation", "test": "test"}

NAMES = {"r2": "R²", "roc_auc": "ROC AUC", "brier": "Brier score", "loss": "loss"}
"""Scores that are not called as their keys are."""

SHARES = ("accuracy",)
"""Endings of scores that are said in percent."""


@dataclass(frozen=True, slots=True)
class Headline:
    """A large number, what it is, and what to know about it."""

    label: str
    number: str
    note: str


def tone(kind: str) -> str:
    """How the badge of a verdict looks, or of the commonest of several: `good fit 2/3`."""
    return TONES.get(re.sub(r" \d+/\d+$", "", kind), "fair")


def written(score: str, value: float | None) -> str:
    """A score in the units that one says it in.

    >>> written("accuracy", 0.9667), written("rmse", 31730.4), written("rmse", None)
    ('96.7 %', '31,730', 'not finite')
    """
    if value is None:
        return "not finite"
    return percent(value) if is_share(score) else score_written(score, value)


def is_share(score: str) -> bool:
    """Whether a score is said in percent."""
    return score.endswith(SHARES)


def percent_with_error(share: float, error: float) -> str:
    """A share and its standard error.

    >>> percent_with_error(0.96, 0.0123)
    '96 ± 1.2 %'
    """
    return f"{percent(share).removesuffix(' %')} ± {percent(error)}"


def named(score: str) -> str:
    """A score as a label has it."""
    return NAMES.get(score, score.upper() if len(score) < 5 else score.replace("_", " "))


def headlines(result: Mapping[str, Any]) -> list[Headline]:
    """The main metric on rows that nothing was fitted to, the best baseline's, and the gap."""
    score = main_metric(result["train"])
    part = next((name for name in ("test", "val") if result["rows"][name]), "train")
    found = [_of_network(result, score, part)]
    best = best_baseline(result["baselines"], part, score)
    if best is not None:
        name, value = best
        found.append(Headline("best baseline", written(score, value), f"{name}, on the same rows"))
    if part != "train":
        rows = counted(result["rows"]["train"], "training row")
        found.append(Headline(f"on the {rows}", written(score, result["train"][score]), "network"))
    return found


def _of_network(result: Mapping[str, Any], score: str, part: str) -> Headline:
    rows = counted(result["rows"][part], f"{PART[part]} row")
    bounds = result["test_intervals"].get(score) if part == "test" else None
    note, targets = "network", result.get("targets", {})
    if bounds and bounds[0] != bounds[1]:  # all resamples alike say nothing of chance
        note = f"95 % interval {' to '.join(written(score, bound) for bound in bounds)}"
    mean = f"mean {named(score)} of {len(targets)} targets" if targets else named(score)
    label = f"{mean} on {rows}"
    return Headline(label, written(score, result[part][score]), note)


def best_baseline(baselines: Mapping[str, Any], part: str, score: str) -> tuple[str, float] | None:
    """Name and score of the baseline that does best on some rows, if one has a finite score."""
    scores = {name: parts.get(part, {}).get(score) for name, parts in baselines.items()}
    finite = {name: value for name, value in scores.items() if value is not None}
    if not finite:
        return None
    choose = max if higher_is_better(score) else min
    name = choose(finite, key=finite.__getitem__)
    return name, finite[name]

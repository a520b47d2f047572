"""Which scores may choose an epoch or a setting, and which of two values is the better one."""

import math
from collections.abc import Iterable, Mapping, Sequence

from mlp_lab.errors import UserError, nearest, require_choice
from mlp_lab.metrics.epoch import HIGHER_IS_BETTER, METRICS, main_metric
from mlp_lab.metrics.own_metrics import OWN_DIRECTIONS, OWN_METRICS

OF_CLASSES = ("balanced_accuracy", "f1", "roc_auc")
OF_PROBABILITIES = ("log_loss", "brier", "calibration_error")
OF_ORDERED_CLASSES = ("rank_mae", "quadratic_kappa")


def higher_is_better(score: str) -> bool:
    """Whether a large value of a score is a good one.

    >>> higher_is_better("roc_auc"), higher_is_better("mae")
    (True, False)
    """
    return {**HIGHER_IS_BETTER, **OWN_DIRECTIONS}.get(score, False)


def choosing(first: str) -> list[str]:
    """All that a setting may name: `loss`, the main `metric`, and every score; `first` leads."""
    return list(dict.fromkeys([first, "loss", "metric", *HIGHER_IS_BETTER, *OWN_DIRECTIONS]))


def reported(task: str, *, probabilities: bool, ordered: bool) -> list[str]:
    """Every score of a task that may choose.

    `probabilities`, `ordered`: as of `classification_metrics`.

    >>> reported("regression", probabilities=False, ordered=False)
    ['loss', 'rmse', 'mae', 'r2']
    """
    names = ["loss", *METRICS[task]]
    if task != "regression":
        names += OF_CLASSES
        names += OF_PROBABILITIES if probabilities else ()
        names += OF_ORDERED_CLASSES if ordered else ()
    own = OWN_METRICS["regression" if task == "regression" else "classification"]
    return [*names, *(name for name in own if name in OWN_DIRECTIONS)]


def choosing_of(scores: Iterable[str]) -> list[str]:
    """Those of some scores that may choose."""
    return [name for name in scores if name in HIGHER_IS_BETTER or name in OWN_DIRECTIONS]


def require_reported(name: str, key: str, names: Sequence[str]) -> None:
    """Raise unless a run reports the score by which it shall choose.

    Raises:
        UserError: it does not; the message says what it reports.
    """
    if name not in ("loss", "metric", *names):
        raise UserError(
            f"{key}={name} is no score of this run{nearest(name, names)}: it reports"
            f" {', '.join(names)}"
        )


def require_choosing(name: str, key: str, first: str) -> None:
    """Raise unless a score may choose in some run.

    Raises:
        UserError: it may not, as a metric of one's own that was given no direction.
    """
    if any(name in own and name not in OWN_DIRECTIONS for own in OWN_METRICS.values()):
        raise UserError(
            f"{key}={name}: register_metric({name!r}, ..., higher_is_better=True), or False, says"
            " which of two values is the better one"
        )
    require_choice(name, key, choosing(first))


def named_score(scores: Mapping[str, object], name: str) -> str:
    """The score that `metric` stands for among those of a run; others are what they are."""
    return main_metric(scores) if name == "metric" else name


def minimised(scores: Mapping[str, float], name: str) -> float:
    """The score that chooses, turned so that less is better; NaN where it is not known.

    >>> minimised({"loss": 0.5, "accuracy": 0.75}, "metric")
    -0.75
    """
    score = named_score(scores, name)
    value = scores.get(score)
    if value is None:
        return math.nan
    return -value if higher_is_better(score) else value


def place(scores: Mapping[str, float], name: str) -> float:
    """`minimised`, by which settings are put in order: what is not known comes last.

    >>> place({"loss": math.nan}, "loss")
    inf
    """
    value = minimised(scores, name)
    return math.inf if math.isnan(value) else value

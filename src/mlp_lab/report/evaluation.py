"""How good predictions are: metrics with intervals, and a confusion matrix or residuals."""

from collections.abc import Mapping
from typing import TypedDict

import numpy as np
from rich.table import Table

from mlp_lab.formatting import counted, four_digits
from mlp_lab.metrics.epoch import Scores
from mlp_lab.metrics.scoring import Intervals, Scored
from mlp_lab.terminal import Screen, plain_table

QUANTILES = (0, 0.05, 0.25, 0.5, 0.75, 0.95, 1)


Counts = Mapping[str, Mapping[str, float]]
"""True class -> predicted class -> rows."""


class Evaluation(TypedDict):
    """What is said of a model on some rows; `confusion` counts rows of a class by prediction."""

    rows: int
    target: str
    scores: Scores
    intervals: Intervals
    confusion: dict[str, dict[str, float]] | None
    residuals: dict[str, float] | None


def summary(scored: Scored) -> Evaluation:
    """Scores, and where the errors are; everything weighted as the rows are."""
    numbers = scored.target.classes is None
    return Evaluation(
        rows=len(scored.truth),
        target=scored.target.name,
        scores=scored.scores(),
        intervals=scored.intervals(),
        confusion=None if numbers else confusion(scored),
        residuals=residuals(scored) if numbers else None,
    )


def confusion(scored: Scored) -> dict[str, dict[str, float]]:
    """True class -> predicted class -> weight of such rows (their number where all count 1)."""
    classes = scored.target.classes or []
    counts = np.zeros((len(classes), len(classes)))
    weights = np.ones(len(scored.truth)) if scored.weights is None else scored.weights
    np.add.at(
        counts, (scored.truth.astype(np.int64), scored.target.decide(scored.outputs)), weights
    )
    return {
        name: dict(zip(classes, row, strict=True))
        for name, row in zip(classes, counts.tolist(), strict=True)
    }


def residuals(scored: Scored) -> dict[str, float]:
    """Mean, deviation and quantiles of prediction minus truth, in the target's units."""
    errors = scored.target.decode(scored.outputs) - scored.truth
    mean = float(np.average(errors, weights=scored.weights))
    spread = float(np.sqrt(np.average((errors - mean) ** 2, weights=scored.weights)))
    # The least residual that a share of the rows does not exceed: a weight is a number of rows.
    found = np.quantile(errors, QUANTILES, weights=scored.weights, method="inverted_cdf")
    quantiles = zip(QUANTILES, found.tolist(), strict=True)
    named = {f"quantile {share:g}": value for share, value in quantiles}
    return {"mean": mean, "deviation": spread, **named}


def print_evaluation(found: Evaluation) -> None:
    """As tables on the terminal."""
    console = Screen()
    console.print(f"{found['target']}, {counted(found['rows'], 'row')}")
    console.print(_scores_table(found["scores"], found["intervals"]))
    console.print()
    if found["confusion"] is not None:
        _print_confusion(console, found["confusion"])
    if found["residuals"] is not None:
        console.print(_residuals_table(found["residuals"]))


def _scores_table(scores: Scores, intervals: Intervals) -> Table:
    table = plain_table("")
    table.add_column("value", justify="right")
    table.add_column("95 % interval", justify="right")
    for name, value in scores.items():
        bounds = " to ".join(map(four_digits, intervals[name])) if name in intervals else ""
        table.add_row(name.replace("_", " "), four_digits(value), bounds)
    return table


def _print_confusion(console: Screen, counts: Counts) -> None:
    """All classes against all; where that is too wide, the errors below each other."""
    for heading in ("true \\ predicted", "true \\\npredicted"):
        table = _confusion_table(counts, heading)
        if console.fits(table):
            console.print(table)
            return
    console.print(_errors_table(counts))


def _errors_table(counts: Counts) -> Table:
    """Each class that is taken for another, the most frequent error first."""
    errors = [
        (weight, true, predicted)
        for true, row in counts.items()
        for predicted, weight in row.items()
        if weight > 0 and predicted != true
    ]
    table = plain_table("true", "taken for")
    table.add_column("rows", justify="right")
    for weight, true, predicted in sorted(errors, key=lambda error: -error[0]):
        table.add_row(true, predicted, _count(weight))
    return table


def _confusion_table(counts: Counts, heading: str) -> Table:
    table = plain_table(heading)
    for name in counts:
        table.add_column(name, justify="right")
    for name, row in counts.items():
        table.add_row(name, *map(_count, row.values()))
    return table


def _count(weight: float) -> str:
    """A number of rows; a sum of their weights has decimals."""
    return f"{weight:,.0f}" if float(weight).is_integer() else f"{weight:,.2f}"


def _residuals_table(found: Mapping[str, float]) -> Table:
    table = plain_table("prediction - truth")
    table.add_column("", justify="right")
    for name, value in found.items():
        table.add_row(name, four_digits(value))
    return table

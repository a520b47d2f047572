"""How good a model's predictions are: scores with intervals, a confusion matrix or residuals."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NotRequired, TypedDict

from rich.table import Table

from mlp_lab.formatting import counted, four_digits, one_line, rows_written, score_written
from mlp_lab.metrics.bootstrap import Intervals
from mlp_lab.metrics.epoch import Scores
from mlp_lab.metrics.predictions import Predictions
from mlp_lab.report.group_scores import Measured, measured
from mlp_lab.terminal import Screen, plain_table

MOST_CLASSES = 40
"""Classes up to which a terminal shows the whole confusion matrix, if it has room."""

MOST_ERRORS = 30
"""Pairs of classes below each other where it has not."""

Counts = Mapping[str, Mapping[str, float]]
"""True class -> predicted class -> rows."""


class TargetEvaluation(TypedDict):
    """What is said of one of several targets."""

    scores: Scores
    confusion: dict[str, dict[str, float]] | None
    residuals: dict[str, float] | None


class Evaluation(TypedDict):
    """What is said of a model on some rows; `confusion` counts rows of a class by prediction.

    With several targets, scores are means over them, and what is said of each stands in `targets`.
    `resampled` says what the intervals resample, where it is not rows.
    """

    rows: int
    target: str
    scores: Scores
    intervals: Intervals
    confusion: dict[str, dict[str, float]] | None
    residuals: dict[str, float] | None
    targets: NotRequired[dict[str, TargetEvaluation]]
    resampled: NotRequired[list[str]]
    baselines: NotRequired[dict[str, Measured]]


def evaluate(
    predictions: Predictions, models: Mapping[str, Predictions] = MappingProxyType({})
) -> Evaluation:
    """Scores, and where the errors are; everything weighted as the rows are.

    `models`: predictions of baselines for the same rows.
    """
    each = predictions.each
    alone = each[0] if len(each) == 1 else None
    found = Evaluation(
        rows=len(predictions.truth),
        target=predictions.target.name,
        scores=predictions.scores(),
        intervals=predictions.intervals(),
        confusion=None if alone is None else alone.confusion(),
        residuals=None if alone is None else alone.residuals(),
    )
    if models:
        found["baselines"] = {name: measured(own) for name, own in models.items()}
    if predictions.design is not None:
        found["resampled"] = predictions.design.in_words()
    if alone is None:
        scores = predictions.scores_of_each()
        found["targets"] = {
            one.target.name: TargetEvaluation(
                scores=scores[one.target.name], confusion=one.confusion(), residuals=one.residuals()
            )
            for one in each
        }
    return found


def print_evaluation(found: Evaluation) -> None:
    """Print an evaluation as tables."""
    console = Screen()
    console.say(f"{found['target']}, {counted(found['rows'], 'row')}")
    others = {name: own["scores"] for name, own in found.get("baselines", {}).items()}
    console.print(_scores_table(found["scores"], found["intervals"], others))
    for line in found.get("resampled", []):
        console.say(line)
    console.print()
    targets = found.get("targets", {})
    if targets:
        console.print(_targets_table({name: own["scores"] for name, own in targets.items()}))
    for name, own in (targets or {"": found}).items():
        if name:
            console.print()
            console.say(name)
        if own["confusion"] is not None:
            _print_confusion(console, own["confusion"])
        if own["residuals"] is not None:
            console.print(_residuals_table(own["residuals"]))


def _targets_table(scores: Mapping[str, Scores]) -> Table:
    """A row for each target."""
    table = plain_table("target")
    for name in next(iter(scores.values())):
        table.add_column(name.replace("_", " "), justify="right")
    for target, own in scores.items():
        numbers = [score_written(name, value) for name, value in own.items()]
        table.add_row(one_line(target), *numbers)
    return table


def _scores_table(scores: Scores, intervals: Intervals, others: Mapping[str, Scores]) -> Table:
    """A row for each score; `others` are those of baselines."""
    table = plain_table("")
    for heading in ("value", "95 % interval", *others):
        table.add_column(heading, justify="right")
    for name, value in scores.items():
        ends = intervals.get(name, ())
        shown = ends if len({*ends}) > 1 else ()  # all resamples alike say nothing of chance
        bounds = " to ".join(score_written(name, bound) for bound in shown)
        theirs = [score_written(name, own[name]) for own in others.values()]
        table.add_row(name.replace("_", " "), score_written(name, value), bounds, *theirs)
    return table


def _print_confusion(console: Screen, counts: Counts) -> None:
    """The confusion matrix; where that is too wide, its errors below each other."""
    headings = ("true \\ predicted", "true \\\npredicted") if len(counts) <= MOST_CLASSES else ()
    for heading in headings:
        table = _confusion_table(counts, heading)
        if console.fits(table):
            console.print(table)
            return
    errors = _errors(counts)
    console.print(_errors_table(errors[:MOST_ERRORS]))
    if len(errors) > MOST_ERRORS:
        more = len(errors) - MOST_ERRORS
        console.say(f"and {more:,} more pairs; -o FILE.json writes the whole matrix")


def _errors(counts: Counts) -> list[tuple[float, str, str]]:
    """Rows, true and other predicted class, the most frequent error first."""
    errors = [
        (weight, true, predicted)
        for true, row in counts.items()
        for predicted, weight in row.items()
        if weight > 0 and predicted != true
    ]
    return sorted(errors, key=lambda error: -error[0])


def _errors_table(errors: Sequence[tuple[float, str, str]]) -> Table:
    table = plain_table("true", "predicted")
    table.add_column("rows", justify="right")
    for weight, true, predicted in errors:
        table.add_row(true, predicted, rows_written(weight))
    return table


def _confusion_table(counts: Counts, heading: str) -> Table:
    table = plain_table(heading)
    for name in counts:
        table.add_column(one_line(name), justify="right")
    for name, row in counts.items():
        table.add_row(name, *map(rows_written, row.values()))
    return table


def _residuals_table(found: Mapping[str, float]) -> Table:
    table = plain_table("residual")
    table.add_column("", justify="right")
    for name, value in found.items():
        table.add_row(name, four_digits(value))
    return table

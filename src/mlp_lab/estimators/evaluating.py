"""Scores of a saved network on a DataFrame, of all its rows and by group, as a table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from mlp_lab.data.arrays import Floats
from mlp_lab.data.columns import Column
from mlp_lab.data.tables.frames import TableFrame, feature_values, target_values, weight_values
from mlp_lab.errors import UserError
from mlp_lab.metrics.bootstrap import Intervals
from mlp_lab.metrics.decision_threshold import require_threshold
from mlp_lab.metrics.epoch import Scores
from mlp_lab.metrics.predictions import Predictions
from mlp_lab.predictor import Predictor, load
from mlp_lab.report.group_scores import DesignColumns, Groups, scores_by_group


def evaluate(
    run: str | Path | Predictor,
    rows: pd.DataFrame,
    *,
    by: str | Sequence[str] = (),
    weight: str | None = None,
    cluster: str | None = None,
    strata: str | None = None,
    resample_rows: bool = False,
    threshold: float | None = None,
    class_name: str | None = None,
) -> pd.DataFrame:
    """Scores of a saved network on rows that hold the target, as `mlp-lab evaluate` has them.

    `run`: a run's folder, or what `mlp_lab.load` gives. `by` names columns, by the values of which
    there are scores, too. `weight`: a column of row weights; else that of the training. `cluster`
    and `strata` name columns by which the rows were sampled: intervals then resample clusters
    in the place of rows, within strata. Without either they are `data.group` and `data.strata` of
    the training, where `rows` have them, unless `resample_rows`; `attrs["resampled"]` of the table
    says what was resampled, where that is not rows. `threshold`: of two classes the probability of
    `class_name`, by default the second, above which it is decided for.

    Returns a row for all and for each group of at least ten rows, called by column and value:
    `rows`, each score, the ends of its 95 % interval by resampling rows (`accuracy_low`,
    `accuracy_high`), and `constant_accuracy` (of numbers `constant_rmse`), which is what the best
    constant of a group would score.

    Raises:
        UserError: a column is missing, or holds what it cannot.
    """
    if not isinstance(rows, pd.DataFrame):
        raise UserError(f"rows must be a DataFrame with the target, got {type(rows).__name__}")
    predictor = run if isinstance(run, Predictor) else load(run)
    groups = Groups([by] if isinstance(by, str) else list(by))
    frame = TableFrame(rows.reset_index(drop=True))
    with _keywords():
        schema = predictor.schema
        sampled = DesignColumns.chosen(cluster, strata, schema, resample_rows=resample_rows)
        groups.add(frame, predictor.schema)
        sampled.add(frame, predictor.schema)
        design = sampled.design()
        named = {column: groups.names(column) for column in groups.cells}
    require_threshold(threshold, class_name)
    chosen = None if threshold is None else predictor.threshold(threshold, class_name)
    values = feature_values(frame, predictor.schema)
    found = scored_rows(predictor, frame, values, weight)
    found = replace(found, design=design, threshold=chosen)
    scores, intervals = found.measured()
    table = {("", "all"): {"rows": len(rows), **_numbers(scores, intervals, {})}}
    for column, names in named.items():
        for name, own in scores_by_group(found, names)["groups"].items():
            numbers = _numbers(own["scores"], own["intervals"], own["constant"])
            table[column, name] = {"rows": own["rows"], **numbers}
    index = pd.MultiIndex.from_tuples(table, names=["by", "group"])
    answer = pd.DataFrame(list(table.values()), index=index)
    words = [] if design is None else design.in_words()
    if words or sampled.notes:
        answer.attrs["resampled"] = [*words, *map(_in_keywords, sampled.notes)]
    return answer


@contextmanager
def _keywords() -> Iterator[None]:
    """What is wrong with the columns of groups goes by the names that they have here."""
    try:
        yield
    except UserError as error:
        raise UserError(_in_keywords(str(error))) from None


def _in_keywords(said: str) -> str:
    said = re.sub(r"--(?=by\b|cluster\b|strata\b)", "", said)
    said = said.replace("--resample-rows", "resample_rows=True")
    return re.sub(r"\b(in|of) FILE\b", r"\1 rows", said)


def scored_rows(
    predictor: Predictor, frame: TableFrame, values: Floats, weight: str | None
) -> Predictions:
    """Outputs, truth and losses of rows that hold the target, by values of the schema's columns.

    Raises:
        UserError: a row has no target, a class that the training did not have, or a bad weight.
    """
    schema = predictor.schema
    truth = target_values(frame, schema.target)
    column = schema.weight if weight is None else Column(name=weight)
    weights = None if column is None else weight_values(frame, column)
    inputs = predictor.encode_values(values)
    outputs, losses = predictor.outputs_and_losses(inputs, schema.target.encode(truth))
    return Predictions(
        target=schema.target,
        outputs=outputs,
        truth=truth,
        losses=losses,
        weights=weights,
        loss_weights=weights,
        probabilities=predictor.gives_probabilities,
        ordered=predictor.objective.output == "ordinal",
    )


def joined(pieces: Sequence[Predictions]) -> Predictions:
    """Predictions for the rows of all pieces, of one network."""
    weights = [own.weights for own in pieces if own.weights is not None]
    every = np.concatenate(weights) if weights else None
    return replace(
        pieces[0],
        outputs=np.concatenate([own.outputs for own in pieces]),
        truth=np.concatenate([own.truth for own in pieces]),
        losses=np.concatenate([own.losses for own in pieces]),
        weights=every,
        loss_weights=every,
    )


def _numbers(scores: Scores, intervals: Intervals, constant: Mapping[str, float]) -> Scores:
    """The columns of a row."""
    found: Scores = {}
    for name, value in scores.items():
        found[name] = value
        if name in intervals:
            found[f"{name}_low"], found[f"{name}_high"] = intervals[name]
    return found | {f"constant_{name}": value for name, value in constant.items()}

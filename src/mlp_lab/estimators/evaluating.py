"""Scores of a saved network on a DataFrame, of all its rows and by group, as a table."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mlp_lab.data.arrays import Floats
from mlp_lab.data.columns import Column
from mlp_lab.data.survey_design import SurveyDesign
from mlp_lab.data.tables.frames import (
    TableFrame,
    feature_values,
    missing_target,
    target_values,
    weight_values,
)
from mlp_lab.errors import UserError
from mlp_lab.metrics.bootstrap import Intervals
from mlp_lab.metrics.coverage import Coverage
from mlp_lab.metrics.decision_threshold import Threshold, require_threshold
from mlp_lab.metrics.epoch import Scores
from mlp_lab.metrics.predictions import Predictions
from mlp_lab.metrics.validation_record import coverage_of
from mlp_lab.plain import read_as
from mlp_lab.predictor import Predictor, load
from mlp_lab.report.group_scores import DesignColumns, Groups, Names, best_constant, scores_by_group

if TYPE_CHECKING:
    from mlp_lab.estimators.classifier import MLPClassifier
    from mlp_lab.estimators.regressor import MLPRegressor
    from mlp_lab.estimators.run import Run


NETWORK = "network"
"""How the models of a run call itself."""


def evaluate(
    run: str | Path | Predictor | Run | MLPClassifier | MLPRegressor,
    rows: pd.DataFrame,
    *,
    by: str | Sequence[str] = (),
    weight: str | None = None,
    cluster: str | None = None,
    strata: str | None = None,
    resample_rows: bool = False,
    threshold: float | None = None,
    cost: float | None = None,
    class_name: str | None = None,
    interval: float | None = None,
    drop_missing_target: bool = False,
) -> pd.DataFrame:
    """Scores of a network on rows that hold the target, as `mlp-lab evaluate` has them.

    `run`: a run's folder, what `mlp_lab.load` or `mlp_lab.train` gives, or a fitted estimator. `by`
    names columns, by the values of which there are scores, too. `weight`: a column of row weights;
    else that of the training. `cluster` and `strata` name columns by which the rows were sampled:
    intervals then resample clusters in the place of rows, within strata. Without either they are
    `data.group` and `data.strata` of the training, where `rows` have them, unless `resample_rows`;
    `attrs["resampled"]` of the table says what was resampled, where that is not rows. `threshold`:
    of two classes the probability of `class_name`, by default the second, above which it is decided
    for; `cost` takes the one that cost least on the validation rows, where missing a row of the
    class costs so many false alarms. `interval`: of numbers, the share of new rows that an interval
    is to hold. `drop_missing_target` leaves out rows without a target.

    Returns a row for all and for each group of at least ten rows, called by column and value:
    `rows`, each score, the ends of its 95 % interval (`accuracy_low`, `accuracy_high`),
    `constant_accuracy` (of numbers `constant_rmse`) of a group's best constant, each score of the
    run's linear or logistic baseline (`logistic_accuracy`; not of decisions by a threshold), and
    with `interval` the share of rows inside (`in_interval`) and mean width (`interval_width`).

    Raises:
        UserError: a column is missing, or holds what it cannot.
    """
    if not isinstance(rows, pd.DataFrame):
        raise UserError(f"rows must be a DataFrame with the target, got {type(rows).__name__}")
    predictor = _predictor(run)
    chosen = _threshold(predictor, threshold, cost, class_name)
    covered = covering(predictor, interval)
    frame = TableFrame(rows.reset_index(drop=True))
    if drop_missing_target:
        frame = _with_target(frame, predictor)
    groups = Groups([by] if isinstance(by, str) else list(by))
    with _keywords():
        schema = predictor.schema
        sampled = DesignColumns.chosen(cluster, strata, schema, resample_rows=resample_rows)
        groups.add(frame, schema)
        sampled.add(frame, schema)
        design = sampled.design()
        named = {column: groups.names(column) for column in groups.cells}
        values = feature_values(frame, schema)
        models = scored_rows(predictor, frame, values, weight)
    found = replace(models.pop(NETWORK), design=design, threshold=chosen)
    answer = _table(found, named, covered, {} if chosen is not None else models)
    if words := [*_in_words(design), *map(_in_keywords, sampled.notes)]:
        answer.attrs["resampled"] = words
    return answer


def _in_words(design: SurveyDesign | None) -> list[str]:
    return [] if design is None else design.in_words()


def _predictor(run: str | Path | Predictor | Run | MLPClassifier | MLPRegressor) -> Predictor:
    """The network of whatever has one.

    Raises:
        UserError: it has none.
    """
    if isinstance(run, Predictor):
        return run
    if isinstance(run, (str, Path)):
        return load(run)
    if hasattr(run, "_fitted"):  # a run in memory or an estimator, whose modules import torch
        return run._fitted.compared
    needs = "a run's folder, a run, what mlp_lab.load gives, or a fitted estimator"
    raise UserError(f"run must be {needs}, got {type(run).__name__}")


def _threshold(
    predictor: Predictor, threshold: float | None, cost: float | None, class_name: str | None
) -> Threshold | None:
    """Above which probability a class is decided for, if anything was said of it."""
    if cost is None:
        require_threshold(threshold, class_name)
        return None if threshold is None else predictor.threshold(threshold, class_name)
    if threshold is not None:
        raise UserError("threshold and cost both choose a threshold: leave out one")
    return predictor.cheapest_threshold(cost, class_name).threshold


def _with_target(frame: TableFrame, predictor: Predictor) -> TableFrame:
    """The rows that have every target."""
    target = predictor.schema.target
    kept = ~np.any([missing_target(frame, one) for one in target.each], axis=0)
    if not kept.any():
        raise UserError(f"no row of rows has a value of {target.name}, the target")
    return frame.some(kept)


def covering(predictor: Predictor, level: float | None) -> Callable[[Predictions], Coverage] | None:
    """What says how many of some rows lie in intervals of a level; None where that is not asked.

    Raises:
        UserError: the network predicts no numbers, or too few of its validation rows are known.
    """
    if level is None:
        return None
    predictor.intervals(np.zeros((1, predictor.schema.target.outputs)), level)  # refuses at once
    record, objective = predictor.validation, predictor.objective
    return lambda rows: coverage_of(record, rows, objective, level)


def _table(
    found: Predictions,
    named: Mapping[str, Names],
    covered: Callable[[Predictions], Coverage] | None,
    models: Mapping[str, Predictions],
) -> pd.DataFrame:
    """A row of scores for all rows and for each group of the `named` columns."""
    scores, intervals = found.measured()
    inside = {} if covered is None else _inside(covered(found))
    constant = best_constant(found)
    others = {name: own.scores() for name, own in models.items()}
    numbers = {"rows": len(found.truth), **_numbers(scores, intervals, constant, others), **inside}
    table = {("", "all"): numbers}
    for column, names in named.items():
        for name, own in scores_by_group(found, names, covered, models)["groups"].items():
            others = {model: its["scores"] for model, its in own["baselines"].items()}
            numbers = _numbers(own["scores"], own["intervals"], own["constant"], others)
            inside = _inside(read_as(Coverage, own["interval"])) if "interval" in own else {}
            table[column, name] = {"rows": own["rows"], **numbers, **inside}
    index = pd.MultiIndex.from_tuples(table, names=["by", "group"])
    return pd.DataFrame(list(table.values()), index=index)


def _inside(coverage: Coverage) -> dict[str, float]:
    """The columns of intervals."""
    found = {}
    for name, own in coverage.targets.items():
        of = f"_{name}" * (len(coverage.targets) > 1)
        found[f"in_interval{of}"] = own.coverage
        found[f"interval_width{of}"] = math.inf if own.mean_width is None else own.mean_width
    return found


@contextmanager
def _keywords() -> Iterator[None]:
    """What is wrong with the columns of groups goes by the names that they have here."""
    try:
        yield
    except UserError as error:
        raise UserError(_in_keywords(str(error))) from None


def _in_keywords(said: str) -> str:
    said = re.sub(r"--(?=by\b|cluster\b|strata\b|weight\b)", "", said)
    said = said.replace("--resample-rows", "resample_rows=True")
    return re.sub(r"\b(in|of) FILE\b", r"\1 rows", said)


def scored_rows(
    predictor: Predictor, frame: TableFrame, values: Floats, weight: str | None
) -> dict[str, Predictions]:
    """Outputs, truth and losses of rows that hold the target, by values of the schema's columns.

    Of the `network`, and by their names of the baselines that are kept with it.

    Raises:
        UserError: a row has no target, a class that the training did not have, or a bad weight.
    """
    schema = predictor.schema
    truth = target_values(frame, schema.target)
    column = schema.weight if weight is None else Column(name=weight)
    if weight is None and column is not None and column.name not in frame.names:
        held = f"column {column.name!r} is missing, which held the weights of the training"
        raise UserError(f"{held}: --weight names another")
    weights = None if column is None else weight_values(frame, column)
    inputs = predictor.encode_values(values)
    outputs, losses = predictor.outputs_and_losses(inputs, schema.target.encode(truth))
    own = Predictions(
        target=schema.target,
        outputs=outputs,
        truth=truth,
        losses=losses,
        weights=weights,
        loss_weights=weights,
        probabilities=predictor.gives_probabilities,
        ordered=predictor.objective.output == "ordinal",
    )
    found = {NETWORK: own}
    for name, model in predictor.baselines.items():
        outputs, losses = model.outputs_and_losses(inputs, schema.target.encode(truth))
        found[name] = replace(own, outputs=outputs, losses=losses)
    return found


def joined(pieces: Sequence[Mapping[str, Predictions]]) -> dict[str, Predictions]:
    """Predictions for the rows of all pieces, of the network and of baselines."""
    return {name: _joined([own[name] for own in pieces]) for name in pieces[0]}


def _joined(pieces: Sequence[Predictions]) -> Predictions:
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


def _numbers(
    scores: Scores,
    intervals: Intervals,
    constant: Mapping[str, float],
    others: Mapping[str, Scores],
) -> Scores:
    """The columns of a row; `others` are those of baselines."""
    found: Scores = {}
    for name, value in scores.items():
        found[name] = value
        if name in intervals:
            found[f"{name}_low"], found[f"{name}_high"] = intervals[name]
    for model, own in {"constant": constant, **others}.items():
        found |= {f"{model}_{name}": value for name, value in own.items()}
    return found

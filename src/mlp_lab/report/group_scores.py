"""Scores by group of rows, with intervals, beside those of the best constant of each group."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import NotRequired, TypedDict

import numpy as np
from numpy.typing import NDArray

from mlp_lab.data.arrays import Floats, Index, Mask
from mlp_lab.data.columns import Column
from mlp_lab.data.rows import by_target
from mlp_lab.data.schema import Schema
from mlp_lab.data.survey_design import SurveyDesign
from mlp_lab.data.tables.answers import in_one_order, names_of_sets
from mlp_lab.data.tables.frames import TableFrame
from mlp_lab.data.tables.numbers import as_number
from mlp_lab.errors import UserError, nearest
from mlp_lab.formatting import (
    counted,
    in_a_list,
    listed,
    one_line,
    percent,
    score_written,
    significant,
)
from mlp_lab.metrics.bootstrap import Intervals
from mlp_lab.metrics.coverage import Coverage
from mlp_lab.metrics.epoch import Scores
from mlp_lab.metrics.predictions import Predictions
from mlp_lab.plain import read_as
from mlp_lab.terminal import Screen, plain_table

FEWEST_ROWS = 10
"""Rows of a group, below which no score says anything of it."""
MOST_GROUPS = 50
MOST_NUMBERS = 12
"""Different numbers that are groups of their own; more are cut at their quartiles."""
NO_VALUE = "(no value)"

SHOWN = (("accuracy", "rmse"), ("balanced_accuracy", "mae"), ("roc_auc", "r2"))
"""Of classes and of numbers: what a terminal shows, the first with its interval and a constant."""

Names = NDArray[np.str_]
"""The group of each row, (N,)."""


class Measured(TypedDict):
    """Scores of a model, and their intervals."""

    scores: Scores
    intervals: Intervals


def measured(predictions: Predictions) -> Measured:
    """Scores of a model's predictions."""
    scores, intervals = predictions.measured()
    return Measured(scores=scores, intervals=intervals)


class GroupScores(TypedDict):
    """What is said of a group; `constant`: what the best constant of its own rows would score.

    `baselines`: what models do that the network was held against. `interval`: how many of its rows
    lie in intervals around numbers, if that is asked.
    """

    rows: int
    scores: Scores
    intervals: Intervals
    constant: Scores
    baselines: dict[str, Measured]
    interval: NotRequired[dict[str, object]]


class ByGroup(TypedDict):
    """Groups in order, and the rows of those that are too small for a score."""

    groups: dict[str, GroupScores]
    too_small: dict[str, int]


@dataclass(slots=True)
class Groups:
    """Cells of the columns that rows are grouped by; `by` as the option names them.

    `cells`: text, or None where the training would have no value, of all rows so far. `unread`:
    columns of which the training says nothing.
    """

    by: list[str]
    option: str = "--by"
    cells: dict[str, list[str | None]] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)

    def add(self, frame: TableFrame, schema: Schema) -> None:
        """The rows of a piece of the table.

        Raises:
            UserError: there is no such column.
        """
        sampled = [one for one in (schema.group, schema.strata) if one is not None]
        known = {one.name: one for one in (*sampled, *(entry.column for entry in schema.inputs))}
        for text in self.by:
            names = [text]
            if text not in frame.names and self.option == "--by":
                names = [name.strip() for name in text.split(",")]
            for name in names:
                if name not in frame.names:
                    where = f"{nearest(name, frame.names)} ({', '.join(frame.names[:30])})"
                    raise UserError(f"{self.option}: no such column in FILE: {name!r}{where}")
                if name not in known:
                    self.unread.add(name)
                texts = _texts(frame, known.get(name, Column(name=name)))
                self.cells.setdefault(name, []).extend(texts)

    def names(self, name: str) -> Names:
        """The group of each row."""
        texts = self.cells[name]
        if name in self.unread:
            texts = in_one_order(texts)
        numbers = [math.nan if text is None else as_number(text) for text in texts]
        values = None if None in numbers else np.array(numbers, dtype=np.float64)
        return group_names(name, texts, values)

    @property
    def lacking(self) -> int:
        """Rows without a value in one of the columns."""
        return sum(text is None for texts in self.cells.values() for text in texts)

    def numbers(self) -> Index | None:
        """A number for each different value of the one column, (N,); None where none is named.

        Raises:
            UserError: a row has no value.
        """
        for name, texts in self.cells.items():
            if self.lacking:
                rows = counted(self.lacking, "row")
                raise UserError(f"{self.option} {name}: every row needs a value, {rows} had none")
            found = np.array(texts, dtype=np.str_)
            return np.unique(found, return_inverse=True)[1].reshape(-1).astype(np.int64)
        return None


@dataclass(slots=True)
class DesignColumns:
    """Cells of the columns by which rows were sampled: their cluster, their stratum.

    Those of the training (`of_training`) need not be there, nor have a value in each row: `notes`
    say which are not resampled then.
    """

    cluster: str | None
    strata: str | None
    of_training: bool = False
    groups: list[Groups] = field(init=False)
    notes: list[str] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        named = (("--cluster", self.cluster), ("--strata", self.strata))
        self.groups = [Groups([] if name is None else [name], option) for option, name in named]

    @classmethod
    def chosen(
        cls, cluster: str | None, strata: str | None, schema: Schema, *, resample_rows: bool
    ) -> DesignColumns:
        """Those that options name; without any those of the training, unless rows are resampled.

        Raises:
            UserError: options contradict each other.
        """
        for option, name in (("--cluster", cluster), ("--strata", strata)):
            if name is not None and resample_rows:
                raise UserError(f"{option} and --resample-rows contradict each other: choose one")
        if cluster is not None and cluster == strata:
            raise UserError(
                f"--strata {strata} is --cluster, too: each stratum would have one cluster"
            )
        if resample_rows or cluster is not None or strata is not None:
            return cls(cluster, strata)
        group, strata_column = schema.group, schema.strata
        return cls(
            None if group is None else group.name,
            None if strata_column is None else strata_column.name,
            of_training=True,
        )

    def add(self, frame: TableFrame, schema: Schema) -> None:
        """The rows of a piece of the table.

        Raises:
            UserError: there is no such column.
        """
        for own in self.groups:
            if self.of_training and own.by and own.by[0] not in frame.names:
                self._leave_out(own, "is no column of FILE")
            own.add(frame, schema)

    def _leave_out(self, own: Groups, why: str) -> None:
        role = own.option.removeprefix("--")
        self.notes.append(f"{own.by[0]}, the {role} of the training, {why}: not resampled")
        own.by.clear()
        own.cells.clear()

    def design(self) -> SurveyDesign | None:
        """What intervals resample; None where no column was named: rows.

        Raises:
            UserError: a row has no value in a column that an option names.
        """
        if self.of_training:
            for own in self.groups:
                if lacking := own.lacking:
                    self._leave_out(own, f"has no value in {counted(lacking, 'row')}")
        clusters, strata = (own.numbers() for own in self.groups)
        cluster, stratum = (own.by[0] if own.by else None for own in self.groups)
        if clusters is None and strata is None:
            return None
        if self.of_training:
            names = listed([name for name in (cluster, stratum) if name is not None])
            self.notes.append(f"{names} as in the training; --resample-rows resamples rows")
        return SurveyDesign(clusters, strata, cluster, stratum)


def _texts(frame: TableFrame, column: Column) -> list[str | None]:
    """The cells of a column, by their value labels; None for no value."""
    own = frame.codes(column.name)
    cells = frame.cells(column.name, [*column.missing, *own.missing], column)
    labels = {**column.labels, **own.labels}
    several = column.kind == "multiple"
    names = (
        names_of_sets(cells, column) if several else [labels.get(own, own) for own in cells.texts]
    )
    distinct = [None if gone else name for name, gone in zip(names, cells.absent, strict=True)]
    return [(*distinct, None)[code] for code in cells.factorized[0].tolist()]


def group_names(name: str, texts: Sequence[str | None], numbers: Floats | None) -> Names:
    """The group of each row by the cells of a column, None where there is no value.

    `numbers`, (N,), where all cells are: many different ones are cut at their quartiles.

    Raises:
        UserError: there are too many groups.
    """
    if numbers is not None and len(np.unique(numbers[~np.isnan(numbers)])) > MOST_NUMBERS:
        return _quarters(numbers)
    found = np.array([NO_VALUE if text is None else text for text in texts], dtype=np.str_)
    count = len(np.unique(found))
    if count > MOST_GROUPS:
        raise UserError(
            f"--by must be a column of at most {MOST_GROUPS} different values, got {count} in"
            f" {name!r}"
        )
    return found


def _quarters(numbers: Floats) -> Names:
    """Numbers by quartile, called by the least and the greatest number of each."""
    present = numbers[~np.isnan(numbers)]
    edges = np.unique(np.quantile(present, [0.25, 0.5, 0.75], method="lower"))
    places = np.where(np.isnan(numbers), -1, np.searchsorted(edges, numbers, side="left"))
    called = {-1: NO_VALUE}
    for place in np.unique(places[places >= 0]).tolist():
        own = numbers[places == place]
        ends = [significant(float(end), 6) for end in (own.min(), own.max())]
        called[place] = ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"
    return np.array([called[place] for place in places.tolist()], dtype=np.str_)


def scores_by_group(
    predictions: Predictions,
    names: Names,
    covered: Callable[[Predictions], Coverage] | None = None,
    models: Mapping[str, Predictions] = MappingProxyType({}),
) -> ByGroup:
    """Scores of each group of rows, in the order of numbers, then of letters.

    A group that is too small, or of which all rows have weight 0, has none. `covered` says how many
    of some rows lie in their intervals, if that is asked; `models` are baselines on the same rows.
    """
    found = ByGroup(groups={}, too_small={})
    for name in sorted(np.unique(names).tolist(), key=_by_number):
        rows = names == name
        own = _some(predictions, rows)
        weightless = own.weights is not None and not own.weights.any()
        if len(own.truth) < FEWEST_ROWS or weightless:
            found["too_small"][name] = len(own.truth)
            continue
        scores, intervals = own.measured()
        found["groups"][name] = GroupScores(
            rows=len(own.truth),
            scores=scores,
            intervals=intervals,
            constant=best_constant(own),
            baselines={model: measured(_some(its, rows)) for model, its in models.items()},
        )
        if covered is not None:
            found["groups"][name]["interval"] = covered(own).to_dict()
    return found


def _by_number(name: str) -> tuple[bool, float, str]:
    """Numbers, or what begins with one, come first; no value comes last."""
    first = name.replace(",", "").partition(" to ")[0]
    try:
        return (False, float(first), name)
    except ValueError:
        return (True, float(name == NO_VALUE), name)


def _some(predictions: Predictions, rows: Mask) -> Predictions:
    """The same of some rows."""

    def of(values: Floats | None) -> Floats | None:
        return None if values is None else values[rows]

    return replace(
        predictions,
        outputs=predictions.outputs[rows],
        truth=predictions.truth[rows],
        losses=predictions.losses[rows],
        weights=of(predictions.weights),
        loss_weights=of(predictions.loss_weights),
        design=None if predictions.design is None else predictions.design.some(rows),
    )


def best_constant(predictions: Predictions) -> Scores:
    """Accuracy of the commonest class, or the deviation from the mean; over targets, the mean."""
    found = []
    weights = predictions.weights
    for one, truth in zip(predictions.each, by_target(predictions.truth).T, strict=True):
        if one.target.classes is None:
            mean = np.average(truth, weights=weights)
            found.append(float(np.sqrt(np.average((truth - mean) ** 2, weights=weights))))
        else:
            shares = np.bincount(one.labels, weights)
            found.append(float(shares.max() / shares.sum()))
    name = "rmse" if predictions.each[0].target.classes is None else "accuracy"
    return {name: sum(found) / len(found)}


def print_groups(column: str, found: ByGroup) -> None:
    """A row for each group, and what was left out."""
    console = Screen()
    if found["groups"]:
        known = next(iter(found["groups"].values()))["scores"]
        first, *others = [name for pair in SHOWN for name in pair if name in known]
        table = plain_table(f"by {one_line(column)}")
        shares = {name: _shares(own) for name, own in found["groups"].items()}
        inside = [f"inside{target}" for target in next(iter(shares.values()))]
        models = next(iter(found["groups"].values()))["baselines"]
        others = others[: 2 - bool(models)]  # a terminal has 80 columns
        for heading in ("rows", first, "95 % interval", "constant", *models, *others, *inside):
            table.add_column(heading.replace("_", " "), justify="right")
        for name, own in found["groups"].items():
            table.add_row(one_line(name), *_cells(own, first, others), *shares[name].values())
        console.print(table)
    for name, rows in found["too_small"].items():
        console.say(
            f"{column} {in_a_list(name)}: {counted(rows, 'row')}, too few to say anything"
            f" (at least {FEWEST_ROWS})"
        )


def _shares(own: GroupScores) -> dict[str, str]:
    """How many rows of a group lie in the intervals of each target, if that was asked."""
    if "interval" not in own:
        return {}
    targets = read_as(Coverage, own["interval"]).targets
    several = len(targets) > 1
    return {f" of {name}" * several: percent(one.coverage) for name, one in targets.items()}


def _cells(own: GroupScores, first: str, others: Sequence[str]) -> list[str]:
    ends = own["intervals"].get(first, ())
    bounds = " to ".join(score_written(first, end) for end in ends) if len({*ends}) > 1 else ""
    return [
        f"{own['rows']:,}",
        score_written(first, own["scores"][first]),
        bounds,
        score_written(first, own["constant"][first]),
        *(_known(first, its["scores"]) for its in own["baselines"].values()),
        *(_known(name, own["scores"]) for name in others),
    ]


def _known(name: str, scores: Mapping[str, float]) -> str:
    """A score, or nothing where a group holds one class only."""
    value = scores[name]
    return "" if np.isnan(value) else score_written(name, value)

"""The rows of a file in pieces, and what a command computes of each, on one process or several."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlp_lab.data.arrays import Floats
from mlp_lab.data.config import FileSettings
from mlp_lab.data.tables.dialect import Dialect
from mlp_lab.data.tables.frames import (
    Beyond,
    TableFrame,
    beyond_training,
    feature_values,
    newly_missing,
    unseen_levels,
)
from mlp_lab.data.tables.reading import own_codes, read_parts
from mlp_lab.data.tables.writing import TextForm, Writer
from mlp_lab.errors import UserError
from mlp_lab.estimators.evaluating import scored_rows
from mlp_lab.formatting import apart
from mlp_lab.metrics.decision_threshold import Threshold
from mlp_lab.metrics.predictions import Predictions
from mlp_lab.predictor import Predictor
from mlp_lab.side_by_side import in_order, one_thread

CHUNK = 2**15
"""Rows in memory at once; of several processes, three times that for each."""

Answers = Mapping[str, Floats | NDArray[np.str_]]
"""What is predicted, (N,) by name."""

Own = TypeVar("Own")
Found_co = TypeVar("Found_co", covariant=True)


def chunks(
    path: Path, settings: FileSettings, form: Dialect, option: str = "FILE"
) -> Iterator[TableFrame]:
    """The rows of a file, some at a time; how it is written is known.

    Raises:
        UserError: it has none, or cannot be read; `option` is what the command calls it.
    """
    rows = 0
    labels, ranges = own_codes(path, settings)
    for name, first, frame in read_parts(path, settings, CHUNK, option, form=form):
        if len(frame):
            yield TableFrame(
                frame,
                decimal=form.decimal,
                first_row=first,
                labels=labels,
                missing_ranges=ranges,
                name=name,
            )
        rows += len(frame)
    if rows == 0:
        raise UserError(f"{option}: {path} has no row")


@dataclass(frozen=True, slots=True)
class Doubts:
    """Rows by column whose level no training row had, and without a value where all of them had.

    `beyond`: numbers that lie beyond those of the training rows.
    """

    unseen: Counter[str] = field(default_factory=Counter)
    missing: Counter[str] = field(default_factory=Counter)
    beyond: dict[str, Beyond] = field(default_factory=dict)

    def add(self, other: Doubts) -> None:
        """Take note of further rows."""
        self.unseen.update(other.unseen)
        self.missing.update(other.missing)
        for name, found in other.beyond.items():
            before = self.beyond.get(name)
            self.beyond[name] = found if before is None else before + found


def feature_rows(predictor: Predictor, frame: TableFrame, doubts: Doubts) -> Floats:
    """Values of the schema's columns, (N, columns); what the training did not know is counted."""
    values = feature_values(frame, predictor.schema)
    unseen, missing = (
        unseen_levels(values, predictor.schema),
        newly_missing(values, predictor.schema),
    )
    doubts.add(Doubts(Counter(unseen), Counter(missing), beyond_training(values, predictor.schema)))
    return values


def say_doubts(doubts: Doubts, rows: int) -> None:
    """Predictions that rest on values which the training did not know are worth less."""
    for name, count in doubts.unseen.items():
        some = f"{count:,} of {rows:,} rows hold" + "s" * (count == 1)
        which = some if count < rows else "every row holds"
        hint = "" if count < rows else ": is it spelled otherwise?"
        print(f"column {name!r}: {which} a value that no training row had{hint}", file=sys.stderr)
    for name, count in doubts.missing.items():
        known = "though every training row had one"
        print(f"column {name!r}: {_have(count, rows)} no value, {known}", file=sys.stderr)
    for name, found in doubts.beyond.items():
        _say_beyond(name, found, rows)


def _have(count: int, rows: int) -> str:
    if count == rows:
        return "every row has"
    return f"{count:,} of {rows:,} rows {'has' if count == 1 else 'have'}"


def _say_beyond(name: str, found: Beyond, rows: int) -> None:
    """A number or two outside is what new rows are like; many, or some far away, are not."""
    most = found.outside.count > rows / 2
    if not (most or found.far.count):
        return
    some, where = (found.outside, "outside") if most else (found.far, "far outside")
    which = _have(some.count, rows)
    known = " to ".join(apart([found.low, found.high]))
    own = " to ".join(dict.fromkeys(apart([some.least, some.most])))
    hint = ": is it in another unit?" * most
    line = f"{which} a number {where} the {known} of training rows ({own}){hint}"
    print(f"column {name!r}: {line}", file=sys.stderr)


class Piecewise(Protocol[Found_co]):
    """What is computed of a piece's rows, by values of the schema's columns, (N, columns)."""

    @property
    def predictor(self) -> Predictor:
        """The network."""

    def of(self, frame: TableFrame, values: Floats) -> Found_co:
        """What is found for the rows of a frame."""


@dataclass(frozen=True, slots=True)
class Predicting:
    """Predictions, as `Predictor.answers` has them, under names that begin with `prefix`.

    With a `form` their rows are made lines of text, too, which takes longer than all else.
    """

    predictor: Predictor
    threshold: Threshold | None
    interval: float | None
    prefix: str = ""
    form: TextForm | None = None

    def of(self, frame: TableFrame, values: Floats) -> Predicted:
        """The rows of a frame with predictions."""
        found = self.predictor.answers(values, threshold=self.threshold, interval=self.interval)
        whole = with_predictions(found, frame.frame, self.prefix)
        if self.form is None:
            return Predicted(whole)
        return Predicted(whole.iloc[:0], self.form.text(whole))


@dataclass(frozen=True, slots=True)
class Predicted:
    """Rows with predictions, or what is left of them once they are `lines`: their columns."""

    frame: pd.DataFrame
    lines: str | None = None

    def write(self, writer: Writer) -> None:
        """Append them."""
        if self.lines is None:
            writer.write(self.frame)
        else:
            writer.append_lines(self.frame, self.lines)


def with_predictions(answers: Answers, frame: pd.DataFrame, prefix: str) -> pd.DataFrame:
    """A frame's columns, then what is predicted, by the names of `Predictor.answers`.

    Raises:
        UserError: a new column has the name of one in the file.
    """
    named = {f"{prefix}{name}": pd.Series(own) for name, own in answers.items()}
    for name in named:
        if name in frame.columns:
            raise UserError(f"the file has a column {name!r} already: set --prefix")
    return pd.concat([frame.reset_index(drop=True), pd.DataFrame(named)], axis=1)


@dataclass(frozen=True, slots=True)
class Scoring:
    """Outputs, truth and losses; `weight` names a column of row weights."""

    predictor: Predictor
    weight: str | None

    def of(self, frame: TableFrame, values: Floats) -> dict[str, Predictions]:
        """Those of the rows of a frame, which hold the target, by the network and by baselines."""
        return scored_rows(self.predictor, frame, values, self.weight)


@dataclass(frozen=True, slots=True)
class _Counting(Generic[Own]):
    """The same of a piece, with what the training did not know of it."""

    work: Piecewise[Own]

    def __call__(self, frame: TableFrame) -> tuple[Own, Doubts]:
        doubts = Doubts()
        values = feature_rows(self.work.predictor, frame, doubts)
        return self.work.of(frame, values), doubts


def computed(
    work: Piecewise[Own], frames: Iterable[TableFrame], doubts: Doubts, processes: int
) -> Iterator[tuple[TableFrame, Own]]:
    """Each piece and what is computed of it, in their order; `doubts` takes note of all.

    Raises:
        UserError: a column is missing, or a cell cannot be read; or a process has died.
    """
    with (
        one_thread()
    ):  # in one process, too: by more of them the last digits of products may differ
        for frame, (found, new) in in_order(_Counting(work), frames, processes):
            doubts.add(new)
            yield frame, found

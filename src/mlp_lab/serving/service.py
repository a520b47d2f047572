"""What a server does with the rows of a request, and within which limits: no HTTP in it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlp_lab.data.config import FileSettings
from mlp_lab.data.tables.frames import TableFrame, feature_values, unseen_levels
from mlp_lab.data.tables.reading import detect, read_chunks
from mlp_lab.errors import UserError, require
from mlp_lab.files import write_whole
from mlp_lab.metrics.decision_threshold import Threshold
from mlp_lab.plain import brief
from mlp_lab.predictor import Predictor, load
from mlp_lab.stored import parse_json

JSON, CSV = "application/json", "text/csv"

BODY = "the body"
"""How messages call the content of a request."""

Answers = Mapping[str, NDArray[np.generic]]
"""What is predicted, (N,) by name."""


class BadBody(UserError):
    """What was sent cannot be read at all."""


class TooLarge(UserError):
    """More was sent than a limit allows."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one request: megabytes of its body, its rows, and seconds until it is answered."""

    megabytes: float = 16.0
    rows: int = 100_000
    seconds: float = 30.0

    def __post_init__(self) -> None:
        require(0 < self.megabytes <= 1024, "--megabytes", "in (0, 1024]", self.megabytes)
        require(self.rows >= 1, "--rows", "1 or more", self.rows)
        require(0 < self.seconds <= 3600, "--seconds", "in (0, 3600]", self.seconds)

    @property
    def bytes(self) -> int:
        """Of a body at most."""
        return int(self.megabytes * 2**20)


@dataclass(frozen=True, slots=True)
class Decisions:
    """How a server decides, in every answer.

    `threshold`: where two classes part, if not at one half; `interval`: the share of new rows that
    an interval around a number is to hold, if there is one; `words`: what either gave on the
    validation rows.
    """

    threshold: Threshold | None = None
    interval: float | None = None
    words: str = ""


AS_USUAL = Decisions()
"""Two classes part at one half, and numbers have no interval."""


@dataclass(frozen=True, slots=True)
class Service:
    """A network, how much of it one request may ask for, and how it decides."""

    predictor: Predictor
    limits: Limits
    decisions: Decisions = AS_USUAL

    @classmethod
    def of(cls, run: Path, limits: Limits, decisions: Decisions = AS_USUAL) -> Service:
        """Of the network in a run folder.

        Raises:
            UserError: the folder holds no finished run.
        """
        return cls(load(run), limits, decisions)

    def about(self) -> dict[str, object]:
        """schema.json as the network has it, and what is decided otherwise than as usual."""
        schema, threshold = self.predictor.schema, self.decisions.threshold
        found = schema.to_dict()
        if threshold is not None:
            found["threshold"] = threshold.described(schema.target.each[0].classes or [])
        if self.decisions.interval is not None:
            found["interval"] = self.decisions.interval
        return found

    def answer(self, body: bytes, kind: str) -> bytes:
        """The predictions for the rows of a body, as `kind` says that both are written.

        JSON is a list of objects, one for each row, or an object of lists, one for each column;
        predictions come in the same form.

        Raises:
            BadBody: it cannot be read.
            TooLarge: it has too many rows.
            UserError: a column is missing, or a row holds what its column cannot.
        """
        if kind == CSV:
            answers, _ = self._predicted(self._csv(body))
            return pd.DataFrame(answers).to_csv(index=False).encode()
        rows, by_row = self._json(body)
        answers, unseen = self._predicted(rows)
        return json_of(answers, unseen, by_row=by_row)

    def _predicted(self, rows: TableFrame) -> tuple[Answers, dict[str, int]]:
        """What is predicted, and in how many rows a column has a level that no training row had."""
        schema = self.predictor.schema
        values = feature_values(rows, schema)
        answers = self.predictor.answers(
            values, threshold=self.decisions.threshold, interval=self.decisions.interval
        )
        return answers, unseen_levels(values, schema)

    def _csv(self, body: bytes) -> TableFrame:
        """Read as `mlp-lab predict` reads a file."""
        settings = self.predictor.schema.file or FileSettings()
        with TemporaryDirectory(prefix="mlp_lab_") as place:
            path = Path(place) / "body.csv"
            write_whole(path, body, wait=False)
            try:
                form = detect(path, settings, BODY)
                pieces = read_chunks(path, settings, self.limits.rows + 1, BODY, form=form)
                frame = next(pieces)
                more = next(pieces, None)
            except UserError as error:
                raise BadBody(str(error)) from error
        self._require_rows(len(frame) + (0 if more is None else len(more)))
        return TableFrame(frame, decimal=form.decimal)

    def _json(self, body: bytes) -> tuple[TableFrame, bool]:
        """A frame, and whether it came row by row."""
        try:
            found = parse_json(body.decode(), BODY)
        except UnicodeDecodeError as error:
            raise BadBody(f"{BODY} is not UTF-8 text: byte {error.start + 1}") from error
        except UserError as error:
            raise BadBody(str(error)) from error
        if isinstance(found, dict):
            return self._frame(self._columns(found)), False
        if not isinstance(found, list):
            raise BadBody(
                f"{BODY} must be a list of objects, or an object of lists: {brief(found)}"
            )
        self._require_rows(len(found))
        return self._frame(self._columns_of_rows(found)), True

    def _columns(self, found: Mapping[str, object]) -> dict[str, list[object]]:
        """Lists of one length."""
        columns: dict[str, list[object]] = {}
        for name, cells in found.items():
            if not isinstance(cells, list):
                raise UserError(f"column {name!r} must be a list, got {brief(cells)}")
            columns[name] = cells
        lengths = {name: len(cells) for name, cells in columns.items()}
        self._require_rows(max(lengths.values(), default=0))
        for name, length in lengths.items():
            if length != max(lengths.values()):
                rule = f"{max(lengths.values())} values, as others do"
                raise UserError(f"column {name!r} must have {rule}, got {length}")
        return columns

    def _columns_of_rows(self, found: Sequence[object]) -> dict[str, list[object]]:
        """Cells of the columns that the network reads; others are left out."""
        rows: list[dict[str, object]] = []
        for place, row in enumerate(found):
            if not isinstance(row, dict):
                raise UserError(f"row {place + 1} must be an object, got {brief(row)}")
            rows.append(row)
        names = dict.fromkeys(name for row in rows for name in row)
        wanted = [e.column.name for e in self.predictor.schema.inputs if e.column.name in names]
        for name in wanted:
            for place, row in enumerate(rows):
                if name not in row:
                    rule = "null means that there is no value"
                    raise UserError(f"column {name!r} is missing in row {place + 1}: {rule}")
        columns: dict[str, list[object]] = {n: [None] * len(rows) for n in names if n not in wanted}
        return columns | {name: [row[name] for row in rows] for name in wanted}

    def _frame(self, columns: Mapping[str, list[object]]) -> TableFrame:
        schema = self.predictor.schema
        several = {e.column.name for e in schema.inputs if e.column.kind == "multiple"}
        for name, cells in columns.items():
            for place, cell in enumerate(cells):
                of_answers = name in several and _is_plain_list(cell)
                if isinstance(cell, list | dict) and not of_answers:
                    rule = "must hold numbers, text, true, false or null"
                    raise UserError(f"column {name!r} {rule}, got {brief(cell)} in row {place + 1}")
        return TableFrame(pd.DataFrame({name: pd.Series(own) for name, own in columns.items()}))

    def _require_rows(self, rows: int) -> None:
        if rows == 0:
            raise UserError(f"{BODY} has no row")
        if rows > self.limits.rows:
            raise TooLarge(f"{BODY} must have at most {self.limits.rows:,} rows, got more")


def _is_plain_list(cell: object) -> bool:
    """Whether it is a list of answers."""
    return isinstance(cell, list) and not any(isinstance(one, list | dict) for one in cell)


def json_of(answers: Answers, unseen: Mapping[str, int], *, by_row: bool) -> bytes:
    """Predictions row by row or by columns; what is no finite number is null."""
    columns = {name: [_plain(cell) for cell in own.tolist()] for name, own in answers.items()}
    found: object = columns
    if by_row:
        rows = zip(*columns.values(), strict=True)
        found = [dict(zip(columns, row, strict=True)) for row in rows]
    return written({"predictions": found, "unseen_levels": dict(unseen)})


def written(value: object) -> bytes:
    """Plain data as JSON."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()


def _plain(cell: object) -> object:
    return None if isinstance(cell, float) and not math.isfinite(cell) else cell

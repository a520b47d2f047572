"""A finished run's network on the rows of a file: predictions, or loss and metrics."""

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mlp_lab.data.arrays import Floats
from mlp_lab.data.columns import Column
from mlp_lab.data.config import FileSettings
from mlp_lab.data.tables.config import require_use
from mlp_lab.data.tables.frames import (
    TableFrame,
    feature_values,
    target_values,
    unseen_levels,
    weight_values,
)
from mlp_lab.data.tables.reading import detect, own_codes, read_chunks
from mlp_lab.data.tables.writing import open_writer
from mlp_lab.errors import UserError
from mlp_lab.files import to_json, write_named
from mlp_lab.formatting import counted
from mlp_lab.metrics.predictions import Predictions
from mlp_lab.predictor import Predictor, load
from mlp_lab.report.evaluation import evaluate, print_evaluation

CHUNK = 2**15
"""Rows in memory at once."""

Written = Mapping[str, Any]
"""How a file is written, as far as an option says so; the rest is as in the training."""


def predict_file(run: str, file: str, output: str, prefix: str, written: Written) -> None:
    """Write the rows of a file with their predictions, a chunk at a time.

    Raises:
        UserError: the run, the file or a column cannot be used; nothing is written.
    """
    predictor, rows, unseen = load(run), 0, Counter[str]()
    with open_writer(Path(output)) as writer:
        for frame in _chunks(Path(file), _settings(predictor, file, written)):
            values = _values(predictor, frame, unseen)
            writer.write(with_predictions(predictor, frame.frame, values, prefix))
            rows += len(frame)
    _say_unseen(unseen, rows)
    print(f"{counted(rows, 'row')}: {output}")


def evaluate_file(
    run: str, file: str, output: str | None, weight: str | None, written: Written
) -> None:
    """Print loss, metrics and the confusion matrix of a file's rows; write them as JSON.

    Raises:
        UserError: the run, the file or a column cannot be used; nothing is written.
    """
    predictor = load(run)
    if output is not None:
        _require_place(Path(output))
    found = evaluate(score_file(predictor, Path(file), _settings(predictor, file, written), weight))
    print_evaluation(found)
    if output is not None:
        write_named(Path(output), to_json({"file": file, **found}))
        print(output)


def _settings(predictor: Predictor, file: str, written: Written) -> FileSettings:
    """How a file is written: as the options say, else as the training's was."""
    require_use(written, [file])
    changes = dict(written)
    if str(changes.get("sheet", "")).isdigit():
        changes["sheet"] = int(changes["sheet"])
    return replace(predictor.schema.file or FileSettings(), **changes)


def _require_place(output: Path) -> None:
    """Raise before anything is computed if no file can be there."""
    if output.is_dir():
        raise UserError(f"cannot write {output}: it is a folder")
    if not output.parent.is_dir():
        raise UserError(f"cannot write {output}: there is no folder {output.parent}")


def _chunks(path: Path, settings: FileSettings) -> Iterator[TableFrame]:
    """The rows of a file, some at a time."""
    decimal, rows = detect(path, settings, "FILE").decimal, 0
    labels, ranges = own_codes(path, settings)
    for frame in read_chunks(path, settings, CHUNK, "FILE"):
        if len(frame):
            yield TableFrame(
                frame, decimal=decimal, first_row=rows + 1, labels=labels, missing_ranges=ranges
            )
        rows += len(frame)
    if rows == 0:
        raise UserError(f"FILE: {path} has no row")


def _values(predictor: Predictor, frame: TableFrame, unseen: Counter[str]) -> Floats:
    """Values of the schema's columns, (N, columns); levels not seen in training are counted."""
    values = feature_values(frame, predictor.schema)
    unseen.update(unseen_levels(values, predictor.schema))
    return values


def _say_unseen(unseen: Mapping[str, int], rows: int) -> None:
    """Predictions that rest on values which the training did not know are worth less."""
    for name, count in unseen.items():
        some = f"{count:,} of {rows:,} rows hold" + "s" * (count == 1)
        which = some if count < rows else "every row holds"
        hint = "" if count < rows else ": is it spelled otherwise?"
        print(f"column {name!r}: {which} a value that no training row had{hint}", file=sys.stderr)


def with_predictions(
    predictor: Predictor, frame: pd.DataFrame, values: Floats, prefix: str
) -> pd.DataFrame:
    """A frame's columns, then what is predicted, by the names of `Predictor.answers`.

    Raises:
        UserError: a new column has the name of one in the file.
    """
    named = {f"{prefix}{name}": pd.Series(own) for name, own in predictor.answers(values).items()}
    for name in named:
        if name in frame.columns:
            raise UserError(f"the file has a column {name!r} already: set --prefix")
    return pd.concat([frame.reset_index(drop=True), pd.DataFrame(named)], axis=1)


def score_file(
    predictor: Predictor, path: Path, settings: FileSettings, weight: str | None
) -> Predictions:
    """Outputs, truth and losses of every row of a file.

    Raises:
        UserError: a row has no target, a class that the training did not have, or a bad weight.
    """
    unseen = Counter[str]()
    pieces = [
        _scored_rows(predictor, frame, _values(predictor, frame, unseen), weight)
        for frame in _chunks(path, settings)
    ]
    outputs, truth, losses, weights = (
        np.concatenate(arrays) for arrays in zip(*pieces, strict=True)
    )
    _say_unseen(unseen, len(truth))
    weighted = len(weights) > 0
    if weighted and not weights.any():
        raise UserError("FILE: no row has a weight above 0")
    return Predictions(
        target=predictor.schema.target,
        outputs=outputs,
        truth=truth,
        losses=losses,
        weights=weights if weighted else None,
        loss_weights=weights if weighted else None,
        probabilities=predictor.gives_probabilities,
        ordered=predictor.objective.output == "ordinal",
    )


def _scored_rows(
    predictor: Predictor, frame: TableFrame, values: Floats, weight: str | None
) -> tuple[Floats, Floats, Floats, Floats]:
    """Outputs (N, C), truth, (N,) or (N, T), losses and weights (N,); no weights: of length 0."""
    target = predictor.schema.target
    truth = target_values(frame, target)
    column = predictor.schema.weight if weight is None else Column(name=weight)
    weights = np.empty(0) if column is None else weight_values(frame, column)
    inputs = predictor.encode_values(values)
    outputs, losses = predictor.outputs_and_losses(inputs, target.encode(truth))
    return outputs, truth, losses, weights

"""The commands `predict` and `evaluate`: a finished run's network, and a file of rows."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from mlp_lab.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

    from mlp_lab.data.raw import Floats
    from mlp_lab.data.tables.reading import FileSettings
    from mlp_lab.saved import Predictor
    from mlp_lab.training.scoring import Scored

CHUNK = 2**15
"""Rows in memory at once."""

ABOUT = {
    "predict": "Predict the rows of a file: its columns, `prediction`, a probability per class.",
    "evaluate": "Loss and metrics of a run's network on a file that holds the target.",
}


class Parser(ArgumentParser):
    """Says in one line what is wrong with a command."""

    def error(self, message: str) -> NoReturn:
        """Raise it.

        Raises:
            UserError: always.
        """
        raise UserError(f"{self.prog}: {message} (--help says more)")


def parser(command: str) -> Parser:
    """Of `mlp-lab predict ...` or `mlp-lab evaluate ...`."""
    found = Parser(f"mlp-lab {command}", description=ABOUT[command])
    found.add_argument("run", metavar="RUN_FOLDER", help="folder of a finished run")
    found.add_argument(
        "file", metavar="FILE", help="CSV, TSV, Parquet, Feather, Excel, Stata, SPSS"
    )
    if command == "predict":
        found.add_argument("-o", "--output", required=True, help="file to write: CSV or Parquet")
        found.add_argument("--prefix", default="", help="before the names of the new columns")
    else:
        found.add_argument("-o", "--output", help="JSON file to write")
        found.add_argument("--weight", help="column of row weights; default: that of the training")
    found.add_argument("--delimiter", default="auto", help="of CSV: a character")
    found.add_argument("--encoding", default="auto")
    found.add_argument("--decimal", default="auto", help="decimal sign, . or ,")
    found.add_argument("--sheet", help="of Excel: a name, or a number from 0")
    return found


def run(command: str, arguments: Namespace) -> None:
    """Run a command with its arguments.

    Raises:
        UserError: the run, the file or a column cannot be used; nothing is written.
    """
    from mlp_lab.saved import load

    {"predict": predict_file, "evaluate": evaluate_file}[command](load(arguments.run), arguments)


def predict_file(predictor: Predictor, arguments: Namespace) -> None:
    """Write the rows of a file with their predictions, a chunk at a time."""
    from mlp_lab.data.tables.writing import open_writer

    output, rows = Path(arguments.output), 0
    with open_writer(output) as writer:
        for chunk in _chunks(arguments):
            writer.write(with_predictions(predictor, chunk, arguments.prefix))
            rows += len(chunk.frame)
    print(f"{rows:,} rows: {output}")


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows of a file, and what is needed to read them."""

    frame: pd.DataFrame
    decimal: str
    first_row: int


def _chunks(arguments: Namespace) -> Iterator[Chunk]:
    from mlp_lab.data.tables.reading import detect, read_chunks

    path, settings = Path(arguments.file), _settings(arguments)
    decimal, rows = detect(path, settings, "FILE").decimal, 0
    for frame in read_chunks(path, settings, CHUNK, "FILE"):
        if len(frame):
            yield Chunk(frame, decimal, rows + 1)
        rows += len(frame)
    if rows == 0:
        raise UserError(f"FILE: {path} has no row")


def _settings(arguments: Namespace) -> FileSettings:
    from mlp_lab.data.tables.reading import FileSettings

    sheet: str | None = arguments.sheet
    return FileSettings(
        delimiter=arguments.delimiter,
        encoding=arguments.encoding,
        decimal=arguments.decimal,
        sheet=int(sheet) if sheet is not None and sheet.isdigit() else sheet,
    )


def _values(predictor: Predictor, chunk: Chunk) -> Floats:
    from mlp_lab.data.tables.frames import frame_values

    return frame_values(
        chunk.frame, predictor.schema, decimal=chunk.decimal, first_row=chunk.first_row
    )


def with_predictions(predictor: Predictor, chunk: Chunk, prefix: str) -> pd.DataFrame:
    """A chunk's columns, then `prediction` and, for classes, a probability of each.

    Raises:
        UserError: a new column has the name of one in the file.
    """
    import pandas as pd

    outputs = predictor.outputs_of(predictor.encoded(_values(predictor, chunk)))
    target = predictor.schema.target
    fresh = {f"{prefix}prediction": pd.Series(predictor.decided(outputs))}
    if predictor.gives_probabilities:
        shares = target.scores(outputs)
        for i, name in enumerate(target.classes or []):
            fresh[f"{prefix}probability_{name}"] = pd.Series(shares[:, i])
    for name in fresh:
        if name in chunk.frame.columns:
            raise UserError(f"the file has a column {name!r} already: set --prefix")
    return pd.concat([chunk.frame.reset_index(drop=True), pd.DataFrame(fresh)], axis=1)


def evaluate_file(predictor: Predictor, arguments: Namespace) -> None:
    """Print loss and metrics, and what is confused with what; write them as JSON."""
    from mlp_lab.report.evaluation import print_evaluation, summary
    from mlp_lab.training.files import to_json, write_whole

    scored = score_file(predictor, arguments)
    found = summary(scored)
    print_evaluation(found)
    if arguments.output is not None:
        write_whole(Path(arguments.output), to_json({"file": arguments.file, **found}))
        print(arguments.output)


def score_file(predictor: Predictor, arguments: Namespace) -> Scored:
    """Outputs and truth of every row of a file."""
    import numpy as np

    from mlp_lab.training.scoring import Scored

    pieces = [scored_chunk(predictor, chunk, arguments.weight) for chunk in _chunks(arguments)]
    outputs, truth, losses, weights = (
        np.concatenate(arrays) for arrays in zip(*pieces, strict=True)
    )
    weighted = len(weights) > 0
    return Scored(
        target=predictor.schema.target,
        outputs=outputs,
        truth=truth,
        losses=losses,
        weights=weights if weighted else None,
        loss_weights=weights if weighted else None,
        probabilities=predictor.gives_probabilities,
    )


def scored_chunk(
    predictor: Predictor, chunk: Chunk, weight: str | None
) -> tuple[Floats, Floats, Floats, Floats]:
    """Outputs (N, C), truth, losses and weights (N,) of some rows; no weights are of length 0.

    Raises:
        UserError: a row has no target, a class that the training did not have, or a bad weight.
    """
    import numpy as np

    from mlp_lab.data.columns import Column
    from mlp_lab.data.tables.frames import target_values, weight_values

    target = predictor.schema.target
    truth = target_values(
        chunk.frame, target.column, decimal=chunk.decimal, first_row=chunk.first_row
    )
    column = predictor.schema.weight if weight is None else Column(name=weight)
    weights = np.empty(0)
    if column is not None:
        weights = weight_values(
            chunk.frame, column, decimal=chunk.decimal, first_row=chunk.first_row
        )
    inputs = predictor.encoded(_values(predictor, chunk))
    outputs, losses = predictor.outputs_and_losses(inputs, target.encode(truth))
    return outputs, truth, losses, weights

"""The commands `predict` and `evaluate`: a finished run's network, and a file of rows."""

from __future__ import annotations

import re
import sys
from argparse import Namespace
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mlp_lab.commands.arguments import Parser, run_parsed
from mlp_lab.errors import UserError
from mlp_lab.formatting import counted

if TYPE_CHECKING:
    import pandas as pd

    from mlp_lab.data.raw import Floats
    from mlp_lab.data.tables.dialect import FileSettings
    from mlp_lab.data.tables.frames import Rows
    from mlp_lab.metrics.predictions import Predictions
    from mlp_lab.predictor import Predictor

CHUNK = 2**15
"""Rows in memory at once."""

FILE_OPTIONS = ("delimiter", "quote", "encoding", "decimal", "sheet")
"""What may be said of FILE, each as the training's `data.<name>`."""

ABOUT = {
    "predict": "Predict the rows of a file: its columns, `prediction`, a probability per class.",
    "evaluate": "Loss and metrics of a run's network on a file that holds the target.",
}


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
    written = found.add_argument_group("how FILE is written", "default: as the training file")
    written.add_argument("--delimiter", help="of CSV: a character, or auto")
    written.add_argument("--quote", help="of CSV: a character, or '' for no quoting")
    written.add_argument("--encoding", help="its name, or auto")
    written.add_argument("--decimal", help="decimal sign, . or ,; or auto")
    written.add_argument("--sheet", help="of Excel: a name, or a number from 0")
    return found


def run(command: str, arguments: Namespace) -> None:
    """Run a command with its arguments.

    Raises:
        UserError: the run, the file or a column cannot be used; nothing is written.
    """
    from mlp_lab.predictor import load

    with _options_as_typed():
        {"predict": predict_file, "evaluate": evaluate_file}[command](
            load(arguments.run), arguments
        )


@contextmanager
def _options_as_typed() -> Iterator[None]:
    """Settings of a file go by the names that they have here: --encoding for data.encoding."""
    try:
        yield
    except UserError as error:
        options = "|".join(FILE_OPTIONS)
        raise UserError(re.sub(rf"\bdata\.({options})\b", r"--\1", str(error))) from error


def predict_file(predictor: Predictor, arguments: Namespace) -> None:
    """Write the rows of a file with their predictions, a chunk at a time."""
    from mlp_lab.data.tables.writing import open_writer

    output, count, strange = Path(arguments.output), 0, Counter[str]()
    with open_writer(output) as writer:
        for rows in _chunks(predictor, arguments):
            values = _values(predictor, rows, strange)
            writer.write(with_predictions(predictor, rows.frame, values, arguments.prefix))
            count += len(rows.frame)
    _say_unseen(strange, count)
    print(f"{counted(count, 'row')}: {output}")


def _say_unseen(strange: Mapping[str, int], rows: int) -> None:
    """Predictions that rest on values which the training did not know are worth less."""
    for name, count in strange.items():
        some = f"{count:,} of {rows:,} rows hold" + "s" * (count == 1)
        which = some if count < rows else "every row holds"
        hint = "" if count < rows else ": is it spelled otherwise?"
        print(f"column {name!r}: {which} a value that no training row had{hint}", file=sys.stderr)


def _values(predictor: Predictor, rows: Rows, strange: Counter[str]) -> Floats:
    """Values of the schema's columns, (N, columns); those not seen in training are counted."""
    from mlp_lab.data.tables.frames import frame_values, unseen

    values = frame_values(rows, predictor.schema)
    strange.update(unseen(values, predictor.schema))
    return values


def _chunks(predictor: Predictor, arguments: Namespace) -> Iterator[Rows]:
    from mlp_lab.data.tables.frames import Rows
    from mlp_lab.data.tables.reading import detect, own_codes, read_chunks

    path, settings = Path(arguments.file), _settings(predictor, arguments)
    decimal, rows = detect(path, settings, "FILE").decimal, 0
    labels, spans = own_codes(path, settings)
    for frame in read_chunks(path, settings, CHUNK, "FILE"):
        if len(frame):
            yield Rows(frame, decimal=decimal, first_row=rows + 1, labels=labels, spans=spans)
        rows += len(frame)
    if rows == 0:
        raise UserError(f"FILE: {path} has no row")


def _settings(predictor: Predictor, arguments: Namespace) -> FileSettings:
    """As the arguments say, else as the training had them."""
    from mlp_lab.data.tables.dialect import FileSettings

    known = predictor.schema.file or FileSettings()
    given = {name: value for name in FILE_OPTIONS if (value := vars(arguments)[name]) is not None}
    if str(given.get("sheet", "")).isdigit():
        given["sheet"] = int(given["sheet"])
    return replace(known, **given)


def with_predictions(
    predictor: Predictor, frame: pd.DataFrame, values: Floats, prefix: str
) -> pd.DataFrame:
    """A frame's columns, then `prediction` and, for classes, a probability of each.

    Raises:
        UserError: a new column has the name of one in the file.
    """
    import pandas as pd

    outputs = predictor.outputs_of(predictor.encoded(values))
    target = predictor.schema.target
    fresh = {f"{prefix}prediction": pd.Series(predictor.decided(outputs))}
    if predictor.gives_probabilities:
        shares = target.scores(outputs)
        for i, name in enumerate(target.classes or []):
            fresh[f"{prefix}probability_{name}"] = pd.Series(shares[:, i])
    for name in fresh:
        if name in frame.columns:
            raise UserError(f"the file has a column {name!r} already: set --prefix")
    return pd.concat([frame.reset_index(drop=True), pd.DataFrame(fresh)], axis=1)


def evaluate_file(predictor: Predictor, arguments: Namespace) -> None:
    """Print loss and metrics, and what is confused with what; write them as JSON."""
    from mlp_lab.files import to_json, write_whole
    from mlp_lab.report.evaluation import evaluate, print_evaluation

    output = None if arguments.output is None else Path(arguments.output)
    if output is not None:
        _require_place(output)
    scored = score_file(predictor, arguments)
    found = evaluate(scored)
    print_evaluation(found)
    if output is not None:
        write_whole(output, to_json({"file": arguments.file, **found}))
        print(arguments.output)


def _require_place(output: Path) -> None:
    """Raise before anything is computed if no file can be there."""
    if output.is_dir():
        raise UserError(f"cannot write {output}: it is a folder")
    if not output.parent.is_dir():
        raise UserError(f"cannot write {output}: there is no folder {output.parent}")


def score_file(predictor: Predictor, arguments: Namespace) -> Predictions:
    """Outputs and truth of every row of a file."""
    import numpy as np

    from mlp_lab.metrics.predictions import Predictions

    strange = Counter[str]()
    pieces = [
        scored_rows(predictor, rows, _values(predictor, rows, strange), arguments.weight)
        for rows in _chunks(predictor, arguments)
    ]
    outputs, truth, losses, weights = (
        np.concatenate(arrays) for arrays in zip(*pieces, strict=True)
    )
    _say_unseen(strange, len(truth))
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
    )


def scored_rows(
    predictor: Predictor, rows: Rows, values: Floats, weight: str | None
) -> tuple[Floats, Floats, Floats, Floats]:
    """Outputs (N, C), truth, losses and weights (N,) of some rows; no weights are of length 0.

    Raises:
        UserError: a row has no target, a class that the training did not have, or a bad weight.
    """
    import numpy as np

    from mlp_lab.data.columns import Column
    from mlp_lab.data.tables.frames import target_values, weight_values

    target = predictor.schema.target
    truth = target_values(rows, target)
    column = predictor.schema.weight if weight is None else Column(name=weight)
    weights = np.empty(0) if column is None else weight_values(rows, column)
    inputs = predictor.encoded(values)
    outputs, losses = predictor.outputs_and_losses(inputs, target.encode(truth))
    return outputs, truth, losses, weights


def main(command: str = "predict") -> None:
    """`mlp-lab predict RUN_FOLDER FILE -o FILE`, or `mlp-lab evaluate RUN_FOLDER FILE`."""
    run_parsed(parser(command), lambda arguments: run(command, arguments))

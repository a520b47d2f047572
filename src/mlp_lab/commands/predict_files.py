"""A finished run's network on the rows of a file: predictions, or loss and metrics."""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from mlp_lab.commands.decisions import Deciding
from mlp_lab.commands.pieces import Doubts, Predicting, Scoring, chunks, computed, say_doubts
from mlp_lab.config.saved import saved_values
from mlp_lab.data.config import FileSettings
from mlp_lab.data.schema import AnyTarget, Schema
from mlp_lab.data.tables.config import require_use
from mlp_lab.data.tables.frames import TableFrame, missing_target
from mlp_lab.data.tables.reading import detect, own_types
from mlp_lab.data.tables.writing import dialect_of_answer, open_writer
from mlp_lab.errors import UserError
from mlp_lab.estimators.evaluating import NETWORK, covering, joined
from mlp_lab.files import to_json, write_named
from mlp_lab.formatting import counted, four_digits
from mlp_lab.metrics.predictions import Predictions
from mlp_lab.predictor import Predictor, load
from mlp_lab.report.evaluation import evaluate, print_evaluation
from mlp_lab.report.group_scores import DesignColumns, Groups, print_groups, scores_by_group

ITS_OWN_SCORES = "most of these rows are known to it; result.json there has scores of its test rows"

Written = Mapping[str, Any]
"""How a file is written, as far as an option says so; the rest is as in the training."""


AS_USUAL = Deciding()
"""Two classes part at one half, and numbers have no interval."""


def predict_file(
    run: str,
    file: str,
    output: str,
    prefix: str,
    written: Written,
    *,
    deciding: Deciding = AS_USUAL,
    processes: int = 1,
) -> None:
    """Write the rows of a file with their predictions, a chunk at a time, by so many processes.

    Raises:
        UserError: the run, the file or a column cannot be used; nothing is written.
    """
    predictor, rows, doubts = load(run), 0, Doubts()
    threshold, interval = deciding.chosen(predictor), deciding.interval
    settings = file_settings(predictor, file, written)
    form = detect(Path(file), settings, "FILE")
    require_apart(Path(file), Path(output))
    own, signs = dialect_of_answer(Path(file), form), predictor.schema.separators
    with open_writer(Path(output), own, signs, own_types(Path(file))) as writer:
        frames = chunks(Path(file), settings, form)
        lines = writer.form if form.delimiter else None  # of a text, whose cells are no lists
        predicting = Predicting(predictor, threshold, interval, prefix, lines)
        for frame, found in computed(predicting, frames, doubts, processes):
            found.write(writer)
            rows += len(frame)
    say_doubts(doubts, rows)
    if words := deciding.words(predictor):
        print(words)
    print(f"{counted(rows, 'row')}: {output}")


def evaluate_file(
    run: str,
    file: str,
    output: str | None,
    weight: str | None,
    written: Written,
    *,
    drop_missing_target: bool = False,
    by: Sequence[str] = (),
    cluster: str | None = None,
    strata: str | None = None,
    resample_rows: bool = False,
    deciding: Deciding = AS_USUAL,
    processes: int = 1,
) -> None:
    """Print loss, metrics and the confusion matrix of a file's rows; write them as JSON.

    `drop_missing_target` leaves out rows without a target, and says how many there were. `by`
    names columns, several with commas between them, by whose values scores are given, too.
    Intervals resample the values of the column `cluster`, within those of `strata`, by default as
    in the training, unless they are to `resample_rows`.

    Raises:
        UserError: the run, the file or a column cannot be used; nothing is written.
    """
    predictor = load(run)
    threshold = deciding.chosen(predictor)
    if output is not None:
        _require_place(Path(output))
    settings, drop = file_settings(predictor, file, written), drop_missing_target
    groups, schema = Groups(list(by)), predictor.schema
    sampled = DesignColumns.chosen(cluster, strata, schema, resample_rows=resample_rows)
    columns, scoring = (groups, sampled), Scoring(predictor, weight)
    models = score_file(
        scoring, Path(file), settings, columns, drop_missing_target=drop, processes=processes
    )
    design = sampled.design()
    scored = replace(models.pop(NETWORK), design=design, threshold=threshold)
    others = {name: replace(own, design=design) for name, own in models.items() if not threshold}
    named = {name: groups.names(name) for name in groups.cells}
    found = evaluate(scored, others)
    if sampled.notes:
        found["resampled"] = [*found.get("resampled", []), *sampled.notes]
    if trained_on(Path(run), Path(file)):
        print(f"{file} is what {run} was trained on: {ITS_OWN_SCORES}", file=sys.stderr)
    print_evaluation(found)
    words, decided = decided_so(deciding, predictor, scored)
    _say(words)
    _say_calibrated(predictor)
    covered = covering(predictor, deciding.interval)
    of_groups = {name: scores_by_group(scored, own, covered, others) for name, own in named.items()}
    for name, own in of_groups.items():
        print()
        print_groups(name, own)
    if output is not None:
        content = {"file": file, **found} | ({"by": of_groups} if of_groups else {})
        write_named(Path(output), to_json(content | decided))
        print(output)


def _say(words: str) -> None:
    """Print a line, if there is one."""
    if words:
        print(words)


def _say_calibrated(predictor: Predictor) -> None:
    """Say by which temperature probabilities are what they are, if there is one."""
    if predictor.objective.temperature != 1:
        temperature = four_digits(predictor.objective.temperature)
        print(f"probabilities are calibrated by a temperature of {temperature}")


def decided_so(
    deciding: Deciding, predictor: Predictor, scored: Predictions
) -> tuple[str, dict[str, object]]:
    """What is said of a threshold or of intervals of rows that were scored, and as plain data."""
    if deciding.interval is not None:
        covered = covering(predictor, deciding.interval)
        assert covered is not None
        found = covered(scored)
        return found.in_words(counted(len(scored.truth), "row")), {"interval": found.to_dict()}
    if scored.threshold is None:
        return "", {}
    classes = predictor.schema.target.each[0].classes or []
    return deciding.words(predictor), {"threshold": scored.threshold.described(classes)}


def trained_on(run: Path, file: Path) -> bool:
    """Whether a run's configuration names the file as `data.path`; one that is moved is another."""
    try:
        data = saved_values(run).get("data")
        path = data.get("path") if isinstance(data, Mapping) else None
        return isinstance(path, str) and file.samefile(path)
    except (UserError, OSError):  # files beside the network may be gone
        return False


def file_settings(predictor: Predictor, file: str, written: Written) -> FileSettings:
    """How a file is written: as the options say, else as the training's was.

    Raises:
        UserError: an option is not for such a file.
    """
    require_use(written, [file])
    changes = dict(written)
    for name in ("sheet", "header", "skip_rows"):
        if str(changes.get(name, "")).isdigit():
            changes[name] = int(changes[name])
    if isinstance(changes.get("skip_rows"), str):
        changes["skip_rows"] = _lines(changes["skip_rows"])
    trained = predictor.schema.file or FileSettings()
    if isinstance(trained.header, int):  # lines are those of one file
        trained = replace(trained, header="auto")
    return replace(replace(trained, skip_rows=0), **changes)


def _lines(text: str) -> list[int]:
    """Numbers of lines, as 1,3,-1."""
    try:
        return [int(line) for line in text.strip("[]").split(",")]
    except ValueError as error:
        raise UserError(f"--skip_rows must be lines, as 2 or 1,3,-1, got {text}") from error


def _require_place(output: Path) -> None:
    """Raise before anything is computed if no file can be there."""
    if output.is_dir():
        raise UserError(f"cannot write {output}: it is a folder")
    if not output.parent.is_dir():
        raise UserError(f"cannot write {output}: there is no folder {output.parent}")


def require_apart(file: Path, output: Path) -> None:
    """Raise where what is written would be among the files of the folder that is read.

    Raises:
        UserError: it would.
    """
    if file.is_dir() and file.resolve() == output.resolve().parent:
        raise UserError(f"cannot write {output}: it would belong to the folder that is FILE")


def score_file(
    scoring: Scoring,
    path: Path,
    settings: FileSettings,
    columns: Sequence[Groups | DesignColumns],
    *,
    drop_missing_target: bool = False,
    processes: int = 1,
) -> dict[str, Predictions]:
    """Outputs, truth and losses of every row of a file, or of those that have a target, by model.

    `columns` take note of their cells.

    Raises:
        UserError: a row has no target, a class that the training did not have, or a bad weight.
    """
    doubts, form = Doubts(), detect(path, settings, "FILE")
    schema = scoring.predictor.schema
    frames = chunks(path, settings, form)
    if drop_missing_target:
        frames = _with_target(frames, schema.target, path)
    noted = _noted(frames, columns, schema)
    found = joined([own for _, own in computed(scoring, noted, doubts, processes)])
    network = found[NETWORK]
    say_doubts(doubts, len(network.truth))
    if network.weights is not None and not network.weights.any():
        raise UserError("FILE: no row has a weight above 0")
    return found


def _noted(
    frames: Iterable[TableFrame], columns: Sequence[Groups | DesignColumns], schema: Schema
) -> Iterator[TableFrame]:
    """The same rows, of whose cells columns have taken note."""
    for frame in frames:
        for each in columns:
            each.add(frame, schema)
        yield frame


def _with_target(
    frames: Iterator[TableFrame], target: AnyTarget, path: Path
) -> Iterator[TableFrame]:
    """The rows that have every target; how many are left out is said at the end."""
    rows, kept_rows = 0, 0
    for frame in frames:
        kept = ~np.any([missing_target(frame, one) for one in target.each], axis=0)
        rows, kept_rows = rows + len(frame), kept_rows + int(kept.sum())
        if kept.any():
            yield frame.some(kept)
    if kept_rows == 0:
        raise UserError(f"FILE: no row of {path} has a value of {target.name}, the target")
    if kept_rows < rows:
        left = f"{rows - kept_rows:,} of {counted(rows, 'row')}"
        print(f"{left} left out: no value of {target.name}, the target", file=sys.stderr)

"""curves.csv: a row for each epoch of a run."""

import csv
import io
import math
from collections.abc import Sequence
from pathlib import Path

from mlp_lab.errors import UserError
from mlp_lab.files import write_whole
from mlp_lab.metrics.epoch import METRICS
from mlp_lab.plain import brief
from mlp_lab.stored import read_text
from mlp_lab.tracking.appended import AppendedFile

CURVES = "curves.csv"

Row = dict[str, float]
"""Column -> number; NaN where it is missing."""


MEGABYTES = 1024
"""A file of ten million epochs."""


def read_curves(path: Path) -> list[Row]:
    """All finished epochs; a line cut short by a crash does not count.

    Raises:
        UserError: it holds what is no epoch.
        OSError: it cannot be opened.
    """
    header, *lines = _finished_lines(path) or [""]
    columns = header.rstrip("\n").split(",")
    own = columns[5].removeprefix("train_") if len(columns) > 7 else "loss"
    if not any(columns == columns_of(task, own) for task in METRICS):
        raise UserError(
            f"{path} must begin with the columns of a run, got {brief(header.rstrip())}"
        )
    return [_epoch(line, columns, number, path) for number, line in enumerate(lines, start=1)]


def quantities_of(task: str, monitor: str = "loss") -> list[str]:
    """Scores that are written of each epoch: loss, main metric, and the one that chooses."""
    names = ["loss", METRICS[task][0]]
    return names if monitor in (*names, "metric") else [*names, monitor]


def columns_of(task: str, monitor: str = "loss") -> list[str]:
    """What is written of each epoch."""
    names = quantities_of(task, monitor)
    scores = [f"{part}_{name}" for name in names for part in ("train", "val")]
    return ["epoch", *scores, "lr", "seconds"]


def _epoch(line: str, columns: Sequence[str], number: int, path: Path) -> Row:
    """A line as numbers; NaN for what is missing."""
    cells = line.rstrip("\n").split(",")
    try:
        values = [float(cell) if cell else math.nan for cell in cells]
        row = dict(zip(columns, values, strict=True))
    except ValueError:
        raise UserError(f"{path}: line {number + 1} is no epoch: {brief(line.rstrip())}") from None
    if row["epoch"] != number:
        raise UserError(
            f"{path}: line {number + 1} must be of epoch {number}, got {brief(cells[0])}"
        )
    return row


class CurveFile:
    """curves.csv while a run trains: each row is on disk when its epoch ends."""

    def __init__(self, path: Path, task: str, epochs_done: int, monitor: str = "loss") -> None:
        """Start the file, or keep what it says about the first `epochs_done` epochs."""
        self.path = path
        self.columns = columns_of(task, monitor)
        lines = [",".join(self.columns) + "\n"]
        if epochs_done:
            lines += require_epochs(path, epochs_done)
        write_whole(path, "".join(lines), wait=False)
        self._file = AppendedFile(path)

    def add(self, row: Row) -> None:
        """Append an epoch; a missing number is empty."""
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow(
            [repr(row[column]) if column in row else "" for column in self.columns]
        )
        self._file.add(line.getvalue().encode())

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _finished_lines(path: Path) -> list[str]:
    """The lines of a file that may have been cut short."""
    text = read_text(path, MEGABYTES)
    return [line for line in text.splitlines(keepends=True) if line.endswith("\n")]


def require_epochs(path: Path, epochs: int) -> list[str]:
    """The lines of a file's first epochs.

    Raises:
        UserError: it has fewer, or what it holds is no epoch.
    """
    count = len(read_curves(path)) if path.is_file() else 0
    if count < epochs:
        raise UserError(f"{path} has {count} epochs, but the checkpoint is of epoch {epochs}")
    return _finished_lines(path)[1 : epochs + 1]

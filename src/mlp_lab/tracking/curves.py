"""curves.csv: a row for each epoch of a run."""

import csv
import io
from pathlib import Path

from mlp_lab.errors import UserError
from mlp_lab.files import appended, write_whole
from mlp_lab.metrics.epoch import METRICS

CURVES = "curves.csv"

Row = dict[str, float]
"""Column -> number; NaN where it is missing."""


def read_curves(path: Path) -> list[Row]:
    """All finished epochs; a line cut short by a crash does not count."""
    with path.open(newline="", encoding="utf-8") as file:
        return [
            {name: float(value) if value else float("nan") for name, value in row.items()}
            for row in csv.DictReader(line for line in file if line.endswith("\n"))
        ]


class CurveFile:
    """curves.csv while a run trains: each row is on disk when its epoch ends."""

    def __init__(self, path: Path, task: str, epochs_done: int) -> None:
        """Start the file, or keep what it says about the first `epochs_done` epochs."""
        self.path = path
        metric = METRICS[task][0]
        self.columns = ["epoch", "train_loss", "val_loss", f"train_{metric}", f"val_{metric}"]
        self.columns += ["lr", "seconds"]
        lines = [",".join(self.columns) + "\n"]
        if epochs_done:
            lines += _finished_lines(path, epochs_done)
        write_whole(path, "".join(lines), wait=False)
        self._file = appended(path)

    def add(self, row: Row) -> None:
        """Append an epoch; a missing number is empty."""
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow(
            [repr(row[column]) if column in row else "" for column in self.columns]
        )
        self._file.write(line.getvalue())
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _finished_lines(path: Path, epochs: int) -> list[str]:
    """The first epochs of a file that may have been cut short.

    Raises:
        UserError: it has fewer.
    """
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    lines = [line for line in text.splitlines(keepends=True)[1:] if line.endswith("\n")]
    if len(lines) < epochs:
        raise UserError(f"{path} has {len(lines)} epochs, but the checkpoint is of epoch {epochs}")
    return lines[:epochs]

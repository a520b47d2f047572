"""What a run leaves behind while it trains: curves.csv and TensorBoard's events."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from mlp_lab.errors import UserError, require
from mlp_lab.files import write_whole
from mlp_lab.metrics.epoch import METRICS, Scores, main_metric

if TYPE_CHECKING:
    from mlp_lab.engine.records import MemberRecord
    from mlp_lab.engine.stack import Stack
    from mlp_lab.tracking.events import EventFile

CURVES = "curves.csv"


@dataclass(kw_only=True, slots=True)
class TrackingConfig:
    """What is recorded beside curves.csv.

    `tensorboard`: scalars of each epoch. `histograms`: weights and biases every so many epochs (0:
    never). `gradient_norms`: norm of each layer's gradient in the last step of each epoch.
    `checkpoint_share`: share of the training time that checkpoints may take; 0: one at the end.
    `report`: learning_curve.png and report.html.
    """

    tensorboard: bool
    histograms: int
    gradient_norms: bool
    checkpoint_share: float
    report: bool

    def __post_init__(self) -> None:
        require(self.histograms >= 0, "tracking.histograms", "0 or more", self.histograms)
        share = self.checkpoint_share
        require(0 <= share <= 1, "tracking.checkpoint_share", "in [0, 1]", share)


Row = dict[str, float]


def read_curves(path: Path) -> list[Row]:
    """All finished epochs; a line cut short by a crash does not count."""
    with path.open(newline="", encoding="utf-8") as file:
        return [
            {name: float(value) if value else float("nan") for name, value in row.items()}
            for row in csv.DictReader(line for line in file if line.endswith("\n"))
        ]


class CurveFile:
    """curves.csv: a row for each epoch, on disk when the epoch ends. A missing number is empty."""

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
        self._file: TextIO = path.open("a", newline="", encoding="utf-8")

    def add(self, row: Row) -> None:
        """Append an epoch."""
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow(
            [_number(row.get(column)) for column in self.columns]
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


def _number(value: float | None) -> str:
    return "" if value is None else repr(value)


def curve_row(record: MemberRecord, seconds: float) -> Row:
    """An epoch as curves.csv has it; `seconds` since the training began."""
    row: Row = {"epoch": record.epoch}
    for part, scores in (("train", record.train), ("val", record.val)):
        row |= {f"{part}_{name}": value for name, value in scores.items()}
    return {**row, "lr": record.lr, "seconds": round(seconds, 6)}


@dataclass(slots=True)
class Tracker:
    """Everything that the epochs of one run are written to."""

    config: TrackingConfig
    curves: CurveFile
    events: EventFile | None

    def add(self, record: MemberRecord, seconds: float, stack: Stack, position: int) -> None:
        """Write down an epoch of the member at a position."""
        row = curve_row(record, seconds)
        self.curves.add(row)
        if self.events is None:
            return
        self.events.add_scalars(dict(_tags(row)), record.epoch)
        every = self.config.histograms
        if every and record.epoch % every == 0 and record.diverged is None:
            for name, tensor in stack.member_layers(stack.network.layers, position):
                self.events.add_histogram(f"weights/{name}", tensor, record.epoch)
        if self.config.gradient_norms:
            assert stack.last_gradients is not None
            layers = stack.member_layers(stack.last_gradients, position)
            norms = {f"gradient_norm/{name}": tensor.norm().item() for name, tensor in layers}
            self.events.add_scalars(norms, record.epoch)

    def add_text(self, tag: str, text: str, epoch: int) -> None:
        """Write Markdown, for the text tab."""
        if self.events is not None:
            self.events.add_text(tag, text, epoch)

    def add_best(self, scores: Scores, epoch: int) -> None:
        """Write what the best epoch reached on the validation rows, for the HParams tab."""
        if self.events is not None and scores:
            shown = ("loss", main_metric(scores))
            self.events.add_scalars({f"best/val_{name}": scores[name] for name in shown}, epoch)

    @property
    def paths(self) -> list[Path]:
        """The files that hold everything so far."""
        files = [self.curves.path]
        return files if self.events is None else [*files, self.events.path]

    def close(self) -> None:
        """Close the files."""
        self.curves.close()
        if self.events is not None:
            self.events.close()


def _tags(row: Row) -> Iterator[tuple[str, float]]:
    """A row of curves.csv by TensorBoard's tags: train_loss is loss/train."""
    for name, value in row.items():
        part, _, quantity = name.partition("_")
        if part in ("train", "val"):
            yield f"{quantity}/{part}", value
    yield "lr", row["lr"]


def open_tracker(
    config: TrackingConfig, folder: Path, task: str, epochs_done: int, overrides: Sequence[str]
) -> Tracker:
    """Open what is written epoch by epoch; training and validation share a chart."""
    curves = CurveFile(folder / CURVES, task, epochs_done)
    if not config.tensorboard:
        return Tracker(config, curves, None)
    from mlp_lab.tracking.events import EventFile

    events = EventFile(folder, epochs_done)
    quantities = ("loss", METRICS[task][0])
    charts: dict[str, Sequence[str]] = {q: [f"{q}/train", f"{q}/val"] for q in quantities}
    if config.gradient_norms:
        charts["gradient norms by layer"] = ["gradient_norm/.*"]
    events.add_charts("learning curves", charts)
    if overrides and not epochs_done:
        events.add_settings(typed(overrides))
    return Tracker(config, curves, events)


def typed(overrides: Sequence[str]) -> dict[str, str | float]:
    """What a command line changed, numbers as numbers."""
    found: dict[str, str | float] = {}
    for word in overrides:
        if word.startswith("--"):
            continue  # an option of the command, and no setting
        key, _, value = word.lstrip("+").partition("=")
        try:
            found[key] = float(value)
        except ValueError:
            found[key] = value
    return found

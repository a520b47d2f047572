"""What a run leaves behind while it trains: curves.csv and TensorBoard's events."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from mlp_lab.errors import UserError, require
from mlp_lab.training.files import write_whole
from mlp_lab.training.metrics import METRICS

if TYPE_CHECKING:
    from torch import Tensor
    from torch.utils.tensorboard import SummaryWriter

    from mlp_lab.training.fit import MemberRecord
    from mlp_lab.training.stack import Stack

CURVES = "curves.csv"
FLUSH_SECONDS = 1
"""How long an event may wait in memory."""


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
        metric = METRICS[task][0]
        self.columns = ["epoch", "train_loss", "val_loss", f"train_{metric}", f"val_{metric}"]
        self.columns += ["lr", "seconds"]
        lines = [",".join(self.columns) + "\n"]
        if epochs_done:
            lines += _finished_lines(path, epochs_done)
        write_whole(path, "".join(lines))
        self._file: TextIO = path.open("a", newline="", encoding="utf-8")

    def add(self, row: Row) -> None:
        """Append an epoch."""
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow(
            [_number(row.get(column)) for column in self.columns]
        )
        self._file.write(line.getvalue())
        self._file.flush()

    def flush(self) -> None:
        """Put everything so far on disk, where a power cut leaves it."""
        os.fsync(self._file.fileno())

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


class Events:
    """TensorBoard's event file; training and validation of a quantity share a chart."""

    def __init__(self, folder: Path, task: str, epochs_done: int) -> None:
        """Open a new file; an interrupted run's later epochs are purged from the older ones."""
        from torch.utils.tensorboard import SummaryWriter

        purge = epochs_done + 1 if epochs_done else None
        self._writer: SummaryWriter = SummaryWriter(
            str(folder), purge_step=purge, flush_secs=FLUSH_SECONDS
        )
        charts = {
            name: ["Multiline", [f"{name}/train", f"{name}/val"]]
            for name in ("loss", METRICS[task][0])
        }
        self._writer.add_custom_scalars({"learning curves": charts})

    def add(self, row: Row) -> None:
        """Write an epoch's row of curves.csv."""
        epoch = int(row["epoch"])
        for name, value in row.items():
            part, _, quantity = name.partition("_")
            if part in ("train", "val"):
                self._writer.add_scalar(f"{quantity}/{part}", value, epoch)
        self._writer.add_scalar("lr", row["lr"], epoch)

    def add_histograms(self, stack: Stack, epoch: int) -> None:
        """Write the weights and biases of a stack of one."""
        for name, tensor in _layer_names(stack.network.layers.tensors):
            self._writer.add_histogram(name, tensor, epoch)

    def add_gradient_norms(self, stack: Stack, epoch: int) -> None:
        """Write the norm of each layer's gradient in the last step, before decay and clipping."""
        assert stack.last_gradients is not None
        for name, tensor in _layer_names(stack.last_gradients.tensors):
            self._writer.add_scalar(f"gradient_norm/{name}", tensor.norm(), epoch)

    def flush(self) -> None:
        """Put everything so far on disk."""
        self._writer.flush()

    def close(self) -> None:
        """Close the file."""
        self._writer.close()


def _layer_names(tensors: Sequence[Tensor]) -> list[tuple[str, Tensor]]:
    """Omega_k and beta_k, as the mathematics calls them."""
    depth = len(tensors) // 2
    names = [f"{symbol}_{k}" for symbol in ("Omega", "beta") for k in range(depth)]
    return list(zip(names, tensors, strict=True))


@dataclass(slots=True)
class Tracker:
    """Everything that an epoch's record is written to."""

    config: TrackingConfig
    stack: Stack
    curves: CurveFile
    events: Events | None

    def add(self, record: MemberRecord, seconds: float) -> None:
        """Write down an epoch."""
        row = curve_row(record, seconds)
        self.curves.add(row)
        if self.events is None:
            return
        self.events.add(row)
        every = self.config.histograms
        if every and record.epoch % every == 0 and record.diverged is None:
            self.events.add_histograms(self.stack, record.epoch)
        if self.config.gradient_norms:
            self.events.add_gradient_norms(self.stack, record.epoch)

    def flush(self) -> None:
        """Put everything so far on disk."""
        self.curves.flush()
        if self.events is not None:
            self.events.flush()


@contextmanager
def open_tracker(config: TrackingConfig, stack: Stack, folder: Path) -> Iterator[Tracker]:
    """Open what is written epoch by epoch; close it however the training ends."""
    if config.gradient_norms:
        stack.keep_last_gradients()
    curves = CurveFile(folder / CURVES, stack.task, stack.epoch)
    events = Events(folder, stack.task, stack.epoch) if config.tensorboard else None
    try:
        yield Tracker(config, stack, curves, events)
    finally:
        curves.close()
        if events is not None:
            events.close()

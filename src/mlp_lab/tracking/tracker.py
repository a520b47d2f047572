"""The records of a training, written as they come: to curves.csv and to TensorBoard's events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlp_lab.engine.records import MemberRecord
from mlp_lab.engine.stack import Stack
from mlp_lab.metrics.epoch import Scores, main_metric
from mlp_lab.tracking.config import TrackingConfig
from mlp_lab.tracking.curves import CURVES, CurveFile, Row, quantities_of

if TYPE_CHECKING:
    from mlp_lab.tracking.events import EventFile


@dataclass(slots=True)
class Tracker:
    """Everything that the epochs of one run are written to."""

    config: TrackingConfig
    curves: CurveFile
    events: EventFile | None
    quantities: Sequence[str] = ()
    """Scores that have a chart."""

    def add(self, record: MemberRecord, seconds: float, stack: Stack, position: int) -> None:
        """Write down an epoch of the member at a position; `seconds` since the training began."""
        self.add_row(record, seconds)
        if self.events is None:
            return
        period = self.config.histograms
        if period and record.epoch % period == 0 and record.diverged is None:
            for name, tensor in stack.member_layers(stack.network.layers, position):
                self.events.add_histogram(f"weights/{name}", tensor, record.epoch)
        if self.config.gradient_norms:
            assert stack.last_gradients is not None
            layers = stack.member_layers(stack.last_gradients, position)
            norms = {f"gradient_norm/{name}": tensor.norm().item() for name, tensor in layers}
            self.events.add_scalars(norms, record.epoch)

    def add_row(self, record: MemberRecord, seconds: float) -> None:
        """Write down an epoch's scores."""
        self.write(curve_row(record, seconds))

    def write(self, row: Row) -> None:
        """Write a row of curves.csv, here and in TensorBoard."""
        self.curves.add(row)
        if self.events is not None:
            self.events.add_scalars(dict(scalars(row)), int(row["epoch"]))

    def add_text(self, tag: str, text: str, epoch: int) -> None:
        """Write Markdown, for the text tab."""
        if self.events is not None:
            self.events.add_text(tag, text, epoch)

    def add_best(self, scores: Scores, epoch: int) -> None:
        """Write what the best epoch reached on the validation rows, for the HParams tab."""
        if self.events is not None and scores:
            quantities = dict.fromkeys(["loss", main_metric(scores), *self.quantities])
            best = {f"best/val_{name}": scores[name] for name in quantities if name in scores}
            self.events.add_scalars(best, epoch)

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


def open_tracker(
    config: TrackingConfig,
    folder: Path,
    task: str,
    epochs_done: int,
    overrides: Sequence[str],
    *,
    labels: Mapping[str, str],
    monitor: str = "loss",
) -> Tracker:
    """Open what is written epoch by epoch; training and validation share a chart.

    `labels` are shown beside the settings that `overrides` changed. `monitor`: the score that
    chooses the best epoch.
    """
    curves = CurveFile(folder / CURVES, task, epochs_done, monitor)
    quantities = quantities_of(task, monitor)
    if not config.tensorboard:
        return Tracker(config, curves, None, quantities)
    events = open_events(folder, epochs_done)
    charts: dict[str, Sequence[str]] = {q: [f"{q}/train", f"{q}/val"] for q in quantities}
    if config.gradient_norms:
        charts["gradient norms by layer"] = ["gradient_norm/.*"]
    events.add_charts("learning curves", charts)
    if (overrides or labels) and not epochs_done:
        events.add_settings({**settings_of(overrides), **labels})
    return Tracker(config, curves, events, quantities)


def open_events(folder: Path, epochs_done: int) -> EventFile:
    """TensorBoard's file of a run, which begins with the epoch after so many."""
    from mlp_lab.tracking.events import EventFile  # noqa: PLC0415  tensorboard

    return EventFile(folder, epochs_done)


def curve_row(record: MemberRecord, seconds: float) -> Row:
    """An epoch as curves.csv has it; `seconds` since the training began."""
    seconds = round(seconds, 6)
    return {"epoch": record.epoch, **record.scores, "lr": record.lr, "seconds": seconds}


def scalars(row: Row) -> Iterator[tuple[str, float]]:
    """A row of curves.csv by TensorBoard's tags: train_loss is loss/train."""
    for name, value in row.items():
        part, _, quantity = name.partition("_")
        if part in ("train", "val"):
            yield f"{quantity}/{part}", value
    yield "lr", row["lr"]


def settings_of(overrides: Sequence[str]) -> dict[str, str | float]:
    """Key -> value of what a command line changed, numbers as numbers.

    >>> settings_of(["--config-dir=mine", "optimizer=adam", "+optimizer.lr=1e-3"])
    {'optimizer': 'adam', 'optimizer.lr': 0.001}
    """
    found: dict[str, str | float] = {}
    for word in overrides:
        if word.startswith("--"):
            continue  # an option of the command, not a setting
        key, _, value = word.lstrip("+").partition("=")
        try:
            found[key] = float(value)
        except ValueError:
            found[key] = value
    return found

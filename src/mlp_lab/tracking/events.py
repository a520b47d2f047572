"""TensorBoard's event file of a run."""

import os
import socket
import struct
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter
from torch import Tensor
from torch.utils.tensorboard import summary

from mlp_lab.files import created

FILES = count()
"""Tells files apart that one process starts in the same second."""

_histogram: Callable[[str, NDArray[np.floating], list[float]], Summary] = summary.histogram
_hparams: Callable[[dict[str, str | float], dict[str, float]], tuple[Summary, Summary, Summary]] = (
    summary.hparams
)
_text: Callable[[str, str], Summary] = summary.text
_custom_scalars: Callable[[dict[str, dict[str, list[object]]]], Summary] = summary.custom_scalars


class EventFile:
    """Events as they happen, on disk when the call returns.

    TensorBoard's own writer has a thread and a queue for each file; a stack has a file for each of
    its members.
    """

    def __init__(self, folder: Path, epochs_done: int) -> None:
        """Open a new file; an interrupted run's later epochs are purged from the older ones."""
        name = f"{int(time.time()):010d}.{socket.gethostname()}.{os.getpid()}.{next(FILES)}"
        self.path = folder / f"events.out.tfevents.{name}"
        self._file = created(self.path)
        self._records = RecordWriter(self._file)
        self._end: Summary | None = None
        self._add(Event(file_version="brain.Event:2"))
        if epochs_done:
            restart = SessionLog(status=SessionLog.START)
            self._add(Event(step=epochs_done + 1, session_log=restart))

    def _add(self, event: Event) -> None:
        event.wall_time = time.time()
        self._records.write(event.SerializeToString())
        self._file.flush()

    def add(self, content: Summary, epoch: int = 0) -> None:
        """Write a summary of an epoch."""
        self._add(Event(step=epoch, summary=content))

    def add_scalars(self, values: dict[str, float], epoch: int) -> None:
        """Write numbers by their tags, as one event."""
        entries = [Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()]
        self.add(Summary(value=entries), epoch)

    def add_histogram(self, tag: str, values: Tensor, epoch: int) -> None:
        """Write how values are distributed."""
        self.add(_histogram(tag, values.cpu().numpy(), _BINS), epoch)

    def add_charts(self, title: str, charts: dict[str, Sequence[str]]) -> None:
        """Put several tags on a chart each, in the custom scalars tab."""
        layout: dict[str, list[object]] = {
            name: ["Multiline", list(tags)] for name, tags in charts.items()
        }
        self.add(_custom_scalars({title: layout}))

    def add_image(self, tag: str, png: bytes, epoch: int) -> None:
        """Write a picture, for the image tab."""
        width, height = struct.unpack(">II", png[16:24])  # where every PNG has them
        image = Summary.Image(encoded_image_string=png, width=width, height=height)
        self.add(Summary(value=[Summary.Value(tag=tag, image=image)]), epoch)

    def add_text(self, tag: str, text: str, epoch: int) -> None:
        """Write Markdown, for the text tab."""
        content = _text(tag, text)
        content.value[0].tag = tag  # without the ending that torch puts on
        self.add(content, epoch)

    def add_settings(self, settings: Mapping[str, str | float]) -> None:
        """Give the run a row in the HParams tab.

        A list of columns, which belongs to it, is left out: TensorBoard would take the one of any
        run for all of them, and hide what other runs changed. Without, it gathers the settings of
        all runs, those that differ first.
        """
        _, start, self._end = _hparams(dict(settings), {})
        self.add(start)

    def close(self) -> None:
        """Close the file; a row in the HParams tab counts as finished."""
        if self._end is not None:
            self.add(self._end)
        self._file.close()


def _exponential_bins() -> list[float]:
    """Bounds that grow by a tenth from 1e-12 to 1e20, on both sides of 0, as TensorBoard's own."""
    bounds, value = [], 1e-12
    while value < 1e20:
        bounds.append(value)
        value *= 1.1
    return [*(-bound for bound in reversed(bounds)), 0.0, *bounds]


_BINS = _exponential_bins()

"""What each column adds to a network's predictions for the rows of a file."""

import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd

from mlp_lab.commands.pieces import Doubts, chunks, feature_rows, say_doubts
from mlp_lab.commands.predict_files import Written, file_settings, require_apart
from mlp_lab.data.arrays import Array, Floats, Mask
from mlp_lab.data.tables.frames import TableFrame
from mlp_lab.data.tables.reading import detect, own_types
from mlp_lab.data.tables.writing import dialect_of_answer, open_writer
from mlp_lab.errors import UserError, require
from mlp_lab.formatting import counted, duration, four_digits, one_line
from mlp_lab.metrics.explained import POOL, Asked
from mlp_lab.metrics.explainer import Explainer
from mlp_lab.predictor import Predictor, load
from mlp_lab.side_by_side import in_order, one_thread
from mlp_lab.terminal import Screen, StatusLine, plain_table

ROWS = 256
"""Rows that are explained until the terminal hears of it."""

TIMED = 4
"""Rows whose explanation tells how long all will take."""

MANY = 500
"""Rows from which that is looked at; so many say what columns are worth."""

LONG = 20.0
"""Seconds that nobody expects."""

MOST_COLUMNS = 30
"""Columns in the table on the terminal."""


@dataclass
class _Explaining:
    """A network, what explains it, and what was found so far."""

    predictor: Predictor
    explainer: Explainer
    background: Array
    prefix: str
    screen: Screen = field(default_factory=Screen)
    doubts: Doubts = field(default_factory=Doubts)
    rows: int = 0
    base: float = 0.0
    explained: str = ""
    sizes: Floats = field(default_factory=lambda: np.zeros(1))

    def take(self, piece: pd.DataFrame, status: StatusLine) -> None:
        """Take note of some rows that are explained."""
        self.rows += len(piece)
        if status.live:
            status.write(f"{counted(self.rows, 'row')} explained")

    def table(self, frame: pd.DataFrame, pieces: Sequence[pd.DataFrame]) -> pd.DataFrame:
        """A frame's columns, then those of `Predictor.explain`, which are there in pieces.

        Raises:
            UserError: a new column has the name of one in the file.
        """
        whole = pd.concat(pieces, ignore_index=True)
        self.explained, self.base = str(whole.columns[0]), float(whole["base"].iloc[0])
        self.sizes = self.sizes + whole.iloc[:, 2:].abs().sum().to_numpy()
        named = whole.add_prefix(self.prefix)
        for name in named:
            if name in frame.columns:
                raise UserError(f"the file has a column {name!r} already: set --prefix")
        return pd.concat([frame.reset_index(drop=True), named], axis=1)

    def say_how_long(self, rows: int, processes: int) -> None:
        """Say how long so many rows will take, as a few of the background do, if it is long."""
        some = self.background[:TIMED]
        if rows <= MANY:
            return
        started = perf_counter()
        self.explainer.contributions(some, self.background)
        seconds = (perf_counter() - started) / len(some) * rows / processes
        if seconds > LONG:
            fewer = f"--rows {MANY} explains so many of them"
            print(f"about {duration(seconds)} for {counted(rows, 'row')}: {fewer}", file=sys.stderr)

    def print(self, background: str) -> None:
        """The base, and the mean absolute contribution of each column, the greatest first."""
        names = [entry.column.name for entry in self.predictor.schema.inputs]
        means = dict(zip(names, (self.sizes / self.rows).tolist(), strict=True))
        self.screen.say(
            f"{self.explained} of {counted(self.rows, 'row')}; base {four_digits(self.base)},"
            f" its mean over {counted(len(self.background), 'row')} of {background}"
        )
        table = plain_table("column")
        table.add_column("mean absolute contribution", justify="right")
        ordered = sorted(names, key=lambda name: -means[name])
        for name in ordered[:MOST_COLUMNS]:
            table.add_row(one_line(name), four_digits(means[name]))
        self.screen.print(table)
        if len(ordered) > MOST_COLUMNS:
            self.screen.say(f"and {counted(len(ordered) - MOST_COLUMNS, 'more column')}")


def explain_file(
    run: str,
    file: str,
    output: str | None,
    *,
    prefix: str,
    background: str | None,
    samples: int,
    rows: int | None,
    class_name: str | None,
    target: str | None,
    written: Written,
    processes: int = 1,
) -> None:
    """Print the mean absolute contribution of each column; write those of each row.

    `background`: a file of rows to compare with, of which `samples` are drawn; by default FILE.
    `rows`: how many of FILE are explained, by chance, but always the same; None: all.

    Raises:
        UserError: the run, a file, a column or an option cannot be used; nothing is written.
    """
    require(rows is None or rows >= 1, "--rows", "1 or more", rows)
    predictor = load(run)
    explainer = predictor.explainer(Asked(class_name, target, samples))
    draw = partial(_drawn, predictor, explainer, max(POOL, samples))
    settings = file_settings(predictor, file, written)
    form = detect(Path(file), settings, "FILE")
    if output is not None:
        require_apart(Path(file), Path(output))
    if background is None:
        drawn, total = draw(chunks(Path(file), settings, form))
    else:
        own, place = file_settings(predictor, background, {}), Path(background)
        others = chunks(place, own, detect(place, own, "--background"), "--background")
        drawn, _ = draw(others)
        total = sum(map(len, chunks(Path(file), settings, form)))
    explaining, chosen = _Explaining(predictor, explainer, drawn, prefix), _chosen(total, rows)
    frames = _some(chunks(Path(file), settings, form), chosen)
    with one_thread():  # products of a few rows each
        explaining.say_how_long(int(chosen.sum()), processes)
        tables = _explained(explaining, frames, processes)
        if output is None:
            for _ in tables:
                pass
        else:
            form = dialect_of_answer(Path(file), form)
            signs, types = predictor.schema.separators, own_types(Path(file))
            with open_writer(Path(output), form, signs, types) as writer:
                for table in tables:
                    writer.write(table)
    say_doubts(explaining.doubts, explaining.rows)
    explaining.print(background or file)
    if output is not None:
        print(output)


def _explained(
    explaining: _Explaining, frames: Iterable[TableFrame], processes: int
) -> Iterator[pd.DataFrame]:
    """The rows of a file with their contributions, some at a time."""
    status = StatusLine(explaining.screen, quiet=False)
    read: deque[TableFrame] = deque()
    done: list[pd.DataFrame] = []
    pieces = _pieces(explaining, frames, read)
    contributions = _Contributions(
        explaining.predictor, explaining.explainer, explaining.background
    )
    try:
        for _, piece in in_order(contributions, pieces, processes):
            done.append(piece)
            explaining.take(piece, status)
            if sum(map(len, done)) == len(read[0]):
                yield explaining.table(read.popleft().frame, done)
                done = []
    finally:
        status.close()


def _pieces(
    explaining: _Explaining, frames: Iterable[TableFrame], read: deque[TableFrame]
) -> Iterator[Floats]:
    """Values of the schema's columns, (r, columns), of some rows of a frame after the others.

    A frame whose rows come is one of those that are `read`.
    """
    for frame in frames:
        values = feature_rows(explaining.predictor, frame, explaining.doubts)
        read.append(frame)
        for start in range(0, len(values), ROWS):
            yield values[start : start + ROWS]


@dataclass(frozen=True, slots=True)
class _Contributions:
    """What explains rows by a background, (B, D)."""

    predictor: Predictor
    explainer: Explainer
    background: Array

    def __call__(self, values: Floats) -> pd.DataFrame:
        """Contributions to the predictions of rows, by values of the schema's columns."""
        inputs = self.predictor.encode_values(values)
        return pd.DataFrame(self.explainer.contributions(inputs, self.background))


def _chosen(total: int, rows: int | None) -> Mask:
    """Which rows are explained, (N,)."""
    chosen = np.ones(total, dtype=bool)
    if rows is not None:
        chosen[np.random.default_rng(1).permutation(total)[rows:]] = False
    return chosen


def _some(frames: Iterable[TableFrame], chosen: Mask) -> Iterator[TableFrame]:
    """The chosen rows, under the numbers that they have."""
    start = 0
    for frame in frames:
        own = chosen[start : start + len(frame)]
        start += len(frame)
        if own.all():
            yield frame
        elif own.any():
            yield frame.some(own)


def _drawn(
    predictor: Predictor, explainer: Explainer, most: int, frames: Iterable[TableFrame]
) -> tuple[Array, int]:
    """Encoded rows to compare with, (B, D), of at most so many that are drawn from all by chance.

    They are not all there at once. And how many rows there are.
    """
    total = 0
    generator = np.random.default_rng(0)
    keys, kept = np.empty(0), np.empty((0, len(predictor.schema.inputs)))
    for frame in frames:
        values = feature_rows(predictor, frame, Doubts())
        keys = np.concatenate([keys, generator.random(len(values))])
        chosen = np.sort(np.argsort(keys)[:most])
        keys, kept = keys[chosen], np.concatenate([kept, values])[chosen]
        total += len(values)
    return explainer.background_of(predictor.encode_values(kept)), total

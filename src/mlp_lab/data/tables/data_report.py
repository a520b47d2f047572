"""The data report: what was understood of a table, before anything is trained on it."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mlp_lab.data.answers import chosen_in
from mlp_lab.data.arrays import Floats, Index
from mlp_lab.data.columns import Column, Dropped
from mlp_lab.data.rows import RawData, by_target
from mlp_lab.data.schema import Schema
from mlp_lab.data.splitting import Split
from mlp_lab.data.tables.leakage import leaks
from mlp_lab.formatting import apart, counted

SAMPLE = 20_000
"""Training rows that tell which columns leak the target, and which repeat others."""

BY_CHANCE = 2
"""Times as many repeated rows as chance makes, up to which nothing is said of them."""

PAIRS = 4000
"""Rows of validation and training that lie side by side in the file, of which a model's errors are
compared."""


@dataclass(frozen=True, slots=True)
class ColumnSummary:
    """A column that the network reads. `values`: its range, or its levels with their shares."""

    name: str
    kind: str
    missing: float
    values: str
    inputs: int
    leakage: bool


@dataclass(frozen=True, slots=True)
class DataReport:
    """All of the report, as plain data; shares are of all rows."""

    note: str
    rows: dict[str, int]
    targets: dict[str, str]
    """What is predicted, and how its values are distributed."""
    task: str
    weight: str | None
    columns: list[ColumnSummary]
    dropped: list[Dropped]
    warnings: list[str]
    copies: dict[str, int]
    """Rows of validation and test that training rows repeat, target included.

    None where columns have so few values that rows are alike by chance.
    """
    repeats: dict[str, str]
    """Column -> an earlier one that tells the same rows apart."""
    inputs: int
    leaking_sums: list[list[str]] = field(default_factory=list)
    """Columns that almost determine the target together, by a weighted sum."""
    distinct: float = 0.0
    """The most values of a number, input or target, by the number of different rows."""
    side_by_side: list[list[int]] = field(default_factory=list)
    """Positions in validation and in training of rows that follow each other in the file.

    None of a file that is sorted by a number, whose rows are alike for that.
    """
    in_order: list[str] = field(default_factory=list)
    """Columns of numbers and dates by which the rows of the file are sorted."""

    @property
    def target(self) -> str:
        """What is predicted, in a sentence."""
        names = ", ".join(self.targets)
        return names if len(self.targets) == 1 else f"one of {names}"

    @property
    def kinds(self) -> dict[str, int]:
        """How many columns of each kind."""
        return dict(Counter(column.kind for column in self.columns))

    @property
    def possible_leakage(self) -> list[list[str]]:
        """Columns that almost determine the target: one alone, or several together."""
        alone = [[column.name] for column in self.columns if column.leakage]
        return alone + self.leaking_sums

    @property
    def droppable(self) -> list[str]:
        """All columns of these, if another column is left."""
        found = list(dict.fromkeys(name for names in self.possible_leakage for name in names))
        return found if len(found) < len(self.columns) else []


def data_report(raw: RawData, split: Split, schema: Schema) -> DataReport:
    """Look at every column, the target and the parts."""
    assert raw.source is not None
    parts = {"train": split.train, "val": split.val, "test": split.test}
    sampled = split.train[:: max(1, len(split.train) // SAMPLE)]
    found = leaks(raw, sampled)
    alone = [names[0] for names in found if len(names) == 1]
    hashes = row_hashes(raw)
    trained, ordered = hashes[split.train], _sorted_by(raw)
    return DataReport(
        note=raw.source.note,
        rows={name: len(rows) for name, rows in parts.items()},
        targets={column.name: _balance(column, values) for column, values in raw.targets},
        task=raw.task,
        weight=None if raw.weight_column is None else raw.weight_column.name,
        columns=[
            _summary(raw, i, len(entry.names), alone) for i, entry in enumerate(schema.inputs)
        ],
        dropped=raw.source.dropped,
        warnings=[*raw.source.warnings, *_of_clusters(raw, split)],
        copies={
            part: 0
            if _alike_by_chance(raw, hashes, sampled, parts[part])
            else int(np.isin(hashes[parts[part]], trained).sum())
            for part in ("val", "test")
        },
        repeats=_repeats(raw, sampled),
        inputs=len(schema.names),
        leaking_sums=[names for names in found if len(names) > 1],
        distinct=_distinct(raw, sampled, hashes),
        side_by_side=_side_by_side(split) if all(ordered.values()) else [],
        in_order=list(ordered),
    )


def _of_clusters(raw: RawData, split: Split) -> Iterator[str]:
    """What is to be known of the clusters of validation and test rows, where the split parts them.

    So it may where rows are cut by time, or where somebody has said their parts.
    """
    design = raw.design
    if design is None or design.clusters is None:
        return
    trained = np.unique(design.clusters[split.train])
    for part, rows in (("validation", split.val), ("test", split.test)):
        own = np.unique(design.clusters[rows])
        known = int(np.isin(own, trained).sum())
        if known:
            some = f"{known:,} of the {counted(len(own), 'value')} of {design.cluster}"
            yield (
                f"{some} among {part} rows {'has' if known == 1 else 'have'} training rows, too: a"
                " network may know them, and score better than on rows of others"
            )
    if len(np.unique(design.clusters[split.val])) == 1:
        yield (
            f"all validation rows are of one value of {design.cluster}: standard errors of a"
            " verdict are those of rows, which are too small"
        )


def _side_by_side(split: Split) -> list[list[int]]:
    """Some pairs of rows of validation and training, before or after each other in the file."""
    found = []
    for step in (-1, 1):
        neighbours = split.val + step
        at = np.searchsorted(split.train, neighbours)
        near = np.flatnonzero(split.train[np.minimum(at, len(split.train) - 1)] == neighbours)
        found.append(np.column_stack([near, at[near]]))
    pairs = np.concatenate(found)
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    some = pairs[:: max(1, math.ceil(len(pairs) / PAIRS))]
    return [[int(val), int(train)] for val, train in some]


def _sorted_by(raw: RawData) -> dict[str, bool]:
    """Columns of numbers and dates that rise or fall along the file; whether as time does.

    Time goes in equal steps, at least of half of its rows that differ; most other numbers do not.
    """
    found = {}
    for i, column in enumerate(raw.columns):
        if column.levels:
            continue
        steps = np.diff(raw.inputs[:SAMPLE, i])
        moves = steps[steps != 0]
        if 10 * len(moves) >= len(steps) > 0 and (moves.min() > 0 or moves.max() < 0):
            even = np.isclose(moves, np.median(moves)).mean() >= 0.5
            found[column.name] = column.kind == "date" or bool(even)
    return found


def _distinct(raw: RawData, rows: Index, hashes: NDArray[np.uint64]) -> float:
    """The most values of a number by the number of different rows: 1 where it tells each apart."""
    columns = [(raw.columns[i], raw.inputs[:, i]) for i in range(len(raw.columns))]
    numbers = [values[rows] for column, values in (*columns, *raw.targets) if not column.levels]
    most = max((len(np.unique(values)) for values in numbers), default=0)
    return most / max(1, len(np.unique(hashes[rows])))


def _balance(column: Column, target: Floats) -> str:
    """How the values of a target are distributed."""
    if column.levels:
        return _shares(column.levels, target, most=12)
    found = np.quantile(target, [0, 0.25, 0.5, 0.75, 1])
    least, low, median, high, most = apart(found.tolist())
    return f"{least} to {most}, median {median}, quartiles {low} and {high}"


def _shares(levels: Sequence[str], codes: Floats, most: int) -> str:
    """The commonest levels with their shares."""
    counts = np.bincount(codes[codes >= 0].astype(np.int64), minlength=len(levels))
    order = np.argsort(-counts, kind="stable")
    words = [f"{levels[i]} {counts[i] / len(codes):.1%}" for i in order[:most]]
    more = f", and {len(levels) - most} more" if len(levels) > most else ""
    return ", ".join(words) + more


def _answer_shares(column: Column, values: Floats, most: int = 4) -> str:
    """The commonest answers with the shares of rows that give them."""
    shares = chosen_in(values, len(column.levels)).mean(axis=0)
    order = np.argsort(-shares, kind="stable")
    words = [f"{column.levels[i]} {shares[i]:.1%}" for i in order[:most]]
    more = f", and {len(order) - most} more" if len(order) > most else ""
    none = float((values == 0).mean())
    return f"several of {', '.join(words)}{more}" + f"; none chosen {none:.1%}" * (none > 0)


def _summary(raw: RawData, index: int, inputs: int, alone: Sequence[str]) -> ColumnSummary:
    column, values = raw.columns[index], raw.inputs[:, index]
    missing, content = float(np.isnan(values).mean()), _content(column, values)
    return ColumnSummary(column.name, column.kind, missing, content, inputs, column.name in alone)


def _content(column: Column, values: Floats) -> str:
    if column.kind == "multiple":
        return _answer_shares(column, values)
    if column.levels:
        return _shares(column.levels, values, most=4)
    present = values[~np.isnan(values)]
    if len(present) == 0:
        return "none"
    if column.kind == "date":
        ends = np.array([present.min(), present.max()])
        if ends[0] >= 0 and ends[1] < 1:  # times without a date
            first, last = (ends * 86_400).round().astype("datetime64[s]").astype("datetime64[m]")
            return f"{str(first)[-5:]} to {str(last)[-5:]}"
        first, last = np.floor(ends).astype("datetime64[D]")
        return f"{first} to {last}"
    least, median, most = apart([float(f(present)) for f in (np.min, np.median, np.max)])
    return f"{least} to {most}, median {median}"


def _repeats(raw: RawData, rows: Index) -> dict[str, str]:
    """Columns that say what an earlier column says: their equal values are in the same rows.

    Of measured numbers that would not do: most are there once, or as often as their row or group
    is. Two numbers repeat each other if they also have the same order, or the opposite, as in
    another unit; a number and names, or two columns of names, if the names are there repeatedly.
    """
    ordered: dict[bytes, str] = {}  # an order of the rows -> the first column that has it
    divided: dict[bytes, str] = {}  # the rows of each value -> ..., and of names alone
    named: dict[bytes, str] = {}
    repeats = {}
    for column, values in zip(raw.columns, raw.inputs[rows].T, strict=True):
        levels, at, inverse = np.unique(values, return_index=True, return_inverse=True)
        known = len(levels) - int(np.isnan(levels[-1]))  # no value comes last either way
        turned = np.where(inverse < known, known - 1 - inverse, inverse)
        order = min(inverse.tobytes(), turned.tobytes())
        parts = np.argsort(np.argsort(at))[inverse].tobytes()
        often, found = 2 * len(levels) <= len(values), column.name
        if not (column.levels and often):
            found = ordered.setdefault(order, column.name)
        if often and found == column.name:
            found = (divided if column.levels else named).get(parts, column.name)
        if often:
            divided.setdefault(parts, column.name)
            if column.levels:
                named.setdefault(parts, column.name)
        if found != column.name:
            repeats[column.name] = found
    return repeats


def _alike_by_chance(raw: RawData, hashes: NDArray[np.uint64], train: Index, rows: Index) -> bool:
    """Whether about as many of the rows would repeat a training row, were its columns unrelated."""
    some = rows[:: max(1, len(rows) // SAMPLE)]
    columns = [*raw.inputs.T, *by_target(raw.target).T]
    draw = np.random.default_rng(0)
    unrelated = hashes_of([column[draw.permutation(train)] for column in columns])
    repeats = int(np.isin(hashes[some], hashes[train]).sum())
    return repeats <= BY_CHANCE * int(np.isin(hashes[some], unrelated).sum())


def row_hashes(raw: RawData) -> NDArray[np.uint64]:
    """A number of each row of a table, target included, as `hashes_of` has it."""
    return hashes_of([*raw.inputs.T, *by_target(raw.target).T])


def hashes_of(columns: Sequence[Floats]) -> NDArray[np.uint64]:
    """A number of each row that equal rows share, and others hardly ever (Fowler-Noll-Vo)."""
    hashes = np.full(len(columns[0]), 14695981039346656037, dtype=np.uint64)
    for values in columns:
        bits = np.nan_to_num(values + 0.0, nan=np.finfo(np.float64).max).view(np.uint64)
        hashes = (hashes ^ bits) * np.uint64(1099511628211)
        hashes ^= hashes >> np.uint64(29)
    return hashes


def leak_in_words(names: Sequence[str], target: str) -> str:
    """What is suspected of columns.

    >>> leak_in_words(["grade"], "passed"), leak_in_words(["a", "b", "c"], "total")
    ('grade alone almost determines passed', 'a, b and c together almost determine total')
    """
    if len(names) == 1:
        return f"{names[0]} alone almost determines {target}"
    return f"{', '.join(names[:-1])} and {names[-1]} together almost determine {target}"

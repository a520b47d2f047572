"""The data report: what was understood of a table, before anything is trained on it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlp_lab.data.arrays import Floats, Index
from mlp_lab.data.columns import Column, Dropped
from mlp_lab.data.rows import RawData
from mlp_lab.data.schema import Schema
from mlp_lab.data.splitting import Split

LEAKAGE = 0.98
"""Share of the target's variation that one column alone explains, from which it is suspected."""

BINS = 50
SAMPLE = 20_000
"""Training rows that tell which columns leak the target, and which repeat others."""


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
    target: str
    task: str
    balance: str
    weight: str | None
    columns: list[ColumnSummary]
    dropped: list[Dropped]
    warnings: list[str]
    copies: dict[str, int]
    """Rows of validation and test that training rows repeat, target included."""
    repeats: dict[str, str]
    """Column -> an earlier one that tells the same rows apart."""
    inputs: int

    @property
    def kinds(self) -> dict[str, int]:
        """How many columns of each kind."""
        return dict(Counter(column.kind for column in self.columns))

    @property
    def possible_leakage(self) -> list[str]:
        """Columns of which one alone almost determines the target."""
        return [column.name for column in self.columns if column.leakage]


def data_report(raw: RawData, split: Split, schema: Schema) -> DataReport:
    """Look at every column, the target and the parts."""
    assert raw.source is not None
    parts = {"train": split.train, "val": split.val, "test": split.test}
    sampled = split.train[:: max(1, len(split.train) // SAMPLE)]
    if raw.classes is None:
        least, low, median, high, most = np.quantile(raw.target, [0, 0.25, 0.5, 0.75, 1])
        quartiles = f"quartiles {low:.4g} and {high:.4g}"
        balance = f"{least:.4g} to {most:.4g}, median {median:.4g}, {quartiles}"
    else:
        balance = _shares(raw.classes, raw.target, most=12)
    hashes = row_hashes(raw)
    trained = hashes[split.train]
    return DataReport(
        note=raw.source.note,
        rows={name: len(rows) for name, rows in parts.items()},
        target=raw.target_column.name,
        task=raw.task,
        balance=balance,
        weight=None if raw.weight_column is None else raw.weight_column.name,
        columns=[
            _summary(raw, i, len(entry.names), sampled) for i, entry in enumerate(schema.inputs)
        ],
        dropped=raw.source.dropped,
        warnings=raw.source.warnings,
        copies={part: int(np.isin(hashes[parts[part]], trained).sum()) for part in ("val", "test")},
        repeats=_repeats(raw, sampled),
        inputs=len(schema.names),
    )


def _shares(levels: Sequence[str], codes: Floats, most: int) -> str:
    """The commonest levels with their shares."""
    counts = np.bincount(codes[codes >= 0].astype(np.int64), minlength=len(levels))
    order = np.argsort(-counts, kind="stable")
    words = [f"{levels[i]} {counts[i] / len(codes):.1%}" for i in order[:most]]
    more = f", and {len(levels) - most} more" if len(levels) > most else ""
    return ", ".join(words) + more


def _summary(raw: RawData, index: int, inputs: int, sampled: Index) -> ColumnSummary:
    column, values = raw.columns[index], raw.inputs[:, index]
    missing, content = float(np.isnan(values).mean()), _content(column, values)
    share = explained(values[sampled], raw.target[sampled], column, raw.classes is not None)
    return ColumnSummary(column.name, column.kind, missing, content, inputs, share >= LEAKAGE)


def _content(column: Column, values: Floats) -> str:
    if column.levels:
        return _shares(column.levels, values, most=4)
    present = values[~np.isnan(values)]
    if len(present) == 0:
        return "none"
    if column.kind == "date":
        first, last = np.floor([present.min(), present.max()]).astype("datetime64[D]")
        return f"{first} to {last}"
    return f"{present.min():.4g} to {present.max():.4g}, median {np.median(present):.4g}"


def explained(values: Floats, target: Floats, column: Column, classes: bool) -> float:
    """Share of the target that a column alone explains on rows that it was not fitted on.

    Values are taken in up to 50 bins, or by level; each predicts its commonest class or its mean
    on one half of the rows, and the other half is scored: errors saved of those that the commonest
    class makes, or R².
    """
    fitted, held = np.array_split(np.random.default_rng(0).permutation(len(values)), 2)
    truth = target[held]
    if len(held) < 2 or len(np.unique(truth)) < 2 or len(fitted) == 0:
        return 0.0
    bins = _binned(values, column, fitted)
    size = bins.max() + 1
    if classes:
        labels = target[fitted].astype(np.int64)
        counts = np.zeros((size, labels.max() + 1))
        np.add.at(counts, (bins[fitted], labels), 1)
        commonest = np.bincount(labels).argmax()
        predicted = np.where(counts.any(1), counts.argmax(1), commonest)[bins[held]]
        base = (truth != commonest).mean()
        return float(1 - (predicted != truth).mean() / base) if base > 0 else 0.0
    rows = np.bincount(bins[fitted], minlength=size)
    sums = np.bincount(bins[fitted], target[fitted], minlength=size)
    mean = np.divide(sums, rows, out=np.full(size, target[fitted].mean()), where=rows > 0)
    errors = ((truth - mean[bins[held]]) ** 2).sum()
    return float(1 - errors / ((truth - truth.mean()) ** 2).sum())


def _binned(values: Floats, column: Column, fitted: Index) -> Index:
    """A bin of each value, from 0; missing ones have their own."""
    missing = np.isnan(values)
    if column.levels:
        return np.where(missing, 0, values + 2).astype(np.int64)
    present = values[fitted][~missing[fitted]]
    if len(present) == 0:
        return np.where(missing, 0, 1)
    edges = np.unique(np.quantile(present, np.linspace(0, 1, BINS + 1)[1:-1]))
    return np.where(missing, 0, 1 + np.searchsorted(edges, values, side="right"))


def _repeats(raw: RawData, rows: Index) -> dict[str, str]:
    """Columns that say what an earlier column says: their equal values are in the same rows.

    Most values of a measured number are there once, and any two such columns would say the same:
    these repeat each other if they also have the same order, or the opposite, as in another unit.
    """
    first: dict[bytes, str] = {}
    repeats = {}
    for column, values in zip(raw.columns, raw.inputs[rows].T, strict=True):
        levels, at, inverse = np.unique(values, return_index=True, return_inverse=True)
        if 2 * len(levels) > len(values):
            known = len(levels) - int(np.isnan(levels[-1]))  # no value comes last either way
            turned = np.where(inverse < known, known - 1 - inverse, inverse)
            key = min(inverse.tobytes(), turned.tobytes())
        else:
            key = np.argsort(np.argsort(at))[inverse].tobytes()
        found = first.setdefault(key, column.name)
        if found != column.name:
            repeats[column.name] = found
    return repeats


def row_hashes(raw: RawData) -> NDArray[np.uint64]:
    """A number of each row that equal rows share, and others hardly ever (Fowler-Noll-Vo)."""
    hashes = np.full(len(raw.target), 14695981039346656037, dtype=np.uint64)
    for values in (*raw.inputs.T, raw.target):
        bits = np.nan_to_num(values + 0.0, nan=np.finfo(np.float64).max).view(np.uint64)
        hashes = (hashes ^ bits) * np.uint64(1099511628211)
        hashes ^= hashes >> np.uint64(29)
    return hashes

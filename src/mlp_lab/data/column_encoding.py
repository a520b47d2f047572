"""A column -> the inputs that a network reads, fitted on training rows only.

Plain data throughout, so that a schema is JSON and predicting on new rows needs no training row.
Scikit-learn's transformers compute the same (the tests hold the two together); importing them would
double the time to start, and they would be saved as pickles.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace

import numpy as np

from mlp_lab.data.answers import AnswersEncoding, encoding_of, kept_answers, recoded_sets
from mlp_lab.data.arrays import Array, Floats, Index, Mask
from mlp_lab.data.columns import MISSING, OTHER, UNSEEN, Column

LEAST_PROBABILITY = 1e-7
"""Least of a quantile: no encoded number lies beyond 5.2 standard deviations."""

DATE_PARTS = ("year", "month", "weekday", "days")
CYCLES = ("hour", "weekday", "month")
"""What comes again and again in dates with a time: each is a sine and a cosine of it."""

WAVES = (("sine", np.sin), ("cosine", np.cos))


@dataclass(frozen=True, slots=True)
class Quantiles:
    """How many there are of a column's training values, and the noise that parts equal ones.

    `noise`: its standard deviation, in those of the values; it is drawn from `generator`.
    """

    count: int = 1000
    noise: float = 0.0
    generator: np.random.Generator | None = None

    def of(self, values: Floats) -> list[float]:
        """Quantiles of (N,) numbers at equal steps from the least to the greatest."""
        known = values
        if self.noise and self.generator is not None and len(values):
            with np.errstate(over="ignore", invalid="ignore"):  # what is infinite is refused later
                deviation = self.noise * values.std()
                known = values + deviation * self.generator.normal(size=len(values))
        count = min(self.count, len(values))
        found: list[float] = np.quantile(known, np.linspace(0, 1, count)).tolist()
        return found


THOUSAND = Quantiles()


@dataclass(frozen=True, slots=True)
class Scaling:
    """x -> (x - center) / scale; or, with quantiles, the normal score of x among them."""

    center: float
    scale: float
    quantiles: list[float]

    @classmethod
    def fit(cls, values: Floats, method: str, quantiles: Quantiles = THOUSAND) -> Scaling:
        """Center and scale of (N,) numbers, or their quantiles; a constant has scale 1."""
        if method == "none" or len(values) == 0:
            return cls(0.0, 1.0, [])
        if method == "quantile":
            return cls(0.0, 1.0, quantiles.of(values))
        if method == "robust":
            low, center, high = np.quantile(values, [0.25, 0.5, 0.75])
            scale = high - low
        else:
            center, scale = values.mean(), values.std()
        if not np.isfinite(scale):  # a square overflowed; by an infinite scale all would become 0
            return cls(np.nan, 1.0, [])  # no finite number comes of it, and the column is refused
        # The deviation of a constant may be rounding; that of values that differ may underflow.
        constant = values.max() == values.min() or scale == 0
        return cls(float(center), 1.0 if constant else float(scale), [])

    def apply(self, values: Floats) -> Floats:
        """Scale (N,) numbers."""
        if not self.quantiles:
            return (values - self.center) / self.scale
        from scipy.special import ndtri  # noqa: PLC0415 slow

        quantiles, share = np.array(self.quantiles), np.linspace(0, 1, len(self.quantiles))
        below = np.interp(values, quantiles, share)
        above = np.interp(-values, -quantiles[::-1], -share[::-1])
        middle = (below - above) / 2  # a tie counts half from each side
        scores: Floats = ndtri(np.clip(middle, LEAST_PROBABILITY, 1 - LEAST_PROBABILITY))
        return scores

    def undo(self, values: Floats) -> Floats:
        """Back to the column's own units; not for quantiles."""
        return values * self.scale + self.center


@dataclass(frozen=True, slots=True)
class NumberEncoding:
    """One input: the scaled number, `fill` (the training median) for a missing one.

    Where training rows miss it, a second input is 1 for a missing number, else 0. `low` and `high`
    are the least and the greatest training value: nothing is computed by them, but they tell what
    lies beyond. Schemas of earlier releases have none.
    """

    fill: float
    scaling: Scaling
    indicator: bool
    low: float | None = None
    high: float | None = None

    @classmethod
    def fit(cls, values: Floats, method: str, quantiles: Quantiles = THOUSAND) -> NumberEncoding:
        """From the training rows of a column."""
        missing = np.isnan(values)
        present = values[~missing] if missing.any() else values
        fill = _median(present) if len(present) else 0.0
        scaling, indicator = Scaling.fit(present, method, quantiles), len(present) < len(values)
        ends = (float(present.min()), float(present.max())) if len(present) else (None, None)
        return cls(fill, scaling, indicator, *ends)

    def names(self, column: Column) -> list[str]:
        """Names of the inputs."""
        return [column.name, *[f"{column.name}={MISSING}"] * self.indicator]

    def write(self, values: Floats, out: Array, at: int) -> None:
        """Encode (N,) values into the inputs from `at` of (N, D) zeros."""
        missing = np.isnan(values)
        filled = np.where(missing, self.fill, values) if missing.any() else values
        out[:, at] = self.scaling.apply(filled)
        if self.indicator:
            out[:, at + 1] = missing


def _median(values: Floats) -> float:
    """The median. NumPy's takes five times as long: it also looks for NaN, which is not here."""
    middle = len(values) // 2
    parted = np.partition(values, middle)
    upper = parted[middle]
    return float(upper if len(values) % 2 else (parted[:middle].max() + upper) / 2)


@dataclass(frozen=True, slots=True)
class DateEncoding:
    """Inputs for the year, the month, the weekday and the days elapsed, each scaled.

    `cycles` are further inputs, two each: the sine and cosine of the hour, the weekday and the
    month of dates with a time; 0 where it is missing. Times without a date have their hour, as a
    share of the day, and its cycle.
    """

    year: NumberEncoding
    month: NumberEncoding
    weekday: NumberEncoding
    days: NumberEncoding
    indicator: bool
    cycles: list[str] = field(default_factory=list)

    @property
    def parts(self) -> tuple[str, ...]:
        """Those of `DATE_PARTS` that are inputs."""
        return DATE_PARTS[-1:] if self.cycles == ["hour"] else DATE_PARTS

    @property
    def numbers(self) -> int:
        """How many inputs are numbers."""
        return len(self.parts) + len(WAVES) * len(self.cycles)

    @classmethod
    def fit(cls, values: Floats, method: str, quantiles: Quantiles = THOUSAND) -> DateEncoding:
        """From the training rows of a column, days since 1970."""
        present = values[~np.isnan(values)]
        parts = {
            name: NumberEncoding.fit(part, method, quantiles)
            for name, part in _date_parts(present).items()
        }
        timed = bool((present % 1 != 0).any())
        clock = timed and bool(((present >= 0) & (present < 1)).all())
        cycles = [*(CYCLES[:1] if clock else CYCLES)] if timed else []
        return cls(**parts, indicator=len(present) < len(values), cycles=cycles)

    def names(self, column: Column) -> list[str]:
        """Names of the inputs."""
        parts = [f"{column.name}:{part}" for part in self.parts]
        parts += [f"{column.name}:{cycle} {wave}" for cycle in self.cycles for wave, _ in WAVES]
        return parts + [f"{column.name}={MISSING}"] * self.indicator

    def write(self, values: Floats, out: Array, at: int) -> None:
        """Encode (N,) values into the inputs from `at` of (N, D) zeros."""
        missing = np.isnan(values)
        parts = _date_parts(np.where(missing, 0, values))
        for i, name in enumerate(self.parts):
            encoding: NumberEncoding = getattr(self, name)
            encoding.write(np.where(missing, np.nan, parts[name]), out, at + i)
        place = at + len(self.parts)
        for cycle in self.cycles:
            angle = 2 * np.pi * _turns(parts, cycle)
            for _, wave in WAVES:
                out[:, place] = np.where(missing, 0, wave(angle))
                place += 1
        if self.indicator:
            out[:, place] = missing


def _date_parts(days: Floats) -> dict[str, Floats]:
    """Year, month from 1, weekday from 0 for Monday, and the days themselves, by `DATE_PARTS`."""
    date = np.floor(days).astype("datetime64[D]")
    month = date.astype("datetime64[M]").astype(np.int64)
    whole = date.astype(np.int64)
    parts = [1970 + month // 12, 1 + month % 12, (whole + 3) % 7]  # 1970 began on a Thursday
    numbers = [*(part.astype(np.float64) for part in parts), days]
    return dict(zip(DATE_PARTS, numbers, strict=True))


def _turns(parts: Mapping[str, Floats], cycle: str) -> Floats:
    """How much of a day, a week or a year has gone, from 0 to 1, by whole weekdays and months."""
    if cycle == "hour":
        return parts["days"] - np.floor(parts["days"])
    return parts["weekday"] / 7 if cycle == "weekday" else (parts["month"] - 1) / 12


@dataclass(frozen=True, slots=True)
class LevelEncoding:
    """One input for each level; a single one for the second of two, unless they are `paired`.

    `other` is the input of all rare levels and of values that are not among the levels. Without
    rare levels in training it would keep its random first weights, so there is none: an unseen
    value is then all zeros (halfway between two). `missing` is the input of missing values; where
    training rows miss none, a missing value counts as unseen.
    """

    levels: int
    other: bool
    missing: bool
    paired: bool = False

    @property
    def single(self) -> bool:
        """Whether one input tells two levels apart."""
        return self.levels == 2 and not self.other and not self.paired

    @property
    def inputs(self) -> int:
        """How many inputs there are."""
        return self.levels - self.single + self.other + self.missing

    def names(self, column: Column) -> list[str]:
        """Names of the inputs."""
        slots = [OTHER] * self.other + [MISSING] * self.missing
        return [f"{column.name}={level}" for level in column.levels[self.single :] + slots]

    def write(self, codes: Floats, out: Array, at: int) -> None:
        """Encode (N,) indices of levels into the inputs from `at` of (N, D) zeros."""
        known = codes >= 0
        if self.single:
            out[:, at] = np.where(known, codes, 0.5)
        else:
            _mark(known, at + codes, out)
        if known.all():
            return
        missing = np.isnan(codes) & self.missing
        if self.other:
            _mark(~known & ~missing, np.full(len(codes), at + self.levels), out)
        if self.missing:
            out[:, at + (1 if self.single else self.levels + self.other)] = missing


def _mark(rows: Mask, inputs: Floats | Index, out: Array) -> None:
    """Set one input of each of some rows to 1; by place in memory, a store for each."""
    chosen = np.flatnonzero(rows)
    out.reshape(-1)[chosen * out.shape[1] + inputs[chosen].astype(np.int64)] = 1


Encoding = NumberEncoding | DateEncoding | LevelEncoding | AnswersEncoding


@dataclass(frozen=True, slots=True)
class InputColumn:
    """A column and what the network reads of it.

    >>> colour = Column(name="colour", kind="category", levels=["blue", "green", "red"])
    >>> fitted = InputColumn.fit(colour, np.array([0.0, 0, 1, 1, 2, 2, np.nan]), "standard")
    >>> fitted.names
    ['colour=blue', 'colour=green', 'colour=red', 'colour=(missing)']
    >>> rows = np.zeros((3, 4))
    >>> fitted.encoding.write(np.array([2.0, np.nan, UNSEEN]), rows, 0)
    >>> rows.tolist()
    [[0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0], [0.0, 0.0, 0.0, 0.0]]
    """

    column: Column
    encoding: Encoding

    @classmethod
    def fit(
        cls,
        column: Column,
        values: Floats,
        method: str,
        quantiles: Quantiles = THOUSAND,
        *,
        binary_inputs: int = 1,
    ) -> InputColumn:
        """From the column's training rows; levels that are rare there are not kept.

        `binary_inputs`: of a column with two levels, 1 or 2.
        """
        if column.kind == "date":
            return cls(column, DateEncoding.fit(values, method, quantiles))
        if column.kind == "multiple":
            answers, rare = kept_answers(column, values)
            others = [*column.others, *rare]
            fitted = replace(column, levels=list(answers), others=others)
            return cls(fitted, encoding_of(fitted, recoded(values, column, fitted)))
        if column.kind not in ("binary", "category"):
            return cls(column, NumberEncoding.fit(values, method, quantiles))
        counts = np.bincount(values[values >= 0].astype(np.int64), minlength=len(column.levels))
        least = max(2.0, column.min_frequency * len(values)) if column.kind == "category" else 1.0
        rows = list(zip(column.levels, counts.tolist(), strict=True))
        kept = [level for level, count in rows if count >= least]
        rarer = [level for level, count in rows if 0 < count < least]
        fitted = replace(column, levels=kept, others=rarer)
        codes = recoded(values, column, fitted)
        other, missing = bool((codes == UNSEEN).any()), bool(np.isnan(codes).any())
        paired = binary_inputs == 2 and len(kept) == 2
        return cls(fitted, LevelEncoding(len(kept), other, missing, paired))

    @property
    def names(self) -> list[str]:
        """Names of the network's inputs that the column gives."""
        return self.encoding.names(self.column)

    def to_dict(self) -> dict[str, object]:
        """Plain data for JSON."""
        return {**asdict(self.column), "inputs": self.names, "encoding": asdict(self.encoding)}


def recoded(codes: Floats, column: Column, fitted: Column) -> Floats:
    """Codes of a column's levels as codes of those that were kept; NaN stays."""
    if column.kind == "multiple":
        return recoded_sets(codes, column, fitted)
    place = {level: code for code, level in enumerate(fitted.levels)}
    table = np.array([place.get(level, UNSEEN) for level in column.levels])
    fresh = codes.copy()
    known = codes >= 0
    fresh[known] = table[codes[known].astype(np.int64)]
    return fresh

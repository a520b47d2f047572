"""Columns as people have them -> a network's inputs, inside a graph: as `Schema.encode_inputs`.

Numbers are computed in double precision and rounded once, as in training. A graph cannot refuse a
row, as predicting in Python does: such rows are marked, and nothing is predicted for them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from mlp_lab.data.answers import AnswersEncoding
from mlp_lab.data.column_encoding import (
    LEAST_PROBABILITY,
    DateEncoding,
    InputColumn,
    LevelEncoding,
    NumberEncoding,
)
from mlp_lab.data.columns import Column
from mlp_lab.data.schema import Schema
from mlp_lab.data.tables.cells import (
    MISSING_WORDS,
    TRUTH_VALUES,
    by_canonical_spelling,
    canonical,
    level_index,
)
from mlp_lab.data.tables.numbers import as_number
from mlp_lab.errors import UserError
from mlp_lab.export.graph import ML, Graph

UNKNOWN, NO_VALUE = -1, -2
"""Codes in a graph of text that is no level, and of text that means no value."""

DEGREE = 28
"""Of the polynomial for normal scores: it is off by 1e-12 at most."""

YEARS = 40_000
"""Added to all years, so that none is negative; a multiple of the calendar's 400."""

DAYS_OF_YEARS = YEARS // 400 * 146_097
DAYS_TO_1970 = 719_468
"""From 1 March of the year 0 to 1 January 1970, in the Gregorian calendar."""


class _Number(NamedTuple):
    """A column of numbers, (N, 1), NaN where missing, how it is encoded, and where."""

    value: str
    encoding: NumberEncoding
    place: int


class Encoded(NamedTuple):
    """Names of the network's inputs, (N, D), and of what marks the rows that are refused, (N, 1).

    `refused` is empty where no row can be.
    """

    inputs: str
    refused: str


class Encoder:
    """Writes the nodes that encode a schema's columns."""

    def __init__(self, graph: Graph, dtype: DTypeLike) -> None:
        self._graph, self._dtype = graph, dtype
        self._numbers: list[_Number] = []
        self._pieces: list[tuple[str, list[int]]] = []
        self._refused: list[str] = []

    def encode(self, schema: Schema) -> Encoded:
        """Every column of a schema is an input of the graph, by its name.

        Raises:
            UserError: a column holds several answers in a cell.
        """
        at = 0
        for entry in schema.inputs:
            self._column(entry, at)
            at += len(entry.names)
        if self._numbers:
            self._scale()
        graph = self._graph
        places = [place for _, own in self._pieces for place in own]
        inputs = graph.joined([name for name, _ in self._pieces])
        if places != sorted(places):
            order = np.argsort(places)
            inputs = graph.node("Gather", inputs, graph.constant(order, np.int64), axis=1)
        return Encoded(inputs, self._any(self._refused))

    def _column(self, entry: InputColumn, at: int) -> None:
        graph, column, encoding = self._graph, entry.column, entry.encoding
        if isinstance(encoding, LevelEncoding):
            self._levels(graph.input(column.name, str), column, encoding, at)
        elif isinstance(encoding, DateEncoding):
            self._date(graph.input(column.name, np.float64), encoding, at)
        elif isinstance(encoding, AnswersEncoding):
            raise UserError(
                f"ONNX cannot take cells with several answers apart, as {column.name!r} has:"
                " --format torch writes a program that reads encoded rows"
            )
        elif column.kind == "ordinal":
            self._number(self._ordinal(graph.input(column.name, str), column), encoding, at)
        else:
            value = graph.input(column.name, np.float64)
            self._number(self._without_codes(value, column), encoding, at)

    def _number(self, value: str, encoding: NumberEncoding, at: int) -> None:
        self._numbers.append(_Number(value, encoding, at))
        if encoding.indicator:
            self._indicator(self._graph.node("IsNaN", value), at + 1)

    def _indicator(self, marked: str, place: int) -> None:
        self._pieces.append((self._graph.cast(marked, self._dtype), [place]))

    def _without_codes(self, value: str, column: Column) -> str:
        """NaN in the place of codes that mean no value."""
        found = [number for code in column.missing if (number := as_number(code)) is not None]
        codes = [number for number in found if np.isfinite(number)]
        if not codes:
            return value
        graph = self._graph
        equal = graph.node("Equal", value, graph.constant(codes, np.float64))
        return graph.node("Where", self._any([equal]), graph.constant(np.nan, np.float64), value)

    def _ordinal(self, text: str, column: Column) -> str:
        """The index of a level; text that is none is refused."""
        graph = self._graph
        codes = self._codes(text, column, NO_VALUE)
        self._refused.append(graph.node("Equal", codes, graph.constant(UNKNOWN, np.int64)))
        missing = graph.node("Equal", codes, graph.constant(NO_VALUE, np.int64))
        index = graph.cast(codes, np.float64)
        return graph.node("Where", missing, graph.constant(np.nan, np.float64), index)

    def _levels(self, text: str, column: Column, encoding: LevelEncoding, at: int) -> None:
        graph, dtype = self._graph, self._dtype
        codes = self._codes(text, column, NO_VALUE if encoding.missing else UNKNOWN)
        if not encoding.single:
            marked = [*range(encoding.levels)]
            marked += [UNKNOWN] * encoding.other + [NO_VALUE] * encoding.missing
            equal = graph.node("Equal", codes, graph.constant(marked, np.int64))
            places = list(range(at, at + encoding.inputs))
            self._pieces.append((graph.cast(equal, dtype), places))
            return
        unknown = graph.node("Less", codes, graph.constant(0, np.int64))
        half = graph.constant(0.5, dtype)
        value = graph.node("Where", unknown, half, graph.cast(codes, dtype))
        self._pieces.append((value, [at]))
        if encoding.missing:
            missing = graph.node("Equal", codes, graph.constant(NO_VALUE, np.int64))
            self._indicator(missing, at + 1)

    def _codes(self, text: str, column: Column, no_value: int) -> str:
        found = codes_of_texts(column, no_value)
        return self._graph.node(
            "LabelEncoder",
            text,
            domain=ML,
            keys_strings=list(found),
            values_int64s=list(found.values()),
            default_int64=UNKNOWN,
        )

    def _date(self, days: str, encoding: DateEncoding, at: int) -> None:
        graph = self._graph
        missing = graph.node("IsNaN", days)
        known = graph.node("Where", missing, graph.constant(0, np.float64), days)
        parts = {**date_parts(graph, known), "days": known}
        none = graph.constant(np.nan, np.float64)
        for i, name in enumerate(encoding.parts):
            value = graph.node("Where", missing, none, parts[name])
            own = {
                "year": encoding.year,
                "month": encoding.month,
                "weekday": encoding.weekday,
                "days": encoding.days,
            }[name]
            self._number(value, own, at + i)
        place = at + len(encoding.parts)
        for cycle in encoding.cycles:
            self._cycle(parts, cycle, missing, place)
            place += 2
        if encoding.indicator:
            self._indicator(missing, place)

    def _cycle(self, parts: Mapping[str, str], cycle: str, missing: str, at: int) -> None:
        """The sine and cosine of an hour, a weekday or a month; 0 where there is no date."""
        graph = self._graph

        def number(value: float) -> str:
            return graph.constant(value, np.float64)

        if cycle == "hour":
            turns = graph.node("Sub", parts["days"], graph.node("Floor", parts["days"]))
        elif cycle == "weekday":
            turns = graph.node("Div", parts["weekday"], number(7))
        else:
            turns = graph.node("Div", graph.node("Sub", parts["month"], number(1)), number(12))
        angle = graph.node("Mul", turns, number(2 * np.pi))
        quarter = graph.node("Add", angle, number(np.pi / 2))  # no cosine in older runtimes
        for i, phase in enumerate((angle, quarter)):
            value = graph.node("Where", missing, number(0), graph.node("Sin", phase))
            self._pieces.append((graph.cast(value, self._dtype), [at + i]))

    def _scale(self) -> None:
        """All numbers, those by quantiles apart."""
        graph = self._graph
        all_numbers = graph.joined([number.value for number in self._numbers])
        self._refused.append(graph.node("IsInf", all_numbers))
        plain = [number for number in self._numbers if not number.encoding.scaling.quantiles]
        ranked = [number for number in self._numbers if number.encoding.scaling.quantiles]
        if plain:
            filled = self._filled(plain)
            center = graph.constant([n.encoding.scaling.center for n in plain], np.float64)
            scale = graph.constant([n.encoding.scaling.scale for n in plain], np.float64)
            scaled = graph.node("Div", graph.node("Sub", filled, center), scale)
            self._rounded(scaled, plain)
            if self._dtype != np.float64 or self._wide(plain):
                self._refused.append(graph.node("IsInf", self._pieces[-1][0]))
        if ranked:
            filled = self._filled(ranked)
            shares = [
                share_of(graph, graph.column(filled, i), number.encoding.scaling.quantiles)
                for i, number in enumerate(ranked)
            ]
            self._rounded(normal_scores(graph, graph.joined(shares)), ranked)

    @staticmethod
    def _wide(numbers: Sequence[_Number]) -> bool:
        """Whether scaling makes numbers larger."""
        return any(number.encoding.scaling.scale < 1 for number in numbers)

    def _rounded(self, values: str, numbers: Sequence[_Number]) -> None:
        places = [number.place for number in numbers]
        self._pieces.append((self._graph.cast(values, self._dtype), places))

    def _filled(self, numbers: Sequence[_Number]) -> str:
        """Numbers side by side, (N, F), each with its own fill in the place of a missing one."""
        graph = self._graph
        values = graph.joined([number.value for number in numbers])
        fill = graph.constant([number.encoding.fill for number in numbers], np.float64)
        return graph.node("Where", graph.node("IsNaN", values), fill, values)

    def _any(self, marks: Sequence[str]) -> str:
        """Whether anything of a row is marked, (N, 1)."""
        if not marks:
            return ""
        graph = self._graph
        numbers = graph.joined([graph.cast(mark, np.float32) for mark in marks])
        most = graph.node("ReduceMax", numbers, graph.constant([1], np.int64), keepdims=1)
        return graph.cast(most, np.bool_)


def codes_of_texts(column: Column, no_value: int) -> dict[str, int]:
    """Every text that a graph knows of a column -> its level, `UNKNOWN`, or `no_value`.

    Other spellings of a level that is a number or a truth value are among them.
    """
    exact = level_index(column)
    found = {text: max(level, UNKNOWN) for text, level in exact.items()}
    for text, level in by_canonical_spelling(exact).items():
        for spelled in _spellings(text):
            found.setdefault(spelled, max(level, UNKNOWN))
    missing = [spelled for code in column.missing for spelled in (code, *_spellings(code))]
    words = MISSING_WORDS if column.missing_words is None else ("", *column.missing_words)
    unknown = [word for word in words if word not in exact]
    return found | dict.fromkeys((*unknown, *missing), no_value)


def _spellings(text: str) -> list[str]:
    """`1` as 1.0, `True` as true: how other programs write them."""
    plain = canonical(text)
    if plain in TRUTH_VALUES:
        return [plain, plain.lower(), plain.upper()]
    number = as_number(plain)
    return [plain] if number is None else [plain, str(number)]


def date_parts(graph: Graph, days: str) -> Mapping[str, str]:
    """Year, month from 1 and weekday from 0 for Monday of days since 1970, all (N, 1).

    Whole numbers throughout. Years begin with March here, so that the leap day is the last of one:
    then a month begins (153 m + 2) / 5 days after its year did, and an era of 400 years has
    146,097 days.
    """

    def number(value: int) -> str:
        return graph.constant(value, np.int64)

    def quotient(value: str, by: int) -> str:
        return graph.node("Div", value, number(by))

    def scaled(value: str, by: int) -> str:
        return graph.node("Mul", value, number(by))

    def less(value: str, *others: str) -> str:
        for other in others:
            value = graph.node("Sub", value, other)
        return value

    whole = graph.cast(graph.node("Floor", days), np.int64)
    since = graph.node("Add", whole, number(DAYS_TO_1970 + DAYS_OF_YEARS))
    era = quotient(since, 146_097)
    day = less(since, scaled(era, 146_097))
    # leap days: each 1,461st day, but those of three centuries of four
    leaps = less(quotient(day, 1460), quotient(day, 36_524))
    plain = less(day, leaps, quotient(day, 146_096))
    year = quotient(plain, 365)
    begun = less(graph.node("Add", scaled(year, 365), quotient(year, 4)), quotient(year, 100))
    day_of_year = less(day, begun)
    from_march = quotient(graph.node("Add", scaled(day_of_year, 5), number(2)), 153)
    late = graph.node("GreaterOrEqual", from_march, number(10))  # January and February
    month = graph.node("Add", from_march, graph.node("Where", late, number(-9), number(3)))
    years = graph.node("Add", year, scaled(era, 400))
    years = graph.node("Add", years, graph.cast(late, np.int64))
    found = {
        "year": less(years, number(YEARS)),
        "month": month,
        "weekday": graph.node("Mod", graph.node("Add", whole, number(3)), number(7)),
    }
    return {name: graph.cast(value, np.float64) for name, value in found.items()}


def share_of(graph: Graph, value: str, quantiles: Sequence[float]) -> str:
    """Where numbers, (N, 1), lie among quantiles, from 0 to 1: a tie counts half from each side."""
    shares = np.linspace(0, 1, len(quantiles))
    knots, first = np.unique(quantiles, return_index=True)
    left = shares[first]
    right = shares[np.append(first[1:], len(quantiles)) - 1]
    width, rise = np.diff(knots), left[1:] - right[:-1]
    with np.errstate(over="ignore"):
        slope = np.append(rise / width, 0.0)
    table = graph.constant(np.column_stack([knots, right, slope, (left + right) / 2]), np.float64)
    at_or_below = graph.node("LessOrEqual", graph.constant(knots, np.float64), value)
    axis = graph.constant([1], np.int64)
    count = graph.node("ReduceSum", graph.cast(at_or_below, np.int64), axis, keepdims=0)  # (N,)
    none, one = graph.constant(0, np.int64), graph.constant(1, np.int64)
    place = graph.node("Max", graph.node("Sub", count, one), none)
    found = graph.node("Gather", table, place, axis=0)  # (N, 4)
    knot, base, steep, tie = (graph.column(found, i) for i in range(4))
    beyond = graph.node("Sub", value, knot)
    between = graph.node("Add", base, graph.node("Mul", beyond, steep))
    share = graph.node("Where", graph.node("Equal", value, knot), tie, between)
    below = graph.node("Less", value, graph.constant(float(knots[0]), np.float64))
    return graph.node("Where", below, graph.constant(float(left[0]), np.float64), share)


def normal_scores(graph: Graph, shares: str) -> str:
    """The standard normal number that a share lies below, (N, Q): no operator has it.

    It is smooth in t = sqrt(-2 log p) of the smaller tail p: a Chebyshev polynomial of t has it.
    """
    from scipy.special import ndtri  # noqa: PLC0415 slow

    ends = np.sqrt(-2 * np.log([0.5, LEAST_PROBABILITY]))
    fitted = np.polynomial.Chebyshev.interpolate(
        lambda t: ndtri(np.exp(-t * t / 2)), DEGREE, domain=ends
    )
    powers = fitted.convert(kind=np.polynomial.Polynomial, domain=ends, window=[-1, 1]).coef

    def number(value: float) -> str:
        return graph.constant(value, np.float64)

    least, half = number(LEAST_PROBABILITY), number(0.5)
    other = graph.node("Sub", number(1.0), shares)
    tail = graph.node("Max", graph.node("Min", shares, other), least)
    doubled = graph.node("Mul", graph.node("Log", tail), number(-2.0))
    t = graph.node("Sqrt", doubled)
    middle, reach = number(float(ends.mean())), number(float(np.diff(ends)[0] / 2))
    u = graph.node("Div", graph.node("Sub", t, middle), reach)
    wide = graph.node("Unsqueeze", u, graph.constant([2], np.int64))  # (N, Q, 1)
    raised = graph.node("Pow", wide, graph.constant(np.arange(len(powers)), np.float64))
    score = graph.node("MatMul", raised, graph.constant(powers, np.float64))
    upper = graph.node("Greater", shares, half)
    return graph.node("Where", upper, graph.node("Neg", score), score)

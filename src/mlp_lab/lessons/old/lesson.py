"""What a lesson is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from mlp_lab.data.arrays import Floats
from mlp_lab.lessons import bench as benches
from mlp_lab.lessons import claims, lesson
from mlp_lab.lessons.old.bench import Bench
from mlp_lab.lessons.tables import Table

if TYPE_CHECKING:
    from mlp_lab.lessons.old.figures import Figure

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A claim whose formula stands elsewhere."""

    text: str
    measure: str
    above: float | None = None
    below: float | None = None


Row = Mapping[str, float | str]
"""A row of a table of measurements, by column."""

Tables = Mapping[str, Sequence[Row]]
"""Tables of measurements by name; each becomes a CSV file, and the figure is drawn from them."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a lesson measured.

    `values` holds one number for each seed, by the claim's key. `notes` are sentences for the page
    that name what was found, such as where a minimum lies.
    """

    values: Mapping[str, Sequence[float]]
    tables: Tables
    notes: Sequence[str]


Part = tuple[Mapping[str, Sequence[float]], Tables, Sequence[str]]
"""Values, tables and notes of one of a lesson's experiments."""


def together(parts: Iterable[Part]) -> Evidence:
    """What several experiments measured, one after the other."""
    found = list(parts)
    return Evidence(
        {key: value for values, _, _ in found for key, value in values.items()},
        {name: table for _, tables, _ in found for name, table in tables.items()},
        [note for _, _, notes in found for note in notes],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """A question, claims that answer it, and how to hold them against networks.

    `seeds` is how many are trained unless the command says otherwise. `method` is a paragraph for
    the page: what is trained on what, and which rows are measured.
    """

    question: str
    method: str
    claims: Mapping[str, Claim]
    seeds: int
    measure: Callable[[Bench], Evidence]
    draw: Callable[[Tables], Figure]


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapted(lesson.Lesson):
    """A lesson as the new ones are."""

    old: Lesson

    @classmethod
    def of(cls, old: Lesson) -> Adapted:
        """Wrap it."""
        return cls(
            question=old.question,
            method=old.method,
            seeds=old.seeds,
            measure=lambda bench: {},
            claims={
                key: claims.Claim(
                    claim.text,
                    claim.measure,
                    lambda tables: np.empty(0),
                    above=claim.above,
                    below=claim.below,
                )
                for key, claim in old.claims.items()
            },
            notes=lambda tables: [],
            panels=lambda tables: [],
            old=old,
        )

    def evidence(self, bench: benches.Bench) -> lesson.Evidence:
        """Measure as it always did."""
        return self.adapted(self.old.measure(Bench(bench)))

    def adapted(self, found: Evidence) -> lesson.Evidence:
        """The same in new tables."""
        assert found.values.keys() == self.claims.keys()
        return lesson.Evidence(
            {name: Table(list(table)) for name, table in found.tables.items()},
            {key: claims.Finding(self.claims[key], found.values[key]) for key in self.claims},
            found.notes,
        )

    def draw(self, tables: Mapping[str, Table]) -> Figure:
        """The figure, from rows."""
        return self.old.draw(
            {
                name: [{str(k): v for k, v in row.items()} for row in table.to_dict("records")]
                for name, table in tables.items()
            }
        )


def column(table: Sequence[Row], name: str, **where: float | str) -> list[float]:
    """A column's numbers, of those rows whose columns have the values of the keywords."""
    return [
        float(row[name])
        for row in table
        if all(row[other] == value for other, value in where.items())
    ]


def levels(table: Sequence[Row], name: str) -> list[int]:
    """The whole numbers that a column holds, ascending."""
    return sorted({int(row[name]) for row in table})


def rank_correlation(values: Sequence[float]) -> float:
    """Of numbers with their own order: Spearman's, with no ties."""
    ranks = np.argsort(np.argsort(values))
    return float(np.corrcoef(ranks, np.arange(len(values)))[0, 1])


def best_for_others(scores: Floats) -> list[int]:
    """For each seed the choice whose mean over all other seeds is smallest, of (choices, seeds).

    A choice that a seed's own score had no part in does not flatter that score. Scores that are not
    a number count as infinite.
    """
    known = np.where(np.isnan(scores), np.inf, scores)
    seeds = range(known.shape[1])
    return [int(np.delete(known, seed, axis=1).mean(axis=1).argmin()) for seed in seeds]


def at_best_for_others(values: Floats, scores: Floats) -> Floats:
    """Each seed's value at the choice that is best for the others, (choices, seeds) -> (seeds,)."""
    return values[best_for_others(scores), np.arange(scores.shape[1])]


def grouped(items: Sequence[Item], size: int) -> list[Sequence[Item]]:
    """One after the other, so many in each group."""
    return [items[first : first + size] for first in range(0, len(items), size)]

"""Which inputs of a network are embedded, and into how many numbers: plain data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

KINDS = {
    "none": (),
    "piecewise": ("piecewise",),
    "periodic": ("periodic",),
    "both": ("piecewise", "periodic"),
}
"""What `model.embedding` may be: embeddings whose numbers stand side by side."""


@dataclass(frozen=True, slots=True)
class EmbeddedColumns:
    """Which of a network's D inputs are numbers, by position, and which tell a column's levels.

    `categories` are bounds, first and last + 1, in ascending order.
    """

    numbers: tuple[int, ...]
    categories: tuple[tuple[int, int], ...]
    inputs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingPlan:
    """How D inputs become the numbers that the first layer reads.

    `numbers` are the positions of numeric inputs, each of which becomes `size` numbers by every
    embedding of its `kind`. `categories` are the bounds, first and last + 1, of the indicators of
    each categorical column, which become `category_size` numbers together. All others are read as
    they are.

    Examples:
        >>> plan = EmbeddingPlan(
        ...     kind="piecewise",
        ...     size=4,
        ...     bins=8,
        ...     frequencies=0,
        ...     numbers=[0, 1],
        ...     categories=[[2, 5]],
        ...     category_size=2,
        ...     inputs=6,
        ... )
        >>> plan.rest, plan.outputs
        ([5], 11)
    """

    kind: str
    size: int
    bins: int
    frequencies: int
    numbers: list[int]
    categories: list[list[int]]
    category_size: int
    inputs: int

    @property
    def kinds(self) -> tuple[str, ...]:
        """Embeddings of each number."""
        return KINDS[self.kind] if self.numbers else ()

    @property
    def rest(self) -> list[int]:
        """Positions of the inputs that are read as they are."""
        embedded = set(self.numbers)
        embedded |= {i for first, stop in self.categories for i in range(first, stop)}
        return [i for i in range(self.inputs) if i not in embedded]

    @property
    def outputs(self) -> int:
        """Numbers that the first layer reads, in the order rest, each kind of `kinds`, categories.

        Within a kind, and among the categories, those of a column are neighbours.
        """
        numbers = len(self.kinds) * len(self.numbers) * self.size
        return len(self.rest) + numbers + len(self.categories) * self.category_size

    @property
    def origins(self) -> list[int]:
        """The input that each number of the first layer comes from; of a category its first one."""
        numbers = [at for _ in self.kinds for at in self.numbers for _ in range(self.size)]
        firsts = [first for first, _ in self.categories for _ in range(self.category_size)]
        return [*self.rest, *numbers, *firsts]

    @property
    def shapes(self) -> dict[str, tuple[int, int]]:
        """Shape of each tensor that is learnt, by its name, without the axis of members."""
        count, size = len(self.numbers), self.size
        found: dict[str, tuple[int, int]] = {}
        if "piecewise" in self.kinds:
            found["piecewise_weight"] = (count, (self.bins + 1) * size)
            found["piecewise_bias"] = (count, size)
        if "periodic" in self.kinds:
            found["periodic_frequency"] = (count, self.frequencies)
            found["periodic_weight"] = (count, 2 * self.frequencies * size)
            found["periodic_bias"] = (count, size)
        for i, (first, stop) in enumerate(self.categories):
            found[f"category_{i}"] = (stop - first, self.category_size)
        return found

    @property
    def knots(self) -> tuple[int, int] | None:
        """Shape of the knots of a piecewise embedding, where there is one."""
        return (len(self.numbers), self.bins + 1) if "piecewise" in self.kinds else None

    @property
    def parameters(self) -> int:
        """Numbers that are learnt."""
        return sum(a * b for a, b in self.shapes.values())

    @property
    def row_numbers(self) -> int:
        """Numbers that are computed for each row on the way to the first layer."""
        features = {"piecewise": self.bins + 1, "periodic": 2 * self.frequencies}
        each = sum(features[kind] + self.size for kind in self.kinds)
        return len(self.numbers) * each + self.outputs


def plan_embedding(
    columns: EmbeddedColumns,
    *,
    kind: str,
    size: int,
    bins: int,
    frequencies: int,
    category_size: int,
) -> EmbeddingPlan | None:
    """The plan for columns as a schema describes them; None where every input is read as it is."""
    plan = EmbeddingPlan(
        kind=kind if columns.numbers else "none",
        size=size,
        bins=bins,
        frequencies=frequencies,
        numbers=list(columns.numbers) if KINDS[kind] else [],
        categories=[list(bounds) for bounds in columns.categories] if category_size else [],
        category_size=category_size,
        inputs=columns.inputs,
    )
    return plan if plan.numbers or plan.categories else None


def overlaps(bounds: Sequence[Sequence[int]]) -> bool:
    """Whether ranges, first and last + 1, are out of order or share a number."""
    ends = [end for pair in bounds for end in pair]
    return any(len(pair) != 2 for pair in bounds) or any(
        a >= b if i % 2 == 0 else a > b for i, (a, b) in enumerate(pairwise(ends))
    )

"""What the columns of a data set hold. Values are kept as numbers, NaN where one is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

KINDS = ("numeric", "binary", "category", "ordinal", "date", "multiple")
"""What a network can read: numbers, dates as days since 1970, else indices of levels, or sets of
them where a cell holds several (`mlp_lab.data.answers`)."""

OTHER, MISSING = "(other)", "(missing)"
"""Inputs of levels that have none of their own, and of missing values."""

UNSEEN = -1.0
"""Index of a level that is not among a column's levels."""

RARE = -2.0
"""Index of a level that too few training rows had to keep it; read as an unseen one."""


CLOCK_TIMES = "clock"
"""The form of dates that are times of a day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """How the cells of one column become numbers; plain data.

    `levels` are the values of a binary, category or ordinal column, `others` those too rare to keep
    (below a share of `min_frequency` of the training rows). `labels` maps codes in a file to the
    levels that they mean, `missing` lists cell texts that count as no value. `day_first` tells
    3/4/2020 as the third of April; None where every date began with its year. `amount` is the form
    of numbers with a sign or grouped digits, as `$#`, or `CLOCK_TIMES`; else empty. `missing_words`
    mean no answer unless they are levels; None: those that do by default. `separator` is the sign
    between the answers of a cell, of a column that holds several (multiple).
    """

    name: str
    kind: str = "numeric"
    levels: list[str] = field(default_factory=list)
    labels: Mapping[str, str] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    day_first: bool | None = None
    min_frequency: float = 0.0
    amount: str = ""
    missing_words: list[str] | None = None
    separator: str = ""

    @property
    def fingerprint(self) -> str:
        """Text hashed with a data set's values, as in the checkpoints of version 0.1.0."""
        added = f", amount={self.amount!r}, missing_words={self.missing_words!r})"
        text = repr(self)
        if not self.separator:
            text = f"{text.removesuffix(', separator=' + repr(self.separator) + ')')})"
        if not self.amount and self.missing_words is None:
            text = f"{text.removesuffix(added)})"
        return text.replace(", min_frequency=", ", rare=")


FORMER = {"rare": "min_frequency"}
"""A field's name in version 0.1.0 -> its name now."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """A column that the network does not read, and why."""

    name: str
    reason: str


def numeric(names: list[str]) -> list[Column]:
    """Columns of plain numbers."""
    return [Column(name=name) for name in names]


def classified(name: str, classes: list[str]) -> Column:
    """A target column of classes."""
    return Column(name=name, kind="category", levels=classes)

"""What `auto` stands for: numbers of a training that suit its rows, as model=tabular has them.

Chosen on the validation rows of public tables, where they made networks as exact as boosted trees;
docs/accuracy.md has the measurements.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from mlp_lab.config.groups import chosen
from mlp_lab.config.reading import read
from mlp_lab.config.schema import VARIABLE
from mlp_lab.data.config import DataConfig
from mlp_lab.errors import UserError
from mlp_lab.formatting import counted

Step = TypeVar("Step", int, float, str)

AUTO = "auto"


@dataclass(frozen=True, slots=True)
class Facts:
    """What settings are chosen by: what is known of a data set before anything is encoded.

    `rows` are those of the training, `numbers` its numeric columns, `columns` all that are read;
    `classes` are those of the target, 0 of a number. `optimizer` is what trains on it.
    """

    rows: int
    numbers: int
    columns: int
    classes: int
    optimizer: str = "adamw"

    def __str__(self) -> str:
        """In words."""
        others = self.columns - self.numbers
        more = f" and {counted(others, 'other column')}" if others else ""
        return f"{counted(self.rows, 'training row')}, {counted(self.numbers, 'number')}{more}"


FactsOf = Callable[[DataConfig], Facts]
"""Finds out about the rows that settings of the data describe."""

LARGE = 10_000
"""Training rows from which a network is wider, and its embeddings are finer."""

MANY = 50
"""Numeric columns up to which each has waves beside its broken line. Of more, a short broken line
each is as exact, and costs a fifth."""

MOST_EMBEDDED = 200
"""Numeric columns up to which each is embedded: of more, as of pixels, none needs it alone."""


def batch_size(facts: Facts) -> int | str:
    """Rows of a step: more where there are many, and no more than there are; all of them of gd."""
    if facts.optimizer == "gd":
        return "full"
    return min(facts.rows, _first_from({0: 32, 1_500: 64, LARGE: 256}, facts.rows))


def epochs(facts: Facts) -> int:
    """Passes over the rows: 60 of up to 4,000, fewer of more, but more rows in all."""
    wanted = 60 * math.pow(4_000 / facts.rows, 0.35)
    return max(8, min(60, round(wanted)))


def patience(facts: Facts) -> int:
    """Epochs without an improvement: a third of all."""
    return epochs(facts) // 3 + 1


def ensemble(facts: Facts) -> int:
    """Networks of an ensemble."""
    return _first_from({0: 8, 1_500: 4}, facts.rows)


def width(facts: Facts) -> int:
    """Units of a hidden layer."""
    return 256 if facts.rows >= LARGE else 128


def dropout(facts: Facts) -> float:
    """Share of hidden units dropped: more where few rows are easily learnt by heart.

    A number of many rows is learnt more closely with less: on diamonds 0.1 cost a twentieth.
    """
    return _first_from({0: 0.3, 1_500: 0.1, LARGE: 0.2 if facts.classes else 0.05}, facts.rows)


def weight_decay(facts: Facts) -> float:
    """Of AdamW, whose decay is apart from the gradient; in a gradient it is another thing."""
    if facts.optimizer != "adamw":
        return 0.0
    return 0.3 if facts.rows >= LARGE else 0.1


def bins(facts: Facts) -> int:
    """Bins of each number: at least 30 rows in each, as far as there are as many."""
    return max(4, min(128 if facts.rows >= LARGE else 64, facts.rows // 30))


def embedding_size(facts: Facts) -> int:
    """Numbers that each number becomes, by every kind of embedding."""
    if facts.numbers > MANY:
        return 4
    return 16 if facts.rows >= LARGE else 8


def embedding(facts: Facts) -> str:
    """How numbers are embedded, unless they are very many, or none."""
    return _first_from(
        {0: "none", 1: "both", MANY + 1: "piecewise", MOST_EMBEDDED + 1: "none"}, facts.numbers
    )


RATES = {"adam": 2e-3, "adamw": 2e-3}
"""Rate of an optimizer; any other has that of its file."""


def learning_rate(facts: Facts) -> float:
    """What an optimizer begins with."""
    if facts.optimizer in RATES:
        return RATES[facts.optimizer]
    own = chosen("optimizer", facts.optimizer)["optimizer"]
    assert isinstance(own, Mapping)
    return float(own["lr"])


CHOICES: Mapping[str, Callable[[Facts], object]] = {
    "batch_size": batch_size,
    "epochs": epochs,
    "ensemble": ensemble,
    "stop.patience": patience,
    "model.width": width,
    "model.dropout": dropout,
    "model.embedding": embedding,
    "model.embedding_size": embedding_size,
    "model.bins": bins,
    "optimizer.lr": learning_rate,
    "optimizer.weight_decay": weight_decay,
}
"""Key that may be `auto` -> what it then is."""


def settled(
    values: Mapping[str, object], facts_of: FactsOf | None
) -> tuple[dict[str, object], list[str]]:
    """A configuration as plain data without `auto`, and the words that stand in its place.

    Nothing is found out about the data where nothing is `auto`.

    Raises:
        UserError: the data cannot be read, or are not read where this is asked for.
    """
    keys = [key for key, value in _entries(values) if value == AUTO and key in CHOICES]
    if not keys:
        return dict(values), []
    if facts_of is None:
        raise UserError(f"{keys[0]}=auto needs rows to choose by, and here are none: give a number")
    optimizer = values["optimizer"]
    assert isinstance(optimizer, Mapping)
    facts = facts_of(read(DataConfig, values["data"], "data"))
    facts = replace(facts, optimizer=str(optimizer["name"]))
    numbers = {key: CHOICES[key](facts) for key in keys}
    found = dict(values)
    for key, value in numbers.items():
        group, _, field = key.rpartition(".")
        if group:
            section = found[group]
            assert isinstance(section, Mapping)
            found[group] = {**section, field: value}
        else:
            found[field] = value
    if found.get("budget") is not None and not found["vary"]:
        found["vary"] = [key for key in keys if key in VARIABLE]
    words = " ".join(f"{key}={value}" for key, value in numbers.items())
    return found, [f"chosen for {facts}: {words}"]


def _entries(values: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Keys and values at the top and one level below."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from ((f"{key}.{field}", entry) for field, entry in value.items())
        else:
            yield key, value


def _first_from(steps: Mapping[int, Step], count: int) -> Step:
    """The entry of the largest number that is reached, of rows or of columns."""
    return steps[max(least for least in steps if least <= count)]

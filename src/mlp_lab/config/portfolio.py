"""The settings that a budget tries: changes of what was chosen, in the keys that may vary.

The first is no change at all, so that a short time gives what was chosen; the others were not
searched for on any table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mlp_lab.config.reading import read
from mlp_lab.config.schema import Config

Change = Mapping[str, float | str]
"""Key -> what its number is multiplied by, or the name that takes its place."""

RATE, DECAY = "optimizer.lr", "optimizer.weight_decay"
DROPOUT, WIDTH = "model.dropout", "model.width"

TOGETHER: tuple[Change, ...] = (
    {},
    {DECAY: 0.3},
    {RATE: 0.5},
    {DROPOUT: 0.5},
    {},
    {DECAY: 3.0},
    {RATE: 2.0},
    {WIDTH: 0.5},
    {},
    {RATE: 0.5, DECAY: 3.0},
    {DROPOUT: 1.5},
    {DECAY: 0.3, DROPOUT: 0.5},
    {},
    {RATE: 2.0, DROPOUT: 1.5},
    {RATE: 0.5, DECAY: 0.3},
    {WIDTH: 0.5, DROPOUT: 0.5},
)
"""What networks of one stack differ in."""

APART: tuple[Change, ...] = (
    {},
    {},
    {WIDTH: 2.0},
    {"batch_size": 0.5},
    {},
    {"model.embedding": "piecewise"},
    {"model.embedding_size": 2.0, "model.bins": 0.5},
    {"batch_size": 2.0},
)
"""What makes the stack of each round another one; of those without a change, only the seeds are."""

MOST_DROPPED = 0.8
"""Share of units, however often it is multiplied."""


def differs(change: Change, vary: Sequence[str]) -> bool:
    """Whether a change is one of something that may vary, or none at all."""
    return not change or any(key in vary for key in change)


def changed(
    values: Mapping[str, object], change: Change, vary: Sequence[str], *, rows: int
) -> dict[str, object]:
    """What a change makes of the keys that may vary, by key; only those that become others.

    `values`: a configuration as plain data; `rows`: of the training, which bound a batch.
    """
    found: dict[str, object] = {}
    for key, by in change.items():
        if key not in vary:
            continue
        was = value_of(values, key)
        now = _multiplied(was, by)
        if key == DROPOUT:
            now = _multiplied(was, by, most=MOST_DROPPED)
        if key == "batch_size" and isinstance(now, int):
            now = min(now, rows)
        if now != was:
            found[key] = now
    return found


def config_with(values: Mapping[str, object], changes: Mapping[str, object]) -> Config:
    """A run's configuration with some other values.

    Raises:
        UserError: they do not fit the rest.
    """
    found = dict(values)
    for key, value in changes.items():
        group, _, field = key.rpartition(".")
        section = found[group] if group else found
        assert isinstance(section, Mapping)
        if group:
            found[group] = {**section, field: value}
        else:
            found[key] = value
    return read(Config, found, "")


def value_of(values: Mapping[str, object], key: str) -> object:
    """What a configuration has under a key."""
    group, _, field = key.rpartition(".")
    section = values[group] if group else values
    assert isinstance(section, Mapping)
    return section[field]


def _multiplied(was: object, by: float | str, most: float | None = None) -> object:
    """A number times another, of its own type; each of a list; a name for a name."""
    if isinstance(was, list):
        return [_multiplied(each, by, most) for each in was]
    if isinstance(by, str):
        return by if isinstance(was, str) and was != "none" else was
    if isinstance(was, bool) or not isinstance(was, int | float):
        return was
    if isinstance(was, int):
        return max(1, round(was * by))
    return was * by if most is None else max(was, min(most, was * by)) if by > 1 else was * by

"""`${key}` in a configuration: what it grows to when each is replaced by what it stands for."""

from __future__ import annotations

import re
from collections.abc import Mapping

from mlp_lab.errors import UserError

LARGEST = 1_000_000
"""Characters, and values, of a whole configuration."""

REFERENCE = re.compile(r"\$\{([^${}:]*)\}")

WITHIN = re.compile(r"\$\{[^:{}]*\$\{")
"""A reference whose own name is one; `${name:${key}}` is a call of ours."""

DEEPEST = 100
"""Groups and references that lead from one value to another."""

STEP = re.compile(r"[.\[\]]+")
"""What stands between the names that lead to a key."""

Place = tuple[str, ...]


def require_small(values: object) -> None:
    """Raise if references stand for references, and so on, until no memory holds them.

    Raises:
        UserError: they do; or one stands within another, so that nobody knows for what.
    """
    found = dict[Place, object]()
    _collect(values, (), found)
    sizes = dict[Place, int]()
    _size((), found, sizes)


def _collect(value: object, place: Place, found: dict[Place, object]) -> None:
    found[place] = value
    for name, entry in _inner(value):
        _collect(entry, (*place, name), found)


def _inner(value: object) -> list[tuple[str, object]]:
    if isinstance(value, Mapping):
        return [(str(name), entry) for name, entry in value.items()]
    if isinstance(value, list):
        return [(str(number), entry) for number, entry in enumerate(value)]
    return []


def _size(
    place: Place, found: Mapping[Place, object], sizes: dict[Place, int], depth: int = 0
) -> int:
    """Characters and values below a place; one that stands for itself is found by OmegaConf."""
    if place in sizes:
        return sizes[place]
    if depth > DEEPEST:
        raise UserError(f"{'.'.join(place)} must be at most {DEEPEST} references away")
    sizes[place] = 0
    value = found.get(place)
    size = len(value) if isinstance(value, str) else 1
    size += sum(_size((*place, name), found, sizes, depth + 1) for name, _ in _inner(value))
    if isinstance(value, str) and "${" in value:
        key = ".".join(place)
        if WITHIN.search(value):
            raise UserError(f"{key} must not hold a reference within another")
        targets = [_target(name, place) for name in REFERENCE.findall(value)]
        size += sum(_size(target, found, sizes, depth + 1) for target in targets)
    if size > LARGEST:
        key = ".".join(place) or "the configuration"
        raise UserError(
            f"{key} must be of at most {LARGEST:,} characters once ${{...}} is replaced, got more"
        )
    sizes[place] = size
    return size


def _target(name: str, place: Place) -> Place:
    """The place that a reference names; a dot at its beginning is the group that it stands in."""
    name = name.strip()
    above = len(name) - len(name.lstrip("."))
    base = place[: max(0, len(place) - above)] if above else ()
    return (*base, *(step.strip() for step in STEP.split(name.lstrip(".")) if step.strip()))

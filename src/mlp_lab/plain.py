"""Plain data of a file -> values of the types that they should have; a refusal names the key."""

from __future__ import annotations

import types
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from mlp_lab.errors import UserError
from mlp_lab.formatting import shown

Kind = TypeVar("Kind")

LARGEST = 2**63
"""Whole numbers are below it, as arrays have them."""

LONGEST = 60
"""Letters of a value that a message quotes."""


def read_as(kind: type[Kind], value: object, key: str = "") -> Kind:
    """A value as a dataclass, a list, a group, a number or text, by type hints.

    Args:
        kind: the type, as `list[int]`, or a dataclass, which has no other keys than its fields.
        value: as JSON or YAML has it; a whole number counts as a float, nothing else as another.
        key: what to call it.

    Raises:
        UserError: a key is unknown or missing, or a value of another type.

    Examples:
        >>> read_as(dict[int, list[float]], {"3": [1, 0.5]})
        {3: [1.0, 0.5]}
    """
    return cast(Kind, _read(kind, value, key))


def require_keys(value: object, names: Mapping[str, bool], key: str = "") -> dict[str, Any]:
    """A group that has certain keys and no others; `names` says of each whether it must be there.

    Raises:
        UserError: it has not.
    """
    where = f"{key}." if key else ""
    if not isinstance(value, dict):
        raise UserError(f"{key or 'the content'} must be a group, got {brief(value)}")
    for name in value:
        if name not in names:
            raise UserError(f"unknown key {brief(f'{where}{name}')}")
    for name, needed in names.items():
        if needed and name not in value:
            raise UserError(f"{where}{name} is missing")
    return value


def entries(value: object, path: str) -> Iterator[tuple[str, object]]:
    """Every key below a value, with the keys that lead to it."""
    if isinstance(value, Mapping):
        for name, entry in value.items():
            yield f"{path}.{name}", entry
            yield from entries(entry, f"{path}.{name}")
    elif isinstance(value, list):
        for place, entry in enumerate(value):
            yield from entries(entry, f"{path}[{place}]")


def brief(value: object) -> str:
    """A value for a message, cut where it is long."""
    text = shown(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _read(hint: object, value: object, key: str) -> object:
    if isinstance(hint, type) and is_dataclass(hint):
        return _record(hint, value, key)
    options = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    for option in options:
        if _fits(option, value):
            return _converted(option, value, key)
    wanted = " or ".join(_in_words(option) for option in options)
    raise UserError(f"{key or 'the content'} must be {wanted}, got {brief(value)}")


def _record(kind: type, value: object, key: str) -> object:
    needed = {
        field.name: field.default is MISSING and field.default_factory is MISSING
        for field in fields(kind)
    }
    found, hints = require_keys(value, needed, key), _hints(cast(Hashable, kind))
    prefix = f"{key}." if key else ""
    return kind(**{name: _read(hints[name], found[name], f"{prefix}{name}") for name in found})


@cache
def _hints(kind: Hashable) -> dict[str, object]:
    return get_type_hints(cast(type, kind))


def _fits(hint: object, value: object) -> bool:
    """Whether a value is of a type, what it holds aside."""
    origin = get_origin(hint) or hint
    if origin in (list, tuple):
        return isinstance(value, list)
    if origin in (dict, Mapping) or is_dataclass(origin):
        return isinstance(value, dict)
    if hint is float:
        return type(value) in (int, float)
    if hint is int:
        return type(value) is int and abs(value) < LARGEST
    return hint is object or type(value) is hint


def _converted(hint: object, value: object, key: str) -> object:
    origin, inner = get_origin(hint), get_args(hint)
    if origin is list:
        assert isinstance(value, list)
        if inner == (float,) and all(type(entry) is float for entry in value):
            return value  # thousands of numbers
        return [_read(inner[0], entry, f"{key}[{place}]") for place, entry in enumerate(value)]
    if origin is tuple:
        assert isinstance(value, list)
        if len(value) != len(inner):
            raise UserError(f"{key} must be a list of {len(inner)}, got {brief(value)}")
        pairs = enumerate(zip(inner, value, strict=True))
        return tuple(_read(kind, entry, f"{key}[{place}]") for place, (kind, entry) in pairs)
    if origin in (dict, Mapping):
        assert isinstance(value, dict)
        prefix = f"{key}." if key else ""
        return {
            _key(inner[0], name, key): _read(inner[1], entry, f"{prefix}{name}")
            for name, entry in value.items()
        }
    if isinstance(hint, type) and is_dataclass(hint):
        return _record(hint, value, key)
    return float(cast(float, value)) if hint is float else value


def _key(hint: object, name: object, key: str) -> object:
    """A name of a group; JSON has numbers as text there."""
    if hint is not int:
        if isinstance(name, str):
            return name
        raise UserError(f"a key of {key or 'the content'} must be text, got {brief(name)}")
    text = str(name)
    if text.isascii() and text.isdigit() and len(text) < 19 and str(int(text)) == text:
        return int(text)
    raise UserError(f"a key of {key} must be a whole number of 0 or more, got {brief(name)}")


def _in_words(hint: object) -> str:
    words: dict[object, str] = {
        int: "a whole number of at most 18 digits",
        float: "a number",
        str: "text",
        bool: "true or false",
        types.NoneType: "null",
        list: "a list",
        tuple: "a list",
    }
    return words.get(get_origin(hint) or hint, "a group")

"""Plain values -> dataclasses by their type hints.

The schema is applied here and not in Hydra's ConfigStore, because OmegaConf's schemas cannot say
`int | list[int]`, let `+typo=1` pass, and would appear among the choices of every group; here one
grammar serves all errors.
"""

from __future__ import annotations

import math
import types
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import is_dataclass
from functools import cache
from typing import TypeVar, Union, cast, get_args, get_origin, get_type_hints

from mlp_lab.config.schema import CHOICES, Config
from mlp_lab.config.synonyms import explained, mistyped, own_key, remark
from mlp_lab.errors import UserError, nearest, require, require_choice
from mlp_lab.formatting import shown

NAMES = tuple(
    f"data.{key}"
    for key in ("target", "features", "drop", "weight", "group", "strata", "time", "part")
)
"""Settings that hold names of columns, which may be digits only."""

SPELLED_OUT = 1e15
"""Below which a whole number is worth writing with all its digits."""

LARGEST_INT = 10**300
"""Beyond it lies what no float can be."""

Kind = TypeVar("Kind")


def read(kind: type[Kind], values: object, path: str) -> Kind:
    """Build a dataclass from a mapping by its fields' type hints; `path` is the key so far.

    Raises:
        UserError: an unknown or missing key, a value of the wrong type or out of its range.
    """
    if not isinstance(values, Mapping):
        own = () if kind in CHOICES or not path else field_types(cast(Hashable, kind))
        listed = f" ({', '.join(f'{path}.{name}' for name in own)})" if own else ""
        what = f"{path or 'the config'} must be a group of settings{listed}"
        raise UserError(f"{what}, got {shown(values)}")
    if kind in CHOICES:
        name = values.get("name")
        require_choice(str(name), path, CHOICES[kind])
        kind = cast(type[Kind], CHOICES[kind][str(name)])
    hints = field_types(cast(Hashable, kind))
    names = list(hints)
    prefix = f"{path}." if path else ""
    for key in values:
        if key not in names:
            raise unknown_key(f"{prefix}{key}", names)
    for name in names:
        if name not in values:
            raise UserError(f"{prefix}{name} is missing from the config")
    return kind(**{name: convert(hints[name], values[name], prefix + name) for name in names})


@cache
def field_types(kind: Hashable) -> dict[str, object]:
    """Types of a dataclass's fields; found once, since a sweep reads many configs."""
    return get_type_hints(cast(type, kind))


def unknown_key(key: str, names: Sequence[str]) -> UserError:
    """What to say of a setting that does not exist; `names` are its would-be neighbours."""
    path, _, last = key.rpartition(".")
    where = f"{path} has " if path else ""
    own = own_key(key, names)
    if own:
        return UserError(f"unknown key {key!r}: here it is {explained(own)}")
    if words := remark(key):
        return UserError(f"unknown key {key!r}: {words}")
    if owners := owners_of(key):
        only = f"only {path}={'|'.join(owners)} has it"
        return UserError(f"unknown key {key!r}: {only}")
    names = [name for name in names if name != "hydra" and not (path and name == "name")]
    listed = ", ".join(names) or "no settings"
    meant = "" if path else mistyped(last, names)
    close = (
        f": did you mean {meant!r}?" if meant else nearest(last, names, f"{path}." if path else "")
    )
    return UserError(f"unknown key {key!r}{close} ({where}{listed})")


def owners_of(key: str) -> list[str]:
    """The choices of a group that have a setting.

    >>> owners_of("optimizer.alpha"), owners_of("optimizer.foo")
    (['momentum'], [])
    """
    group, _, name = key.partition(".")
    choices = CHOICES.get(cast(type, field_types(Config).get(group)), {})
    return [choice for choice, kind in choices.items() if name in field_types(cast(Hashable, kind))]


def convert(hint: object, value: object, key: str) -> object:
    """A value of the hinted type: a dataclass, a union, a list, or a number, text, bool or None.

    Raises:
        UserError: the value is of another type. A whole number counts as a float, nothing else.
    """
    if isinstance(hint, type) and is_dataclass(hint):
        return read(hint, value, key)
    options = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    value = _as_name(value, key)
    for option in options:
        if get_origin(option) is list and isinstance(value, list):
            (item,) = get_args(option)
            return [_entry(item, entry, key) for entry in value]
        if get_origin(option) is dict and isinstance(value, Mapping):
            (_, item) = get_args(option)
            return {str(name): convert(item, value[name], f"{key}.{name}") for name in value}
        if option is float and type(value) is int:
            _require_short(value, key)
            return float(value)
        if isinstance(option, type) and type(value) is option:
            if isinstance(value, float) and not math.isfinite(value):
                raise UserError(f"{key} must be finite, got {value}")
            _require_short(value, key)
            return value
    wanted = " or ".join(_in_words(option) for option in options)
    whole = int in options and isinstance(value, float) and value.is_integer()
    short = whole and abs(cast(float, value)) < SPELLED_OUT
    written = f": write {value:.0f}" if short else ""  # 1e3 is no whole number in YAML
    raise UserError(f"{key} must be {wanted}, got {shown(value)}{written}")


def _entry(hint: object, value: object, key: str) -> object:
    """An element of a list: cells of a table may be of any kind, and names of columns numbers."""
    cells = {str, float} <= {*get_args(hint)}
    if cells and isinstance(value, float) and not math.isfinite(value):
        return str(value)  # data.missing=[NAN]
    if cells and value is None:
        return "null"
    if value is None and key in NAMES:
        return "null"
    return convert(hint, _as_name(value, key), key)


def _as_name(value: object, key: str) -> object:
    """The text of a column's name that looks like a number: 2020."""
    return str(value) if key in NAMES and type(value) in (int, float) else value


def _require_short(value: object, key: str) -> None:
    if isinstance(value, int):
        require(abs(value) < LARGEST_INT, key, "of at most 300 digits", value)


def _in_words(hint: object) -> str:
    words = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}
    if hint is type(None):
        return "null"
    if get_origin(hint) is list:
        return "a list"
    if get_origin(hint) is dict:
        return "a group of columns"
    return words[cast(type, hint)]

"""schema.json -> what a network's inputs and outputs mean, each key held against the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from mlp_lab.data.answers import MOST_ANSWERS, AnswersEncoding
from mlp_lab.data.column_encoding import (
    CYCLES,
    DateEncoding,
    Encoding,
    InputColumn,
    LevelEncoding,
    NumberEncoding,
    Scaling,
)
from mlp_lab.data.columns import FORMER, KINDS, Column
from mlp_lab.data.config import MOST_QUANTILES, FileSettings
from mlp_lab.data.schema import TRANSFORM, Schema, Target, Targets
from mlp_lab.errors import UserError
from mlp_lab.plain import brief, read_as, require_keys

ENCODINGS: Mapping[str, type[Encoding]] = {
    "numeric": NumberEncoding,
    "ordinal": NumberEncoding,
    "date": DateEncoding,
    "binary": LevelEncoding,
    "category": LevelEncoding,
    "multiple": AnswersEncoding,
}
"""Kind of a column -> how it is encoded."""

TASKS = ("regression", "binary", "multiclass")

OWN = {field.name for field in fields(Column)}
"""Keys of a column beside those of its inputs."""


def schema_of(values: Mapping[str, Any]) -> Schema:
    """A schema from plain data, as `Schema.to_dict` wrote it.

    Raises:
        UserError: a key is unknown or missing, holds what it cannot, or contradicts another.
    """
    several = isinstance(values, Mapping) and "targets" in values
    target = "targets" if several else "target"
    optional = dict.fromkeys(("file", "group", "strata"), False)
    names = {"columns": True, target: True, "weight": True, **optional}
    found = require_keys(values, names)
    columns = read_as(list[object], found["columns"], "columns")
    inputs = [_input(entry, f"columns[{place}]") for place, entry in enumerate(columns)]
    schema = Schema(
        inputs,
        _targets(found[target], target) if several else _target(found[target], target),
        None if found["weight"] is None else _column(found["weight"], "weight"),
        read_as(FileSettings, found["file"], "file") if found.get("file") is not None else None,
        *(_column(found[name], name) if name in found else None for name in ("group", "strata")),
    )
    _require_unique([entry.column.name for entry in inputs], "columns", "names")
    return schema


def _input(value: object, key: str) -> InputColumn:
    """A column and its encoding."""
    keys = dict.fromkeys((*OWN, *FORMER), False) | {"inputs": True, "encoding": True}
    found = require_keys(value, keys, key)
    column = _column({name: found[name] for name in found if name in (*OWN, *FORMER)}, key)
    encoding = read_as(ENCODINGS[column.kind], found["encoding"], f"{key}.encoding")
    _require_encoding(encoding, column, f"{key}.encoding")
    entry = InputColumn(column, encoding)
    if read_as(list[str], found["inputs"], f"{key}.inputs") != entry.names:
        raise UserError(f"{key}.inputs must be {brief(entry.names)}, got {brief(found['inputs'])}")
    return entry


def _column(value: object, key: str) -> Column:
    """How the cells of a column are read; version 0.1.0 had another name for a field."""
    found = value
    if isinstance(value, dict):
        found = {FORMER.get(name, name): entry for name, entry in value.items()}
    column = read_as(Column, found, key)
    if column.kind not in KINDS:
        raise UserError(f"{key}.kind must be one of {', '.join(KINDS)}, got {brief(column.kind)}")
    _require_unique(column.levels, f"{key}.levels", "levels")
    if (column.kind == "multiple") != bool(column.separator):
        rule = "a sign of a multiple column, else empty"
        raise UserError(f"{key}.separator must be {rule}, got {brief(column.separator)}")
    if column.kind == "multiple" and len(column.levels) > MOST_ANSWERS:
        raise UserError(f"{key}.levels must be at most {MOST_ANSWERS}, got {len(column.levels)}")
    if not 0 <= column.min_frequency <= 1:
        raise UserError(f"{key}.min_frequency must be in [0, 1], got {column.min_frequency}")
    return column


def _require_encoding(encoding: Encoding, column: Column, key: str) -> None:
    if isinstance(encoding, NumberEncoding):
        _require_scaling(encoding.scaling, f"{key}.scaling")
        _require_range(encoding, key)
    elif isinstance(encoding, DateEncoding):
        if encoding.cycles not in ([], list(CYCLES[:1]), list(CYCLES)):
            raise UserError(f"{key}.cycles must be {', '.join(CYCLES)}, got {encoding.cycles}")
        for part in ("year", "month", "weekday", "days"):
            _require_encoding(getattr(encoding, part), column, f"{key}.{part}")
            if getattr(encoding, part).indicator:
                raise UserError(f"{key}.{part}.indicator must be false: its date has one")
    elif encoding.levels != len(column.levels):
        levels = len(column.levels)
        raise UserError(f"{key}.levels must be {levels}, the number of levels: {encoding.levels}")
    elif isinstance(encoding, LevelEncoding) and encoding.paired and encoding.levels != 2:
        raise UserError(f"{key}.paired must be false of {encoding.levels} levels")


def _require_scaling(scaling: Scaling, key: str) -> None:
    if scaling.scale <= 0:
        raise UserError(f"{key}.scale must be positive, got {scaling.scale}")
    if len(scaling.quantiles) > MOST_QUANTILES or sorted(scaling.quantiles) != scaling.quantiles:
        raise UserError(f"{key}.quantiles must be at most {MOST_QUANTILES} numbers in order")


def _require_range(encoding: NumberEncoding, key: str) -> None:
    low, high = encoding.low, encoding.high
    if (low is None) != (high is None):
        raise UserError(f"{key}.low and {key}.high must both be numbers, or neither")
    if low is not None and high is not None and low > high:
        raise UserError(f"{key}.low must be at most {key}.high, {high}, got {low}")


def _targets(value: object, key: str) -> Targets:
    """Several columns that are predicted."""
    entries = read_as(list[object], value, key)
    if len(entries) < 2:
        raise UserError(f"{key} must be two or more, got {len(entries)}")
    each = [_target(entry, f"{key}[{place}]") for place, entry in enumerate(entries)]
    _require_unique([target.name for target in each], key, "names")
    task = each[0].task
    for place, target in enumerate(each):
        if target.task not in ("regression", "binary") or target.task != task:
            raise UserError(f"{key}[{place}].task must be that of all, regression or binary")
        if target.outputs != 1:
            raise UserError(f"{key}[{place}].outputs must be 1, got {target.outputs}")
    return Targets(each)


def _target(value: object, key: str) -> Target:
    """What is predicted."""
    found = require_keys(value, {field.name: True for field in fields(Target)}, key)
    target = Target(
        column=_column(found["column"], f"{key}.column"),
        task=read_as(str, found["task"], f"{key}.task"),
        classes=_classes(found["classes"], f"{key}.classes"),
        outputs=read_as(int, found["outputs"], f"{key}.outputs"),
        transform=read_as(str, found["transform"], f"{key}.transform"),
        scaling=read_as(Scaling, found["scaling"], f"{key}.scaling"),
    )
    for name, choices in (("task", TASKS), ("transform", tuple(TRANSFORM))):
        if found[name] not in choices:
            raise UserError(
                f"{key}.{name} must be one of {', '.join(choices)}, got {brief(found[name])}"
            )
    _require_scaling(target.scaling, f"{key}.scaling")
    if target.scaling.quantiles:
        raise UserError(f"{key}.scaling.quantiles must be empty")
    _require_fitting_classes(target, key)
    return target


def _classes(value: object, key: str) -> list[str] | None:
    return None if value is None else read_as(list[str], value, key)


def _require_fitting_classes(target: Target, key: str) -> None:
    """Raise unless task, classes, levels and outputs say the same."""
    outputs: tuple[int, ...]
    if target.classes is None:
        task, outputs = "regression", (1,)
    else:
        count = len(target.classes)
        task = "binary" if count == 2 else "multiclass"
        outputs = (1, 2) if count == 2 else (count,)
        _require_unique(target.classes, f"{key}.classes", "classes")
        if target.column.levels != target.classes:
            raise UserError(f"{key}.column.levels must be the classes of {key}.classes")
        if target.transform != "none":
            raise UserError(f"{key}.transform must be none for classes, got {target.transform}")
    if target.task != task:
        raise UserError(f"{key}.task must be {task} for its classes, got {target.task}")
    if target.outputs not in outputs:
        allowed = " or ".join(map(str, outputs))
        raise UserError(f"{key}.outputs must be {allowed} for its classes, got {target.outputs}")


def _require_unique(names: Sequence[str], key: str, what: str) -> None:
    if len(set(names)) < len(names):
        raise UserError(f"{key} must be different {what}")

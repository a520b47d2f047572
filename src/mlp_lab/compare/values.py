"""What a run has of a key, as one would type it or as a number."""

import math

from mlp_lab.compare.records import RunRecord
from mlp_lab.formatting import typed_value


def value_of(record: RunRecord, key: str) -> str:
    """A run's value of a key: from its configuration, a group's as typed."""
    if key in record.settings:
        return typed_value(record.settings[key])
    if key in record.overrides:
        return record.overrides[key]
    parts = {name: own for name, own in record.settings.items() if name.startswith(f"{key}.")}
    if parts and f"{key}.name" not in parts:  # values by the names of columns
        return typed_value({name.removeprefix(f"{key}."): own for name, own in parts.items()})
    return str(record.settings.get(f"{key}.name", "default"))


def as_number(text: str) -> float | None:
    """The finite number that a value is; None if it is none."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None

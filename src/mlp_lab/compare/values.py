"""What a run has of a key, as one would type it or as a number."""

import math

from mlp_lab.compare.records import RunRecord


def value_of(record: RunRecord, key: str) -> str:
    """A run's value of a key: from its configuration, a group's as typed."""
    if key in record.settings:
        return as_typed(record.settings[key])
    if key in record.overrides:
        return record.overrides[key]
    parts = {name: own for name, own in record.settings.items() if name.startswith(f"{key}.")}
    if parts and f"{key}.name" not in parts:  # values by the names of columns
        return as_typed({name.removeprefix(f"{key}."): own for name, own in parts.items()})
    return str(record.settings.get(f"{key}.name", "default"))


def as_typed(value: object) -> str:
    """A value as one would type it.

    >>> as_typed([128, 64]), as_typed(None), as_typed(True)
    ('[128,64]', 'null', 'true')
    """
    if isinstance(value, list):
        return f"[{','.join(map(as_typed, value))}]"
    if isinstance(value, dict):
        return f"{{{','.join(f'{name}:{as_typed(own)}' for name, own in value.items())}}}"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)


def as_number(text: str) -> float | None:
    """The finite number that a value is; None if it is none."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None

"""optuna.journal, which anyone may have written: every line is checked before Optuna follows it."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import cast

from optuna.distributions import json_to_distribution

from mlp_lab.errors import UserError, require
from mlp_lab.plain import brief, read_as
from mlp_lab.stored import naming, parse_json, read_text

MEGABYTES = 512
"""Of a journal; a search of 100,000 trials over ten keys leaves less."""

Entry = dict[str, object]

STATES = range(5)
"""Of a trial, as Optuna numbers them."""


def require_journal(path: Path) -> None:
    """Raise unless a file says what a search of ours writes down.

    Half a line at its end is of a process that was killed.

    Raises:
        UserError: it does not; the line and the key are named.
        OSError: it cannot be opened.
    """
    *lines, _ = read_text(path, MEGABYTES).split("\n")
    trials = 0
    for number, line in enumerate(lines, 1):
        where = f"{path}, line {number}"
        entry = parse_json(line, where)
        with naming(Path(where)):
            if not isinstance(entry, dict):
                raise UserError(f"an entry must be a group, got {brief(entry)}")
            operation = entry.get("op_code")
            check = CHECKS.get(operation) if type(operation) is int else None
            if check is None:
                raise UserError(f"op_code must be one of a search's, got {brief(operation)}")
            require(number > 1 or operation == 0, "op_code", "0 in the first line", operation)
            read_as(str, _value(entry, "worker_id"), "worker_id")
            _require_number(entry, "study_id" if check in OF_THE_STUDY else "trial_id", trials)
            check(entry)
            trials += operation == CREATE_TRIAL


def _value(entry: Entry, key: str) -> object:
    if key not in entry:
        raise UserError(f"{key} is missing")
    return entry[key]


def _require_number(entry: Entry, key: str, trials: int) -> None:
    if entry["op_code"] != 0:
        number = read_as(int, _value(entry, key), key)
        limit = 1 if key == "study_id" else trials
        require(0 <= number < limit, key, f"0 or more and below {limit}", number)


def _study(entry: Entry) -> None:
    name = read_as(str, _value(entry, "study_name"), "study_name")
    require(name == "sweep", "study_name", "'sweep'", name)
    directions = read_as(list[int], _value(entry, "directions"), "directions")
    require(directions == [1], "directions", "[1]", directions)


KINDS: dict[str, type] = {"setting": list[str], "asked": int, "lost": list[int]}
"""What a search remembers of itself."""


def _attribute(entry: Entry) -> None:
    for key, value in _group(entry, "user_attr").items():
        if key in KINDS:
            read_as(KINDS[key], value, f"user_attr.{key}")


def _group(entry: Entry, key: str) -> Entry:
    group = _value(entry, key)
    if not isinstance(group, dict):
        raise UserError(f"{key} must be a group, got {brief(group)}")
    return group


def _trial(entry: Entry) -> None:
    _require_time(entry, "datetime_start")


def _require_time(entry: Entry, key: str) -> None:
    text = read_as(str, _value(entry, key), key)
    try:
        datetime.fromisoformat(text)
    except ValueError as error:
        raise UserError(f"{key} must be a time, got {brief(text)}") from error


def _parameter(entry: Entry) -> None:
    read_as(str, _value(entry, "param_name"), "param_name")
    value = read_as(float, _value(entry, "param_value_internal"), "param_value_internal")
    text = read_as(str, _value(entry, "distribution"), "distribution")
    parse_json(text, "distribution")
    try:
        fits = json_to_distribution(text)._contains(value)  # as Optuna asks, but by an assertion
    except BROKEN as error:
        raise UserError(f"distribution must be one of Optuna's, got {brief(text)}") from error
    require(fits, "param_value_internal", "within its distribution", value)


def _state(entry: Entry) -> None:
    state = read_as(int, _value(entry, "state"), "state")
    require(state in STATES, "state", "0 to 4", state)
    values = _value(entry, "values")
    if values is not None:
        numbers = read_as(list[float], values, "values")
        finite = len(numbers) == 1 and math.isfinite(numbers[0])
        require(finite, "values", "one finite number", numbers)
    elif state == COMPLETE:
        raise UserError("values must be one finite number, got None")
    if "datetime_complete" in entry:
        _require_time(entry, "datetime_complete")


def _of_the_system(entry: Entry) -> None:
    _group(entry, "system_attr")


CREATE_TRIAL, COMPLETE = 4, 1
"""What the journal calls a new trial, and the state of one that has ended well."""

BROKEN = (ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError)
"""What Optuna raises of a journal that it did not write."""

CHECKS = cast(
    dict[object, Callable[[Entry], None]],
    {0: _study, 2: _attribute, 4: _trial, 5: _parameter, 6: _state, 9: _of_the_system},
)
"""The operations that a search writes down."""

OF_THE_STUDY = (_study, _attribute, _trial)

"""Former names of keys: they work in this version, and say what they are now."""

import sys
from collections.abc import Mapping
from functools import cache

RENAMED = {
    "data.rare": "data.min_frequency",
    "schedule.rise": "schedule.warmup_epochs",
    "schedule.every": "schedule.step_size",
}
"""Former key -> its name now, in the same group."""


def with_current_name(word: str, *, announce: bool = True) -> str:
    """A word of the command line, `schedule.rise=5`, under the name that its key has now."""
    key, equals, value = word.partition("=")
    name = key.lstrip("+~")
    if name not in RENAMED:
        return word
    if announce:
        _announce(name)
    return f"{key.removesuffix(name)}{RENAMED[name]}{equals}{value}"


def with_current_names(
    values: Mapping[str, object], *, announce: bool = False
) -> dict[str, object]:
    """A whole configuration as plain data, its former keys under their names of now.

    Where both stand, the former wins: a file of the user's says it, over a default of ours.
    """
    return _with_names(values, RENAMED, announce=announce)


def with_former_names(values: Mapping[str, object]) -> dict[str, object]:
    """As version 0.1 has it: hashes of settings that it took must still fit."""
    return _with_names(values, {new: old for old, new in RENAMED.items()}, announce=False)


def _with_names(
    values: Mapping[str, object], names: Mapping[str, str], *, announce: bool
) -> dict[str, object]:
    renamed = dict(values)
    for old, new in names.items():
        group, _, field = old.partition(".")
        section = renamed.get(group)
        if not isinstance(section, Mapping) or field not in section:
            continue
        if announce:
            _announce(old)
        kept = {name: value for name, value in section.items() if name != field}
        renamed[group] = kept | {new.partition(".")[2]: section[field]}
    return renamed


@cache
def _announce(key: str) -> None:
    """Say it once in a process."""
    print(f"{key} is now {RENAMED[key]}; the former name works in this version", file=sys.stderr)

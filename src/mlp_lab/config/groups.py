"""The YAML files of configs/ as plain data, put together without Hydra.

For those who set values in Python: the same files, the same defaults, no command line. Only what
our own files use of a defaults list is read.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path, PurePosixPath

from mlp_lab.config.column_keys import BY_COLUMN
from mlp_lab.config.schema import CONFIG_NAME, GROUPS, OF_THE_COMMAND
from mlp_lab.errors import require_choice
from mlp_lab.network.own_parts import OWN_CHOICES
from mlp_lab.stored import read_yaml

NUMBER = re.compile(r"[+-]?\d+(\.\d*)?e[+-]?\d+")
"""What YAML 1.1 takes for text, as 1e-8, and YAML 1.2 for a number."""

CHOOSING = ("data", "model")
"""Groups whose files may choose in others."""

NO_RUN = ("defaults", "experiment", *OF_THE_COMMAND)


def config_folder() -> Path:
    """`configs/`: inside an installed package, else beside `src/` in a checkout.

    An absolute path serves a script, an editable install and an installed command alike.
    """
    package = Path(__file__).parents[1]
    inside = package / "configs"
    return inside if inside.is_dir() else package.parents[1] / "configs"


def choices(group: str) -> list[str]:
    """Names that a group may be chosen by, in order."""
    return sorted([*_files(group), *OWN_CHOICES.get(group, ())])


@cache
def _files(group: str) -> list[str]:
    return [path.stem for path in (config_folder() / group).glob("*.yaml")]


def chosen(group: str, name: str) -> dict[str, object]:
    """What a group's choice says: the group, and other keys that it brings along.

    >>> chosen("schedule", "step")
    {'schedule': {'name': 'step', 'step_size': 10, 'gamma': 0.5}}
    >>> chosen("optimizer", "gd")["batch_size"]
    'full'

    Raises:
        UserError: the group has no such choice.
    """
    require_choice(name, group, choices(group))
    whole: dict[str, object] = {}
    for other, choice in _brought_along(group, name):
        whole = merged(whole, chosen(other, choice))
    return _over(whole, _own(group, name))


def _own(group: str, name: str) -> Mapping[str, object]:
    """What a choice says itself."""
    if name in OWN_CHOICES.get(group, ()):
        return {group: OWN_CHOICES[group][name]}
    found = _file(f"{group}/{name}")
    return found if group in found else {group: found}  # a file may be of all keys


def composed(names: Mapping[str, str]) -> dict[str, object]:
    """The defaults, with the choices of some groups by name, as on a command line.

    >>> composed({"data": "table", "model": "shallow"})["optimizer"]["name"]  # not tabular's
    'adam'

    Raises:
        UserError: a group has no such choice.
    """
    for group, name in names.items():
        require_choice(name, group, choices(group))
    found = {**_default_names(), **names}
    for group in CHOOSING:
        found = {**found, **dict(_brought_along(group, found[group])), **names}
    values = _own_values()
    for group in _default_names():
        values = _over({**values, group: {}}, _own(group, found[group]))
    return values


def merged(values: Mapping[str, object], choice: Mapping[str, object]) -> dict[str, object]:
    """A configuration in which a choice is made: its group is replaced, other keys are set."""
    groups = {key: value for key, value in choice.items() if key in GROUPS}
    others = {key: value for key, value in choice.items() if key not in GROUPS}
    return {**_over(values, others), **_copy(groups)}


def _over(values: Mapping[str, object], others: Mapping[str, object]) -> dict[str, object]:
    """Values in which others are set, those of a section one by one."""
    found = _copy(values)
    for key, value in _copy(others).items():
        before = found.get(key)
        found[key] = (
            before | value if isinstance(before, dict) and isinstance(value, dict) else value
        )
    return found


def default_values() -> dict[str, object]:
    """What a run is told where nobody says anything: configs/train.yaml with its groups."""
    return _copy(_default_values())


@cache
def _default_values() -> Mapping[str, object]:
    return composed({})


def _own_values() -> dict[str, object]:
    """Settings of configs/train.yaml itself."""
    return _copy({key: value for key, value in _read(CONFIG_NAME).items() if key not in NO_RUN})


def _default_names() -> dict[str, str]:
    """Group -> its choice in configs/train.yaml, in the order in which they are put together."""
    entries = [entry for entry in _defaults(_read(CONFIG_NAME)) if isinstance(entry, dict)]
    return {
        group: str(name) for entry in entries for group, name in entry.items() if group in GROUPS
    }


OVERRIDE = re.compile(r"override /(\w+)(@[\w.]+)?")
"""How a file chooses in another group: `override /optimizer: adamw`."""


def _brought_along(group: str, name: str) -> Iterator[tuple[str, str]]:
    """Groups in which a choice's file chooses, and what."""
    if name in OWN_CHOICES.get(group, ()):
        return
    path = f"{group}/{name}"
    for entry in _defaults(_read(path)):
        for key, choice in entry.items() if isinstance(entry, dict) else ():
            match = OVERRIDE.fullmatch(key)
            if match is not None:
                yield match[1], str(choice)


@cache
def _file(path: str) -> Mapping[str, object]:
    """A group's file, without its extension, over its defaults."""
    values = _read(path)
    found: dict[str, object] = {}
    for entry in _defaults(values):
        if entry == "/open_columns@_here_":  # groups of a table's columns, empty until one is named
            found |= {name: {} for name in BY_COLUMN}
        elif isinstance(entry, str) and entry != "_self_":
            file, _, package = entry.partition("@")
            other = _file(str(PurePosixPath("/", path).parent / file)[1:])  # as Hydra has it
            found |= {package: other} if package in GROUPS else other
    return _over(found, {key: value for key, value in values.items() if key != "defaults"})


@cache
def _read(path: str) -> Mapping[str, object]:
    values = read_yaml(config_folder() / f"{path}.yaml")
    assert isinstance(values, dict)
    return {key: _number(value) for key, value in values.items()}


def _number(value: object) -> object:
    return float(value) if isinstance(value, str) and NUMBER.fullmatch(value) else value


def _defaults(values: Mapping[str, object]) -> list[object]:
    found = values.get("defaults", [])
    assert isinstance(found, list)
    return found


def _copy(values: Mapping[str, object]) -> dict[str, object]:
    """Plain data of its own, one level deep: what a caller sets changes no file's."""
    return {key: dict(value) if isinstance(value, dict) else value for key, value in values.items()}

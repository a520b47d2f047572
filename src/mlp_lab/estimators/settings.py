"""Settings as Python has them, by keyword -> the configuration of a run."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from functools import cache

import numpy as np

from mlp_lab.config.groups import chosen, default_values, merged
from mlp_lab.config.reading import read, unknown_key
from mlp_lab.config.renamed_keys import with_current_name
from mlp_lab.config.schema import GROUPS, Config
from mlp_lab.data.catalogue import DATA
from mlp_lab.data.config import DataConfig
from mlp_lab.engine.averaging import AveragingConfig
from mlp_lab.engine.early_stopping import StopConfig
from mlp_lab.errors import UserError
from mlp_lab.network.architecture import ModelConfig
from mlp_lab.network.losses import LOSS_CONFIGS
from mlp_lab.network.optimizers import OPTIMIZERS
from mlp_lab.network.schedules import SCHEDULES
from mlp_lab.stored import parse_yaml

SECTIONS: tuple[tuple[str, tuple[type, ...]], ...] = (
    ("", (Config,)),
    ("model", (ModelConfig,)),
    ("stop", (StopConfig,)),
    ("data", (DataConfig, *DATA.values())),
    ("optimizer", tuple(OPTIMIZERS.values())),
    ("schedule", tuple(SCHEDULES.values())),
    ("averaging", (AveragingConfig,)),
    ("loss", tuple(LOSS_CONFIGS.values())),
)
"""Groups of settings and the classes that say what is in them; a name is looked for in order."""

OF_A_FILE = (
    *("path", "test_path", "report_only", "stream"),
    *("delimiter", "quote", "encoding", "sheet", "header", "skip_rows", "comment"),
)
"""Settings of a table that lies in a file."""


UNBOUNDED = ("epochs",)
"""Settings of which None is a value: no limit, which is not the default."""


@cache
def keys() -> Mapping[str, str]:
    """Keyword -> key of a run's configuration: `lr` -> `optimizer.lr`."""
    found = {"averaging": "averaging.kind"}
    for section, classes in SECTIONS:
        for kind in classes:
            for field in fields(kind):
                of_a_choice = field.name == "name" and bool(section)
                if not of_a_choice and field.name not in ("resume", *OF_A_FILE):
                    key = f"{section}.{field.name}" if section else field.name
                    found.setdefault(field.name, key)
    return found


def key_of(name: str) -> str:
    """The key of a setting by its keyword, or by the key itself.

    >>> key_of("lr"), key_of("optimizer.lr"), key_of("epochs")
    ('optimizer.lr', 'optimizer.lr', 'epochs')

    Raises:
        UserError: there is no such setting.
    """
    known = keys()
    if name not in known and "." not in name:
        raise unknown_key(name, sorted(known))
    return known.get(name, name)


def values_of(settings: Mapping[str, object], data: Mapping[str, object]) -> dict[str, object]:
    """A run's configuration as plain data: `settings` over the defaults; `data` chooses the rows.

    A group's name chooses it (`optimizer="sgd"`), any other keyword sets one value of it; what is
    None stays at its group's default, but for `UNBOUNDED`, which then have no limit.

    Raises:
        UserError: a group has no such choice, or there is no such setting.
    """
    values = {**default_values(), "data": dict(data)}
    given = {
        key: plain(value)
        for key, value in ((key_of(name), value) for name, value in settings.items())
        if value is not None or key in UNBOUNDED
    }
    for group in GROUPS:
        if group in given:
            name = str(given.pop(group))
            values = merged(values, chosen(group, name))
    for key, value in given.items():
        place, name = _place(values, key)
        place[name] = value
    return values


def _place(values: dict[str, object], key: str) -> tuple[dict[str, object], str]:
    """The mapping that a key's value belongs into, and its name there.

    Raises:
        UserError: there is none.
    """
    group, dot, name = key.partition(".")
    section = values.get(group) if dot else values
    if not isinstance(section, dict):
        sections = [other for other, entry in values.items() if isinstance(entry, dict)]
        raise unknown_key(key, sections)
    name = name if dot else group
    setting, dot, entry = name.partition(".")
    if dot and isinstance(section.get(setting), Mapping):  # by column, whose name may have dots
        section[setting] = {**section[setting]}
        return section[setting], entry
    if name not in section:
        raise unknown_key(key, list(section))
    return section, name


def config_of(values: Mapping[str, object]) -> Config:
    """The typed configuration of plain data.

    Raises:
        UserError: a value is not of its type, or out of its range.
    """
    return read(Config, values, "")


def plain(value: object) -> object:
    """A value as a configuration has it: numpy's numbers as Python's, tuples and arrays as lists.

    >>> plain((np.int64(3), "relu"))
    [3, 'relu']
    """
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(entry) for entry in value]
    return value


def options(given: Mapping[str, object] | None, group: str) -> dict[str, object]:
    """Settings of a group, given together, by their keys.

    Raises:
        UserError: they are no mapping.
    """
    if given is not None and not isinstance(given, Mapping):
        raise UserError(f"{group}_options must be a mapping of settings, got {given!r}")
    return {f"{group}.{name}": value for name, value in (given or {}).items()}


def from_words(words: Iterable[str]) -> dict[str, object]:
    """Words as settings by their keys.

    >>> from_words(["model=shallow", "optimizer.lr=1e-2", "model.width=[8,4]"])
    {'model': 'shallow', 'optimizer.lr': 0.01, 'model.width': [8, 4]}
    >>> from_words(["data.levels={trust:[low,high]}"])
    {'data.levels': {'trust': ['low', 'high']}}

    Raises:
        UserError: a word is no `key=value`.
    """
    return {key: _value(text) for key, text in _pairs(words)}


def swept_by_words(words: Iterable[str]) -> dict[str, object]:
    """Words of a sweep: lists of what commas part, as on the command line, are swept.

    >>> swept_by_words(["model.width=[8,4],[2,2]", "epochs=5", "seed=0,1"])
    {'model.width': [[8, 4], [2, 2]], 'epochs': 5, 'seed': [0, 1]}

    Raises:
        UserError: a word is no `key=value`.
    """
    found: dict[str, object] = {}
    for key, text in _pairs(words):
        values = [_value(part) for part in _parts(text)]
        single = len(values) == 1 and not isinstance(values[0], list)
        found[key] = values[0] if single else values
    return found


_KEY = re.compile(r"([{,]\s*[^\s:,{}\[\]]+):(?=\S)")
"""Of a mapping as a command line has it, without a blank behind the colon."""


def _parts(text: str) -> list[str]:
    """What commas part, outside brackets and braces."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter in "[{") - (letter in "]}")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def _pairs(words: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each word's key and text."""
    for word in words:
        key, equals, text = with_current_name(str(word)).partition("=")
        if not equals:
            raise UserError(f"settings are written as key=value, or as keywords, got {word!r}")
        yield key.lstrip("+"), text


def _value(text: str) -> object:
    text = _KEY.sub(r"\1: ", text) if text.startswith("{") else text
    try:
        return float(text) if "e" in text.lower() else parse_yaml(text, text)
    except ValueError:
        return parse_yaml(text, text)

"""What others raise, in one line that a user can act on."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import yaml
from hydra.errors import (
    ConfigCompositionException,
    HydraException,
    MissingConfigException,
    OverrideParseException,
)
from omegaconf import DictConfig
from omegaconf.errors import (
    ConfigAttributeError,
    ConfigKeyError,
    InterpolationResolutionError,
    OmegaConfBaseException,
    UnsupportedInterpolationType,
)

from mlp_lab.config.reading import owners_of, unknown_key
from mlp_lab.config.schema import GROUPS
from mlp_lab.config.synonyms import WITHIN, meaning, mistyped, own_key, remark
from mlp_lab.data.tables.config import SUFFIXES, suffix_of
from mlp_lab.errors import UserError, nearest
from mlp_lab.formatting import one_line

NO_MEMORY = re.compile("can't allocate memory|out of memory", re.IGNORECASE)
"""How torch says it."""


def explain(error: BaseException) -> str | None:
    """One line for an error that the user can mend; None for any other."""
    explanation = _explained(error)
    return None if explanation is None else one_line(explanation)


def _explained(error: BaseException) -> str | None:
    chain = _chain(error)
    for link in chain:
        if isinstance(link, UserError):
            return str(link)
    for link in chain:
        for explanation in EXPLANATIONS:
            line = explanation(link)
            if line is not None:
                return line
    if isinstance(error, MemoryError) or NO_MEMORY.search(str(error)):
        return ": ".join(["not enough memory", *str(error).splitlines()[:1]])
    if isinstance(error, (HydraException, OmegaConfBaseException)):
        refused = next(filter(None, map(_explain_refusal, chain)), None)
        return refused or "; ".join(filter(None, map(str.strip, str(error).splitlines())))
    return _explain_refusal(error)


def _chain(error: BaseException) -> list[BaseException]:
    """An error and what it came of, the last cause at the end."""
    chain = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) is not None:
        chain.append(cause)
    return chain


def _explain_refusal(error: BaseException) -> str | None:
    """A file or folder that the system refuses."""
    if not isinstance(error, OSError) or error.strerror is None:
        return None
    return f"cannot use {error.filename or 'a file'}: {error.strerror}"


def _elsewhere(key: str, typed: str) -> str:
    """Other choices of a group that have a setting which the chosen one lacks."""
    owners, has = owners_of(key), "it" if key == typed else key
    only = f"only {key.partition('.')[0]}={'|'.join(owners)} has {has}"
    return f"unknown key {typed!r}: {only}" if owners else ""


def _holds(section: object, key: str) -> bool:
    return isinstance(section, DictConfig) and key in section


def _explain_yaml(error: BaseException) -> str | None:
    """A file of settings that is not valid YAML."""
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return None
    mark = error.problem_mark
    place = f"line {mark.line + 1}, column {mark.column + 1}"
    return f"{mark.name} is not valid YAML: {place}: {error.problem}"


def _explain_table(error: BaseException) -> str | None:
    """data=survey.csv, for data=table data.path=survey.csv."""
    if isinstance(error, OverrideParseException):
        group, _, path = error.override.partition("=")
    elif isinstance(error, MissingConfigException):
        group, _, path = (error.missing_cfg_file or "").partition("/")
    else:
        return None
    if group != "data" or "." not in path:
        return None
    if suffix_of(Path(path)) not in SUFFIXES:
        return None
    meant = shlex.join(["data=table", f"data.path={path}"])
    return f"unknown data {path!r}: did you mean {meant}?"


def _explain_typing(error: BaseException) -> str | None:
    """Words of a command line that Hydra cannot read or find."""
    if isinstance(error, OverrideParseException):
        word = error.override
        if "=" not in word:
            return f"{word!r} is not a setting: settings are written as key=value, as in model=deep"
        key, _, value = word.partition("=")
        if not key.isascii() or ("{" in value and not value.isascii()):
            return (
                f"cannot read {word!r}: keys on a command line are ASCII; a file of one's own,"
                " chosen by --config-dir, may have others"
            )
        return f"cannot read {word!r}: do its brackets, quotes and commas match?"
    if isinstance(error, ConfigCompositionException) and str(error).startswith("Could not append"):
        key = str(error).partition("at '")[2].partition("'")[0]
        return f"+{key}: {key} is a setting already, without the plus sign: {key}=..."
    if isinstance(error, MissingConfigException) and not error.options:
        name = error.missing_cfg_file or ""
        return f"no file {name}.yaml: neither in configs/ nor in the folder of --config-dir"
    return None


MERGING = "Error merging override "


def _explain_merging(error: BaseException) -> str | None:
    """A list in place of a group of settings, or the other way."""
    said = str(error).splitlines()[0] if isinstance(error, ConfigCompositionException) else ""
    if not said.startswith(MERGING):
        return None
    key, _, value = said.removeprefix(MERGING).partition("=")
    rule = "a list" if value.startswith("{") else "a group of settings"
    return f"{key} must be {rule}, got {value}"


def _explain_composition(error: BaseException) -> str | None:
    """Hydra's commonest complaints, in the words of this project."""
    if isinstance(error, MissingConfigException) and error.options:
        group, _, choice = (error.missing_cfg_file or "").rpartition("/")
        options = error.options
        return f"unknown {group} {choice!r}{nearest(choice, options)} ({', '.join(options)})"
    if isinstance(error, ConfigCompositionException) and str(error).startswith("Ambiguous"):
        override = str(error).partition("'")[2].partition("'")[0]
        brackets = "" if override.partition("=")[0] in GROUPS else ", or brackets around a list"
        return (
            f"{override} gives several values: put -m before the overrides to train with each of"
            f" them{brackets}"
        )
    if isinstance(error, ValueError) and str(error).startswith("Config group override"):
        return "a group is chosen by the name of one of its files, as in model=deep: see --help"
    return None


def _explain_key(error: BaseException) -> str | None:
    """A key that there is not: of another group or choice, or by another name."""
    if not isinstance(error, (ConfigKeyError, ConfigAttributeError)):
        return None
    parent = error.parent_node
    if not isinstance(parent, DictConfig):
        return None
    key, names = str(error.full_key), [str(name) for name in parent]
    owners = [str(name) for name, part in parent.items() if name != "hydra" and _holds(part, key)]
    if owners and not WITHIN.get(key):
        return f"unknown key {key!r}: did you mean {owners[0]}.{key}?"
    if words := "" if WITHIN.get(key) else remark(key, on_a_command_line=True):
        return f"unknown key {key!r}: {words}"
    found = "" if own_key(key, names) else _in_another_place(key, parent)
    return found or str(unknown_key(key, names))


def _in_another_place(key: str, parent: DictConfig) -> str:
    """A key that another choice of a group has, or some group."""
    if "." in key:
        return _elsewhere(key, key) or _elsewhere(meaning(key), key)
    found = _without_its_group(key, parent) or _mistyped(key, parent)
    return found or _elsewhere(meaning(key), key)


def _mistyped(key: str, settings: DictConfig) -> str:
    """A key of some group, typed without it and with a wrong letter."""
    keys = [str(name) for name in settings if name != "hydra"]
    sections = [(name, part) for name, part in settings.items() if isinstance(part, DictConfig)]
    keys += [each for name, part in sections for each in _keys(str(name), part) if name != "hydra"]
    found = mistyped(key, keys)
    return f"unknown key {key!r}: did you mean {found!r}?" if "." in found else ""


def _without_its_group(key: str, settings: DictConfig) -> str:
    """A setting that another choice of a group has, typed without the group: momentum=0.9."""
    for group, section in ((str(name), part) for name, part in settings.items()):
        typed = f"{group}.{key}"
        if isinstance(section, DictConfig) and WITHIN.get(typed) in _keys(group, section):
            return f"unknown key {key!r}: here it is {WITHIN[typed]!r}"
        if found := _elsewhere(typed, key):
            return found
    return ""


def _keys(group: str, section: DictConfig) -> list[str]:
    return [f"{group}.{name}" for name in map(str, section)]


def _explain_reference(error: BaseException) -> str | None:
    """A value with ${...} that stands for nothing."""
    if not isinstance(error, (InterpolationResolutionError, UnsupportedInterpolationType)):
        return None
    if any(map(_explain_refusal, _chain(error))):  # of a resolver that reads a file
        return None
    said = str(error).splitlines()[0]
    missing = re.fullmatch(r"Interpolation key '(.*)' not found", said)
    why = f"there is no key {missing[1]!r}" if missing else said[:1].lower() + said[1:]
    key = str(error.full_key or "a setting")
    name = "; '\\${' begins a name that holds ${" if key.startswith("data.") else ""
    return f"{key} refers to what cannot be found: {why}{name}"


def _explain_long_number(error: BaseException) -> str | None:
    """A whole number that Python does not read."""
    if not isinstance(error, ValueError) or "integer string conversion" not in str(error):
        return None
    return "a number in a file of settings must be of at most 300 digits, got thousands"


EXPLANATIONS = (
    _explain_yaml,
    _explain_table,
    _explain_typing,
    _explain_merging,
    _explain_composition,
    _explain_key,
    _explain_reference,
    _explain_long_number,
)
"""What others raise, in words of this project; the first that knows an error explains it."""

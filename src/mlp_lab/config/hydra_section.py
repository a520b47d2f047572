"""What a configuration may say under `hydra:`, so that nothing in a file is ever executed.

Hydra builds whatever `_target_` names, calls callbacks, sets environment variables and lets a
logging configuration name classes. Here a composed configuration is held against a closed list
before Hydra acts on it, wherever a value comes from: a file, a defaults list, an interpolation,
the search path or the command line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import cast

from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf

from mlp_lab.errors import UserError
from mlp_lab.formatting import shown
from mlp_lab.plain import brief
from mlp_lab.program import as_typed
from mlp_lab.stored import naming, read_yaml

TARGET = "_target_"
"""Hydra builds what it names."""

NOTHING_RUNS = "nothing in a configuration is executed"

TARGETS = {
    f"hydra.launcher.{TARGET}": {
        "stacked": "hydra_plugins.mlp_lab_sweep.launcher.StackedLauncher",
        "basic": "hydra._internal.core_plugins.basic_launcher.BasicLauncher",
    },
    f"hydra.sweeper.{TARGET}": {
        "grid": "hydra_plugins.mlp_lab_sweep.sweeper.GridSweeper",
        "optuna": "hydra_plugins.mlp_lab_sweep.search.OptunaSweeper",
    },
}
"""All that is built by name: key -> its group's choices, and the class of each."""

SILENT = {"version": 1, "root": None, "disable_existing_loggers": False}
"""Hydra configures no logging; messages go where `commands.train` says."""

FIXED: Mapping[str, tuple[object, ...]] = {
    "callbacks": ({},),
    "hydra_logging": (SILENT,),
    "job_logging": (SILENT,),
    "job.env_set": ({},),
    "job.env_copy": ([],),
    "job.chdir": (False,),
    "job.name": ("train",),
    "output_subdir": (None,),
}
"""Keys of hydra that have one meaning here, as they stand in a file, and their values."""

FOLDERS = {
    "run.dir": "${run_folder:${resume}}",
    "sweep.dir": "${sweep_folder:${sweep.resume}}",
    "sweep.subdir": "${hydra.job.num}",
}
"""Keys of hydra by which a file could write elsewhere, as configs/settings.yaml has them."""


CALLS = re.compile(r"\$\{.*:", re.DOTALL)
"""An interpolation of OmegaConf that is more than the name of another key."""

REPLACED = {
    "hydra.searchpath": "--config-dir names a folder of files",
    "hydra.mode": "-m trains with several values",
}
"""Keys of hydra that options of the command line stand for, and which."""


def require_plain(typed: Sequence[str]) -> None:
    """Raise if words of a command line set what Hydra obeys while it still composes.

    Raises:
        UserError: they do.
    """
    named = _keys(typed)
    for key, instead in REPLACED.items():
        if key in named:
            raise UserError(f"{key} cannot be set: {instead}")


def require_inert(composed: DictConfig, typed: Sequence[str]) -> None:
    """Raise if Hydra would run, write or set what this program does not know.

    Args:
        composed: with its `hydra` section, before Hydra has used it.
        typed: the words of the command line, which may choose folders anywhere.

    Raises:
        UserError: it would; the key and the rule are named.
    """
    section = OmegaConf.to_container(composed.hydra, resolve=False)
    for key, value in _entries(section, "hydra"):
        if _is_special(key):
            _require_known_target(key, value)
    for key, values in FIXED.items():
        value = _select(section, key)
        if value not in values:
            raise UserError(f"hydra.{key} cannot be changed, got {shown(value)}: {NOTHING_RUNS}")
    recorded = cast(Mapping[str, list[str]], _select(section, "overrides"))
    for word in (*recorded["hydra"], *recorded["task"]):
        if word not in typed:
            raise UserError(f"hydra.overrides cannot be set, got {word}: nobody typed it")
    named = _keys(typed)
    for key, usual in FOLDERS.items():
        usual_or_typed = _select(section, key) == usual or f"hydra.{key}" in named
        if not usual_or_typed and not _lies_below(str(OmegaConf.select(composed.hydra, key))):
            raise UserError(
                f"hydra.{key} of a file must lie in the working directory, got"
                f" {shown(_select(section, key))}: only the command line names other folders"
            )


def _require_known_target(key: str, value: object) -> None:
    if key not in TARGETS:
        raise UserError(f"{key} cannot be set: {NOTHING_RUNS}")
    if value not in TARGETS[key].values():
        group = key.removesuffix(f".{TARGET}").replace(".", "/")
        choices = "|".join(TARGETS[key])
        raise UserError(
            f"{key} must be that of {group}={choices}, got {shown(value)}: {NOTHING_RUNS}"
        )


def require_settings_alone(folder: Path | None, name: str) -> None:
    """Raise if a file that holds a whole configuration says anything of Hydra.

    It may come from anywhere, as the config.yaml of a run; and what it says of Hydra's search path
    would be followed while the rest is still being composed.

    Raises:
        UserError: it does, or it is no group of settings.
    """
    path = None if folder is None else folder / f"{name.removesuffix('.yaml')}.yaml"
    if path is None or not path.is_file():
        return
    path = as_typed(path)
    values = read_yaml(path)
    if not isinstance(values, Mapping):
        raise UserError(f"{path} holds no settings")
    with naming(path):
        for key in values:
            if str(key).partition(".")[0].partition("/")[0] == "hydra":
                raise UserError(f"unknown key {str(key)!r}: {NOTHING_RUNS}")
        _require_defaults(values.get("defaults", []))
        for key, value in _entries(values, ""):
            if isinstance(value, str) and CALLS.search(value):
                raise UserError(f"{key[1:]} must call nothing, got {brief(value)}: {NOTHING_RUNS}")


def _require_defaults(defaults: object) -> None:
    """Raise unless Hydra can read a list of files to begin with."""
    rule = "a list of files, as settings, or of groups with their choice, as model: deep"
    for entry in defaults if isinstance(defaults, list) else [{}]:
        names = [*entry, *entry.values()] if isinstance(entry, dict) else [entry]
        named = all(isinstance(name, str | list | None) for name in names)
        if not named or len(names) not in (1, 2) or not isinstance(names[0], str):
            raise UserError(f"defaults must be {rule}, got {brief(defaults)}")


def _entries(value: object, path: str) -> Iterator[tuple[str, object]]:
    """Every key below a value, with the keys that lead to it."""
    if isinstance(value, Mapping):
        for name, entry in value.items():
            yield f"{path}.{name}", entry
            yield from _entries(entry, f"{path}.{name}")
    elif isinstance(value, list):
        for place, entry in enumerate(value):
            yield from _entries(entry, f"{path}[{place}]")


def _is_special(key: str) -> bool:
    """Whether Hydra's `instantiate` gives the last part of a key a meaning, as to `_args_`."""
    last = key.rpartition(".")[2]
    return last.startswith("_") and last.endswith("_")


def _select(section: object, key: str) -> object:
    for name in key.split("."):
        section = cast(Mapping[str, object], section)[name]
    return section


def _keys(words: Sequence[str]) -> set[str]:
    """What words of a command line set."""
    parsed = OverridesParser.create().parse_overrides(list(words))
    return {override.key_or_group for override in parsed}


def _lies_below(folder: str) -> bool:
    here = Path.cwd().resolve()
    return (here / folder).resolve().is_relative_to(here)

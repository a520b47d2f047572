"""What a configuration may say under `hydra:`, so that nothing in a file is ever executed.

Hydra builds whatever `_target_` names, calls callbacks, sets environment variables and lets a
logging configuration name classes. Here a composed configuration is held against a closed list
before Hydra acts on it, wherever a value comes from: a file, a defaults list, an interpolation,
the search path or the command line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf

from mlp_lab.config.extra_folder import NOTHING_RUNS
from mlp_lab.config.references import require_small
from mlp_lab.errors import UserError
from mlp_lab.formatting import shown
from mlp_lab.plain import entries

TARGET = "_target_"
"""Hydra builds what it names."""

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
    "run.dir": "${run_folder:${resume},${name}}",
    "sweep.dir": "${sweep_folder:${sweep.resume},${name}}",
    "sweep.subdir": "${hydra.job.num}",
}
"""Keys of hydra by which a file could write elsewhere, as configs/settings.yaml has them."""

TYPED_ALONE = ("resume", "sweep.resume", "sweep.latex")
"""Keys that name what is written to, and which a file may therefore leave at null alone."""

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
    everything = cast(dict[str, object], OmegaConf.to_container(composed, resolve=False))
    require_small(everything)
    section = everything["hydra"]
    for key, value in entries(section, "hydra"):
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
    _require_typed(everything, named)
    for key, usual in FOLDERS.items():
        usual_or_typed = _select(section, key) == usual or f"hydra.{key}" in named
        if not usual_or_typed and not _lies_below(str(OmegaConf.select(composed.hydra, key))):
            raise UserError(
                f"hydra.{key} of a file must lie in the working directory, got"
                f" {shown(_select(section, key))}: only the command line names other folders"
            )


def _require_typed(values: Mapping[str, object], named: set[str]) -> None:
    found = dict(entries({name: values.get(name) for name in ("resume", "sweep")}, ""))
    for key in TYPED_ALONE:
        value = found.get(f".{key}")
        if value is not None and not named & {key, key.partition(".")[0]}:
            raise UserError(
                f"{key} of a file must be null, got {shown(value)}: only the command line names"
                " what is written to"
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

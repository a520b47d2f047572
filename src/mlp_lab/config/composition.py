"""Files and words of the command line -> plain values -> Config; the border to Hydra."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import cast

from hydra.conf import HydraConf
from hydra.core.config_store import ConfigStore
from omegaconf import DictConfig, OmegaConf

from mlp_lab.config.column_keys import BY_COLUMN, with_names
from mlp_lab.config.reading import convert, read
from mlp_lab.config.recipe import FactsOf, settled
from mlp_lab.config.renamed_keys import with_current_names
from mlp_lab.config.saved import saved_values
from mlp_lab.config.schema import CONFIG_NAME, GROUPS, MAY_CHANGE_ON_RESUME, OF_THE_COMMAND, Config
from mlp_lab.errors import UserError, require
from mlp_lab.network.own_parts import OWN_CHOICES
from mlp_lab.program import as_typed


def store_open_groups() -> None:
    """Let the command line name columns as keys, as in data.types.zip=category.

    Hydra refuses keys that no YAML file has, and YAML cannot say that a group is open.
    """
    open_columns = OmegaConf.create({name: {} for name in BY_COLUMN})
    for name in open_columns:
        OmegaConf.set_struct(open_columns[name], False)
    ConfigStore.instance().store(name="open_columns", node=open_columns)


def store_own_choices() -> None:
    """Let the command line choose losses and optimizers that were registered by name."""
    for group, choices in OWN_CHOICES.items():
        for name, values in choices.items():
            ConfigStore.instance().store(group=group, name=name, node=values)


def from_hydra(
    composed: DictConfig, overrides: Sequence[str], facts_of: FactsOf | None = None
) -> tuple[Config, dict[str, object], list[str]]:
    """The typed config, the same as plain data for config.yaml, and what was chosen for the data.

    With `resume`, that run's config.yaml, in which the keys of `MAY_CHANGE_ON_RESUME` that the
    command line names are replaced.

    Raises:
        UserError: a key or value that cannot be.
    """
    return from_values(_plain(composed), overrides, facts_of)


def from_values(
    composed: Mapping[str, object], overrides: Sequence[str], facts_of: FactsOf | None = None
) -> tuple[Config, dict[str, object], list[str]]:
    """As `from_hydra`, of what was composed as plain data.

    Raises:
        UserError: a key or value that cannot be.
    """
    for override in overrides:
        _require_choice_of_group(override)
    if isinstance(composed.get("experiment"), Mapping):
        raise UserError(
            "an experiment's file must begin with the line '# @package _global_', which says that"
            " its keys are those of the whole configuration"
        )
    values = {name: composed[name] for name in composed if name not in OF_THE_COMMAND}
    values = with_names(values)
    values = with_current_names(values, announce=True)
    if values.get("resume") is not None:
        values = _resumed(values, overrides)
    values, chosen = settled(values, facts_of)
    return read(Config, values, ""), {**values, "resume": None}, chosen


def _require_choice_of_group(override: str) -> None:
    """Raise if an override names what a group holds in another way than as `group=name`."""
    key, _, value = override.partition("=")
    group, _, field = key.partition(".")
    if value.startswith("[") and key in GROUPS:
        raise UserError(f"{key} takes one name, got {value}: -m {key}=a,b trains with each")
    if group in GROUPS and field == "name":
        raise UserError(f"{key} follows from its group: use {group}={value}")


def config_options(hydra: HydraConf) -> list[str]:
    """Where a command's settings come from beside `configs/`, as one would type it."""
    sources = hydra.runtime.config_sources
    folders = [as_typed(Path(each.path)) for each in sources if each.provider == "command-line"]
    name = hydra.job.config_name
    return [
        *(f"--config-dir={folder}" for folder in folders),
        *([] if name == CONFIG_NAME else [f"--config-name={name}"]),
    ]


def of_the_command(override: str) -> bool:
    """Whether an override is about the whole command, and no run's own."""
    key = override.lstrip("+").partition("=")[0]
    return key.partition(".")[0] in OF_THE_COMMAND


def refuse_sweep_settings(overrides: Iterable[str], about: str) -> None:
    """Raise if a command that has no use for sweep.* is given one; `about` says what would.

    Raises:
        UserError: it is.
    """
    for word in overrides:
        if re.match(r"\+{0,2}sweep[.=]", word):
            raise UserError(f"{word} is about {about}")


FOLDING = ("data.folds", "data.fold", "data.repeat")
"""Keys that `cv` sets, the last one with `cv_repeats`."""


def fold_overrides(composed: DictConfig, typed: Iterable[str] = ()) -> list[str]:
    """What `cv` and `cv_repeats` stand for: sweeps over folds and repeats; nothing without cv.

    Raises:
        UserError: they are no numbers of folds and repeats, or what was `typed` says otherwise.
    """
    folds = convert(int | None, composed.cv, "cv")
    repeats = convert(int, composed.cv_repeats, "cv_repeats")
    assert isinstance(repeats, int)
    require(repeats >= 1, "cv_repeats", "1 or more", repeats)
    if folds is None:
        require(repeats == 1, "cv_repeats", "1 without cv", repeats)
        return []
    assert isinstance(folds, int)
    require(folds >= 2, "cv", "2 or more, or null", folds)
    words = [f"data.folds={folds}", f"data.fold=range({folds})"]
    words += [f"data.repeat=range({repeats})"] * (repeats > 1)
    for word in typed:
        if word.lstrip("+").partition("=")[0] in FOLDING[: len(words)]:
            raise UserError(f"cv={folds} chooses the folds itself: leave out {word}, or cv")
    return words


def _plain(config: DictConfig) -> dict[str, object]:
    return cast(dict[str, object], OmegaConf.to_container(config, resolve=True))


def _resumed(values: Mapping[str, object], overrides: Sequence[str]) -> dict[str, object]:
    folder = str(values["resume"])
    kept = saved_values(Path(folder))
    for override in overrides:
        key = override.partition("=")[0].lstrip("+~")
        group, _, field = key.partition(".")
        if group not in MAY_CHANGE_ON_RESUME or key == "stop.monitor" or override.startswith("~"):
            raise UserError(
                f"{key} cannot change when a run is resumed: resume={folder} keeps its config.yaml,"
                f" save for {', '.join(MAY_CHANGE_ON_RESUME[1:])}"
            )
        if field:
            section = cast(dict[str, object], kept[group])
            section[field] = cast(Mapping[str, object], values[group])[field]
        else:
            kept[group] = values[group]
    return {**kept, "resume": folder}

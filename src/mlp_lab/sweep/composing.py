"""Grid points -> configurations, by Hydra, but composed once for each set of group choices.

Composing takes Hydra 50 to 75 ms, whatever differs. Values that differ are set on a copy of what
was composed: as plain data where a value means what it says, else by OmegaConf.
"""

import copy
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import cast

from hydra.core.config_loader import ConfigLoader
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf, open_dict, read_write

from mlp_lab.config.hydra_section import require_inert


@dataclass(frozen=True, slots=True)
class Composed:
    """A job as Hydra would have made it: its configuration, its folder, and Hydra's record.

    `record`: names of the files in .hydra/ -> what they say, as data for YAML.
    """

    values: dict[str, object]
    folder: Path
    record: Mapping[str, object]


class Composer:
    """Composes the jobs of a sweep; `master` is the sweep's own configuration."""

    def __init__(self, loader: ConfigLoader, master: DictConfig) -> None:
        self._loader = loader
        self._master = master
        self._groups = frozenset(loader.list_groups(""))
        self._bases: dict[tuple[str, ...], _Base] = {}

    def compose(self, overrides: Sequence[str], number: int) -> Composed:
        """Compose one job, from what it changes.

        Raises:
            HydraException, OmegaConfBaseException: as Hydra raises them for a single command.
        """
        parsed = [_parsed(override) for override in overrides]
        values = [override for override in parsed if self._sets_value(override)]
        pairs = zip(overrides, parsed, strict=True)
        chosen = tuple(text for text, override in pairs if not self._sets_value(override))
        if chosen not in self._bases:
            composed = compose_job(self._loader, self._master, chosen)
            self._bases[chosen] = _Base(composed, Path(str(self._master.hydra.sweep.dir)))
        return self._bases[chosen].job(overrides, values, parsed, number)

    def _sets_value(self, override: Override) -> bool:
        """Whether an override sets a value, and chooses, adds or removes nothing."""
        key = override.key_or_group
        simple = override.package is None and not override.is_delete() and not override.is_add()
        return simple and key not in self._groups and "/" not in key


def compose_job(loader: ConfigLoader, master: DictConfig, words: Sequence[str]) -> DictConfig:
    """A job's configuration by Hydra, which runs nothing that a file of it says.

    Raises:
        UserError: it would.
        HydraException, OmegaConfBaseException: it cannot be composed.
    """
    composed = loader.load_sweep_config(master, list(words))
    typed = cast(list[str], OmegaConf.to_container(master.hydra.overrides.hydra))  # ${} as it is
    require_inert(composed, [*typed, *words])
    return composed


WHOLE_NUMBER = re.compile(r"([a-z_][a-z_.]*)=(0|-?[1-9][0-9]{0,17})")
"""A word of which a sweep may have a hundred thousand, as seed=99999."""


def _parsed(override: str) -> Override:
    """A word as Hydra reads it, whose grammar takes a millisecond."""
    number = WHOLE_NUMBER.fullmatch(override)
    if number is None:
        return _by_grammar(override)
    like = _by_grammar(f"{number[1]}=0")
    return replace(like, _value=int(number[2]), input_line=override)


@lru_cache(maxsize=4096)
def _by_grammar(override: str) -> Override:
    (found,) = _parser().parse_overrides([override])
    return found


@cache
def _parser() -> OverridesParser:
    return OverridesParser.create()


class _Base:
    """What all jobs with the same group choices share."""

    def __init__(self, composed: DictConfig, sweep_folder: Path) -> None:
        """Work out once what is the same for each of them."""
        self._whole = composed
        self._task = copy.deepcopy(composed)
        with read_write(self._task), open_dict(self._task):
            del self._task["hydra"]
        self._values = _container(self._task)
        self._sweep_folder = sweep_folder
        numbered = _container(composed.hydra.sweep)["subdir"] == "${hydra.job.num}"
        self._plain = numbered and "${" not in repr(self._values)

    def job(
        self,
        overrides: Sequence[str],
        changes: Sequence[Override],
        parsed: Sequence[Override],
        number: int,
    ) -> Composed:
        """One of the jobs, from the values that it changes."""
        written = _with_values(self._values, changes) if self._plain else None
        if written is not None:
            values, folder = written, self._sweep_folder / str(number)
        else:
            task = copy.deepcopy(self._task)
            for change in changes:
                key, force = change.key_or_group, change.is_force_add()
                OmegaConf.update(task, key, change.value(), merge=True, force_add=force)
            folder = self._folder(overrides, parsed, number, task)
            written, values = _container(task), _container(task, resolve=True)
        return Composed(values, folder, {"config.yaml": written, "overrides.yaml": list(overrides)})

    def _folder(
        self, overrides: Sequence[str], parsed: Sequence[Override], number: int, task: DictConfig
    ) -> Path:
        """The sweep's folder / hydra.sweep.subdir, which may say anything of the job."""
        whole = self._whole
        with read_write(whole), read_write(whole.hydra), open_dict(whole):
            whole.hydra.job.id = whole.hydra.job.num = number
            whole.hydra.job.override_dirname = _override_dirname(whole, parsed)
            whole.hydra.overrides.task = list(overrides)
            for key in task:
                whole[key] = task[key]
        HydraConfig.instance().set_config(whole)
        return self._sweep_folder / str(whole.hydra.sweep.subdir)


def _override_dirname(whole: DictConfig, overrides: Sequence[Override]) -> str:
    """hydra.job.override_dirname, as Hydra writes it of a command line."""
    naming = whole.hydra.job.config.override_dirname
    excluded = list(naming.exclude_keys)
    words = (str(each.input_line) for each in overrides if each.key_or_group not in excluded)
    return str(naming.item_sep).join(sorted(words)).replace("=", str(naming.kv_sep))


def _container(config: DictConfig, *, resolve: bool = False) -> dict[str, object]:
    return cast(dict[str, object], OmegaConf.to_container(config, resolve=resolve))


def _with_values(
    values: Mapping[str, object], overrides: Sequence[Override]
) -> dict[str, object] | None:
    """A copy in which some keys have new values; None if only OmegaConf knows what they mean."""
    changed = dict(values)
    for override in overrides:
        value = override.value()
        if override.is_force_add() or not _is_simple(value):
            return None
        *path, last = override.key_or_group.split(".")
        section = changed
        for name in path:
            inner = section.get(name)
            if not isinstance(inner, dict):
                return None
            section[name] = section = dict(inner)
        if isinstance(section.get(last, {}), dict):  # a group, or no such key
            return None
        section[last] = value
    return changed


def _is_simple(value: object) -> bool:
    """Whether a value means what it says: no group, and no reference to another."""
    if isinstance(value, list):
        return all(_is_simple(entry) for entry in value)
    if isinstance(value, str):
        return "$" not in value
    return value is None or isinstance(value, int | float)

"""YAML -> typed Config; the one border to Hydra and OmegaConf.

Hydra composes the files and the command line; `read` turns the result into plain dataclasses by
their type hints. The schema is applied here and not in Hydra's ConfigStore, because OmegaConf's
schemas cannot say `int | list[int]`, let `+typo=1` pass, and would appear among the choices of
every group; here one grammar serves all errors.
"""

from __future__ import annotations

import math
import re
import shlex
import types
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, is_dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar, Union, cast, get_args, get_origin, get_type_hints

import yaml
from hydra.conf import HydraConf
from hydra.core.config_store import ConfigStore
from hydra.errors import (
    ConfigCompositionException,
    HydraException,
    MissingConfigException,
    OverrideParseException,
)
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import ConfigAttributeError, ConfigKeyError, OmegaConfBaseException

from mlp_lab.data.catalogue import DATA
from mlp_lab.data.config import DataConfig
from mlp_lab.data.tables.config import SUFFIXES, suffix_of
from mlp_lab.engine.early_stopping import StopConfig
from mlp_lab.errors import UserError, nearest, require, require_choice, shown
from mlp_lab.network.architecture import ModelConfig
from mlp_lab.network.losses import LossConfig
from mlp_lab.network.optimizers import LARGEST, OPTIMIZERS, GradientDescent, OptimizerConfig
from mlp_lab.network.schedules import SCHEDULES, ScheduleConfig, WarmUp
from mlp_lab.program import as_typed
from mlp_lab.sweep.config import SweepConfig
from mlp_lab.tracking.tracker import TrackingConfig

CHOICES: dict[type, Mapping[str, type]] = {
    DataConfig: DATA,
    OptimizerConfig: OPTIMIZERS,
    ScheduleConfig: SCHEDULES,
}
"""Base class of a group -> the class of each of its choices, by the `name` in its YAML file."""

GROUPS = ("model", "data", "loss", "optimizer", "schedule")

CONFIG_NAME = "train"
"""The configuration of a command that names none."""

OF_THE_COMMAND = ("sweep", "cv", "cv_repeats")
"""Keys of the command line that no single run has."""

MAY_CHANGE_ON_RESUME = ("resume", "epochs", "quiet", "device", "threads", "stop", "tracking")


@dataclass(kw_only=True, slots=True)
class Config:
    """Everything a run needs to know, and nothing else: equal configs give equal runs.

    `batch_size` counts rows, or is `full`. `device`: auto, cpu or cuda. `dtype`: float32 or
    float64. `gradient`: explicit (backpropagation as written out here) or autograd. `threads`:
    intra-op threads. `quiet`: print errors only. `resume`: a run folder to go on in.
    """

    model: ModelConfig
    data: DataConfig
    loss: LossConfig
    optimizer: OptimizerConfig
    schedule: ScheduleConfig
    stop: StopConfig
    tracking: TrackingConfig
    seed: int
    epochs: int
    batch_size: int | str
    device: str
    dtype: str
    gradient: str
    threads: int
    quiet: bool
    resume: str | None

    def __post_init__(self) -> None:
        require(self.seed >= 0, "seed", "0 or more", self.seed)
        require(self.epochs >= 1, "epochs", "1 or more", self.epochs)
        if isinstance(self.batch_size, str):
            require(self.batch_size == "full", "batch_size", "a number or 'full'", self.batch_size)
        else:
            require(self.batch_size >= 1, "batch_size", "1 or more, or 'full'", self.batch_size)
        require_choice(self.device, "device", ["auto", "cpu", "cuda"])
        require_choice(self.dtype, "dtype", ["float32", "float64"])
        require_choice(self.gradient, "gradient", ["explicit", "autograd"])
        require(self.threads >= 1, "threads", "1 or more", self.threads)
        self._check_across_fields()

    def _check_across_fields(self) -> None:
        if isinstance(self.optimizer, GradientDescent) and self.batch_size != "full":
            raise UserError(
                f"batch_size must be 'full' with optimizer=gd, got {self.batch_size}:"
                " use optimizer=sgd for mini-batches"
            )
        if self.dtype == "float32" and self.optimizer.lr > LARGEST:
            raise UserError(f"optimizer.lr must be at most 1e30, got {self.optimizer.lr}")
        if isinstance(self.schedule, WarmUp) and self.schedule.rise >= self.epochs:
            raise UserError(
                f"schedule.rise must be below epochs={self.epochs}, got {self.schedule.rise}"
            )
        validated = self.data.folds is not None or self.data.val_fraction > 0
        if self.stop.patience is not None and not validated:
            raise UserError("stop.patience needs validation rows, but data.val_fraction is 0")


LARGEST_INT = 10**300
"""Beyond it lies what no float can be."""

Kind = TypeVar("Kind")


def store_open_groups() -> None:
    """Let the command line name columns as keys, as in data.types.zip=category.

    Hydra refuses keys that no YAML file has, and YAML cannot say that a group is open.
    """
    open_columns = OmegaConf.create({"types": {}, "levels": {}, "missing_in": {}})
    for name in open_columns:
        OmegaConf.set_struct(open_columns[name], False)
    ConfigStore.instance().store(name="open_columns", node=open_columns)


def from_hydra(composed: DictConfig, overrides: Sequence[str]) -> tuple[Config, dict[str, object]]:
    """The typed config, and the same as plain data for config.yaml.

    With `resume`, that run's config.yaml, in which the keys of `MAY_CHANGE_ON_RESUME` that the
    command line names are replaced.

    Raises:
        UserError: a key or value that cannot be.
    """
    return from_values(_plain(composed), overrides)


def from_values(
    composed: Mapping[str, object], overrides: Sequence[str]
) -> tuple[Config, dict[str, object]]:
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
    if values.get("resume") is not None:
        values = _resumed(values, overrides)
    return read(Config, values, ""), {**values, "resume": None}


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
        if word.lstrip("+").startswith("sweep."):
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


def sweep_settings(composed: DictConfig) -> SweepConfig:
    """The settings of `-m`.

    Raises:
        UserError: a key or value that cannot be.
    """
    return read(SweepConfig, OmegaConf.to_container(composed.sweep, resolve=True), "sweep")


def _plain(config: DictConfig) -> dict[str, object]:
    return cast(dict[str, object], OmegaConf.to_container(config, resolve=True))


def saved_values(folder: Path) -> dict[str, object]:
    """The content of a run folder's config.yaml.

    Raises:
        UserError: the folder holds no run.
    """
    path = folder / "config.yaml"
    if not path.is_file():
        raise UserError(f"{folder} is not a run folder: it has no config.yaml")
    if path.stat().st_size == 0:  # created to claim the folder, and killed before it was written
        raise UserError(f"{folder} holds a run that stopped before it began: nothing to go on from")
    values = _plain(cast(DictConfig, OmegaConf.load(path)))
    values.pop("defaults", None)
    return values


def _resumed(values: Mapping[str, object], overrides: Sequence[str]) -> dict[str, object]:
    folder = str(values["resume"])
    kept = saved_values(Path(folder))
    for override in overrides:
        key = override.partition("=")[0].lstrip("+~")
        group, _, field = key.partition(".")
        if group not in MAY_CHANGE_ON_RESUME or key == "stop.monitor" or override.startswith("~"):
            raise UserError(
                f"{key} cannot change when a run goes on: resume={folder} keeps its config.yaml,"
                f" save for {', '.join(MAY_CHANGE_ON_RESUME[1:])}"
            )
        if field:
            section = cast(dict[str, object], kept[group])
            section[field] = cast(Mapping[str, object], values[group])[field]
        else:
            kept[group] = values[group]
    return {**kept, "resume": folder}


def read(kind: type[Kind], values: object, path: str) -> Kind:
    """Build a dataclass from a mapping by its fields' type hints; `path` is the key so far.

    Raises:
        UserError: an unknown or missing key, a value of the wrong type or out of its range.
    """
    if not isinstance(values, Mapping):
        raise UserError(f"{path or 'the config'} must be a group of settings, got {shown(values)}")
    if kind in CHOICES:
        name = values.get("name")
        require_choice(str(name), path, CHOICES[kind])
        kind = cast(type[Kind], CHOICES[kind][str(name)])
    hints = _hints(cast(Hashable, kind))
    names = list(hints)
    prefix = f"{path}." if path else ""
    for key in values:
        if key not in names:
            raise unknown_key(f"{prefix}{key}", names)
    for name in names:
        if name not in values:
            raise UserError(f"{prefix}{name} is missing from the config")
    return kind(**{name: convert(hints[name], values[name], prefix + name) for name in names})


@cache
def _hints(kind: Hashable) -> dict[str, object]:
    """Types of a dataclass's fields; found once, since a sweep reads many configs."""
    return get_type_hints(cast(type, kind))


def unknown_key(key: str, names: Sequence[str]) -> UserError:
    """What to say of a setting that does not exist; `names` are its would-be neighbours."""
    path, _, last = key.rpartition(".")
    where = f"{path} has " if path else ""
    names = [name for name in names if name not in ("name", "hydra")]
    listed = ", ".join(names) or "no settings"
    close = nearest(last, names, f"{path}." if path else "")
    return UserError(f"unknown key {key!r}{close} ({where}{listed})")


def convert(hint: object, value: object, key: str) -> object:
    """A value of the hinted type: a dataclass, a union, a list, or a number, text, bool or None.

    Raises:
        UserError: the value is of another type. A whole number counts as a float, nothing else.
    """
    if isinstance(hint, type) and is_dataclass(hint):
        return read(hint, value, key)
    options = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    for option in options:
        if get_origin(option) is list and isinstance(value, list):
            (item,) = get_args(option)
            return [convert(item, entry, key) for entry in value]
        if get_origin(option) is dict and isinstance(value, Mapping):
            (_, item) = get_args(option)
            return {str(name): convert(item, value[name], f"{key}.{name}") for name in value}
        if option is float and type(value) is int:
            require(abs(value) < LARGEST_INT, key, "of at most 300 digits", value)
            return float(value)
        if isinstance(option, type) and type(value) is option:
            if isinstance(value, float) and not math.isfinite(value):
                raise UserError(f"{key} must be finite, got {value}")
            return value
    wanted = " or ".join(_in_words(option) for option in options)
    whole = int in options and isinstance(value, float) and value.is_integer()
    written = f": write {value:.0f}" if whole else ""  # 1e3 is no whole number in YAML
    raise UserError(f"{key} must be {wanted}, got {shown(value)}{written}")


def _in_words(hint: object) -> str:
    words = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}
    if hint is type(None):
        return "null"
    if get_origin(hint) is list:
        return "a list"
    if get_origin(hint) is dict:
        return "a group of columns"
    return words[cast(type, hint)]


NO_MEMORY = re.compile("can't allocate memory|out of memory", re.IGNORECASE)
"""How torch says it."""


def explain(error: BaseException) -> str | None:
    """One line for an error that the user can mend; None for any other."""
    chain: list[BaseException] = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) is not None:
        chain.append(cause)
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


def _explain_refusal(error: BaseException) -> str | None:
    """A file or folder that the system refuses."""
    if not isinstance(error, OSError) or error.strerror is None:
        return None
    return f"cannot use {error.filename or 'a file'}: {error.strerror}"


def _elsewhere(key: str) -> str:
    """Other choices of a group that have a setting which the chosen one lacks."""
    group, _, name = key.partition(".")
    choices = CHOICES.get(cast(type, _hints(Config).get(group)), {})
    homes = [choice for choice, kind in choices.items() if name in _hints(kind)]
    return f"unknown key {key!r}: only {group}={'|'.join(homes)} has it" if homes else ""


def _holds(section: object, key: str) -> bool:
    return isinstance(section, DictConfig) and key in section


def _explain_yaml(error: BaseException) -> str | None:
    """A file of settings that is no YAML."""
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return None
    mark = error.problem_mark
    return (
        f"{mark.name} is no YAML: line {mark.line + 1}, column {mark.column + 1}: {error.problem}"
    )


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
            return f"{word!r} is no setting: settings are written as key=value, as in model=deep"
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
    if isinstance(error, (ConfigKeyError, ConfigAttributeError)):
        parent = error.parent_node
        if isinstance(parent, DictConfig):
            key = str(error.full_key)
            homes = [str(name) for name, part in parent.items() if _holds(part, key)]
            if homes:
                return f"unknown key {key!r}: did you mean {homes[0]}.{key}?"
            return _elsewhere(key) or str(unknown_key(key, [str(name) for name in parent]))
    return None


EXPLANATIONS = (_explain_yaml, _explain_table, _explain_typing, _explain_composition)
"""What others raise, in words of this project; the first that knows an error explains it."""

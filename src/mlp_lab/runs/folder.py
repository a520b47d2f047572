"""A run folder: whose it is, and the configuration in it."""

import os
import shlex
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import yaml

from mlp_lab.errors import UserError
from mlp_lab.files import make_folder, write_whole
from mlp_lab.formatting import one_line
from mlp_lab.program import train_words

CONFIG = "config.yaml"
CHECKPOINT = "checkpoint.safetensors"
RESULT = "result.json"
MODEL = "model.safetensors"
SCHEMA = "schema.json"
PAGE = "report.html"
LOG = "train.log"
EVENTS = "events.out.tfevents.*"
"""TensorBoard's, in a pattern."""
RECORD = ".hydra"
OF_A_SWEEP = "multirun.yaml"
"""Hydra's record of a sweep, in its folder."""


def claim(folder: Path, values: Mapping[str, object]) -> None:
    """Make the folder this run's own by its config.yaml, whole from the first moment.

    Nobody else is in the folder: a lock keeps other processes out.

    Raises:
        UserError: another run has it.
    """
    if holds_run(folder):
        raise taken(folder)
    write_config(folder, values)


def holds_run(folder: Path) -> bool:
    """Whether a run has begun in a folder; an empty config.yaml is what a power cut leaves."""
    path = folder / CONFIG
    return path.exists() and not (path.is_file() and path.stat().st_size == 0)


def taken(folder: Path) -> UserError:
    """What to say where a run would begin in another's folder."""
    resume = f", or resume it with resume={folder}" if (folder / CHECKPOINT).exists() else ""
    return UserError(
        f"{folder} holds a run already, and runs are never overwritten:"
        f" choose another folder{resume}"
    )


def write_config(folder: Path, values: Mapping[str, object]) -> None:
    """config.yaml, which runs again by itself."""
    content = to_yaml({"defaults": ["settings", "_self_"], **values})
    words = [*train_words(), "--config-dir", str(folder), "--config-name", "config"]
    header = f"# {one_line(shlex.join(words))}\n"
    write_whole(folder / CONFIG, header + content, wait=False)


def write_record(folder: Path, record: Mapping[str, str]) -> None:
    """Hydra's record of a command, which Hydra itself would write through any link.

    Raises:
        UserError: its place is a link.
    """
    place = folder / RECORD
    make_folder(place, below=folder)
    for name, content in record.items():
        write_whole(place / name, content, wait=False)


def remove_folder(folder: Path) -> None:
    """Remove a folder that nothing was trained in, and those above it that were made for it."""
    shutil.rmtree(folder)
    if not folder.is_absolute():
        with suppress(OSError):  # a parent that holds anything else stays
            os.removedirs(folder.parent)


def to_yaml(value: object) -> str:
    """Plain data as YAML, keys in their order.

    Entry by entry, since most are those of another run: to dump the configuration of each job of a
    sweep anew would take more than all its other files.
    """
    lines = None
    if isinstance(value, dict) and value:
        lines = _mapping(value, "")
    elif isinstance(value, list) and value:
        lines = _sequence(value, "")
    return _dumped(value) if lines is None else "".join(f"{line}\n" for line in lines)


def _dumped(value: object) -> str:
    return yaml.dump(value, Dumper=DUMPER, sort_keys=False, allow_unicode=True)


def _mapping(values: Mapping[object, object], indent: str) -> list[str] | None:
    """Lines of a mapping; None where one may fold, or holds what is not plain."""
    found: list[str] = []
    room = FOLDED - len(indent)
    for key, value in values.items():
        if type(key) is not str:
            return None
        inner: list[str] | None = []
        if type(value) in SCALARS:
            line = _entry(key, value)
        elif isinstance(value, dict):
            inner = _mapping(value, indent + "  ")
            line = _heading(key, "" if value else " {}")
        elif isinstance(value, list):
            inner = _sequence(value, indent)
            line = _heading(key, "" if value else " []")
        else:
            return None
        if inner is None or not 0 < len(line) <= room:
            return None
        found.append(indent + line)
        found += inner
    return found


def _heading(key: str, value: str) -> str:
    """The line before what a key holds; nothing where it takes several."""
    line = _entry(key, 0)
    return line and line.removesuffix(" 0") + value


def _sequence(values: Sequence[object], indent: str) -> list[str] | None:
    """Lines of a sequence of scalars, as `_mapping`."""
    if any(type(value) not in SCALARS for value in values):
        return None
    lines = [_entry(None, value) for value in values]
    if any(not line or len(indent) + len(line) > FOLDED for line in lines):
        return None
    return [indent + line for line in lines]


@lru_cache(maxsize=4096, typed=True)
def _entry(key: str | None, value: object) -> str:
    """A line of a mapping, or of a sequence where there is no key; nothing where it takes several.

    `typed`, as 1, 1.0 and true are equal.
    """
    text = _dumped([value] if key is None else {key: value}).removesuffix("\n")
    return text if text.isprintable() else ""  # a line break is not


SCALARS = frozenset([str, int, float, bool, type(None)])
FOLDED = 72
"""Characters of a line, beyond which YAML may begin another; that depends on where it stands."""


DUMPER = yaml.CSafeDumper if yaml.__with_libyaml__ else yaml.SafeDumper
"""The one in C, a tenth of the other's time, where PyYAML was built with it."""

"""A run folder: whose it is, and the configuration in it."""

import json
import os
import shlex
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml

from mlp_lab.errors import UserError
from mlp_lab.files import created, make_folder, write_whole
from mlp_lab.program import train_words

CONFIG = "config.yaml"
RESULT = "result.json"
MODEL = "model.safetensors"
SCHEMA = "schema.json"
PAGE = "report.html"
LOG = "train.log"
RECORD = ".hydra"


def claim(folder: Path, values: Mapping[str, object]) -> None:
    """Make the folder this run's own by creating its config.yaml.

    Raises:
        UserError: another run has it.
    """
    try:
        created(folder / CONFIG).close()
    except FileExistsError:
        raise taken(folder) from None
    write_config(folder, values)


def taken(folder: Path) -> UserError:
    """What to say where a run would begin in another's folder."""
    return UserError(
        f"{folder} holds a run already, and runs are never overwritten: choose another folder,"
        f" or resume it with resume={folder}"
    )


def write_config(folder: Path, values: Mapping[str, object]) -> None:
    """config.yaml, which runs again by itself."""
    content = to_yaml({"defaults": ["settings", "_self_"], **values})
    words = [*train_words(), "--config-dir", str(folder), "--config-name", "config"]
    header = f"# {shlex.join(words)}\n"
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


def result_of(folder: Path) -> dict[str, Any]:
    """What result.json says; nothing where there is none, or it was cut short by a power cut."""
    try:
        result: dict[str, Any] = json.loads((folder / RESULT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return result


def to_yaml(value: object) -> str:
    """Plain data as YAML, keys in their order."""
    return yaml.dump(value, Dumper=DUMPER, sort_keys=False, allow_unicode=True)


DUMPER = yaml.CSafeDumper if yaml.__with_libyaml__ else yaml.SafeDumper
"""The one in C, a tenth of the other's time, where PyYAML was built with it."""

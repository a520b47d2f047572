"""A run folder: whose it is, and the configuration in it."""

import os
import shlex
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import yaml

from mlp_lab.errors import UserError
from mlp_lab.files import write_whole
from mlp_lab.program import train_words

CONFIG = "config.yaml"
RESULT = "result.json"
MODEL = "model.safetensors"
SCHEMA = "schema.json"
PAGE = "report.html"
LOG = "train.log"


def claim(folder: Path, values: Mapping[str, object]) -> None:
    """Make the folder this run's own by creating its config.yaml.

    Raises:
        UserError: another run has it.
    """
    try:
        os.close(os.open(folder / CONFIG, os.O_CREAT | os.O_EXCL))
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


def remove_folder(folder: Path) -> None:
    """Remove a folder that nothing was trained in, and those above it that were made for it."""
    shutil.rmtree(folder)
    if not folder.is_absolute():
        with suppress(OSError):  # a parent that holds anything else stays
            os.removedirs(folder.parent)


def to_yaml(value: object) -> str:
    """Plain data as YAML, keys in their order."""
    return yaml.dump(value, Dumper=DUMPER, sort_keys=False, allow_unicode=True)


DUMPER = yaml.CSafeDumper if yaml.__with_libyaml__ else yaml.SafeDumper
"""The one in C, a tenth of the other's time, where PyYAML was built with it."""

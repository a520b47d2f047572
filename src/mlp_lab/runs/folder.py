"""A run folder: whose it is, and the configuration in it."""

import os
import shlex
import shutil
from collections.abc import Mapping
from contextlib import suppress
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
    """Plain data as YAML, keys in their order."""
    return yaml.dump(value, Dumper=DUMPER, sort_keys=False, allow_unicode=True)


DUMPER = yaml.CSafeDumper if yaml.__with_libyaml__ else yaml.SafeDumper
"""The one in C, a tenth of the other's time, where PyYAML was built with it."""

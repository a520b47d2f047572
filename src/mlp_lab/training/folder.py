"""A run folder: whose it is, and the configuration in it."""

import os
from collections.abc import Mapping
from pathlib import Path

import yaml

from mlp_lab.errors import UserError
from mlp_lab.training.files import write_whole

CONFIG = "config.yaml"
RESULT = "result.json"
MODEL = "model.safetensors"
SCHEMA = "schema.json"


def claim(folder: Path, values: Mapping[str, object]) -> None:
    """Make the folder this run's own by creating its config.yaml.

    Raises:
        UserError: another run has it.
    """
    try:
        os.close(os.open(folder / CONFIG, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        raise UserError(
            f"{folder} holds a run already, and runs are never overwritten: choose another folder,"
            f" or go on with resume={folder}"
        ) from None
    write_config(folder, values)


def write_config(folder: Path, values: Mapping[str, object]) -> None:
    """config.yaml, which runs again by itself."""
    content = to_yaml({"defaults": ["settings", "_self_"], **values})
    header = f"# python train.py --config-dir {folder} --config-name config\n"
    write_whole(folder / CONFIG, header + content, wait=False)


def to_yaml(value: object) -> str:
    """Plain data as YAML, keys in their order."""
    return yaml.dump(value, Dumper=DUMPER, sort_keys=False, allow_unicode=True)


DUMPER = yaml.CSafeDumper if yaml.__with_libyaml__ else yaml.SafeDumper
"""The one in C, a tenth of the other's time, where PyYAML was built with it."""

"""The configuration that a run folder holds: plain data, in which nothing is looked up."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mlp_lab.config.reading import read
from mlp_lab.config.renamed_keys import with_current_names
from mlp_lab.config.schema import Config
from mlp_lab.errors import UserError
from mlp_lab.stored import naming, read_yaml

CONFIG = "config.yaml"


def saved_values(folder: Path) -> dict[str, object]:
    """The content of a run folder's config.yaml, from which a `Config` can be read.

    Raises:
        UserError: the folder holds no run, or a key or value that cannot be.
    """
    path = folder / CONFIG
    if not path.is_file():
        raise UserError(f"{folder} is not a run folder: it has no {CONFIG}")
    if path.stat().st_size == 0:  # as a power cut leaves it
        raise UserError(
            f"{folder} holds no run: its config.yaml is empty, and a new run may begin there"
        )
    values = saved_settings(path)
    values.pop("defaults", None)
    with naming(path):
        read(Config, values, "")
    return values


def saved_settings(path: Path) -> dict[str, object]:
    """What a config.yaml says, by the keys of now; whether they are settings is not looked at.

    Raises:
        UserError: it is no group of settings.
        OSError: it cannot be opened.
    """
    values = read_yaml(path)
    if not isinstance(values, Mapping):
        raise UserError(f"{path} is not a run's configuration: it holds no settings")
    return with_current_names(values)

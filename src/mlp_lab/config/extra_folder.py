"""The folder of YAML files beside configs/ that a command names, and how they are read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from io import StringIO
from pathlib import Path
from typing import cast

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from mlp_lab.config.defaults_list import require_an_end, require_readable
from mlp_lab.errors import UserError
from mlp_lab.plain import brief, entries
from mlp_lab.program import as_typed
from mlp_lab.stored import naming, read_text, reading_yaml, require_plain

EXTRA_FOLDER: ContextVar[Path | None] = ContextVar("EXTRA_FOLDER", default=None)
"""Hydra's plugin for the search path is given nothing, and finds it here."""

NOTHING_RUNS = "nothing in a configuration is executed"

CALLS = re.compile(r"\$\{.*:", re.DOTALL)
"""An interpolation of OmegaConf that is more than the name of another key."""


@contextmanager
def beside_configs(folder: Path | None) -> Iterator[None]:
    """Look for files in a folder, too, in what is composed in the block."""
    before = EXTRA_FOLDER.set(folder)
    try:
        yield
    finally:
        EXTRA_FOLDER.reset(before)


def read_file(path: Path, root: Path) -> tuple[DictConfig, str]:
    """The settings of one of the files below `root`, and the text as it stands there.

    Raises:
        UserError: it cannot be read to an end, is no group of settings, or calls something.
        OSError: it cannot be opened.
    """
    config, values, text = _read(path)
    with naming(as_typed(path)):
        require_an_end(values, path, root, _beginning)
    return config, text


def _beginning(path: Path) -> Mapping[object, object]:
    """What a file says that another one begins with; nothing if it is none of this folder."""
    return _read(path)[1] if path.exists() or path.is_symlink() else {}


def _read(path: Path) -> tuple[DictConfig, Mapping[object, object], str]:
    path = as_typed(path)
    text = read_text(path, 1)
    with reading_yaml(text, path):
        try:
            config = OmegaConf.load(StringIO(text))
        except OmegaConfBaseException as error:
            raise UserError(f"{path} holds no settings: {str(error).splitlines()[0]}") from error
        except OSError as error:  # of OmegaConf: a number
            raise UserError(f"{path} holds no settings") from error
    if not isinstance(config, DictConfig):
        raise UserError(f"{path} holds no settings")
    values = cast(dict[object, object], OmegaConf.to_container(config, resolve=False))
    require_plain(values, path, finite=False)
    with naming(path):
        require_readable(values.get("defaults", []))
        for key, value in entries(values, ""):
            if isinstance(value, str) and CALLS.search(value):
                raise UserError(f"{key[1:]} must call nothing, got {brief(value)}: {NOTHING_RUNS}")
    return config, values, text


def require_settings_alone(folder: Path | None, name: str) -> None:
    """Raise if a file that holds a whole configuration says anything of Hydra.

    It may come from anywhere, as the config.yaml of a run; and what it says of Hydra's search path
    would be followed while the rest is still being composed.

    Raises:
        UserError: it does, or it is no group of settings.
    """
    path = None if folder is None else folder / f"{name.removesuffix('.yaml')}.yaml"
    if path is None or not (path.exists() or path.is_symlink()):
        return
    values, _ = read_file(path, path.parent)
    with naming(as_typed(path)):
        for key in values:
            if str(key).partition(".")[0].partition("/")[0] == "hydra":
                raise UserError(f"unknown key {str(key)!r}: {NOTHING_RUNS}")

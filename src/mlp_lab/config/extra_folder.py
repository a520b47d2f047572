"""The folder of YAML files beside configs/ that a command names."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

EXTRA_FOLDER: ContextVar[Path | None] = ContextVar("EXTRA_FOLDER", default=None)
"""Hydra's plugin for the search path is given nothing, and finds it here."""


@contextmanager
def beside_configs(folder: Path | None) -> Iterator[None]:
    """Look for files in a folder, too, in what is composed in the block."""
    before = EXTRA_FOLDER.set(folder)
    try:
        yield
    finally:
        EXTRA_FOLDER.reset(before)

"""Which tables are read by columns from disk, and what their files hold, as a hash."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from mlp_lab.data.config import DELIMITERS
from mlp_lab.data.tables.config import PARQUET, TEXT, TableConfig, suffix_of
from mlp_lab.errors import UserError
from mlp_lab.memory import free_memory

SHARE = 0.5
"""The part of the free memory that a table may take before `data.stream=auto` reads it by columns.
"""

CELL = 24
"""Bytes of a cell in memory: in its frame, as a number, and encoded."""

SAMPLE = 1 << 16
"""Bytes of a text table by which its cells are estimated."""

UNPACKED = 5
"""Times its size that a compressed text is taken to have."""

BLOCK = 1 << 20
"""Bytes hashed at once."""

Stamp = tuple[str, int, int, int]
"""A file, its bytes, when it was written (ns), and its number on the disk."""


def is_streamed(config: TableConfig) -> bool:
    """Whether the files of a table are read by columns.

    Raises:
        UserError: that is asked for, and cannot be; or a folder of files cannot be read otherwise.
    """
    if config.path is None:
        return False
    other = next((path for path in _paths(config) if not _has_columns(path)), None)
    if other is not None and config.streaming == "always":
        raise UserError(
            f"data.stream=always reads Parquet and text tables, and {other.name} is neither:"
            " data.stream=auto reads it into memory"
        )
    folder = next((path for path in _paths(config) if path.is_dir()), None)
    if other is None and config.streaming != "never":
        return config.streaming == "always" or folder is not None or _is_large(*_stamps(config))
    if folder is not None:
        raise UserError(
            f"{str(folder)!r} is a folder, not a file; one of Parquet files is read with"
            " data.stream=auto"
        )
    return False


def _paths(config: TableConfig) -> list[Path]:
    return [Path(path) for path in (config.path, config.test_path) if path is not None]


def _has_columns(path: Path) -> bool:
    return path.is_dir() or suffix_of(path) in (*PARQUET, *TEXT)


@cache  # one answer for the same files, however much is free a moment later
def _is_large(*stamps: Stamp) -> bool:
    return sum(_memory(Path(path)) for path, *_ in stamps) > SHARE * free_memory()


def _memory(path: Path) -> float:
    """Bytes that a file takes in memory, roughly; 0 where it cannot be read."""
    if suffix_of(path) in PARQUET:
        from mlp_lab.data.tables.arrow import parquet_cells  # noqa: PLC0415  pandas: 0.5 s

        return float(CELL * parquet_cells(path))
    packed = suffix_of(path).endswith(".gz")
    try:
        with gzip.open(path) if packed else path.open("rb") as file:
            sample = file.read(SAMPLE)
    except (OSError, EOFError):
        return 0.0
    cells = sample.count(b"\n") + max(sample.count(sign.encode()) for sign in DELIMITERS)
    size = path.stat().st_size * (UNPACKED if packed else 1)
    return CELL * cells * size / max(1, len(sample))


def _stamps(config: TableConfig) -> list[Stamp]:
    """Of every file of a table that is there, a folder's by name."""
    found = []
    for path in _paths(config):
        for file in sorted(path.iterdir()) if path.is_dir() else [path]:
            if file.is_file() and _has_columns(file):
                about = file.stat()
                found.append((str(file), about.st_size, about.st_mtime_ns, about.st_ino))
    return found


def content(config: TableConfig) -> str:
    """A hash of what the files of a table hold; of their names, only the suffixes count."""
    whole = hashlib.sha256()
    for stamp in _stamps(config):
        whole.update(f"{suffix_of(Path(stamp[0]))} {_hashed(stamp)}\n".encode())
    return whole.hexdigest()


@cache
def _hashed(stamp: Stamp) -> str:
    """Of one file; its name does not count, and its time tells only whether to look again."""
    found = hashlib.sha256()
    with Path(stamp[0]).open("rb") as file:
        while block := file.read(BLOCK):
            found.update(block)
    return found.hexdigest()


@contextmanager
def unchanged(config: TableConfig) -> Iterator[None]:
    """Refuse what was read in the block if a file was written meanwhile.

    Raises:
        UserError: one was.
    """
    before = _stamps(config)
    try:
        yield
    except (UserError, OSError) as error:
        _require_same(config, before, error)
        raise
    _require_same(config, before, None)


def _require_same(config: TableConfig, before: list[Stamp], cause: Exception | None) -> None:
    after = _stamps(config)
    if after != before:
        changed = sorted({stamp[0] for stamp in {*before} ^ {*after}})
        raise UserError(
            f"{Path(changed[0]).name} was changed while it was read: start again once it is whole"
        ) from cause

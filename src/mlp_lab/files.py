"""Atomic writing of files: whole or not at all."""

import json
import math
import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

WAITING = 8
"""Files that wait for the disk together."""


def write_whole(path: Path, content: bytes | str, *, wait: bool = True) -> None:
    """Replace `path` in one step: a reader or a crash finds the old content or the new.

    Without `wait` a power cut may still lose the new, until `settle` is called: for what can be
    made again.

    Raises:
        OSError: it cannot be written; the error names `path`.
    """
    data = content.encode(errors="backslashreplace") if isinstance(content, str) else content
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("wb") as file:
            file.write(data)
            if wait:
                file.flush()
                os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        with suppress(OSError):
            partial.unlink()  # it would keep a full disk full
        error.filename = str(path)
        raise


def settle(paths: Iterable[Path]) -> None:
    """Put files on disk, where a power cut leaves them.

    A file alone waits some milliseconds; side by side they share the file system's next commit.
    """
    there = [path for path in paths if path.is_file()]
    if there:
        with ThreadPoolExecutor(min(WAITING, len(there))) as pool:
            list(pool.map(_settle, there))


def _settle(path: Path) -> None:
    with path.open("rb+") as file:  # some systems refuse it for a file that is only read
        os.fsync(file.fileno())


def to_json(value: object) -> str:
    """Indented JSON; a number that is not finite, which JSON has no word for, becomes null."""
    return json.dumps(_finite(value), indent=2, ensure_ascii=False) + "\n"


def joined_json(*texts: str) -> str:
    """One object with the entries of several, each as `to_json` wrote it."""
    return "{" + ",".join(text.strip()[1:-1].rstrip() for text in texts) + "\n}\n"


def _finite(value: object) -> object:
    if isinstance(value, Mapping):
        return {name: _finite(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [_finite(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value

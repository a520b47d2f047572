"""Writing files that are there whole or not at all."""

import json
import math
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path


def write_whole(path: Path, content: bytes | str, *, wait: bool = True) -> None:
    """Replace `path` in one step: a reader or a crash finds the old content or the new.

    Without `wait` a power cut may still lose the new: for what can be made again.

    Raises:
        OSError: it cannot be written; the error names `path`.
    """
    data = content.encode() if isinstance(content, str) else content
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

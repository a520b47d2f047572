"""One process in a run folder at a time."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import lock_descriptor

from mlp_lab.errors import UserError
from mlp_lab.files import make_plain


@contextmanager
def alone_in(folder: Path) -> Iterator[int]:
    """Keep other processes out until the block ends, or this process does, however it dies.

    Processes that are forked in the block hold the lock, too, unless they close the descriptor that
    it yields: after this one was killed the folder is free when the last of them has ended.

    Raises:
        UserError: another process is in it.
    """
    descriptor = _opened(folder)
    try:
        if not lock_descriptor(descriptor, blocking=False):
            raise UserError(f"{folder} is being trained by another process")
        yield descriptor
    finally:
        os.close(descriptor)


def _opened(folder: Path) -> int:
    """Something of a folder that can be locked, and that leaves no file behind."""
    if sys.platform == "win32":  # where a folder cannot be opened
        make_plain(folder / ".lock")
        return os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_TEMPORARY)
    return os.open(folder, os.O_RDONLY)

"""One process in a run folder at a time."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlp_lab.errors import UserError


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep other processes out until the block ends, or this process does, however it dies.

    The folder itself is locked, so that no file is left; Windows cannot, and is not protected.

    Raises:
        UserError: another process is in it.
    """
    if sys.platform == "win32":
        yield
        return
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(f"{folder} is being trained by another process") from None
        yield
    finally:
        os.close(descriptor)

"""One process in a run folder at a time."""

import os
import sys
from collections.abc import Iterator, Set
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from filelock import lock_descriptor

from mlp_lab.errors import UserError
from mlp_lab.files import make_plain
from mlp_lab.runs.folder import remove_folder

LOCK = ".lock"
"""A file that is locked where a folder cannot be; it goes when it is closed."""

TURN_SECONDS = 0.01
"""How often one that waits for its turn looks whether it has come."""


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
        if not folder.is_dir():  # another process, which had nothing to leave, has removed it
            raise UserError(f"{folder} was removed by another process: try again")
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def in_turn(path: Path) -> Iterator[None]:
    """Let the processes that name a file into the block one after the other.

    Where a file system has no locks, or no room for the file, they are in it together.
    """
    with ExitStack() as afterwards:
        with suppress(OSError):
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            afterwards.callback(os.close, descriptor)
            lock_descriptor(descriptor, poll_interval=TURN_SECONDS)
        yield


def remove_unused_folder(folder: Path, record: Set[str]) -> bool:
    """Remove a folder that holds no more than a `record` of the command, unless it is locked.

    Whoever is about to train in it has locked it, and may not have written anything yet.
    """
    try:
        with alone_in(folder):
            unused = {path.name for path in folder.iterdir()} <= {*record, LOCK}
            if unused and sys.platform != "win32":
                remove_folder(folder)
    except (UserError, OSError):
        return False
    if unused and sys.platform == "win32":  # where what is open stays
        remove_folder(folder)
    return unused


def _opened(folder: Path) -> int:
    """Something of a folder that can be locked, and that leaves no file behind."""
    if sys.platform == "win32":  # where a folder cannot be opened
        make_plain(folder / LOCK)
        return os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_TEMPORARY)
    return os.open(folder, os.O_RDONLY)

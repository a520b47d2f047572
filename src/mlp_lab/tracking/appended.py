"""Files that grow entry by entry, of which a stack has one or two for each member."""

import math
import sys
from io import FileIO
from pathlib import Path

from mlp_lab.files import appended_bytes

OTHERS = 64
"""Files that a process may have open beside these."""


class AppendedFile:
    """A file to append to; each entry is with the system when `add` returns.

    It stays open. Where the process may open no more files it is opened for each entry.
    """

    staying = 0
    """How many of this process stay open."""

    def __init__(self, path: Path) -> None:
        """Append to a file, or begin it."""
        self.path = path
        self._file: FileIO | None = None
        if AppendedFile.staying < most_open() - OTHERS:
            self._file = appended_bytes(path)
            AppendedFile.staying += 1

    def add(self, entry: bytes) -> None:
        """Append an entry."""
        if self._file is None:
            with appended_bytes(self.path) as file:
                _write(file, entry)
        else:
            _write(self._file, entry)

    def close(self) -> None:
        """Close it, once."""
        if self._file is not None:
            file, self._file = self._file, None
            AppendedFile.staying -= 1
            file.close()


def _write(file: FileIO, entry: bytes) -> None:
    rest = memoryview(entry)
    while rest:  # a disk may have room for a part of it
        rest = rest[file.write(rest) :]


def most_open() -> float:
    """How many files the system lets this process have open."""
    if sys.platform == "win32":
        return 512  # of its C library
    import resource  # noqa: PLC0415  Windows has none

    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return math.inf if most == resource.RLIM_INFINITY else most

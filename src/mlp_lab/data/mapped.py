"""Arrays that lie in files: the system holds what is used of them in memory, and no more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import DTypeLike, NDArray

from mlp_lab.errors import UserError
from mlp_lab.files import PartialFolder, cache_folder, is_full, private_folder, reserved
from mlp_lab.files import remove_leftover_folders as remove_leftovers
from mlp_lab.formatting import gigabytes

AnyArray = NDArray[Any]


def new_map(
    path: Path, shape: Sequence[int], dtype: DTypeLike, order: Literal["C", "F"] = "C"
) -> AnyArray:
    """Zeros in a new file, whose room is reserved: a write to a map on a full disk ends a process.

    Raises:
        OSError: there is no room.
    """
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    with reserved(path, size) as file:
        if size == 0:  # no system maps nothing
            return np.zeros(shape, dtype, order)
        return np.memmap(file, dtype, "r+", 0, tuple(shape), order)


def open_map(path: Path, shape: Sequence[int], dtype: DTypeLike) -> AnyArray:
    """An array that lies in a file; what is written to it stays in memory.

    Raises:
        UserError: the file is not of its size.
        OSError: it cannot be opened.
    """
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    if path.is_symlink() or not path.is_file() or path.stat().st_size != max(1, size):
        raise UserError(f"{path} is not what was written there")
    if size == 0:
        return np.zeros(shape, dtype)
    return np.memmap(path, dtype, "c", 0, tuple(shape))


@dataclass(frozen=True, slots=True)
class MapFile:
    """Where an array lies, and what it is: what one process tells another of it."""

    path: Path
    shape: tuple[int, ...]
    dtype: str

    def open(self) -> AnyArray:
        """The array; see `open_map`."""
        return open_map(self.path, self.shape, self.dtype)


def tables_folder() -> Path:
    """Where encoded tables are kept, and what is made on the way to them.

    Raises:
        UserError: somebody else may write to it.
        OSError: it cannot be made.
    """
    return private_folder(private_folder(cache_folder()) / "tables")


class Workspace:
    """A folder for the columns of a table while they are read; it goes with this object."""

    def __init__(self) -> None:
        """Make it.

        Raises:
            UserError: it cannot be made.
        """
        with room_in_cache():
            folder = tables_folder()
            remove_leftovers(folder)
            self._partial = PartialFolder(folder / "reading")
        self._files = 0

    def path(self) -> Path:
        """Of a new file in it."""
        self._files += 1
        return self._partial.folder / f"{self._files}"

    def remove(self) -> None:
        """Take it away at once."""
        self._partial.remove()

    def columns(self, shape: tuple[int, int]) -> AnyArray:
        """Room for columns of numbers, each in one piece, (N, D).

        Raises:
            UserError: there is none.
        """
        with room_in_cache(8.0 * shape[0] * shape[1]):
            return new_map(self.path(), shape, np.float64, "F")


@contextmanager
def room_in_cache(needed: float | None = None) -> Iterator[None]:
    """Say in one line that there is no room where encoded tables are kept.

    Raises:
        UserError: that, or that nothing can be written there.
    """
    try:
        yield
    except OSError as error:
        where = cache_folder()
        elsewhere = "XDG_CACHE_HOME names another folder, data.stream=never reads into memory"
        if is_full(error):
            what = "the rows" if needed is None else f"{gigabytes(needed)} of rows"
            raise UserError(f"no room in {where} for {what}: {elsewhere}") from error
        reason = error.strerror or type(error).__name__
        raise UserError(f"nothing can be written to {where} ({reason}): {elsewhere}") from error

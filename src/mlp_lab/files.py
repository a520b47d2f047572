"""Every file that this package writes: whole or not at all, and through no link.

A folder from a stranger may hold links and pipes under any name. New content is created under a
name that nobody can foresee, and renamed over whatever was there; what grows is opened only where
a plain file lies.
"""

import errno
import math
import os
import secrets
import shutil
import stat
import sys
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from glob import escape
from io import FileIO, TextIOWrapper
from json.encoder import encode_basestring
from pathlib import Path
from typing import BinaryIO

from filelock import lock_descriptor

from mlp_lab.errors import UserError

WAITING = 8
"""Files that wait for the disk together."""

PARTIAL = ".partial"
"""How names of unfinished content end."""

FOLDER = ".folder"
"""What the name of an unfinished folder has beside that of the file that says who makes it."""

ZEROS = 1 << 24
"""Bytes written at once where a system reserves none."""

STEM = 160
"""Bytes of a file's name in that of its unfinished content: a system's names have about 255."""

if sys.platform == "win32":
    PLAIN = os.O_BINARY | os.O_NOINHERIT
else:
    PLAIN = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
"""A link is an error, where the system can say so, and a pipe is not waited for."""


def write_whole(path: Path, content: bytes | str, *, wait: bool = True) -> None:
    """Replace `path`, be it a link, in one step: a reader or a crash finds the old or the new.

    Without `wait` a power cut may still lose the new, until `settle` is called: for what can be
    made again.

    Raises:
        OSError: it cannot be written; the error names `path`.
    """
    with whole_file(path, wait=wait) as file:
        file.write(_as_bytes(content))


def _as_bytes(content: bytes | str) -> bytes:
    return content.encode(errors="backslashreplace") if isinstance(content, str) else content


def write_named(path: Path, content: bytes | str) -> None:
    """Write a file that a user names: where it is a link, what it leads to; a device as it is.

    Raises:
        OSError: it cannot be written; the error names `path`.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        with path.open("wb") as device:
            device.write(_as_bytes(content))
        return
    try:
        write_whole(path.resolve(), content)
    except OSError as error:
        error.filename = str(path)
        raise


@contextmanager
def whole_file(path: Path, *, wait: bool = False) -> Iterator[BinaryIO]:
    """A file to write to, which is at `path` once the block has ended; an error leaves the old.

    Raises:
        OSError: it cannot be written; the error names `path`.
    """
    partial = None
    try:
        partial, file = _partial(path)
        with file:
            yield file
            file.flush()
            if wait:
                os.fsync(file.fileno())
        partial.replace(path)
    except BaseException as error:
        if partial is not None:
            with suppress(OSError):
                partial.unlink()  # it would keep a full disk full
        if isinstance(error, OSError) and str(error.filename or PARTIAL).endswith(PARTIAL):
            error.filename = str(path)  # a write to an open file does not say which
        raise


def _partial(path: Path) -> tuple[Path, BinaryIO]:
    """A new file beside `path` for its content, locked as long as it is open."""
    while True:
        partial = path.with_name(f".{_stem(path)}.{secrets.token_hex(8)}{PARTIAL}")
        file = created(partial)
        if _locked(file.fileno()) and os.fstat(file.fileno()).st_nlink:
            return partial, file
        file.close()  # somebody who removes leftovers took it for one


def _stem(path: Path) -> str:
    return os.fsencode(path.name)[:STEM].decode(errors="ignore")


def _locked(descriptor: int) -> bool:
    try:
        return lock_descriptor(descriptor, blocking=False)
    except OSError:  # a file system without locks
        return True


def remove_leftovers(folder: Path, of: Path | None = None) -> None:
    """Remove unfinished content that killed processes left in a folder, of one file or of all."""
    pattern = f".{'*' if of is None else escape(_stem(of)) + '.*'}{PARTIAL}"
    for partial in folder.glob(pattern):
        with suppress(OSError):  # a folder of that name, or somebody else was faster
            if not partial.is_symlink() and partial.is_file():
                descriptor = os.open(partial, os.O_RDWR | PLAIN)
                try:
                    alive = not _locked(descriptor)
                finally:
                    os.close(descriptor)
                if alive:
                    continue
            partial.unlink()


def created(path: Path) -> BinaryIO:
    """A new file to write to.

    Raises:
        FileExistsError: there is something of that name, be it a link that leads nowhere.
    """
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | PLAIN, 0o666), "wb")


def appended(path: Path) -> TextIOWrapper:
    """A text file to write at the end of; every line is in it at once.

    Raises:
        OSError: it cannot be written.
    """
    return os.fdopen(_end_of(path), "a", buffering=1, encoding="utf-8", newline="")


def appended_bytes(path: Path) -> FileIO:
    """A file to write at the end of, which keeps nothing back that its disk has no room for.

    Raises:
        OSError: it cannot be written.
    """
    return os.fdopen(_end_of(path), "ab", buffering=0)


def _end_of(path: Path) -> int:
    make_plain(path)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | PLAIN, 0o666)


def make_plain(path: Path) -> None:
    """Take away what is no file of its own before `path` is appended to.

    A link or a pipe goes; a file with other names becomes a copy.

    Raises:
        OSError: it cannot be taken away, as a folder.
    """
    with suppress(FileNotFoundError):
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode):
            path.unlink()
        elif found.st_nlink > 1:
            write_whole(path, path.read_bytes())


def make_folder(path: Path, below: Path) -> None:
    """Make a folder and those between it and `below`, which may be a link; none of them is one.

    Raises:
        UserError: one is.
        OSError: one cannot be made.
    """
    require_no_links(path, below)
    path.mkdir(parents=True, exist_ok=True)


def require_no_links(path: Path, below: Path) -> None:
    """Raise if a folder below another, or one between them, is a link: it could lead anywhere.

    Raises:
        UserError: one is.
    """
    inner = path.relative_to(below) if path.is_relative_to(below) else Path()
    for name in inner.parts:
        below = below / name
        if below.is_symlink():
            raise UserError(
                f"{below} is a link, and nothing is written through one: put the folder in its"
                " place, or remove it"
            )


class PartialFolder:
    """A folder for files that together are at `path` once they are kept, and else nowhere.

    It goes with this object, with its process, or, where that is killed, with the next one that
    removes leftovers beside it.
    """

    def __init__(self, path: Path) -> None:
        """Make it beside `path`.

        Raises:
            OSError: it cannot be made.
        """
        self.target = path
        lock, file = _partial(path)
        self.folder = lock.with_name(lock.name + FOLDER)
        self.folder.mkdir(mode=0o700)
        self.remove = weakref.finalize(self, _remove_folder, self.folder, lock, file, os.getpid())

    def keep(self) -> None:
        """Put it at its path, over whatever was there.

        Raises:
            OSError: it cannot be put there.
        """
        shutil.rmtree(self.target, ignore_errors=True)
        self.folder.replace(self.target)
        self.remove()


def _remove_folder(folder: Path, lock: Path, file: BinaryIO, process: int) -> None:
    if os.getpid() != process:  # a copy of the process that made it
        return
    shutil.rmtree(folder, ignore_errors=True)
    file.close()
    lock.unlink(missing_ok=True)


def remove_leftover_folders(folder: Path) -> None:
    """Remove folders that killed processes left unfinished in another."""
    remove_leftovers(folder)
    for partial in folder.glob(f".*{PARTIAL}{FOLDER}"):
        if not partial.with_name(partial.name.removesuffix(FOLDER)).exists():
            shutil.rmtree(partial, ignore_errors=True)


def reserved(path: Path, size: int) -> BinaryIO:
    """A new file of so many zeros, at least one: what is written into them later has its room.

    Raises:
        OSError: there is none; the error names `path`.
    """
    file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | PLAIN, 0o600), "r+b")
    size = max(1, size)
    try:
        if sys.platform == "linux":
            os.posix_fallocate(file.fileno(), 0, size)
        else:
            for first in range(0, size, ZEROS):
                file.write(bytes(min(ZEROS, size - first)))
            file.flush()
    except OSError as error:
        file.close()
        error.filename = str(path)
        raise
    return file


def cache_folder() -> Path:
    """Where what can be made again is kept: in the user's cache, by the system's custom."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "mlp_lab"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mlp_lab"


def private_folder(folder: Path) -> Path:
    """A folder of the user's own, made if need be.

    Raises:
        UserError: somebody else may write to it.
        OSError: it cannot be made.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    require_private(folder)
    return folder


def require_private(folder: Path) -> None:
    """Raise a `UserError` if somebody else may write to a folder."""
    found = folder.lstat()
    foreign = os.name == "posix" and (found.st_uid != os.getuid() or bool(found.st_mode & 0o022))
    if not stat.S_ISDIR(found.st_mode) or foreign:
        raise UserError(f"{folder} is not a folder that only its owner can write to")


NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""A full disk, a quota that is used up, a file as large as files may be."""


def is_full(error: BaseException) -> bool:
    """Whether there is no room left to write."""
    return isinstance(error, OSError) and error.errno in NO_SPACE


def settle(paths: Iterable[Path]) -> None:
    """Put files on disk, where a power cut leaves them.

    A file alone waits some milliseconds; side by side they share the file system's next commit.
    """
    there = [path for path in paths if path.is_file() and not path.is_symlink()]
    if there:
        side_by_side = min(WAITING, len(there))
        with ThreadPoolExecutor(side_by_side) as pool:
            list(pool.map(_settle, (there[first::side_by_side] for first in range(side_by_side))))


def _settle(paths: Sequence[Path]) -> None:
    for path in paths:
        with path.open("rb+") as file:  # some systems refuse it for a file that is only read
            os.fsync(file.fileno())


def to_json(value: object) -> str:
    """Indented JSON; a number that is not finite, which JSON has no word for, becomes null."""
    return _json(value, "\n") + "\n"


def joined_json(*texts: str) -> str:
    """One object with the entries of several, each as `to_json` wrote it."""
    return "{" + ",".join(text.strip()[1:-1].rstrip() for text in texts) + "\n}\n"


def _json(value: object, line: str) -> str:
    """A value whose lines begin with `line`; `json.dumps` is in C only without indents."""
    if isinstance(value, float):  # what most entries are
        return float.__repr__(value) if math.isfinite(value) else "null"
    if isinstance(value, str):
        return encode_basestring(value)
    if value is None or isinstance(value, bool):
        return CONSTANTS[value]
    if isinstance(value, int):
        return int.__repr__(value)
    inner = line + "  "
    if isinstance(value, Mapping):
        entries = [f"{_json_name(key)}: {_json(entry, inner)}" for key, entry in value.items()]
        return f"{{{inner}{f',{inner}'.join(entries)}{line}}}" if entries else "{}"
    if isinstance(value, list | tuple):
        entries = [_json(entry, inner) for entry in value]
        return f"[{inner}{f',{inner}'.join(entries)}{line}]" if entries else "[]"
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def _json_name(key: object) -> str:
    """A name, which JSON has as text alone."""
    return encode_basestring(key if isinstance(key, str) else _json(key, ""))


CONSTANTS = {None: "null", True: "true", False: "false"}

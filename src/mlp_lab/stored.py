"""Files that anyone may have written: read within bounds, as plain data, and nothing is executed.

A pipe, a device, a file without end, nesting without end and text that grows when it is read are
refused in one line that names the file.
"""

from __future__ import annotations

import json
import math
import os
import stat
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import yaml

from mlp_lab.errors import UserError

MEGABYTE = 2**20

DEEPEST = 32
"""Groups and lists inside each other; no file of ours has more than eight."""

LONGEST = 10**300
"""Whole numbers below it are floats, too."""

SHOWN = 60
"""Letters of a key that a message shows."""

FLAGS = os.O_RDONLY | sum(vars(os).get(name, 0) for name in ("O_BINARY", "O_NONBLOCK", "O_CLOEXEC"))
"""A pipe is opened at once, whether anybody writes to it or not; not every system has pipes."""


class Damaged(UserError):
    """The content is not what the file's name says; it may have been cut short."""


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Put a file's name before what is said of its content.

    Raises:
        UserError: what was raised, with the name.
    """
    try:
        yield
    except UserError as error:
        raise type(error)(f"{path}: {error}") from error


def require_regular(path: Path) -> None:
    """Raise unless a file can be read to an end.

    Raises:
        UserError: it is a pipe, a device or a folder.
        OSError: it cannot be opened.
    """
    with _opened(path):
        pass


def read_bytes(path: Path, megabytes: int) -> bytes:
    """The content of a file.

    Raises:
        UserError: it is no regular file, or larger than so many MB.
        OSError: it cannot be opened.
    """
    with _opened(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > megabytes * MEGABYTE:
            raise UserError(f"{path} must be at most {megabytes} MB, got {size / MEGABYTE:,.0f}")
        return file.read(size)


def read_from(path: Path, start: int, megabytes: int) -> bytes:
    """What a file holds from a byte on: of one that grows, what was added; at most so many MB.

    Raises:
        UserError: it is no regular file.
        OSError: it cannot be opened.
    """
    with _opened(path) as file:
        file.seek(start)
        return file.read(megabytes * MEGABYTE)


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    descriptor = os.open(path, FLAGS)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise UserError(f"{path} must be a regular file")
    with os.fdopen(descriptor, "rb") as file:
        yield file


def read_text(path: Path, megabytes: int) -> str:
    """The content of a file of UTF-8.

    Raises:
        UserError: as `read_bytes`, or it is no such text.
        OSError: it cannot be opened.
    """
    try:
        return read_bytes(path, megabytes).decode()
    except UnicodeDecodeError as error:
        raise Damaged(f"{path} is not UTF-8 text: byte {error.start + 1}") from error


def read_json(path: Path, megabytes: int) -> object:
    """What a JSON file says.

    Raises:
        UserError: as `read_text`, or it is not valid JSON, nested too deeply or not finite.
        OSError: it cannot be opened.
    """
    return parse_json(read_text(path, megabytes), path)


def parse_json(text: str, path: Path | str, *, finite: bool = True) -> object:
    """What JSON text of a file says.

    Raises:
        UserError: it is not valid JSON, nested too deeply, an object has a key twice, or a number
            is not finite.
    """

    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) < len(pairs):  # json would keep the last one without a word
            ((twice, _),) = Counter(name for name, _ in pairs).most_common(1)
            raise UserError(f"{path} holds {twice[:SHOWN]!r} twice in one object")
        return found

    try:
        value: object = json.loads(text, object_pairs_hook=unique)
    except UserError:
        raise
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise Damaged(f"{path} is not valid JSON: {place}: {error.msg}") from error
    except ValueError as error:  # a number of thousands of digits
        raise UserError(f"{path} holds a number of too many digits") from error
    except RecursionError as error:
        raise UserError(f"{path} {TOO_DEEP}") from error
    require_plain(value, path, finite=finite)
    return value


TOO_DEEP = f"must be nested at most {DEEPEST} deep"


def require_plain(value: object, path: Path | str, *, finite: bool) -> None:
    """Raise unless a value is plain data that can be shown, computed with and written again.

    Raises:
        UserError: it is nested too deeply, or holds what is neither text, number, list nor group.
    """
    layer: list[object] = [value]
    for _ in range(DEEPEST):
        inner: list[object] = []
        for entry in layer:
            if isinstance(entry, dict):
                inner += entry.keys()
                inner += entry.values()
            elif isinstance(entry, list):
                inner += entry
            else:
                _require_scalar(entry, path, finite=finite)
        if not inner:
            return
        layer = inner
    raise UserError(f"{path} {TOO_DEEP}")


def _require_scalar(value: object, path: Path | str, *, finite: bool) -> None:
    if isinstance(value, str):
        if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
            raise UserError(f"{path} holds text that is no Unicode: {ascii(value)[:60]}")
    elif isinstance(value, int):
        if abs(value) >= LONGEST:
            raise UserError(f"{path} holds a number of more than 300 digits")
    elif isinstance(value, float):
        if finite and not math.isfinite(value):
            raise UserError(f"{path} holds a number that is not finite: {value}")
    elif value is not None:
        kind = type(value).__name__
        raise UserError(f"{path} holds a {kind}: neither text nor number, list nor group")


LOADER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
"""The one in C, a tenth of the other's time, where PyYAML was built with it."""


def read_yaml(path: Path, megabytes: int = 1) -> object:
    """What a YAML file says, as text, numbers, lists and groups; `${...}` in it is text.

    Raises:
        UserError: as `read_text`, or it is not valid YAML, or it has aliases or tags.
        OSError: it cannot be opened.
    """
    return parse_yaml(read_text(path, megabytes), path)


def parse_yaml(text: str, path: Path | str) -> object:
    """What YAML text of a file says.

    Raises:
        UserError: it is not valid YAML, nested too deeply, or has aliases.
    """
    with reading_yaml(text, path):
        value: object = LOADER(text).get_single_data()
    require_plain(value, path, finite=False)
    return value


@contextmanager
def reading_yaml(text: str, path: Path | str) -> Iterator[None]:
    """Look through YAML text before it is read in the block; what is wrong is said in one line.

    Raises:
        UserError: it is not valid YAML, nested too deeply, or has aliases.
    """
    try:
        _require_a_tree(text, path)  # before anything is built: an alias may stand for millions
        yield
    except UserError:
        raise
    except yaml.YAMLError as error:
        raise Damaged(f"{path} is not valid YAML: {_problem(error)}") from error
    except ValueError as error:  # a date that is none, a number of thousands of digits
        raise Damaged(f"{path} is not valid YAML: {str(error).splitlines()[0]}") from error


def _problem(error: yaml.YAMLError) -> str:
    """What is wrong with some YAML, and where."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark = error.problem_mark
        return f"line {mark.line + 1}, column {mark.column + 1}: {error.problem}"
    return str(error).splitlines()[0]


def _require_a_tree(text: str, path: Path | str) -> None:
    """Raise if a value is used twice, or lies too deep: what reads values would not end.

    Raises:
        UserError: it is, or a group has a key twice.
    """
    groups: list[_Group] = []
    for event in yaml.parse(text, LOADER):
        line = event.start_mark.line + 1 if event.start_mark is not None else 0
        if isinstance(event, yaml.NodeEvent):
            if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
                raise UserError(f"{path} must have no anchors (&) and aliases (*): line {line}")
            if groups and groups[-1].repeats(event):
                raise UserError(f"{path} has a key twice in a group: line {line}")
        if isinstance(event, yaml.CollectionStartEvent):
            groups.append(_Group(isinstance(event, yaml.MappingStartEvent)))
        elif isinstance(event, yaml.CollectionEndEvent):
            groups.pop()
        if len(groups) > DEEPEST:
            raise UserError(f"{path} {TOO_DEEP}")


class _Group:
    """A group or a list of which a part has been read."""

    def __init__(self, has_keys: bool) -> None:
        self._has_keys = has_keys
        self._entries = 0
        self._keys: set[str] = set()

    def repeats(self, event: yaml.NodeEvent) -> bool:
        """Take note of the next entry; whether it is a key that was there before."""
        self._entries += 1
        if not self._has_keys or self._entries % 2 == 0 or not isinstance(event, yaml.ScalarEvent):
            return False
        known = len(self._keys)
        self._keys.add(event.value)
        return len(self._keys) == known

"""Files of a run folder as a stranger might send them: every key changed, or other bytes."""

import json
import os
import random
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import numpy as np
import yaml
from safetensors.numpy import load, save

Tampering = tuple[str, Callable[[Path], None]]
"""What is done to a file, and how."""

DEEP = "[" * 5000 + "]" * 5000

RAW = "<raw>"
"""Stands for text that is put into a file as it is."""

VALUES: dict[str, object] = {
    "null": None,
    "true": True,
    "text": "x",
    "no text": "",
    "half a letter": "\ud800",
    "escapes": "\x1b[31m${oc.env:HOME}",
    "negative": -1,
    "zero": 0,
    "huge": 10**18,
    "a float": 0.37,
    "huge float": 1e308,
    "a list": [],
    "numbers": [1, 2, 3],
    "a group": {},
    "nested": {"x": {"x": [[{"x": 1}]]}},
}

RAWS = {
    "deep": DEEP,
    "NaN": "NaN",
    "infinite": "1e999",
    "digits": "9" * 5000,
    "more digits": "9" * 400,
}
"""Text in the place of a value."""

SIZES = (0, 1, 7, 8, 9, 40, 200)


def paths(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every place in plain data; of a long list, its ends."""
    if path:
        yield path
    if isinstance(value, dict):
        for name, entry in value.items():
            yield from paths(entry, (*path, name))
    if isinstance(value, list):
        for place in sorted({*range(min(2, len(value))), len(value) - 1} - {-1}):
            yield from paths(value[place], (*path, place))


def replaced(value: object, path: tuple[str | int, ...], new: object) -> object:
    """A copy with another value in one place; `...` takes it out."""
    if not path:
        return new
    first, *rest = path
    copy: object = {**value} if isinstance(value, dict) else [*cast(list[object], value)]
    section = cast(dict[str | int, object], copy)
    if rest or new is not ...:
        section[first] = replaced(section[first], tuple(rest), new)
    else:
        del section[first]
    return copy


def plain_tamperings(content: object, write: Callable[[object], str]) -> Iterator[tuple[str, str]]:
    """Texts of a file in which one place is another."""
    for path in paths(content):
        where = ".".join(map(str, path))
        yield f"{where} deleted", write(replaced(content, path, ...))
        for name, value in VALUES.items():
            yield f"{where}: {name}", write(replaced(content, path, value))
        text = write(replaced(content, path, RAW))
        for name, raw in RAWS.items():
            yield f"{where}: {name}", text.replace(f'"{RAW}"', raw).replace(f"'{RAW}'", raw)
    for path in paths({"": content}):  # every group, the whole included
        group = content
        for place in path[1:]:
            group = cast(dict[str | int, object], group)[place]
        if isinstance(group, dict):
            where = ".".join(map(str, path[1:]))
            yield f"{where} with more", write(replaced(content, path[1:], {**group, "more": 1}))
    for name, raw in RAWS.items():
        yield name, raw


def texts(path: Path) -> Iterator[tuple[str, str]]:
    """A JSON or YAML file, tampered with in one place each."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".yaml":
        content = yaml.safe_load(text)
        yield from plain_tamperings(content, json.dumps)
        yield "aliases", "a: &a [1]\n" + "\n".join(f"a{i}: &b{i} [*a, *a]" for i in range(9))
        yield "bomb", bomb()
        yield "tags", "!!python/object/apply:os.system [echo]"
        yield "a date", f"{text}\nseed: 2020-99-99"
        yield "documents", f"{text}\n---\n{text}"
        yield "a tab", "\t- a"
        yield "hexadecimal", f"{text.replace('seed: 0', 'seed: 0x' + 'f' * 9000)}"
    else:
        yield from plain_tamperings(json.loads(text), json.dumps)


def entries(path: Path) -> Iterator[tuple[str, str]]:
    """A file of JSON lines: some tampered with, left out, twice or at the end."""
    lines = path.read_text().splitlines()
    for number in sorted({0, 1, 2, 3, 4, len(lines) - 3, len(lines) - 1}):
        before, after = lines[:number], lines[number + 1 :]
        for what, text in plain_tamperings(json.loads(lines[number]), json.dumps):
            yield what, "\n".join([*before, text, *after, ""])
        yield f"line {number} gone", "\n".join([*before, *after, ""])
        yield f"line {number} twice", "\n".join([*before, lines[number], *lines[number:], ""])
        yield f"line {number} last", "\n".join([*before, *after, lines[number], ""])


def bomb() -> str:
    """Nine lists of nine, each of the one before: a billion."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 10)]
    return "\n".join(lines)


def tensors(path: Path) -> Iterator[tuple[str, bytes]]:
    """A safetensors file with other tensors, and with another state beside them."""
    content = path.read_bytes()
    (size,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + size])
    metadata = header.pop("__metadata__", None)
    found = load(content)
    for name, tensor in found.items():
        others = {
            "missing": None,
            "one number": tensor.reshape(-1)[:1].copy(),
            "a number": np.array(tensor.reshape(-1)[0]),
            "longer": np.concatenate([tensor, tensor]),
            "turned": np.ascontiguousarray(np.stack([tensor, tensor])),
            "whole numbers": tensor.astype(np.int64),
            "other floats": tensor.astype(np.float64),
            "half": tensor.astype(np.float16),
            "not a number": np.full_like(tensor, np.nan),
            "infinite": np.full_like(tensor, np.inf),
            "huge": np.full_like(tensor, 3e38),
            "empty": tensor[:0].copy(),
        }
        for what, other in others.items():
            kept = {key: value for key, value in found.items() if key != name}
            yield f"{name} {what}", save(kept if other is None else {**kept, name: other}, metadata)
    yield "no tensors", save({}, metadata)
    yield "another tensor", save({**found, "x" * 500: np.zeros(3)}, metadata)
    for key in header:
        for change in ({"dtype": "F8_E4M3"}, {"shape": [2**40, 2**40]}, {"data_offsets": [0, 1]}):
            yield (
                f"{key} {change}",
                with_header({**header, key: {**header[key], **change}}, content),
            )
    yield "deep header", struct.pack("<Q", len(DEEP)) + DEEP.encode()
    yield "long header", struct.pack("<Q", 2**60) + content[8:]
    if metadata is not None:
        yield "no state", save(found)
        state = json.loads(metadata["state"])
        for what, text in plain_tamperings(state, json.dumps):
            yield f"state.{what}", save(found, {"state": text.encode("utf-8", "replace").decode()})


def with_header(header: dict[str, object], content: bytes) -> bytes:
    """The same data under another header."""
    (size,) = struct.unpack("<Q", content[:8])
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + content[8 + size :]


def cells(path: Path) -> Iterator[tuple[str, str]]:
    """A table of numbers with other cells, columns and rows."""
    header, *lines = path.read_text().splitlines()
    rows = [line.split(",") for line in lines]
    for column in range(len(rows[0])):
        for value in ("", "x", "-1", "1e999", "nan", "9" * 500, "1;2", '"', "\x1b[31m", "1_0"):
            changed = [[*row] for row in rows]
            changed[-1][column] = value
            text = "\n".join([header, *(",".join(row) for row in changed)])
            yield f"column {column}: {value[:9]}", f"{text}\n"
        names = header.split(",")
        del names[column]
        yield f"column {column} gone", "\n".join([",".join(names), *lines, ""])
    yield "no header", "\n".join([*lines, ""])
    yield "header alone", f"{header}\n"
    yield "rows twice", "\n".join([header, *lines, *lines, ""])
    yield "a row less", "\n".join([header, *lines[:-1], ""])
    yield "a row more", "\n".join([header, *lines, lines[-1], ""])
    yield "a long line", f"{header}\n{'1,' * 10**5}\n"


def content_of(path: Path) -> Iterator[tuple[str, bytes]]:
    """Other contents of a file, by what it is."""
    if path.suffix == ".safetensors":
        yield from tensors(path)
    elif path.suffix == ".journal":
        yield from ((what, text.encode("utf-8", "replace")) for what, text in entries(path))
    elif path.suffix == ".csv":
        yield from ((what, text.encode("utf-8", "replace")) for what, text in cells(path))
    elif path.suffix in (".json", ".yaml"):
        yield from ((what, text.encode("utf-8", "replace")) for what, text in texts(path))
    content = path.read_bytes()
    for size in SIZES:
        yield f"cut to {size}", content[:size]
    yield "cut by one", content[:-1]
    dice = random.Random(len(content))  # noqa: S311
    for number in range(20):
        changed = bytearray(content)
        for _ in range(1 + number // 4):
            changed[dice.randrange(len(changed))] = dice.randrange(256)
        yield f"random bytes {number}", bytes(changed)
    yield "noise", dice.randbytes(3000)
    yield "zeros", bytes(3000)
    yield "another encoding", content.decode("latin-1").encode("utf-16")


def tamperings(path: Path) -> Iterator[Tampering]:
    """Everything that is done to a file."""
    for what, content in content_of(path):
        yield what, writing(content)
    yield "a folder", instead(Path.mkdir)
    yield "gone", instead(lambda place: None)
    if hasattr(os, "mkfifo"):
        yield "a pipe", instead(os.mkfifo)
        yield "a link to a device", instead(lambda place: place.symlink_to("/dev/zero"))
        yield "a link to nothing", instead(lambda place: place.symlink_to("/nowhere"))
        yield "a link to itself", instead(lambda place: place.symlink_to(place.name))
    yield "without end", lambda place: os.truncate(place, 3 * 2**30)


NO_FILES = 7
"""The last of them, which are no files of any kind."""


def writing(content: bytes) -> Callable[[Path], None]:
    """Put a content in the place of a file's."""

    def write(place: Path) -> None:
        place.write_bytes(content)

    return write


def instead(make: Callable[[Path], None]) -> Callable[[Path], None]:
    """Make something in the place of a file."""

    def replace(place: Path) -> None:
        place.unlink()
        make(place)

    return replace

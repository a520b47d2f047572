"""Text tables as files: compressed or not, and without headers that stand again within them.

They do where exports were joined into one file.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

BLOCK = 1 << 20
"""Characters that are looked through at once."""

MARK = "\ufeff"
"""What stands before the first header of a file, and before others where files were joined."""


def open_text(path: Path, encoding: str, repeated: str = "") -> TextIO | WithoutRepeats:
    """A text file to read, also a compressed one; without the header that is `repeated` in it."""
    if repeated:
        return WithoutRepeats(open_text(path, encoding), repeated)
    if path.suffix.lower() == ".gz":
        return gzip.open(path, "rt", encoding=encoding, newline="")
    return path.open(encoding=encoding, newline="")


def header_line(lines: Iterable[str], first: list[list[str]], delimiter: str, quote: str) -> str:
    """The line that holds the first row, if that is a header of several names; else nothing."""
    header = first[0] if first else []
    for line in lines if len(header) > 1 else ():
        if len(delimiter) > 1:
            cells = line.split()
        elif line.count(quote or '"') % 2 == 0:
            cells = next(csv.reader([line], delimiter=delimiter, quotechar=quote or '"'), [])
        else:
            continue
        if cells == header:
            return line
    return ""


def count_repeats(path: Path, encoding: str, header: str) -> int:
    """How many lines of a file hold its header again; a pass over it, that decodes nothing."""
    wide = encoding.startswith("utf-16")
    plain = encoding if wide else "latin-1"
    wanted = header if wide else header.encode(encoding.removesuffix("-sig")).decode("latin-1")
    mark = MARK if wide else MARK.encode("utf-8").decode("latin-1")
    found, rest = 0, ""
    with open_text(path, plain) as file:
        while block := file.read(BLOCK):
            whole = rest + block
            end = max(whole.rfind("\n"), whole.rfind("\r")) + 1
            found += _count(whole[:end], wanted, mark)
            rest = whole[end:]
    return max(0, found + _count(rest + "\n", wanted, mark) - 1)


def _count(text: str, wanted: str, mark: str) -> int:
    """Lines that are the header, of a text that begins with a line and ends with one."""
    found, at = 0, text.find(wanted)
    while at >= 0:
        before = text[max(0, at - len(mark) - 1) : at].removesuffix(mark)
        found += before[-1:] in ("", "\n", "\r") and text[at + len(wanted)] in "\r\n"
        at = text.find(wanted, at + len(wanted))
    return found


class WithoutRepeats(io.TextIOBase):
    """A text in which lines that repeat its header are empty: pandas reads none of these."""

    def __init__(self, file: TextIO | WithoutRepeats, header: str) -> None:
        self._file, self._header, self._seen = file, header, False

    def read(self, size: int | None = -1, /) -> str:
        """Whole lines, of about as many characters."""
        return "".join(map(self._without, self._file.readlines(-1 if size is None else size)))

    def _without(self, line: str) -> str:
        text = line.rstrip("\r\n")
        if text.removeprefix(MARK) != self._header:
            return line
        if not self._seen:
            self._seen = True
            return line
        return line[len(text) :]

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()

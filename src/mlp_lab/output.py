"""Standard output and error of every process: text of others shows its signs, none is refused."""

import codecs
import logging
import sys
from collections.abc import Iterable
from io import TextIOBase, TextIOWrapper
from typing import TextIO, cast

from mlp_lab.formatting import visible

PLAIN = "mlp_lab.plain"
"""Name of the way out for letters that an encoding does not have."""

SPELLED = {
    "\N{ALMOST EQUAL TO}": "~",
    "\N{PLUS-MINUS SIGN}": "+-",
    "\N{MULTIPLICATION SIGN}": "x",
    "\N{MINUS SIGN}": "-",
    "\N{EN DASH}": "-",
    "\N{HORIZONTAL ELLIPSIS}": "...",
    "\N{RIGHTWARDS ARROW}": "->",
    "\N{LESS-THAN OR EQUAL TO}": "<=",
    "\N{GREATER-THAN OR EQUAL TO}": ">=",
    "\N{SUPERSCRIPT TWO}": "^2",
    "\N{INFINITY}": "inf",
    "\N{RIGHT SINGLE QUOTATION MARK}": "'",
}
"""Signs of this program's own sentences, where only ASCII can be written."""


def spell(error: UnicodeError) -> tuple[str, int]:
    r"""An error handler: a letter that cannot be encoded in ASCII; others as `\u4e2d`.

    Raises:
        UnicodeError: bytes cannot be decoded.
    """
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letters = error.object[error.start : error.end]
    words = [
        SPELLED.get(letter) or letter.encode("ascii", "backslashreplace").decode()
        for letter in letters
    ]
    return "".join(words), error.end


def encodable(text: str, encoding: str) -> str:
    """Text as it will be once it is encoded: as wide as a table has to be."""
    return text.encode(encoding, PLAIN).decode(encoding)


codecs.register_error(PLAIN, spell)


class VisibleStream:
    """A text stream that shows control characters instead of obeying them."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        while hasattr(stream, "rich_proxied_file"):
            stream = stream.rich_proxied_file
        self.rich_proxied_file: TextIO = stream
        """The stream itself, by the name that rich asks for: it shows what it is given first."""

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write text; its own number of letters."""
        self._stream.write(visible(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write some pieces of text."""
        for line in lines:
            self.write(line)


class VisibleFormatter(logging.Formatter):
    """Messages of a log with their control characters shown."""

    def format(self, record: logging.LogRecord) -> str:
        """The text of a message."""
        return visible(super().format(record))


class Nowhere(TextIOBase):
    """Takes what is printed where there is no stream."""

    encoding = "utf-8"

    def write(self, text: str) -> int:
        """Nothing comes of it."""
        return len(text)


def show_everything() -> None:
    """Let this process write any text anywhere; to be called where a process starts."""
    sys.stdout, sys.stderr = _shown(sys.stdout), _shown(sys.stderr)


def _shown(stream: TextIO | None) -> TextIO:
    if stream is None:  # below pythonw, or after `>&-`
        stream = cast(TextIO, Nowhere())
    if isinstance(stream, VisibleStream):
        return stream
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors=PLAIN)
    return cast(TextIO, VisibleStream(stream))

"""How a text table is written: delimiter, quotes, encoding and decimal sign."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice, zip_longest
from pathlib import Path
from typing import Literal, TextIO, TypedDict

from mlp_lab.data.config import DELIMITERS, FileSettings
from mlp_lab.data.tables.cells import DECIMAL_COMMA, MISSING_WORDS
from mlp_lab.data.tables.config import TEXT, suffix_of
from mlp_lab.data.tables.limits import LINE, require_expansion
from mlp_lab.errors import UserError

SAMPLE, BLOCK = 1 << 16, 1 << 20
"""Characters that tell a dialect, and that are decoded at once."""

LINES, LINE_END = 3, re.compile(r"\r\n?|\n")
"""Lines that tell one at least, and how they end."""

DECIMAL_POINT = re.compile(r"[+-]?\d*\.\d+")
NUMBER = re.compile(r"[+-]?\d*[.,]?\d+")
NUMBERS_SHARE = 0.8
"""Share of a column's cells that are numbers, from which on it tells the decimal sign."""

THOUSANDS = re.compile(r"-?[1-9]\d{0,2},\d{3}")

SEPARATOR_LINE = re.compile(r"sep=(.)\r?\n")
"""A first line by which Excel learns the delimiter."""


class _Parsing(TypedDict):
    sep: str
    quotechar: str
    quoting: Literal[0, 3]
    skipinitialspace: bool
    skiprows: int


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a text table is written; `decimal` is of any file's text cells.

    `spaced`: spaces stand between delimiters and quotes. `told`: a first line says the delimiter.
    `lines` are those of a text table, without line ends in quotes, `letters` its characters.
    """

    delimiter: str
    quote: str
    encoding: str
    decimal: str
    spaced: bool = False
    told: bool = False
    lines: int = field(default=0, compare=False)
    letters: int = field(default=0, compare=False)

    @property
    def parsing(self) -> _Parsing:
        """Arguments of `pandas.read_csv`."""
        return {
            "sep": self.delimiter,
            "quotechar": self.quote or '"',
            "quoting": csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            "skipinitialspace": self.spaced,
            "skiprows": int(self.told),
        }

    def __str__(self) -> str:
        name = "tab" if self.delimiter == "\t" else repr(self.delimiter)
        sign = {".": "point", ",": "comma"}[self.decimal]
        return f"delimiter {name}, decimal {sign}, encoding {self.encoding.removesuffix('-sig')}"


def open_text(path: Path, encoding: str) -> TextIO:
    """A text file to read, also a compressed one."""
    if path.suffix.lower() == ".gz":
        return gzip.open(path, "rt", encoding=encoding, newline="")
    return path.open(encoding=encoding, newline="")


def dialect_of(path: Path, settings: FileSettings) -> Dialect:
    """The dialect of a text table, from its beginning; of any other file, its decimal sign.

    Raises:
        UserError: it is no text, a line of it is enormous, or it grows enormously when unpacked.
    """
    if suffix_of(path) not in TEXT:
        return Dialect("", "", "", "," if settings.decimal == "," else ".")
    encoding, lines, letters = _encoding(path, settings)
    with open_text(path, encoding) as file:
        sample = file.read(SAMPLE)
        whole = len(sample) < SAMPLE
        short = not whole and len(LINE_END.findall(sample)) < LINES
        if short:  # very wide: up to the end of a line
            sample += "".join(islice(file, LINES))
    told, quote = SEPARATOR_LINE.match(sample), settings.quote
    if told:
        sample = sample[told.end() :]

    def rows(delimiter: str, *, spaced: bool = True) -> list[list[str]]:
        """The sample's rows, without a last one that may be cut."""
        mode: Literal[0, 3] = csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE
        lines, mark = io.StringIO(sample, newline=""), quote or '"'
        reader = csv.reader(
            lines, delimiter=delimiter, quotechar=mark, quoting=mode, skipinitialspace=spaced
        )
        try:
            found = list(reader)
        except csv.Error:  # by this delimiter, cells longer than the csv module takes
            return []
        return [row for row in (found if whole or short else found[:-1]) if row]

    delimiter = settings.delimiter
    if delimiter == "auto" and told:
        delimiter = told[1]
    elif delimiter == "auto":
        tabs = suffix_of(path).startswith((".tsv", ".tab"))
        possible = [sign for sign in DELIMITERS if sign in sample and sign != quote]
        delimiter = "\t" if tabs else _delimiter({sign: rows(sign) for sign in possible})
    decimal = settings.decimal
    if decimal == "auto":
        decimal = "." if delimiter == "," else _decimal(rows(delimiter)[1:])
    cells = [cell for row in rows(delimiter, spaced=False) for cell in row] if quote else []
    spaced = any(cell.startswith(" ") and cell.lstrip(" ").startswith(quote) for cell in cells)
    return Dialect(delimiter, quote, encoding, decimal, spaced, told is not None, lines, letters)


def _encoding(path: Path, settings: FileSettings) -> tuple[str, int, int]:
    """The first likely encoding in which the whole file decodes, its lines and its characters."""
    likely = [wanted := settings.encoding]
    if wanted == "auto":
        with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as file:
            marked = file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
        likely = ["utf-16"] if marked else ["utf-8", "cp1252"]
    for name in likely:
        encoding = "utf-8-sig" if codecs.lookup(name).name == "utf-8" else name
        try:
            return encoding, *_measured(path, encoding, settings.quote)
        except UnicodeError:
            continue
    raise UserError(f"{path.name} is not {' or '.join(likely)} text: data.encoding names another")


def _measured(path: Path, encoding: str, quote: str) -> tuple[int, int]:
    """Lines and characters of a text that decodes; one more pass, little memory."""
    lines, letters, line, quotes = 1, 0, 0, 0
    with open_text(path, encoding) as file:
        while block := file.read(BLOCK):
            if "\0" in block:
                raise UserError(f"{path.name} is not a text table: it holds NUL characters")
            letters += len(block)
            if path.suffix.lower() == ".gz":
                require_expansion(path, letters)
            end = max(block.rfind("\n"), block.rfind("\r"))
            line = line + len(block) if end < 0 else len(block) - end
            if line > LINE:
                found = f"line {lines:,} has more than {LINE:,} characters"
                raise UserError(f"{path.name}: {found}: a table has a row in each line")
            sign = "\n" if "\n" in block else "\r"
            parts = block.split(quote) if quote and quote in block else [block]
            lines += sum(part.count(sign) for part in parts[quotes % 2 :: 2])
            quotes += len(parts) - 1
    return lines, letters


def _delimiter(rows: Mapping[str, list[list[str]]]) -> str:
    """The one by which most rows are as wide as the first; of one column, one that is not there."""
    widths = {sign: [len(row) for row in found] for sign, found in rows.items()}
    scores = {
        sign: (found.count(found[0]) / len(found), found[0])
        for sign, found in widths.items()
        if found and found[0] > 1
    }
    absent = next((sign for sign in DELIMITERS if sign not in rows), ",")
    return max(scores, key=lambda sign: scores[sign]) if scores else absent


def _decimal(rows: list[list[str]]) -> str:
    """A comma, if a column of numbers has commas that group no thousands, and none has points."""
    columns = [
        [text for cell in column if (text := cell.strip()) not in MISSING_WORDS]
        for column in zip_longest(*rows, fillvalue="")
    ]
    cells: set[str] = set()
    for column in columns:  # of numbers, with a few words for no answer at most
        numbers = sum(NUMBER.fullmatch(cell) is not None for cell in column)
        if numbers >= NUMBERS_SHARE * len(column):
            cells |= set(column)
    commas = any(DECIMAL_COMMA.fullmatch(cell) and not THOUSANDS.fullmatch(cell) for cell in cells)
    return "," if commas and not any(DECIMAL_POINT.fullmatch(cell) for cell in cells) else "."

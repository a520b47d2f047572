"""How a text table is written: delimiter, quotes, encoding and decimal sign."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Literal, TextIO, TypedDict

from mlp_lab.data.config import DELIMITERS, FileSettings
from mlp_lab.data.tables.cells import DECIMAL_COMMA, MISSING_WORDS
from mlp_lab.data.tables.config import TEXT, suffix_of
from mlp_lab.errors import UserError

SAMPLE, BLOCK = 1 << 16, 1 << 20
"""Characters that tell a dialect, and that are decoded at once."""

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

    `spaced`: spaces stand between delimiters and quotes, and are no part of cells. `told`: a line
    above the header says what the delimiter is.
    """

    delimiter: str
    quote: str
    encoding: str
    decimal: str
    spaced: bool = False
    told: bool = False

    @property
    def parsing(self) -> _Parsing:
        """Arguments of `pandas.read_csv`."""
        quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE
        return {
            "sep": self.delimiter,
            "quotechar": self.quote or '"',
            "quoting": quoting,
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
    """The dialect of a text table, from its beginning; of any other file, its decimal sign."""
    if suffix_of(path) not in TEXT:
        return Dialect("", "", "", "," if settings.decimal == "," else ".")
    encoding = _encoding(path, settings.encoding)
    with open_text(path, encoding) as file:
        sample = file.read(SAMPLE)
    told = SEPARATOR_LINE.match(sample)
    if told:
        sample = sample[told.end() :]

    def rows(delimiter: str, *, spaced: bool = True) -> list[list[str]]:
        """The sample's rows, without a last one that may be cut."""
        lines = io.StringIO(sample, newline="")
        form = Dialect(delimiter, settings.quote, encoding, "", spaced).parsing
        quote, quoting = form["quotechar"], form["quoting"]
        reader = csv.reader(
            lines, delimiter=delimiter, quotechar=quote, quoting=quoting, skipinitialspace=spaced
        )
        found = list(reader)
        return [row for row in (found if len(sample) < SAMPLE else found[:-1]) if row]

    delimiter = settings.delimiter
    if delimiter == "auto" and told:
        delimiter = told[1]
    elif delimiter == "auto":
        tabs = suffix_of(path).startswith((".tsv", ".tab"))
        possible = [sign for sign in DELIMITERS if sign in sample and sign != settings.quote]
        delimiter = "\t" if tabs else _delimiter({sign: rows(sign) for sign in possible})
    decimal = settings.decimal
    if decimal == "auto":
        decimal = "." if delimiter == "," else _decimal(rows(delimiter)[1:])
    spaced = settings.quote != "" and _spaced(rows(delimiter, spaced=False), settings.quote)
    return Dialect(delimiter, settings.quote, encoding, decimal, spaced, told is not None)


def _encoding(path: Path, wanted: str) -> str:
    """The first likely encoding in which the whole file decodes; one more pass, little memory."""
    likely = [wanted]
    if wanted == "auto":
        with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as file:
            marked = file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
        likely = ["utf-16"] if marked else ["utf-8", "cp1252"]
    for name in likely:
        encoding = "utf-8-sig" if codecs.lookup(name).name == "utf-8" else name
        try:
            with open_text(path, encoding) as file:
                while block := file.read(BLOCK):
                    if "\0" in block:
                        raise UserError(f"{path.name} is not a text table: it holds NUL characters")
        except UnicodeError:
            continue
        return encoding
    raise UserError(f"{path.name} is not {' or '.join(likely)} text: data.encoding names another")


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


def _spaced(rows: list[list[str]], quote: str) -> bool:
    """Whether a space keeps some quote from being the first sign of its cell."""
    cells = (cell for row in rows for cell in row)
    return any(cell.startswith(" ") and cell.lstrip(" ").startswith(quote) for cell in cells)


def _decimal(rows: list[list[str]]) -> str:
    """A comma, if a column of numbers has commas that group no thousands, and none has points."""
    columns = [
        [text for cell in column if (text := cell.strip()) not in MISSING_WORDS]
        for column in zip_longest(*rows, fillvalue="")
    ]
    numbers = [column for column in columns if _mostly_numbers(column)]
    cells = {cell for column in numbers for cell in column}
    commas = any(DECIMAL_COMMA.fullmatch(cell) and not THOUSANDS.fullmatch(cell) for cell in cells)
    return "," if commas and not any(DECIMAL_POINT.fullmatch(cell) for cell in cells) else "."


def _mostly_numbers(cells: list[str]) -> bool:
    """Whether a column holds numbers, with a few words for no answer at most."""
    found = sum(NUMBER.fullmatch(cell) is not None for cell in cells)
    return found >= NUMBERS_SHARE * len(cells)

"""How a text table is written: delimiter, quotes, encoding and decimal sign."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice, takewhile, zip_longest
from pathlib import Path
from typing import Literal, TypedDict

from mlp_lab.data.config import DELIMITERS, WHITESPACE, FileSettings
from mlp_lab.data.tables.amounts import digits_of
from mlp_lab.data.tables.cells import DECIMAL_COMMA, MISSING_WORDS
from mlp_lab.data.tables.config import TEXT, suffix_of
from mlp_lab.data.tables.layout import empty_columns, has_row_names, rows_aside
from mlp_lab.data.tables.limits import LINE, require_expansion
from mlp_lab.data.tables.text_files import count_repeats, header_line, open_text
from mlp_lab.errors import UserError
from mlp_lab.formatting import counted, listed

SAMPLE, BLOCK = 1 << 16, 1 << 20
"""Characters that tell a dialect, and that are decoded at once."""

LINES, LINE_END = 3, re.compile(r"\r\n?|\n")
"""Lines that tell one at least, and how they end."""

DECIMAL_POINT = re.compile(r"[+-]?\d*\.\d+")
NUMBER = re.compile(r"[+-]?\d*[.,]?\d+")
WORD = re.compile(r'"[^"]*"|\S+')
"""A cell between blanks."""

MOST_ROWS = 0.5
"""Share of a sample's rows that are as wide as the first; of fewer, the first may be a title."""

NUMBERS_SHARE = 0.8
"""Share of a column's cells that are numbers, from which on it tells the decimal sign."""

THOUSANDS = re.compile(r"-?[1-9]\d{0,2},\d{3}")
POINT_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}\.\d{3}")
"""What may be whole numbers whose digits are grouped."""

BLANKS = " '\u2019\u00a0\u2009\u202f"
GROUPED_COMMA = re.compile(rf"[1-9]\d{{0,2}}((?:[.{BLANKS}]\d{{3}})+,\d+|(?:\.\d{{3}}){{2,}})")
GROUPED_POINT = re.compile(rf"[1-9]\d{{0,2}}((?:[,{BLANKS}]\d{{3}})+\.\d+|(?:,\d{{3}}){{2,}})")
"""Numbers with grouped digits that tell their decimal sign."""

NAMELESS = "\0"
"""What a column without a name is called while it is read; no text table has such a sign."""

SEPARATOR_LINE = re.compile(r"sep=(.)\r?\n")
"""A first line by which Excel learns the delimiter."""


class _Parsing(TypedDict):
    sep: str
    quotechar: str
    quoting: Literal[0, 3]
    skipinitialspace: bool
    skiprows: list[int]
    comment: str | None


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a text table is written; `decimal` is of any file's text cells.

    `spaced`: spaces stand between delimiters and quotes. `skipped`: places from 0 of lines that are
    none of the table, of which `aside` were found by themselves. `headless`: no line has the names.
    `empty`: places of columns without a name and without a value, as after a sign at each line's
    end; `row_names`: the first column has no place in the header. `repeated`: the line of a header
    that stands `repeats` more times.
    `lines` are those of a text table, without line ends in quotes, `letters` its characters.
    """

    delimiter: str
    quote: str
    encoding: str
    decimal: str
    spaced: bool = False
    skipped: tuple[int, ...] = ()
    aside: tuple[int, ...] = ()
    headless: bool = False
    comment: str = ""
    empty: tuple[int, ...] = ()
    row_names: bool = False
    repeated: str = ""
    repeats: int = 0
    lines: int = field(default=0, compare=False)
    letters: int = field(default=0, compare=False)

    @property
    def parsing(self) -> _Parsing:
        """Arguments of `pandas.read_csv`."""
        return {
            "sep": r"\s+" if self.delimiter == WHITESPACE else self.delimiter,
            "quotechar": self.quote or '"',
            "quoting": csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            "skipinitialspace": self.spaced,
            "skiprows": list(self.skipped),
            "comment": self.comment or None,
        }

    def __str__(self) -> str:
        known = {"\t": "tab", WHITESPACE: WHITESPACE}
        name = known.get(self.delimiter, repr(self.delimiter))
        sign = {".": "point", ",": "comma"}[self.decimal]
        said = f"delimiter {name}, decimal {sign}, encoding {self.encoding.removesuffix('-sig')}"
        said += ", whose first column has no name" * self.row_names
        return said + in_words(self.aside) + beside_in_words(self.empty, self.repeats)

    def named(self, header: Sequence[str]) -> list[str]:
        """Names of the columns that are read, by a header."""
        names = ["", *header] if self.row_names else [*header]
        return [name for place, name in enumerate(names) if place not in self.empty]

    def with_empty(self, names: Sequence[str]) -> list[str]:
        """Names for all places, of columns that are not read among them."""
        found = [*names]
        for place in self.empty:
            found.insert(place, f"{NAMELESS}{place + 1}")
        return found


def beside_in_words(empty: Sequence[int], repeats: int) -> str:
    """What is said of columns without a name and a value, and of headers that stand again.

    >>> beside_in_words([3], 2)
    ', without the empty column 4, without 2 more headers'
    """
    places = listed([str(place + 1) for place in empty])
    said = f", without the empty column{'s' * (len(empty) > 1)} {places}" * bool(empty)
    return said + f", without {counted(repeats, 'more header')}" * (repeats > 0)


def in_words(aside: Sequence[int]) -> str:
    """What is said of lines that were found to be none of the table.

    >>> in_words([0, 2])
    ', without lines 1 and 3 (titles, types or questions; data.header=1 reads them)'
    """
    if not aside:
        return ""
    lines = f"line{'s' * (len(aside) > 1)} {listed([str(place + 1) for place in aside])}"
    them = "them" if len(aside) > 1 else "it"
    return f", without {lines} (titles, types or questions; data.header=1 reads {them})"


def dialect_of(path: Path, settings: FileSettings) -> Dialect:
    """The dialect of a text table, from its beginning; of any other file, its decimal sign.

    Raises:
        UserError: it is no text, a line of it is enormous, or it grows enormously when unpacked.
    """
    if suffix_of(path) not in TEXT:
        return Dialect("", "", "", "," if settings.decimal == "," else ".")
    encoding, lines, letters, last = _encoding(path, settings)
    with open_text(path, encoding) as file:
        sample = file.read(SAMPLE)
        whole = len(sample) < SAMPLE
        short = not whole and len(LINE_END.findall(sample)) < LINES
        if short:  # very wide: up to the end of a line
            sample += "".join(islice(file, LINES))
    told = SEPARATOR_LINE.match(sample)
    sample = sample[told.end() :] if told else sample
    found = _Sample(sample, settings, cut=not (whole or short))
    delimiter = settings.delimiter
    if delimiter == "auto":
        delimiter = told[1] if told else _found_delimiter(path, found)
    skipped, aside = _skipped(found.records(delimiter), settings, int(told is not None), last)
    decimal = settings.decimal
    if decimal == "auto":
        decimal = _decimal(found.rows(delimiter)[1:], sure=delimiter == ",")
    headless = settings.header == "none"
    above = {place - bool(told) for place in skipped}
    rows = [] if headless else _of_the_table(found.records(delimiter), settings, above)
    line = header_line(sample.splitlines(), rows[:1], delimiter, settings.quote)
    repeats = count_repeats(path, encoding, line) if line else 0
    return Dialect(
        delimiter,
        settings.quote,
        encoding,
        decimal,
        spaced=found.spaced(delimiter),
        skipped=tuple(skipped),
        aside=tuple(aside),
        headless=headless,
        comment=settings.comment,
        empty=empty_columns(rows),
        row_names=has_row_names(rows),
        repeated=line if repeats else "",
        repeats=repeats,
        lines=lines,
        letters=letters,
    )


@dataclass(frozen=True, slots=True)
class _Sample:
    """The beginning of a text; `cut` where its last row may not be whole."""

    text: str
    settings: FileSettings
    cut: bool

    def rows(self, delimiter: str, *, spaced: bool = True) -> list[list[str]]:
        """Its rows by a delimiter, without a last one that may be cut."""
        return [row for row in self.records(delimiter, spaced=spaced) if row]

    def records(self, delimiter: str, *, spaced: bool = True) -> list[list[str]]:
        """The same with empty ones."""
        if delimiter == WHITESPACE:
            found = [WORD.findall(line) for line in self.text.splitlines()]
            return found[:-1] if self.cut else found
        quote = self.settings.quote
        mode: Literal[0, 3] = csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE
        reader = csv.reader(
            io.StringIO(self.text, newline=""),
            delimiter=delimiter,
            quotechar=quote or '"',
            quoting=mode,
            skipinitialspace=spaced,
        )
        try:
            found = list(reader)
        except csv.Error:  # by this delimiter, cells longer than the csv module takes
            return []
        return found[:-1] if self.cut else found

    def spaced(self, delimiter: str) -> bool:
        """Whether spaces stand between delimiters and quotes."""
        quote = self.settings.quote
        if not quote:
            return False
        cells = [cell for row in self.rows(delimiter, spaced=False) for cell in row]
        return any(cell.startswith(" ") and cell.lstrip(" ").startswith(quote) for cell in cells)


def _of_the_table(
    rows: list[list[str]], settings: FileSettings, skipped: Collection[int]
) -> list[list[str]]:
    """Header and rows of a sample, without what is skipped and without comments."""
    kept = [row for place, row in enumerate(rows) if row and place not in skipped]
    if sign := settings.comment:  # no cell of a remark is a part of its row
        kept = [[*takewhile(lambda cell: not cell.startswith(sign), row)] for row in kept]
    return [row for row in kept if row]


def _found_delimiter(path: Path, sample: _Sample) -> str:
    """The delimiter of a text that nobody has said."""
    if suffix_of(path).startswith((".tsv", ".tab")):
        return "\t"
    quote = sample.settings.quote
    possible = [sign for sign in DELIMITERS if sign in sample.text and sign != quote]
    delimiter = _delimiter({sign: sample.rows(sign) for sign in possible})
    spaced = delimiter not in possible and _is_spaced(sample.rows(WHITESPACE))
    return WHITESPACE if spaced else delimiter


def _skipped(
    rows: list[list[str]], settings: FileSettings, told: int, last: int
) -> tuple[list[int], list[int]]:
    """Places from 0 of lines that are none of the table; which of them were found by themselves.

    `told` lines say the delimiter; `last` is the place of the last line.
    """
    said = lines_skipped(settings, last)
    if settings.header != "auto":
        return sorted({*range(told), *said}), []
    marked = [
        row
        for row in rows
        if not (row and settings.comment and row[0].startswith(settings.comment))
    ]
    aside = rows_aside(marked, [place - told for place in said])
    if len(marked) < len(rows):
        aside = []  # lines are not numbered as they stand
    found = [place + told for place in aside]
    return sorted({*range(told), *said, *found}), found


def lines_skipped(settings: FileSettings, last: int) -> list[int]:
    """Places from 0 of lines that settings leave out; `last` is that of the last line."""
    rows = settings.skip_rows
    if isinstance(rows, int):
        found = {*range(rows)}
    else:
        found = {line - 1 if line > 0 else last + 1 + line for line in rows}
    if isinstance(settings.header, int):
        found |= {*range(settings.header - 1)}
    return sorted(place for place in found if place >= 0)


def _is_spaced(rows: list[list[str]]) -> bool:
    """Whether blanks stand between cells: all rows have as many, of which most are numbers."""
    below = [cell for row in rows[1:] for cell in row]
    numbers = sum(NUMBER.fullmatch(cell) is not None for cell in below)
    alike = len(rows) >= LINES and len({len(row) for row in rows[1:]}) == 1
    alike = alike and (len(rows[0]) == len(rows[1]) or has_row_names(rows))
    return alike and len(rows[0]) > 1 and 2 * numbers >= len(below)


def _encoding(path: Path, settings: FileSettings) -> tuple[str, int, int, int]:
    """The first likely encoding in which the whole file decodes, its lines and its characters.

    The last number is the place of the last line that is not empty.
    """
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


def _measured(path: Path, encoding: str, quote: str) -> tuple[int, int, int]:
    """Lines and characters of a text that decodes, and the place of the last line with any.

    One more pass, little memory.
    """
    lines, letters, line, quotes, empty = 1, 0, 0, 0, 0
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
            rest = block[len(block.rstrip("\r\n")) :].count(sign)
            empty = rest if block.strip("\r\n") else empty + rest
    return lines, letters, lines - 1 - empty


def _delimiter(rows: Mapping[str, list[list[str]]]) -> str:
    """The one by which most rows are as wide as the first; of one column, one that is not there."""
    widths = {sign: [len(row) for row in found] for sign, found in rows.items()}
    for found in widths.values():  # a sign at the end of each line but the header's, or row names
        if len(found) > 2 and found[0] > 1 and set(found[1:]) == {found[0] + 1}:
            found[0] += 1
    scores = {
        sign: (found.count(found[0]) / len(found), found[0])
        for sign, found in widths.items()
        if found and found[0] > 1
    }
    if not scores or max(scores.values())[0] < MOST_ROWS:  # a title above them
        common = {sign: max(set(found), key=found.count) for sign, found in widths.items() if found}
        for sign, width in common.items():
            share = widths[sign].count(width) / len(widths[sign])
            if width > 1 and share > MOST_ROWS and _names(rows[sign], width):
                scores[sign] = share, width
    absent = next((sign for sign in DELIMITERS if sign not in rows), ",")
    return max(scores, key=lambda sign: scores[sign]) if scores else absent


def _names(rows: list[list[str]], width: int) -> bool:
    """Whether the first row of a width may be a header; 1,5 below a name is a number."""
    header = next(row for row in rows if len(row) == width)
    return not any(NUMBER.fullmatch(cell.strip()) for cell in header)


def _decimal(rows: list[list[str]], *, sure: bool) -> str:
    """A comma, if a column of numbers has commas that group no thousands, and none has points.

    1.234,56 and 1 234,56 are `sure`; 1,5 is not where a comma is the delimiter, too: it may be two
    answers.
    """
    columns = [
        [text for cell in column if (text := cell.strip()) not in MISSING_WORDS]
        for column in zip_longest(*rows, fillvalue="")
    ]
    cells: set[str] = set()
    for column in columns:  # of numbers, with a few words for no answer at most
        found = {cell: digits_of(cell) for cell in set(column)}
        if sum(found[cell] != "" for cell in column) >= NUMBERS_SHARE * len(column):
            cells |= {*found.values()} - {""}
    commas = any(DECIMAL_COMMA.fullmatch(cell) and not THOUSANDS.fullmatch(cell) for cell in cells)
    if any(map(GROUPED_COMMA.fullmatch, cells)) or (commas and not sure):
        points = {cell for cell in cells if DECIMAL_POINT.fullmatch(cell)}
        points -= {cell for cell in points if POINT_THOUSANDS.fullmatch(cell)}
        if not points and not any(map(GROUPED_POINT.fullmatch, cells)):
            return ","
    return "."

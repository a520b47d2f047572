"""data_report.txt as sentences and a table, which a page can break where a phone needs it."""

from collections.abc import Sequence
from dataclasses import dataclass
from unicodedata import combining, east_asian_width

HEADINGS = ("column", "kind", "missing", "inputs", "values")
"""Of the table in the middle of the file, whose cells stand below them."""


@dataclass(frozen=True, slots=True)
class DataSection:
    """What a page shows of the file; `text` is all of it where there is no table to be found."""

    before: Sequence[str]
    rows: Sequence[Sequence[str]]
    after: Sequence[str]
    text: str = ""


def data_section(text: str) -> DataSection:
    """The lines before the table, its cells by row, and the lines after it."""
    lines = text.splitlines()
    start = next((n for n, line in enumerate(lines) if tuple(line.split()) == HEADINGS), 0)
    blank = (n for n, line in enumerate(lines) if n > start and not line.strip())
    end = next(blank, len(lines))
    if not start or any(map(_wide, "".join(lines[start:end]))):
        return DataSection((), (), (), text)
    places = [lines[start].index(name) for name in HEADINGS]
    rows: list[list[str]] = []
    for line in lines[start + 1 : end]:
        cells = [line[a:b].strip() for a, b in zip(places, [*places[1:], len(line)], strict=True)]
        if cells[1]:
            rows.append(cells)
        else:  # a long value goes on
            rows[-1] = [" ".join(filter(None, pair)) for pair in zip(rows[-1], cells, strict=True)]
    return DataSection(_sentences(lines[:start]), rows, _sentences(lines[end:]))


def _wide(letter: str) -> bool:
    """Whether a letter takes another place than one, so that cells do not stand below headings."""
    return bool(combining(letter)) or east_asian_width(letter) in "WF"


def _sentences(lines: Sequence[str]) -> list[str]:
    return [line for line in lines if line.strip()]

"""Which rows of a file are none of the table: titles above its header, descriptions below it."""

from collections.abc import Collection, Sequence

from mlp_lab.data.tables.amounts import digits_of
from mlp_lab.data.tables.cells import MISSING_WORDS
from mlp_lab.data.tables.numbers import as_number

MOST_TITLES = 20
"""Rows above a header that are looked through."""

MOST_DESCRIPTIONS = 3
"""Rows below a header that may describe its columns."""

MOST_ROWS = 500
"""Below a row of words, that are looked at."""

FEWEST_ROWS = 5
"""Below a row of words, for these to tell that it is none of the table."""

IMPORTED = '{"ImportId"'
"""What Qualtrics writes below each question."""

TYPES = frozenset(
    [
        "int",
        "integer",
        "int8",
        "int16",
        "int32",
        "int64",
        "long",
        "float",
        "float32",
        "float64",
        "double",
        "numeric",
        "number",
        "real",
        "str",
        "string",
        "text",
        "char",
        "varchar",
        "object",
        "category",
        "categorical",
        "factor",
        "nominal",
        "ordinal",
        "bool",
        "boolean",
        "logical",
        "date",
        "datetime",
        "time",
        "timestamp",
        "decimal",
        "continuous",
        "discrete",
    ]
)
"""What a row of types says."""


def rows_aside(rows: Sequence[Sequence[str]], skipped: Collection[int] = ()) -> list[int]:
    """Places from 0 of titles and of rows that describe columns, among the first rows of a file.

    `skipped` are those that are left out already.

    >>> rows_aside([["My survey", ""], ["", ""], ["age", "income"], ["int", "float"], ["33", "9"]])
    [0, 1, 3]
    """
    kept = [place for place in range(len(rows)) if place not in skipped]
    rows = _without_last(rows)
    header = _header(rows, kept)
    if header is None:
        return []
    titles = kept[: kept.index(header)]
    below = [place for place in kept[kept.index(header) + 1 :] if any(map(str.strip, rows[place]))]
    return titles + below[: _descriptions([rows[place] for place in below])]


def _without_last(rows: Sequence[Sequence[str]]) -> list[Sequence[str]]:
    """Rows without the columns at their end in which none has a cell."""
    filled = [max((i for i, cell in enumerate(row, 1) if cell.strip()), default=0) for row in rows]
    width = max(filled, default=0)
    return [row[:width] for row in rows]


def empty_columns(rows: Sequence[Sequence[str]]) -> tuple[int, ...]:
    """Places from 0 of columns that have no name in the first of some rows, and no value below.

    >>> empty_columns([["a", "b"], ["1", "2", ""], ["3", "4", " "]])
    (2,)
    """
    if len(rows) < 2 or not any(map(str.strip, rows[0])):
        return ()
    filled = {place for row in rows for place, cell in enumerate(row) if cell.strip()}
    return tuple(place for place in range(max(map(len, rows))) if place not in filled)


def has_row_names(rows: Sequence[Sequence[str]]) -> bool:
    """Whether each row begins with a name of its own, for which the first of them has no cell.

    >>> has_row_names([["a", "b"], ["r1", "1", "2"], ["r2", "3", "4"]])
    True
    """
    if len(rows) < 3:
        return False
    width, below = len(rows[0]) + 1, rows[1:]
    alike = width > 2 and all(len(row) == width for row in below) and all(rows[0])
    return (
        alike
        and any(row[-1].strip() for row in below)
        and len({row[0] for row in below}) == len(below)
    )


def _header(rows: Sequence[Sequence[str]], kept: Sequence[int]) -> int | None:
    """The place of the header: the first row that is as wide as most, after titles."""
    widths = [len(rows[place]) for place in kept if rows[place]]
    if not widths or max(set(widths), key=widths.count) < 2:
        return None
    width, spaced = max(set(widths), key=widths.count), False
    for place in kept[: MOST_TITLES + 1]:
        cells = [cell.strip() for cell in rows[place]]
        spaced |= not any(cells)
        following = [row for row in rows[place + 1 : place + 1 + MOST_TITLES] if not any(row)]
        title = _is_title(cells, width, spaced=spaced or bool(following))
        if _is_header(cells, width) or (place == kept[0] and cells and not title):
            return place
        if not title:
            return None
    return None


def _is_title(cells: Sequence[str], width: int, *, spaced: bool) -> bool:
    """A row without a cell, or with text in the first alone, or in few of many.

    Two cells, as a title and its value, are one also beside few columns where an empty row is near.
    """
    filled = [cell for cell in cells if cell]
    if not filled:
        return True
    if as_number(filled[0]) is not None:
        return False
    alone = not any(cells[1:])
    return alone or 2 * len(filled) <= width or (spaced and len(filled) <= 2 < width)


def _descriptions(rows: Sequence[Sequence[str]]) -> int:
    """How many of the first rows below a header describe its columns: types, units, or questions.

    Survey services write the question below the name, and below it a number of their own.
    """
    for count, row in enumerate(rows[:MOST_DESCRIPTIONS], 1):
        filled = [cell.strip() for cell in row if cell.strip()]
        if all(cell.startswith(IMPORTED) for cell in filled):
            return count
    if len(rows) > 1 and _is_of_types(rows[0]):
        return 1
    for count in range(MOST_DESCRIPTIONS, 0, -1):
        if rows[:count] and all(
            _describes(row, rows[count : count + MOST_ROWS]) for row in rows[:count]
        ):
            return count
    return 0


def _describes(row: Sequence[str], others: Sequence[Sequence[str]]) -> bool:
    """Whether a row holds words that none of the rows below it has, above numbers and levels.

    One such column may be a stray word among numbers; a row of them is no row of the table.
    """
    if len(others) < FEWEST_ROWS:
        return False
    numbers = levels = 0
    for place, cell in enumerate(map(str.strip, row)):
        below = [other[place].strip() for other in others if len(other) > place]
        said = [text for text in below if text not in MISSING_WORDS]
        if not cell or not said:
            continue
        if cell in said or cell in MISSING_WORDS or digits_of(cell):
            return False
        numeric = all(map(digits_of, said))
        numbers += numeric
        levels += not numeric and 2 * len(set(said)) <= len(said)
    return numbers > 0 and numbers + levels > 1


def _is_header(cells: Sequence[str], width: int) -> bool:
    """A row of different words in all columns."""
    words = all(cells) and all(as_number(cell) is None for cell in cells)
    return len(cells) == width and words and len(set(cells)) == width


def _is_of_types(cells: Sequence[str]) -> bool:
    """Whether a row holds nothing but names of types, or units in brackets."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    if len(filled) < 2:
        return False
    types = all(cell.lower().split("(")[0] in TYPES for cell in filled)
    units = all((cell[0], cell[-1]) in (("(", ")"), ("[", "]")) for cell in filled)
    return types or units


def headless_names(columns: int) -> list[str]:
    """Names of the columns of a file that has none.

    >>> headless_names(3)
    ['c1', 'c2', 'c3']
    """
    return [f"c{number}" for number in range(1, columns + 1)]

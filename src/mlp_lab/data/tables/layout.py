"""Which rows of a file are none of the table: titles above its header, and types below it."""

from collections.abc import Collection, Sequence

from mlp_lab.data.tables.numbers import as_number

MOST_TITLES = 20
"""Rows above a header that are looked through."""

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
    """Places from 0 of title rows and of a row of types or units, among the first rows of a file.

    `skipped` are those that are left out already.

    >>> rows_aside([["My survey", ""], ["", ""], ["age", "income"], ["int", "float"], ["33", "9"]])
    [0, 1, 3]
    """
    kept = [place for place in range(len(rows)) if place not in skipped]
    header = _header(rows, kept)
    if header is None:
        return []
    titles = kept[: kept.index(header)]
    below = [place for place in kept[kept.index(header) + 1 :] if any(map(str.strip, rows[place]))]
    types = below[:1] if len(below) > 1 and _is_of_types(rows[below[0]]) else []
    return titles + types


def _header(rows: Sequence[Sequence[str]], kept: Sequence[int]) -> int | None:
    """The place of the header: the first row that is as wide as most, after rows of one cell."""
    widths = [len(rows[place]) for place in kept if rows[place]]
    if not widths or max(set(widths), key=widths.count) < 2:
        return None
    width = max(set(widths), key=widths.count)
    for place in kept[: MOST_TITLES + 1]:
        cells = [cell.strip() for cell in rows[place]]
        if _is_header(cells, width) or (place == kept[0] and cells and not _is_title(cells)):
            return place
        if not _is_title(cells):
            return None
    return None


def _is_title(cells: Sequence[str]) -> bool:
    """A row without a cell, or with text in the first alone."""
    return not any(cells[1:]) and (not cells or as_number(cells[0]) is None)


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

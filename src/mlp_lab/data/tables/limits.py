"""What a file may grow to when it is read: small files can ask for large memory."""

from pathlib import Path

from mlp_lab.errors import UserError
from mlp_lab.formatting import gigabytes
from mlp_lab.memory import free_memory

SHARE = 0.9
"""The part of the free memory that a table may take."""

NUMBER = 8
"""Bytes of a cell: a number, or where a text begins."""

COPIES = 2
"""Of the cells that stand in memory at once: pieces and the whole, the frame and its values."""

EXPANSION, ALWAYS = 200, 1 << 28
"""Times its size that a compressed file may grow, and bytes up to which it always may.

Tables that people have compressed grow 3 to 50 times.
"""

LINE = 1 << 24
"""Characters of a line of text; a header of a million columns has fewer."""

COLUMNS, NAME = 100_000, 2_000
"""Columns of a table, and characters of a name; each column costs about a millisecond."""

MANY, FILLED = 10_000_000, 0.01
"""Cells from which on a table must be filled to this share: a lone cell far away is a slip."""

PIECE = 1 << 27
"""Cells of a piece of a file that is read in pieces."""


def require_memory(name: str, found: str, needed: float) -> None:
    """Refuse what cannot be held, before it is taken; `found` says what there is of what.

    Raises:
        UserError: it needs more than a table may take of the free memory.
    """
    free = free_memory()
    if needed > SHARE * free:
        rule = f"more than {SHARE:.0%} of the free {gigabytes(free)}"
        what = f"{name} has {found}, which take at least {gigabytes(needed)}"
        raise UserError(f"{what}, {rule}: cut the table, or use a larger machine")


def require_cells(name: str, rows: int, columns: int, more: float = 0) -> None:
    """Refuse so many cells, of which some take `more` bytes together, before they are read.

    Raises:
        UserError: they need more than a table may take of the free memory.
    """
    found = f"{rows:,} rows of {columns:,} columns"
    require_memory(name, found, COPIES * NUMBER * rows * columns + more)


def require_columns(name: str, columns: int) -> None:
    """Refuse more columns than `COLUMNS`, before anything is made of each.

    Raises:
        UserError: there are more.
    """
    if columns > COLUMNS:
        raise UserError(f"{name} has {columns:,} columns: at most {COLUMNS:,} can be read")


def require_filled(name: str, rows: int, columns: int, letters: int) -> None:
    """Refuse a text whose rows are much shorter than its header: each becomes as wide.

    Raises:
        UserError: of more than `MANY` cells fewer than the share `FILLED` can be there.
    """
    if rows * columns > MANY and letters < FILLED * rows * columns:
        found = f"{columns:,} names, but only {letters:,} characters in {rows:,} lines"
        raise UserError(f"{name}: its header has {found}: nearly all cells would be empty")


def require_expansion(path: Path, expanded: int) -> None:
    """Refuse a compressed file that has grown, or says that it will, out of all proportion.

    Raises:
        UserError: it grows more than `EXPANSION` times, to more than `ALWAYS` bytes.
    """
    packed = path.stat().st_size
    if expanded > ALWAYS and expanded > EXPANSION * packed:
        grown = f"{gigabytes(expanded)} or more when unpacked"
        found = f"{path.name}, of {gigabytes(packed)}, holds {grown}"
        raise UserError(f"{found}, over {EXPANSION} times its size: unpack it first if that is so")


def rows_at_once(rows: int, columns: int) -> int:
    """Rows of a piece: fewer where a file is very wide."""
    return max(1, min(rows, PIECE // max(1, columns)))

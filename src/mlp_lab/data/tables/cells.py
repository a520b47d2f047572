"""What the text of a cell says."""

from collections.abc import Collection

import numpy as np

MISSING_WORDS: tuple[str, ...] = (
    *("", "NA", "N/A", "n/a", "NaN", "nan"),
    *("NULL", "null", "None", "#N/A", "<NA>"),
)
"""Cells of a text table that mean no value."""


def cell_text(cell: object) -> str:
    """A cell as a level is named: whole numbers without a point."""
    if isinstance(cell, (float, np.floating)) and float(cell).is_integer():
        return str(int(cell))
    return str(cell).strip()


def is_missing(text: str, codes: Collection[str]) -> bool:
    """Whether a cell's text means no value."""
    return text in MISSING_WORDS or text in codes


def as_number(text: str) -> float | None:
    """The number that a text is, or None; Python's own 1_000 is none."""
    if "_" in text:
        return None
    try:
        return float(text)
    except ValueError:
        return None

"""What the text of a cell says."""

import math
import re
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import numpy as np

MISSING_WORDS: tuple[str, ...] = (
    *("", "NA", "N/A", "n/a", "NaN", "nan"),
    *("NULL", "null", "None", "#N/A", "<NA>"),
)
"""Cells of a text table that mean no value."""


class Codes(NamedTuple):
    """What a file itself says of a column's codes: what they stand for, which mean no answer."""

    labels: Mapping[str, str]
    missing: Sequence[str]


def cell_text(cell: object) -> str:
    """A cell as a level is named: whole numbers without a point."""
    if isinstance(cell, (float, np.floating)) and float(cell).is_integer():
        return str(int(cell))
    return str(cell).strip()


INTEGER = re.compile(r"[+-]?[0-9]{1,20}")

TRUTH = {
    **dict.fromkeys(("true", "True", "TRUE"), "True"),
    **dict.fromkeys(("false", "False", "FALSE"), "False"),
}


def missing_among(texts: Sequence[str], codes: Collection[str]) -> list[bool]:
    """Which texts mean no value: words, and codes in whatever spelling."""
    if not codes:
        return [text in MISSING_WORDS for text in texts]
    spelled = {canonical(code) for code in codes}
    return [text in MISSING_WORDS or canonical(text) in spelled for text in texts]


def pointed(text: str, decimal: str) -> str:
    """A number with a decimal point, where the sign is another one."""
    changed = text.replace(decimal, ".")
    return text if decimal == "." or as_number(changed) is None else changed


def canonical(text: str) -> str:
    """One spelling of what several mean: 1 for 01, +1 or 1e0, 0.5 for .50, True for TRUE.

    Reading a column as a whole, or its cells as text, or from another format, spells them apart.
    """
    if INTEGER.fullmatch(text):
        return str(int(text))  # as a float, a long one would be rounded
    number = as_number(text)
    if number is not None and math.isfinite(number):
        return cell_text(number)
    return TRUTH.get(text, text)


def as_number(text: str) -> float | None:
    """The number that a text is, or None; Python's own 1_000 is none."""
    if "_" in text:
        return None
    try:
        return float(text)
    except ValueError:
        return None

"""A column that says of each row whether it trains, validates or tests."""

from collections.abc import Sequence

import numpy as np

from mlp_lab.data.arrays import Index
from mlp_lab.data.columns import Column
from mlp_lab.data.rows import PartName
from mlp_lab.data.tables.frames import TableFrame
from mlp_lab.errors import UserError

PARTS = {
    **dict.fromkeys(("train", "training"), PartName.FREE),
    **dict.fromkeys(("val", "valid", "validation", "dev"), PartName.VAL),
    **dict.fromkeys(("test", "testing", "holdout"), PartName.TEST),
}
"""What it may say, in any case."""

UNNAMED = -1
"""Part of a row of which it says nothing of the kind."""


def parts_named(frame: TableFrame, name: str, missing: Sequence[str]) -> Index:
    """The part that each row is kept for, (N,), by a column; codes in `missing` are no value.

    Raises:
        UserError: a row has none, or another word.
    """
    said = frame.codes(name)
    cells = frame.cells(name, missing)
    codes, pairs = cells.factorized[0], zip(cells.texts, cells.absent, strict=True)
    texts = ["" if gone else said.labels.get(text, text) for text, gone in pairs] + [""]
    found = np.array([PARTS.get(text.lower(), UNNAMED) for text in texts], dtype=np.int64)[codes]
    bad = np.flatnonzero(found == UNNAMED)
    if len(bad):
        shown = repr(texts[codes[bad[0]]]) if texts[codes[bad[0]]] else "nothing"
        got = f"got {shown} in {frame.row(bad[0])}"
        raise UserError(f"data.part={name} must say train, val or test, {got}")
    return found


def says_parts(column: Column) -> bool:
    """Whether all levels of a column name parts, training and one that it is held against.

    >>> says_parts(Column(name="set", kind="binary", levels=["Test", "Train"]))
    True
    """
    found = {PARTS.get(level.lower(), UNNAMED) for level in column.levels}
    return UNNAMED not in found and PartName.FREE in found and len(found) > 1

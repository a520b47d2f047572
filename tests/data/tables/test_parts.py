"""A column that says train, val or test: found among the inputs, and obeyed."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from surveys import pasted, raw_of

from mlp_lab.data.rows import PartName
from mlp_lab.data.tables.frames import TableFrame
from mlp_lab.data.tables.parts import parts_named
from mlp_lab.errors import UserError

ROWS = 120
NUMBERS = np.arange(ROWS)


def said(folder: Path, columns: Mapping[str, Sequence[str | None]], *overrides: str) -> list[str]:
    """What the report says of such columns, each repeated to the end, beside a number."""
    path = folder / "t.csv"
    own = {name: np.resize(np.array(cells, object), ROWS) for name, cells in columns.items()}
    frame = pd.DataFrame({**own, "z": NUMBERS * 7 % 13})
    frame.assign(y=np.array(["p", "q", "q"])[NUMBERS % 3]).to_csv(path, index=False)
    raw = raw_of(path, *overrides)
    assert raw.source is not None
    return [line for line in raw.source.warnings if "looks like" in line]


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("part", ["train", "train", "val", "test"]),
        ("Split", ["Train", "Test", "Train"]),
        ("set: which", ["training", "holdout", "training", "dev", "training"]),
        ("fold", ["TRAIN", "VALIDATION"]),
    ],
)
def test_such_a_column_is_named_with_the_setting(
    name: str, cells: list[str], tmp_path: Path
) -> None:
    """However it is called: each setting can be pasted, and nothing is said any more."""
    (line,) = said(tmp_path, {name: cells})
    assert line.startswith(f"{name} is read as an input and looks like the part that each row is")
    part, drop, other = pasted(line)
    for setting in (part, drop, other):
        assert said(tmp_path, {name: cells}, setting) == []
    parts = raw_of(tmp_path / "t.csv", part).constraints.parts
    assert parts is not None
    assert len(np.unique(parts)) == len({cell.lower() for cell in cells})


@pytest.mark.parametrize(
    "cells",
    [
        ["train", "bus", "car"],  # how people go to work
        ["test", "control"],  # an experiment
        ["val", "test"],  # none of them is learnt from
        ["test", "testing"],
        ["1", "2", "3"],
    ],
)
def test_neighbours_are_inputs(cells: list[str], tmp_path: Path) -> None:
    """Words of another meaning, and parts without rows to learn from."""
    assert said(tmp_path, {"part": cells}) == []


def test_a_part_is_proposed_where_it_can_be(tmp_path: Path) -> None:
    """Not beside what splits already, nor of rows that say nothing, nor a second time."""
    cells = {"part": ["train", "train", "test"], "z2": ["a", "b"]}
    for setting in ("data.folds=3", "data.group=z2"):
        (line,) = said(tmp_path, cells, setting)
        assert pasted(line) == ["data.drop=[part]", "data.types.part=category"]
    (line,) = said(tmp_path, {"part": ["train", "test", "train", None]})
    assert pasted(line)[0] == "data.drop=[part]"
    first, second = said(tmp_path, {"part": ["train", "test"], "old": ["train", "train", "test"]})
    assert [pasted(line)[0] for line in (first, second)] == ["data.part=part", "data.drop=[old]"]


def test_another_word_is_refused() -> None:
    """With the row; a code of no answer is nothing."""
    frame = TableFrame(pd.DataFrame({"p": ["Train", "dev", "HOLDOUT", "late", "-9"]}))
    with pytest.raises(UserError, match=r"data\.part=p must say train, val or test, got 'late' in"):
        parts_named(frame, "p", [])
    some = frame.some(np.array([True, True, True, False, True]))
    with pytest.raises(UserError, match="got nothing in row 5"):
        parts_named(some, "p", ["-9"])
    kept = some.some(np.array([True, True, True, False]))
    assert parts_named(kept, "p", []).tolist() == [PartName.FREE, PartName.VAL, PartName.TEST]

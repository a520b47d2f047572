"""What the report doubts of a column: each line names the setting that reads it otherwise."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pytest
from surveys import pasted, raw_of


def written(folder: Path, cells: Sequence[object], name: str = "t.csv") -> Path:
    """A table with these cells again and again, and a target."""
    path = folder / name
    rows = 60
    frame = pd.DataFrame({"c": [cells[i % len(cells)] for i in range(rows)]})
    frame.assign(y=[i % 7 + i / 100 for i in range(rows)]).to_csv(path, index=False)
    return path


@pytest.mark.parametrize(
    ("cells", "line"),
    [
        (["3/4/2020", "5/6/2021", "7/8/2022"], "c: 3/4/2020 is read with the month first"),
        (["0", "1", "2", "3+"], "c is ordinal: 0, 1, 2, 3+"),
        (["$1", "$2.5", "$3"], "c: $1 is read as the number 1"),
        (["None", "some", "daily"], "c: 20 cells say None, read as no value"),
    ],
)
def test_each_doubt_names_what_reads_it_otherwise(
    cells: list[str], line: str, tmp_path: Path
) -> None:
    """Followed, the line is gone, and the column is read another way."""
    path = written(tmp_path, cells)
    raw = raw_of(path)
    assert raw.source is not None
    (found,) = (said for said in raw.source.warnings if said.startswith(line))
    other = raw_of(path, *pasted(found))
    assert other.source is not None
    assert not any(said.startswith(line) for said in other.source.warnings)
    assert other.columns != raw.columns


def test_levels_that_differ_by_case(tmp_path: Path) -> None:
    """They are named; a column that is declared is not doubted."""
    path = written(tmp_path, ["secondary", "Secondary", "none given"])
    raw = raw_of(path)
    assert raw.source is not None
    said = "c: 'Secondary' and 'secondary' are 2 levels that differ by case or blanks alone"
    assert said in raw.source.warnings
    declared = raw_of(path, "data.types.c=category")
    assert declared.source is not None
    assert said not in declared.source.warnings

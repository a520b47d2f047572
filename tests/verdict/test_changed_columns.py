"""Columns that are not on the test rows what they were on the training rows."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lab import prepared_dataset

from mlp_lab.verdict.changed_columns import changed_columns

ROWS = 400


def changed(tmp_path: Path, **columns: object) -> dict[str, float]:
    """Of a table whose last rows are the test rows."""
    day = np.arange(ROWS)
    frame = pd.DataFrame({"day": day, **columns, "y": np.sin(day)})
    frame.to_csv(tmp_path / "t.csv", index=False)
    words = ("data=table", f"data.path={tmp_path / 't.csv'}", "data.target=y", "data.time=day")
    return changed_columns(prepared_dataset(*words)[1])


def test_what_grows_with_time(tmp_path: Path) -> None:
    """What follows the day, which is no input; not a column whose relation to y changes."""
    draw = np.random.default_rng(0)
    x, day = draw.normal(size=ROWS), np.arange(ROWS)
    found = changed(tmp_path, x=x, price=day**2 + 100 * x, turned=np.where(day < 320, x, -x))
    assert list(found) == ["price"]
    assert found["price"] == pytest.approx(5.3, abs=0.1)


def test_levels_that_come_and_go(tmp_path: Path) -> None:
    """A column of several inputs is named once; one that never changes cannot have moved."""
    draw = np.random.default_rng(1)
    shop = np.where(np.arange(ROWS) < 320, draw.choice(list("abc"), ROWS), "c")
    found = changed(tmp_path, shop=shop, same=draw.choice(list("abc"), ROWS))
    assert list(found) == ["shop"]

"""What declared codes took away is said, and that one was a value."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from surveys import raw_of

from mlp_lab.errors import UserError

ROWS = 90
NUMBERS = np.arange(ROWS)
FRAME = pd.DataFrame(
    {
        "age": 18 + NUMBERS % 76,
        "trust": np.where(NUMBERS % 9 == 0, 77, np.where(NUMBERS % 10 == 1, 88, NUMBERS % 6)),
        "vote": np.where(NUMBERS % 6 == 0, "refused", np.where(NUMBERS % 2 == 0, "left", "right")),
        "household": 60 + NUMBERS // 2,
        "w": 1 + NUMBERS % 80,
        "y": np.where(NUMBERS % 3 == 0, "p", "q"),
    }
)
CODES = "data.missing=[77,88,refused]"


def said(path: Path, *overrides: str) -> list[str]:
    """What the report says of declared codes."""
    raw = raw_of(path, "data.features=[age,trust,vote]", *overrides)
    assert raw.source is not None
    return [line for line in raw.source.warnings if "read as no value" in line]


@pytest.mark.parametrize("form", ["csv", "parquet", "amounts"])
def test_by_column(form: str, tmp_path: Path) -> None:
    """Counts of each code; ages of 77 were ages."""
    path = tmp_path / f"t.{'parquet' if form == 'parquet' else 'csv'}"
    if form == "parquet":
        FRAME.to_parquet(path)
    else:
        ages = FRAME["age"].map("{} a".format if form == "amounts" else str)
        FRAME.assign(age=ages).to_csv(path, index=False)
    age, trust, vote = said(path, CODES)
    inside = "77 and 88 lie inside the column's range, 18 to 93: data.missing_in says it for other"
    assert age == f"age: 1 cell says 77 and 1 88, read as no value; {inside} columns alone"
    assert trust == "trust: 10 cells say 77 and 8 88, read as no value"
    assert vote == "vote: 15 cells say refused, read as no value"
    one = said(path, "data.missing_in.trust=[77,88]", "data.missing_in.age=[77]")
    assert one == ["age: 1 cell says 77, read as no value", trust]
    (age, trust) = said(path, "data.missing=[77]")
    assert "; it lies inside the column's range, 18 to 93: " in age
    assert said(path) == []


def test_columns_that_need_a_value(tmp_path: Path) -> None:
    """A group, a time, a weight and a target say which code took their value."""
    path = tmp_path / "t.csv"
    FRAME.to_csv(path, index=False)
    for setting, message in (
        (
            "data.group=household",
            "missing in row 35: every row needs one, and the code 77 there is",
        ),
        ("data.time=household", "missing in row 35: every row needs one, and the code 77 there is"),
        ("data.weight=w", r"got 77, declared to mean no answer, in row 77"),
    ):
        with pytest.raises(UserError, match=message):
            raw_of(path, setting, CODES)
    with pytest.raises(UserError, match="15 of 90 rows, 15 of them refused, declared to mean"):
        raw_of(path, "data.target=vote", CODES)
    codes = "18 of 90 rows, 10 of them 77 and 8 88, declared to mean no answer: "
    with pytest.raises(UserError, match=codes):
        raw_of(path, "data.target=trust", CODES)

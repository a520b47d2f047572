"""What the report says of codes that nobody declared: its settings can be pasted."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from surveys import pasted, raw_of

from mlp_lab.config.overrides import readable

ROWS = 120
NUMBERS = np.arange(ROWS)
FRAME = pd.DataFrame(
    {
        "age": np.where(NUMBERS % 20 == 0, 99, 18 + NUMBERS % 60),
        "net pay": np.where(NUMBERS % 11 == 0, -9, 1000 + 7.5 * (NUMBERS % 90)),
        "trust": np.where(NUMBERS % 13 == 0, 77, NUMBERS % 7),
        "y": np.where(NUMBERS % 3 == 0, "p", "q"),
    }
)


def warned(path: Path, *overrides: str) -> list[str]:
    """What the report says of suspected codes."""
    raw = raw_of(path, *overrides)
    assert raw.source is not None
    return [line for line in raw.source.warnings if "no answer" in line]


@pytest.mark.parametrize("form", ["csv", "parquet", "amounts"])
def test_codes_by_column(form: str, tmp_path: Path) -> None:
    """Each with the setting of its column; with all of them nothing is left to say."""
    path = tmp_path / f"t.{'parquet' if form == 'parquet' else 'csv'}"
    if form == "parquet":
        FRAME.to_parquet(path)
    elif form == "csv":
        FRAME.to_csv(path, index=False)
    else:
        FRAME.assign(age=FRAME["age"].map("{} kg".format)).to_csv(path, index=False)
    said = warned(path)
    assert said == [
        "age: 6 cells say 99, apart from the others, 19 to 77; data.missing_in.age=[99] if that"
        " means no answer",
        "net pay: 11 cells say -9, apart from the others, 1000 to 1667.5;"
        " 'data.missing_in.net pay=[-9]' if that means no answer",
        "trust: 10 cells say 77, apart from the others, 0 to 6; data.missing_in.trust=[77] if that"
        " means no answer",
    ]
    settings = pasted(" ".join(said))
    assert len(settings) == 3
    assert warned(path, *settings) == []
    assert np.isnan(raw_of(path, *settings).inputs).sum(axis=0).tolist() == [6, 11, 10]


def test_beside_declared_codes(tmp_path: Path) -> None:
    """The setting keeps what was declared; an empty list says that a column has no code."""
    path = tmp_path / "t.csv"
    FRAME.assign(age=FRAME["age"].where(NUMBERS > 3, -9)).to_csv(path, index=False)
    (age, *_) = warned(path, "data.missing_in.age=[-9]")
    assert pasted(age) == ["data.missing_in.age=[-9,99]"]
    others = (
        readable("data.missing_in.net pay=[]"),
        "data.missing_in.trust=[]",
        "data.missing_in.age=[]",
    )
    assert warned(path, *others) == []


@pytest.mark.parametrize(
    ("values", "code"),
    [
        (NUMBERS * 1.37 % 50, 999),
        (1 + NUMBERS % 5, 9),
        (np.array(["left", "right", "centre"])[NUMBERS % 3].astype(object), "Don't know"),
        (np.array(["left", "right", "centre"])[NUMBERS % 3].astype(object), "refused"),
    ],
)
def test_codes_of_the_target(values: np.ndarray, code: object, tmp_path: Path) -> None:
    """Numbers, classes by number, and a refusal as a class: such rows can be left out."""
    path = tmp_path / "t.csv"
    target = pd.Series(values, dtype=object).where(NUMBERS % 15 != 0, code)
    pd.DataFrame({"x": NUMBERS % 7, "y": target}).to_csv(path, index=False)
    (said,) = warned(path)
    settings = pasted(said)
    assert settings[1:] == ["data.drop_missing_target=true"]
    assert len(raw_of(path, *settings).target) == ROWS - 8
    assert warned(path, *settings) == []

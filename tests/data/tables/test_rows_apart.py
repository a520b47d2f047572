"""Test rows are read as the training rows say, and every row keeps the number that it has."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from surveys import config_of

from mlp_lab.data.columns import UNSEEN
from mlp_lab.data.loading import load_rows
from mlp_lab.data.rows import RawData
from mlp_lab.errors import UserError

ROWS = 60
TEST = 20


def raw_of(path: Path, *overrides: str) -> RawData:
    """What is read of a file whose target is y."""
    return load_rows(config_of(path, "data.target=y", *overrides).data)


def frame(rows: int = ROWS) -> pd.DataFrame:
    """Numbers, words, days of a month, and two classes."""
    at = np.arange(rows)
    return pd.DataFrame(
        {
            "number": at % 7 + 0.5,
            "word": np.array(["red", "green", "blue"])[at % 3],
            "when": [f"{1 + i % 9}/{1 + i % 8}/2020" for i in at],
            "two": np.where(at % 2, "on", "off"),
            "y": np.where(at % 5 < 2, "p", "q"),
        }
    )


ODD = {"number": 99.5, "word": "teal", "when": "11/12/2020", "two": "perhaps"}
"""What no training row holds."""


@pytest.mark.parametrize("apart", ["file", "column"])
def test_test_rows_decide_nothing(apart: str, tmp_path: Path) -> None:
    """Neither kinds nor levels: an odd value among them is read as it is in predicting."""
    train, test = frame(), frame(TEST)
    odd = test.assign(**{name: [value, *test[name][1:]] for name, value in ODD.items()})
    found = []
    for rows in (test, odd):
        if apart == "file":
            train.to_csv(tmp_path / "t.csv", index=False)
            rows.to_csv(tmp_path / "test.csv", index=False)
            words = [f"data.test_path={tmp_path / 'test.csv'}"]
        else:
            both = pd.concat([train.assign(part="train"), rows.assign(part="test")])
            both.to_csv(tmp_path / "t.csv", index=False)
            words = ["data.part=part"]
        found.append(raw_of(tmp_path / "t.csv", *words))
    before, after = found
    assert before.columns == after.columns
    kinds = {column.name: column.kind for column in after.columns}
    assert kinds == {"number": "numeric", "word": "category", "when": "date", "two": "binary"}
    assert after.inputs[ROWS, [1, 3]].tolist() == [UNSEEN, UNSEEN]
    np.testing.assert_array_equal(
        np.delete(after.inputs, ROWS, 0), np.delete(before.inputs, ROWS, 0)
    )


def test_test_rows_do_not_decide_the_order_of_days(tmp_path: Path) -> None:
    """3/4 stays the fourth of March, and what then is no date is refused."""
    frame().to_csv(tmp_path / "t.csv", index=False)
    test = frame(TEST).assign(when=["3/4/2020"] * 6 + ["31/12/2020"] * (TEST - 6))
    test.to_csv(tmp_path / "test.csv", index=False)
    with pytest.raises(UserError) as error:
        raw_of(tmp_path / "t.csv", f"data.test_path={tmp_path / 'test.csv'}")
    assert str(error.value) == (
        "column 'when' must hold a date with the month first, got '31/12/2020' in row 7 of test.csv"
    )


def test_a_word_in_a_test_rows_number(tmp_path: Path) -> None:
    """Is refused, as in predicting; the column stays a number."""
    frame().to_csv(tmp_path / "t.csv", index=False)
    test = frame(TEST).astype({"number": object})
    test.loc[4, "number"] = "many"
    test.to_csv(tmp_path / "test.csv", index=False)
    with pytest.raises(UserError) as error:
        raw_of(tmp_path / "t.csv", f"data.test_path={tmp_path / 'test.csv'}")
    assert str(error.value) == (
        "column 'number' must hold a number, got 'many' in row 5 of test.csv"
    )


def test_a_class_of_test_rows_alone(tmp_path: Path) -> None:
    """Cannot be predicted."""
    both = pd.concat([frame().assign(part="train"), frame(TEST).assign(part="test")])
    both.to_csv(tmp_path / "t.csv", index=False)
    cells = pd.read_csv(tmp_path / "t.csv")
    cells.loc[ROWS + 2, "y"] = "r"
    cells.to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(UserError) as error:
        raw_of(tmp_path / "t.csv", "data.part=part")
    assert str(error.value) == f"column 'y' must hold one of p, q, got 'r' in row {ROWS + 3}"


def test_a_test_file_may_be_written_otherwise(tmp_path: Path) -> None:
    """With a decimal comma, also where a word makes a column text."""
    frame().to_csv(tmp_path / "t.csv", index=False)
    test = frame(TEST)
    test.assign(number=test["number"].map(lambda x: f"{x:g}".replace(".", ","))).replace(
        {"number": {"0,5": "refused"}}
    ).to_csv(tmp_path / "test.csv", index=False, sep=";")
    words = (f"data.test_path={tmp_path / 'test.csv'}", "data.missing=[refused]")
    raw = raw_of(tmp_path / "t.csv", *words)
    expected = test["number"].where(test["number"] != 0.5)
    np.testing.assert_array_equal(raw.inputs[ROWS:, 0], expected)


@pytest.mark.parametrize(
    ("name", "cell", "words", "message"),
    [
        ("number", "inf", (), "column 'number' must hold a finite number, got inf in row 9"),
        ("number", "-1", ("data.weight=number",), "weights in column 'number' must be 0 or more"),
        ("two", "", ("data.group=two",), "data.group=two is missing in row 9"),
        ("when", "", ("data.time=when",), "data.time=when is missing in row 9"),
        ("two", "x", ("+data.levels.two=[off,on]",), "column 'two' must hold one of off, on"),
    ],
)
def test_rows_keep_their_numbers(
    name: str, cell: str, words: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    """Where rows without a target were left out before them."""
    cells = frame().astype(str)
    cells.loc[8, name] = cell
    cells.loc[[0, 3], "y"] = ""
    cells.to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(UserError) as error:
        raw_of(tmp_path / "t.csv", "data.drop_missing_target=true", *words)
    assert str(error.value).startswith(message)
    assert "in row 9" in str(error.value)

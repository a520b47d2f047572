"""Pieces, frames and other formats give the values that training saw; test rows decide nothing."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from surveys import config_of, raw_of

from mlp_lab.data.columns import RARE, UNSEEN, Column
from mlp_lab.data.config import FileSettings
from mlp_lab.data.loading import load_rows
from mlp_lab.data.rows import RawData
from mlp_lab.data.tables.cells import by_canonical_spelling, level_index
from mlp_lab.data.tables.frames import TableFrame
from mlp_lab.data.tables.reading import detect, read_chunks, read_table
from mlp_lab.errors import UserError

ROWS_IN_PIECES = 40
AUTO = FileSettings()

NUMBER_TEXTS = st.one_of(
    st.integers(-3, 12).map(str),
    st.integers(0, 12).map(lambda n: f"0{n}"),
    st.floats(-2, 2).map(lambda x: f"{x:.2f}"),
    st.floats(-1e6, 1e6).map(repr),
    st.sampled_from(["1e1", "10.0", "+5", ".5", "5.", "-0", "1E3", " 7", "7 ", "3.0e0"]),
)
LONG = st.integers(10**17, 10**17 + 9).map(str)
"""More digits than a float has."""

WORDS = st.sampled_from(
    ["TRUE", "False", "true", "T", "x", "X ", "a b", "yes", "1_0", "0x1", "1,5", "é", "-", "."]
)
BLANKS = st.sampled_from(["", "NA", " ", "nan", "99"])
DAYS = st.one_of(
    st.dates(pd.Timestamp("1990-01-01").date(), pd.Timestamp("2030-01-01").date()).map(str),
    st.sampled_from(["2020-01-01 10:30", "20200101", "1/2/2020", "13/2/2020", "2020/02/03"]),
)


def cells(kind: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    """Of a column of a kind, with gaps."""
    return st.lists(st.one_of(kind, kind, BLANKS), min_size=2, max_size=12)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    column=st.one_of(
        st.lists(LONG, min_size=2, max_size=5),
        cells(NUMBER_TEXTS),
        cells(WORDS),
        cells(st.one_of(NUMBER_TEXTS, WORDS)),
        cells(DAYS),
    ),
    kind=st.sampled_from(["category", "numeric", "date", None]),
    delimiter=st.sampled_from([",", ";"]),
    comma=st.booleans(),
)
@example(column=["TRUE", "", "FALSE"], kind=None, delimiter=",", comma=False)
@example(
    column=["0123456789012345678", "0123456789012345679"], kind=None, delimiter=",", comma=False
)
def test_training_pieces_and_frames_agree(
    column: list[str], kind: str | None, delimiter: str, comma: bool, tmp_path: Path
) -> None:
    """Cell by cell, as CSV in pieces, as a typed frame, and as a frame of texts."""
    spelled = [cell.replace(".", ",") if comma and delimiter == ";" else cell for cell in column]
    path = tmp_path / "t.csv"
    frame = pd.DataFrame(
        {"x": np.resize(spelled, ROWS_IN_PIECES), "y": np.resize(["p", "p", "q"], ROWS_IN_PIECES)}
    )
    frame.to_csv(path, sep=delimiter, index=False)
    words = ["data.target=y", "data.missing=[99]", *([f"+data.types.x={kind}"] if kind else [])]
    try:
        raw: RawData = load_rows(config_of(path, *words).data)
    except UserError:
        return
    (found,) = raw.columns
    decimal = detect(path, AUTO).decimal
    pieces = [
        TableFrame(piece, decimal=decimal).values(found) for piece in read_chunks(path, AUTO, 7)
    ]
    np.testing.assert_array_equal(np.concatenate(pieces), raw.inputs[:, 0])
    if len(by_canonical_spelling(level_index(found))) < len(found.levels):
        return  # 0 and 00 are declared to be two levels: only text tells them apart
    typed = read_table(path, AUTO)
    np.testing.assert_array_equal(
        TableFrame(typed.frame, decimal=decimal).values(found), raw.inputs[:, 0]
    )
    typed.frame.to_parquet(tmp_path / "t.parquet")
    (piece,) = read_chunks(tmp_path / "t.parquet", AUTO, ROWS_IN_PIECES)
    np.testing.assert_array_equal(
        TableFrame(piece, decimal=decimal).values(found), raw.inputs[:, 0]
    )


TEST = 20


ROWS = 60
NUMBERS = np.arange(ROWS)


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


def lines(folder: Path, header: str, rows: list[str], name: str = "t.csv") -> Path:
    """A text table."""
    path = folder / name
    path.write_text("\n".join([header, *rows]))
    return path


@pytest.mark.parametrize("code", ["refused", "-9"])
def test_a_missing_code_and_its_label_are_one(code: str, tmp_path: Path) -> None:
    """Naming either names both, also in a file that labels other codes so."""
    age = np.where(NUMBERS % 6, NUMBERS + 18.0, -9)
    frame = pd.DataFrame({"age": age, "trust": NUMBERS % 3, "y": ["p", "q"] * 30})
    frame.loc[5::9, "trust"] = -9
    names: dict[float, str] = {-9: "refused"}
    levels: dict[float, str] = {0: "low", 1: "middle", 2: "high", **names}
    path = tmp_path / "t.dta"
    frame.to_stata(path, write_index=False, value_labels={"age": names, "trust": levels})
    raw = raw_of(path, f"data.missing=[{code}]")
    assert np.isnan(raw.inputs[:, 0]).tolist() == (age == -9).tolist()
    assert raw.columns[1].levels == ["low", "middle", "high"]
    new = pd.DataFrame({"age": [30.0, -7], "trust": [1, -7]})
    rows = TableFrame(
        new, labels={"age": {"-7": "refused"}, "trust": {"1": "high", "-7": "refused"}}
    )
    assert rows.values(raw.columns[0]).tolist()[0] == 30
    assert rows.values(raw.columns[1]).tolist()[0] == 2
    assert np.isnan([rows.values(column)[1] for column in raw.columns]).all()


def test_a_file_with_labels_of_its_own_says_what_is_no_answer() -> None:
    """Its user-missing code has a label that the training never heard of."""
    known = Column(name="trust", kind="category", levels=["low", "high"], labels={"0": "low"})
    labels = {"trust": {"0": "low", "1": "high", "99": "refused"}}
    rows = TableFrame(
        pd.DataFrame({"trust": [1, 99]}), labels=labels, missing_ranges={"trust": [(99, 99)]}
    )
    np.testing.assert_array_equal(rows.values(known), [1, np.nan])


def test_labels_where_the_training_had_none(tmp_path: Path) -> None:
    """Codes of a new file are the words of the training's, if it labels them so."""
    rows = [f"{('low', 'high')[i % 2]},{i % 7},{'pq'[i % 2]}" for i in range(ROWS)]
    trust, number = raw_of(lines(tmp_path, "trust,n,y", rows)).columns
    labels = {"trust": {"1": "low", "2": "high"}, "n": {"1": "one"}}
    new = TableFrame(pd.DataFrame({"trust": [2, 1], "n": [1, 2]}), labels=labels)
    assert new.values(trust).tolist() == [trust.levels.index("high"), trust.levels.index("low")]
    assert new.values(number).tolist() == [1, 2]
    kept = replace(trust, levels=["low"], others=["high"])  # too rare to have an input
    assert new.values(kept).tolist() == [RARE, 0]

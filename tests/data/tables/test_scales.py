"""Values in an order of their own, and scales of which only the ends have labels."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pyreadstat import write_sav
from surveys import pasted, raw_of

from mlp_lab.data.tables.frames import TableFrame
from mlp_lab.data.tables.scales import is_scale, labelled_scale, no_answers, ordered_levels

ROWS = 60
LABELS: dict[int | float, str] = {0: "Extremely unhappy"}
LABELS |= {code: str(code) for code in range(1, 10)}
LABELS |= {10: "Extremely happy", 77: "Refusal", 88: "Don't know"}


@pytest.mark.parametrize(
    ("texts", "levels"),
    [
        (["3+", "0", "2", "1"], ["0", "1", "2", "3+"]),
        (["0", "1", "4 or more"], ["0", "1", "2", "3", "4 or more"]),
        (["<5", "5", "6", ">=7"], ["<5", "5", "6", ">=7"]),
        (["65+", "18-24", "25-64", "under 18"], ["under 18", "18-24", "25-64", "65+"]),
        (["0-10", "10-20", "20-30"], ["0-10", "10-20", "20-30"]),
        (["1-2", "2-3"], []),
        (["0-10", "5-20", "30+"], []),
        (["1", "2", "3"], []),
        (["1", "2", "many"], []),
        (["3-0", "2-2", "1-0"], []),
        (["a", "b", "c"], []),
    ],
)
def test_an_order(texts: list[str], levels: list[str]) -> None:
    """Of spans that do not overlap; whole numbers between others are there."""
    assert ordered_levels(texts) == levels


def test_three_or_more(tmp_path: Path) -> None:
    """Is ordinal, and the report says so, with the setting that makes it a category."""
    path = tmp_path / "t.csv"
    rows = [f"{['0', '1', '3+'][i % 3]},{'pq'[i % 2]}" for i in range(ROWS)]
    path.write_text("\n".join(["x,y", *rows]))
    raw = raw_of(path)
    (column,) = raw.columns
    assert (column.kind, column.levels) == ("ordinal", ["0", "1", "2", "3+"])
    assert raw.source is not None
    (said,) = raw.source.warnings
    assert raw_of(path, *pasted(said)).columns[0].kind == "category"
    assert TableFrame(pd.DataFrame({"x": ["2", "3+", 1]})).values(column).tolist() == [2, 3, 1]


@pytest.mark.parametrize("suffix", [".dta", ".sav"])
@pytest.mark.parametrize("target", ["x", "y"])
def test_a_scale_with_labels_at_its_ends(suffix: str, target: str, tmp_path: Path) -> None:
    """Holds numbers, and codes of no answer beyond a gap; its labels are numbers, too."""
    codes = [list(LABELS)[i % len(LABELS)] for i in range(ROWS)]
    frame = pd.DataFrame({"x": codes, "y": ["p", "q"] * 30})
    path = tmp_path / f"t{suffix}"
    if suffix == ".dta":
        frame.to_stata(path, write_index=False, value_labels={"x": LABELS})
    else:
        write_sav(frame, str(path), variable_value_labels={"x": LABELS})
    raw = raw_of(path, f"data.target={target}", "data.drop_missing_target=true")
    column = raw.target_columns[0] if target == "x" else raw.columns[0]
    values = raw.target if target == "x" else raw.inputs[:, 0]
    known = [float(code) if code < 11 else np.nan for code in codes]
    assert column.kind == "numeric"
    np.testing.assert_array_equal(
        values, [x for x in known if not np.isnan(x)] if target == "x" else known
    )
    assert raw.source is not None
    (said,) = (line for line in raw.source.warnings if "left out" not in line)
    assert said.startswith("x is a scale, of which 77 (Refusal), 88 (Don't know) are no value; ")
    words = TableFrame(pd.DataFrame({"x": [LABELS[code] for code in codes]}))
    np.testing.assert_array_equal(words.values(column), known)


def test_what_is_no_scale() -> None:
    """Names of groups, and numbers with a label for no answer alone."""
    assert not is_scale({"1": "Baden", "2": "Bayern", "3": "Berlin"})
    assert not is_scale({"-9": "refused"})
    assert not is_scale({"1": "low", "2": "2", "3": "high"})
    assert no_answers({"1": "north", "2": "south", "99": "unknown"}) == []


def test_levels_that_differ_by_case(tmp_path: Path) -> None:
    """Are named, of inputs and of targets; blanks at the ends are none."""
    words = ["secondary", "Secondary ", "primary", "primary  school", "Primary school"]
    path = tmp_path / "t.csv"
    path.write_text(
        "\n".join(["x,y", *(f"{words[i * 3 % 5]},{words[i % 5]}" for i in range(ROWS))])
    )
    raw = raw_of(path)
    assert raw.source is not None
    for name in ("x", "y"):
        pair = "'Secondary' and 'secondary' are 2 levels that differ by case or blanks alone"
        assert f"{name}: {pair}" in raw.source.warnings


def table(folder: Path, cells: list[str], suffix: str) -> Path:
    """Rows with these cells again and again, and a target."""
    some = [cells[i % len(cells)] for i in range(88)]
    frame = pd.DataFrame({"s": some, "y": [i % 7 + i / 100 for i in range(88)]})
    path = folder / f"t{suffix}"
    if suffix == ".xlsx":
        frame.to_excel(path, index=False)
    elif suffix == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_csv(path, index=False)
    return path


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".xlsx"])
@pytest.mark.parametrize(
    ("low", "high", "apart"),
    [
        ("0 - Not at all", "4 - Completely", []),
        ("0 (never)", "4 (always)", None),
        ("0 = very bad", "4 = very good", ["99 = refused"]),
        ("0: schlecht", "4: gut", ["77: keine Angabe", "88: weiß nicht"]),
    ],
)
def test_words_at_the_ends_of_a_scale(
    low: str, high: str, apart: list[str] | None, suffix: str, tmp_path: Path
) -> None:
    """They are numbers, as are bare ones of another file; codes beyond a gap are no value."""
    cells = [low, "1", "2", "3", high, *(apart or [])]
    raw = raw_of(table(tmp_path, cells, suffix))
    (column,) = raw.columns
    if apart is None:  # in brackets behind the number: words
        assert column.kind == "category"
        return
    assert column.kind == "numeric"
    expected = [0, 1, 2, 3, 4, *[np.nan] * len(apart)]
    assert np.array_equal(raw.inputs[: len(cells), 0], expected, equal_nan=True)
    assert raw.source is not None
    assert any(
        line.startswith(f"s is a scale of numbers, of which '{low}'")
        for line in raw.source.warnings
    )
    assert any("read as no value" in line for line in raw.source.warnings) == bool(apart)
    bare = TableFrame(pd.DataFrame({"s": [0, 2, 4]}))
    assert bare.values(column).tolist() == [0, 2, 4]
    if suffix == ".csv":
        streamed = raw_of(tmp_path / "t.csv", "data.stream=always")
        assert np.array_equal(streamed.inputs, raw.inputs, equal_nan=True)


@pytest.mark.parametrize(
    "form", ["{} = {}", "{}={}", "({}) {}", "{}. {}", "{} - {}", "{}: {}", "{}) {}"]
)
def test_labels_beside_all_numbers(form: str, tmp_path: Path) -> None:
    """They are levels in order, and a bare code is one of them."""
    words = {3: "often", 1: "never", 2: "rarely", -9: "refused"}
    cells = [form.format(code, word) for code, word in words.items()]
    raw = raw_of(table(tmp_path, cells, ".csv"))
    (column,) = raw.columns
    assert (column.kind, column.levels) == ("ordinal", [cells[1], cells[2], cells[0]])
    assert np.array_equal(raw.inputs[:4, 0], [2, 0, 1, np.nan], equal_nan=True)
    bare = TableFrame(pd.DataFrame({"s": ["1", "3", cells[3]]}))
    assert np.array_equal(bare.values(column), [0, 2, np.nan], equal_nan=True)
    assert raw_of(tmp_path / "t.csv", "data.types.s=category").columns[0].kind == "category"


@pytest.mark.parametrize(
    "texts",
    [
        ["1 cat", "2 dogs", "3 birds"],
        ["1 = a", "1 = b", "2 = c"],
        ["1 = a", "5 = b", "9 = c"],
        ["1 - a", "2 - b", "word"],
        ["10:30", "11:30", "12:30"],
    ],
)
def test_what_is_no_labelled_scale(texts: list[str]) -> None:
    """Counts of things, codes that say two things, codes with gaps, and times."""
    assert labelled_scale(texts) is None

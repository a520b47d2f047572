"""Cells that a careless reader would take for something else."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from surveys import config_of, pasted, raw_of

from mlp_lab.data.loading import load_rows
from mlp_lab.data.tables.cells import Cells, cell_text
from mlp_lab.data.tables.frames import TableFrame
from mlp_lab.errors import UserError

ROWS = 60


NUMBERS = np.arange(ROWS)


def lines(folder: Path, header: str, rows: list[str], name: str = "t.csv") -> Path:
    """A text table."""
    path = folder / name
    path.write_text("\n".join([header, *rows]))
    return path


@pytest.mark.parametrize("blank", ["", "  ", None])
def test_a_blank_target(blank: str | None, tmp_path: Path) -> None:
    """Is missing, in whatever format: the rows are counted, or left out."""
    words = ["p", "q", blank] * 20
    pd.DataFrame({"x": NUMBERS % 7, "y": words}).to_parquet(tmp_path / "t.parquet")
    with pytest.raises(UserError, match=r"^data.target=y is missing in 20 of 60 rows: "):
        raw_of(tmp_path / "t.parquet")
    assert len(raw_of(tmp_path / "t.parquet", "data.drop_missing_target=true").target) == 40


def test_a_target_with_a_label_for_one_code(tmp_path: Path) -> None:
    """A number, of which a code for no answer has a name."""
    frame = pd.DataFrame({"x": NUMBERS % 7, "y": NUMBERS * 1.5})
    labels: dict[float, str] = {0: "nothing"}
    frame.to_stata(tmp_path / "t.dta", write_index=False)
    frame["y"] = NUMBERS
    frame.to_stata(tmp_path / "u.dta", write_index=False, value_labels={"y": labels})
    assert raw_of(tmp_path / "t.dta").task == "regression"
    assert raw_of(tmp_path / "u.dta").task == "regression"


def test_many_labelled_codes_are_a_category(tmp_path: Path) -> None:
    """Counties have numbers, and names."""
    frame = pd.DataFrame({"x": NUMBERS % 30, "z": NUMBERS % 7, "y": ["p", "q"] * 30})
    labels: dict[float, str] = {code: f"county {code}" for code in range(30)}
    frame.to_stata(tmp_path / "t.dta", write_index=False, value_labels={"x": labels})
    column = raw_of(tmp_path / "t.dta").columns[0]
    assert (column.kind, len(column.levels)) == ("category", 30)


def test_a_decimal_comma_in_target_and_weights(tmp_path: Path) -> None:
    """Also where a word makes the column text."""
    rows = [f"{i % 7};{i},25;1,{i % 3}5" for i in range(ROWS)]
    path = lines(tmp_path, "x;y;w", [*rows[:-1], "3;refused;1,05"])
    words = ("data.missing=[refused]", "data.drop_missing_target=true", "data.weight=w")
    raw = raw_of(path, *words)
    np.testing.assert_allclose(raw.target, NUMBERS[:-1] + 0.25)
    assert raw.weights is not None
    assert raw.weights[1] == 1.15


def test_commas_that_group_thousands(tmp_path: Path) -> None:
    """408,123 is no 408.123; nor does one stray cell make it so."""
    rows = [f"{i % 7};{i},000;{'pq'[i % 2]}" for i in range(100, 160)]
    raw = raw_of(lines(tmp_path, "x;pay;y", rows))
    assert raw.source is not None
    assert "decimal point" in raw.source.note
    assert [column.name for column in raw.columns] == ["x", "pay"]
    assert raw.inputs[0, 1] == 100_000
    (said,) = (remark for remark in raw.source.warnings if remark.startswith("pay"))
    assert said.endswith("; if 100,000 is 100.000, data.decimal=',' says so")
    other = raw_of(lines(tmp_path, "x;pay;y", rows), *pasted(said))
    assert other.source is not None
    assert [column.reason for column in other.source.dropped] == ["identifier: it counts the rows"]
    stray = [f"{i % 7};{i},000;{'pq'[i % 2]};about 1,5" for i in range(100, 160)]
    stray[3] = "3;103,000;q;1,5"
    other = raw_of(lines(tmp_path, "x;pay;y;remark", stray))
    assert other.source is not None
    assert "decimal point" in other.source.note


def test_a_word_among_numbers_is_named(tmp_path: Path) -> None:
    """The column is left out, and the report says how to keep it."""
    rows = [f"{i * 1.5},{i % 7},{'pq'[i % 2]}" for i in range(ROWS)]
    path = lines(tmp_path, "pay,x,y", [*rows, "refused,1,p"])
    raw = raw_of(path)
    assert raw.source is not None
    ((name, reason),) = [(column.name, column.reason) for column in raw.source.dropped]
    assert name == "pay"
    assert reason.endswith(
        ": numbers but for 'refused'; data.missing_in.pay=[refused] reads such cells as no value"
    )
    kept = raw_of(path, "data.missing_in.pay=[refused]")
    assert [column.name for column in kept.columns] == ["pay", "x"]


def test_lists_in_cells(tmp_path: Path) -> None:
    """One line that names the column."""
    frame = pd.DataFrame({"x": [[1, 2], [3]] * 30, "z": NUMBERS % 7, "y": ["p", "q"] * 30})
    frame.to_parquet(tmp_path / "t.parquet")
    with pytest.raises(UserError, match=r"^column 'x' holds lists or other collections"):
        raw_of(tmp_path / "t.parquet")
    assert len(raw_of(tmp_path / "t.parquet", "data.drop=[x]").columns) == 1


def test_declared_classes_keep_their_order(tmp_path: Path) -> None:
    """And a value that is not among them is refused."""
    rows = [f"{i % 7},{('low', 'middle', 'high')[i % 3]}" for i in range(ROWS)]
    path = lines(tmp_path, "x,y", rows)
    assert raw_of(path).target_columns[0].levels == ["high", "low", "middle"]
    assert raw_of(path, "+data.levels.y=[low,middle,high]").target_columns[0].levels == [
        "low",
        "middle",
        "high",
    ]
    with pytest.raises(
        UserError,
        match=r"^data.target=y must hold one of low, middle \(data.levels.y\), got 'high'",
    ):
        raw_of(path, "+data.levels.y=[low,middle]")
    with pytest.raises(UserError, match=r"^data.types.y=date cannot be the kind of a target"):
        raw_of(path, "+data.types.y=date")


def test_dates_written_as_numbers(tmp_path: Path) -> None:
    """Also where a gap has made them 20240229.0."""
    days = [20240101 + i % 28 for i in range(ROWS)]
    rows = [f"{'' if i == 3 else day},{'pq'[i % 2]}" for i, day in enumerate(days)]
    raw = raw_of(lines(tmp_path, "when,y", rows), "+data.types.when=date")
    first = np.datetime64("2024-01-01").astype(int)
    np.testing.assert_array_equal(raw.inputs[:3, 0], first + NUMBERS[:3])
    assert np.isnan(raw.inputs[3, 0])


def warnings_of(path: Path, *overrides: str) -> list[str]:
    """What the data report says besides, but for what declared codes took."""
    source = raw_of(path, *overrides).source
    assert source is not None
    return [line for line in source.warnings if not line.endswith("read as no value")]


def test_codes_that_nobody_gave(tmp_path: Path) -> None:
    """Are named; a code of any column that occurs, in whatever spelling or part, is not."""
    rows = [f"{i % 7}.5,{('a', 'b', 'n.a.')[i % 3]},{i % 4 * 3},{'pq'[i % 2]}" for i in range(ROWS)]
    path = lines(tmp_path, "number,word,code,y", [*rows[:-1], "1.5,a,3,-"])
    words = ("data.drop_missing_target=true", "data.missing=[9,n.a.,-,NA,-1,unknown]")
    expected = [
        "1 of 60 rows left out: no value of y, the target",
        "data.missing: -1 occurs in no column",
        "data.missing: unknown occurs in no column",
    ]
    assert warnings_of(path, *words) == expected
    inside = warnings_of(path, words[0], "data.missing=[-]", "+data.missing_in.number=[9,1.5]")
    assert inside == [expected[0], "data.missing_in.number: 9 does not occur in it"]


def test_whole_numbers_that_are_all_different(tmp_path: Path) -> None:
    """Are read, and named; not where somebody has said what they are."""
    rows = [f"{i * i},{i * i + 0.5},{i % 7},{'pq'[i % 2]}" for i in range(ROWS)]
    path = lines(tmp_path, "id,number,few,y", rows)
    (warning,) = warnings_of(path)
    assert (
        warning == "id has another whole number in every row: data.drop=[id] if it is an identifier"
    )
    assert warnings_of(path, "data.drop=[id]") == []
    assert warnings_of(path, "+data.types.id=numeric") == []
    assert warnings_of(path, "data.features=[id,few]") == []
    assert [column.name for column in raw_of(path).columns] == ["id", "number", "few"]


def test_a_missing_code_in_any_spelling(tmp_path: Path) -> None:
    """As a level, as a number and as a part of a column of text."""
    rows = [
        f"{('0.50', '1', 'x')[i % 3]},{('0.50', '1', '2')[i % 3]},{'pq'[i % 2]}" for i in NUMBERS
    ]
    path = lines(tmp_path, "word,number,y", rows)
    raw = raw_of(path, "data.missing=[0.5]", "+data.types.number=numeric")
    missing = NUMBERS % 3 == 0
    assert np.isnan(raw.inputs[:, 0]).tolist() == missing.tolist()
    assert np.isnan(raw.inputs[:, 1]).tolist() == missing.tolist()
    assert warnings_of(path, "data.missing=[0.5]") == []


def coded(folder: Path) -> Path:
    """A Stata file with value labels, for some codes of `age` and all codes of `lik`."""
    age = np.where(NUMBERS % 9, NUMBERS + 18.0, -9)
    frame = pd.DataFrame({"age": age, "lik": 1.0 + NUMBERS % 3, "y": NUMBERS // 4 % 2})
    path = folder / "t.dta"
    names: dict[float, str] = {1: "never", 2: "some", 3: "often"}
    labels: dict[str, dict[float, str]] = {"age": {-9: "refused"}, "lik": names}
    frame.to_stata(path, write_index=False, value_labels=labels)
    return path


@pytest.mark.parametrize("levels", ["[3,2,1]", "[often,some,never]"])
def test_levels_are_declared_by_code_or_label(levels: str, tmp_path: Path) -> None:
    """Of a column and of the target; a new file may hold either."""
    path = coded(tmp_path)
    column = raw_of(path, f"+data.levels.lik={levels}").columns[1]
    assert (column.kind, column.levels) == ("ordinal", ["often", "some", "never"])
    new = TableFrame(pd.DataFrame({"lik": [3, 1, "some"]}))
    assert new.values(column).tolist() == [0, 2, 1]
    raw = load_rows(config_of(path, "data.target=lik", f"+data.levels.lik={levels}").data)
    assert raw.target_columns[0].levels == ["often", "some", "never"]
    assert raw.target[:3].tolist() == [2, 1, 0]


def test_labels_of_codes_among_numbers(tmp_path: Path) -> None:
    """Are named, in the target too, until somebody says what they mean."""
    path = coded(tmp_path)
    remark = (
        "age holds numbers, and labels for -9 (refused): data.missing_in.age=[-9] if that means no"
        " answer"
    )
    assert remark in warnings_of(path)
    assert warnings_of(path, "data.target=age")[0] == remark
    for said in ("data.missing=[refused]", "+data.missing_in.age=[-9]", "+data.types.age=numeric"):
        assert warnings_of(path, said) == []


def test_labels_of_the_ends_of_a_scale(tmp_path: Path) -> None:
    """What lies apart from its numbers is named first: it means no answer more likely."""
    codes = np.resize([1, 2, 3, -9, 4, 5, 99, 6, 7], 60)
    frame = pd.DataFrame({"trust": codes, "y": ["p", "q"] * 30})
    labels: dict[float, str] = {1: "low", 7: "high", -9: "refused", 99: "unknown"}
    path = tmp_path / "t.dta"
    frame.to_stata(path, write_index=False, value_labels={"trust": labels})
    assert warnings_of(path) == [
        "trust holds numbers, and labels for 99 (unknown), -9 (refused), 1 (low) and 1 more:"
        " data.missing_in.trust=[99] if that means no answer"
    ]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("{}%", "x: 7% is read as the number 7"),
        ("€{}.50", "x: €7.50 is read as the number 7.5"),
        ("US$ {}", "x: US$ 7 is read as the number 7"),
        ("{} EUR", "x: 7 EUR is read as the number 7"),
        ("{},000,000", "x: 7,000,000 is read as the number 7000000"),
        ("-{}", ""),
        ("Q{}", ""),
        ("{}-{}", ""),
        ("{} lakh", ""),
    ],
)
def test_numbers_with_a_sign_beside_them(written: str, said: str, tmp_path: Path) -> None:
    """Are numbers, and the report says so; codes are levels."""
    numbers = [7 + i % 17 for i in range(2 * ROWS)]
    rows = [f'"{written.format(n, n)}",{"pq"[i % 2]}' for i, n in enumerate(numbers)]
    path = lines(tmp_path, "x,y", rows)
    found = warnings_of(path)
    assert [remark[: len(said)] for remark in found] == [said] * bool(said)
    for remark in found:
        assert remark.endswith("; data.types.x=category reads categories")
    assert warnings_of(path, "+data.types.x=category") == []
    (column,) = raw_of(path).columns
    assert column.kind == ("numeric" if said or written == "-{}" else "category")


def test_a_target_of_amounts(tmp_path: Path) -> None:
    """Is a number, however few values there are, and new rows are read as it was."""
    path = lines(tmp_path, "x,y", [f"{i % 7},{i % 5}%" for i in range(ROWS)])
    raw = raw_of(path)
    assert raw.task == "regression"
    assert raw.target[:3].tolist() == [0, 1, 2]
    frame = pd.DataFrame({"y": ["3%", "4", "5 kg"]})
    assert TableFrame(frame[:2]).values(raw.target_columns[0]).tolist() == [3, 4]
    with pytest.raises(UserError, match=r"^column 'y' must hold a number, got '5 kg' in row 3$"):
        TableFrame(frame).values(raw.target_columns[0])


ODD = {
    "6.2\u00a0": 6.2,
    "\u20096.2": 6.2,
    "\N{FULLWIDTH DIGIT SIX}\N{FULLWIDTH FULL STOP}\N{FULLWIDTH DIGIT TWO}": 6.2,
    "\N{ARABIC-INDIC DIGIT THREE}\N{ARABIC-INDIC DIGIT FOUR}": 34,
    "\N{ARABIC-INDIC DIGIT THREE}\N{ARABIC DECIMAL SEPARATOR}\N{ARABIC-INDIC DIGIT FIVE}": 3.5,
    "\u22123.5": -3.5,
    "1.5D+03": 1500,
    "(46)": -46,
    "46-": -46,
    "$1,234.50": 1234.5,
    "-$5": -5,
    "1'234": 1234,
    "12,34,567": 1234567,
    "€565K": 565000,
    "NAN": np.nan,
    "-nan": np.nan,
    "#DIV/0!": np.nan,
}
"""Text -> the number that it is."""


@pytest.mark.parametrize("text", ODD)
def test_odd_numbers(text: str, tmp_path: Path) -> None:
    """What is taken for numbers is read as numbers, in files and frames, in training and after."""
    cells = [f"{i * 1.5}" for i in range(ROWS)]
    cells[3] = text
    rows = [f'"{cell}",{"pq"[i % 2]}' for i, cell in enumerate(cells)]
    raw = raw_of(lines(tmp_path, "x,y", rows))
    (column,) = raw.columns
    assert column.kind == "numeric"
    np.testing.assert_equal(raw.inputs[3, 0], ODD[text])
    values = TableFrame(pd.DataFrame({"x": cells})).values(column)
    np.testing.assert_equal(values, raw.inputs[:, 0])


@pytest.mark.parametrize("text", ["<0.5", "1,5,3", "3+", "12 lakh", "1e", "soon"])
def test_what_is_no_number_is_named(text: str, tmp_path: Path) -> None:
    """With the setting that reads it as no value, which works as it is printed."""
    rows = [f'"{text if i == 3 else i * 1.5}",{i % 7},{"pq"[i % 2]}' for i in range(ROWS)]
    path = lines(tmp_path, "x,z,y", rows)
    raw = raw_of(path)
    assert raw.source is not None
    (reason,) = [column.reason for column in raw.source.dropped]
    (setting,) = pasted(reason)
    assert [column.name for column in raw_of(path, setting).columns] == ["x", "z"]


def test_numbers_are_not_read_as_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of millions that differ, that would take most of the time and of the memory."""
    draw = np.random.default_rng(0)
    frame = pd.DataFrame({name: draw.normal(size=ROWS) for name in "xzy"})
    frame.loc[::7, "x"] = np.nan
    frame.to_parquet(tmp_path / "t.parquet")

    def spelled(self: Cells) -> list[str]:
        assert not self.numeric, self.name
        return [cell_text(value) for value in self.factorized[1]]

    monkeypatch.setattr(Cells, "texts", property(spelled))
    assert raw_of(tmp_path / "t.parquet").inputs.shape == (ROWS, 2)


@pytest.mark.parametrize("words", ["[inf]", "[Inf]", "['inf',NAN]"])
def test_infinite_numbers(words: str, tmp_path: Path) -> None:
    """Are refused with the setting that reads them as no value; so it may be typed, too."""
    rows = [f"{'Inf' if i % 9 == 3 else i * 1.5},{'pq'[i % 2]}" for i in range(ROWS)]
    path = lines(tmp_path, "x,y", rows)
    with pytest.raises(UserError, match=r"must hold a finite number, got inf in row 4: ") as error:
        raw_of(path)
    for setting in (*pasted(str(error.value)), f"data.missing={words}"):
        assert np.isnan(raw_of(path, setting).inputs[3, 0])


def test_a_target_with_a_word(tmp_path: Path) -> None:
    """Among numbers: the hint declares the word, and works."""
    rows = [f"{i % 7},{'refused' if i % 20 == 3 else i % 17}" for i in range(ROWS)]
    path = lines(tmp_path, "x,y", rows)
    with pytest.raises(UserError, match=r"^data.target=y holds numbers but for 'refused'") as error:
        raw_of(path)
    raw = raw_of(path, *pasted(str(error.value)))
    assert (raw.task, len(raw.target)) == ("regression", 57)


def test_none_is_a_class(tmp_path: Path) -> None:
    """Where the classes are words; other words, and empty cells, are no target."""
    words = ["None", "Apnea", "Insomnia"]
    path = lines(tmp_path, "x,y", [f"{i % 7},{words[i % 3]}" for i in range(ROWS)])
    raw = raw_of(path)
    assert raw.target_columns[0].levels == ["Apnea", "Insomnia", "None"]
    assert raw.source is not None
    (said,) = raw.source.warnings
    left = raw_of(path, *pasted(said), "data.drop_missing_target=true")
    assert left.target_columns[0].levels == ["Apnea", "Insomnia"]
    with pytest.raises(
        UserError, match=r"^data.target=y is missing in 20 of 60 rows, 20 of them None, "
    ):
        raw_of(path, *pasted(said))
    values = TableFrame(pd.DataFrame({"y": words})).values(raw.target_columns[0])
    assert values.tolist() == [2, 0, 1]


@pytest.mark.parametrize("word", ["None", "NA", "null"])
def test_words_that_may_be_levels(word: str, tmp_path: Path) -> None:
    """Are no value unless a setting, a declared level or a label says so; they are counted."""
    levels = [word, "some", "daily"]
    cells = [levels[i % 3] for i in range(ROWS)]
    rows = [f"{cell},{'pq'[i % 2]}" for i, cell in enumerate(cells)]
    path = lines(tmp_path, "x,y", rows)
    raw = raw_of(path)
    assert np.isnan(raw.inputs[:, 0]).sum() == 20
    assert raw.source is not None
    assert raw.source.warnings == [
        f"x: 20 cells say {word}, read as no value;"
        " data.missing_words=[] reads such words as values"
    ]
    for setting in (*pasted(raw.source.warnings[0]), f"data.levels.x=['{word}',some,daily]"):
        own = raw_of(path, setting)
        assert not np.isnan(own.inputs).any()
        values = TableFrame(pd.DataFrame({"x": cells})).values(own.columns[0])
        np.testing.assert_array_equal(values, own.inputs[:, 0])
    codes = pd.DataFrame({"x": [i % 3 for i in range(ROWS)], "y": ["p", "q"] * 30})
    codes.to_stata(
        tmp_path / "t.dta", write_index=False, value_labels={"x": dict(enumerate(levels))}
    )
    labelled = raw_of(tmp_path / "t.dta").columns[0]
    assert labelled.levels == levels
    values = TableFrame(pd.DataFrame({"x": cells})).values(labelled)
    assert values.tolist() == [i % 3 for i in range(ROWS)]
    frame = TableFrame(codes, labels={"x": {str(i): level for i, level in enumerate(levels)}})
    np.testing.assert_array_equal(frame.values(raw.columns[0]), raw.inputs[:, 0])


def test_a_row_number_with_gaps(tmp_path: Path) -> None:
    """Where rows are left out for a test, or have no target, it counts rows none the less."""
    parts = ["train", "test", "train"]
    rows = [f"{i + 1},{i % 7},{parts[i % 3]},{'pq'[i % 2]}" for i in range(ROWS)]
    path = lines(tmp_path, "row,x,part,y", rows)
    raw = raw_of(path, "data.part=part")
    assert [column.name for column in raw.columns] == ["x"]
    rows[5] = "6,5,train,"
    path = lines(tmp_path, "row,x,part,y", rows)
    raw = raw_of(path, "data.part=part", "data.drop_missing_target=true")
    assert [column.name for column in raw.columns] == ["x"]


def test_a_word_that_makes_numbers_a_category(tmp_path: Path) -> None:
    """Is named, also where the column is read."""
    rows = [f"{'oops' if i == 33 else i % 17},{'pq'[i % 2]}" for i in range(ROWS)]
    path = lines(tmp_path, "x,y", rows)
    assert warnings_of(path) == [
        "x is a category: numbers but for 'oops';"
        " data.missing_in.x=[oops] reads such cells as no value"
    ]
    assert warnings_of(path, "data.missing_in.x=[oops]") == []
    assert warnings_of(path, "+data.types.x=category") == []


def test_codes_for_no_answer_are_no_group_and_no_part(tmp_path: Path) -> None:
    """Rows of which nothing is known are not one household."""
    homes = [-9 if i == 8 else i % 20 for i in range(ROWS)]
    parts = [-9 if i == 9 else ("train", "test")[i % 2] for i in range(ROWS)]
    rows = [f"{i % 7},{homes[i]},{parts[i]},{'pq'[i % 2]}" for i in range(ROWS)]
    path = lines(tmp_path, "x,home,part,y", rows)
    for words, message in (
        (
            ("data.group=home", "data.missing=[-9]"),
            "data.group=home is missing in row 9: every row",
        ),
        (
            ("data.group=home", "+data.missing_in.home=['-9.0']"),
            "data.group=home is missing in row",
        ),
        (
            ("data.part=part", "+data.missing_in.part=[-9]"),
            "data.part=part must say train, val or test, got nothing in row 10",
        ),
    ):
        with pytest.raises(UserError) as error:
            raw_of(path, *words)
        assert str(error.value).startswith(message)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["+data.types.y=binary"],
            "data.types.y=binary needs two distinct values, got 3 (1, 2, 3)",
        ),
        (
            ["+data.types.y=numeric", "data.task=multiclass"],
            "data.task=multiclass contradicts data.types.y=numeric",
        ),
        (
            ["+data.levels.y=[1,2,3]", "data.task=regression"],
            "data.task=regression contradicts data.levels.y",
        ),
        (["+data.levels.y=[1,2,3,1.0]"], "data.levels.y names '1' twice"),
        (["+data.levels.x=[0,1,2,0]"], "data.levels.x names '0' twice"),
        (["data.weight=y"], "data.weight=y is the target: choose another column"),
        (["data.group=y"], "data.group=y is the target: choose another column"),
        (["data.strata=y"], "data.strata=y is the target: choose another column"),
        (["data.part=y"], "data.part=y is the target: choose another column"),
        (["data.drop=[y]"], "data.drop names the target, y"),
    ],
)
def test_settings_that_contradict_the_target(
    words: list[str], message: str, tmp_path: Path
) -> None:
    """None is passed over in silence."""
    path = lines(tmp_path, "x,z,y", [f"{i % 3},{i % 7},{1 + i // 2 % 3}" for i in range(ROWS)])
    with pytest.raises(UserError) as error:
        raw_of(path, *words)
    assert str(error.value) == message


def test_chosen_features_leave_other_roles_unsaid(tmp_path: Path) -> None:
    """The target and the weights are not among the columns that are left out."""
    rows = [f"{i % 7},{i % 5},1,{'pq'[i % 2]}" for i in range(ROWS)]
    path = lines(tmp_path, "x,z,w,y", rows)
    source = raw_of(path, "data.features=[x]", "data.weight=w").source
    assert source is not None
    assert [column.name for column in source.dropped] == ["z"]


@pytest.mark.parametrize("part", ["test", "val"])
def test_parts_without_a_row_to_train(part: str, tmp_path: Path) -> None:
    """Say so; neither the target nor a fraction is to blame."""
    path = lines(tmp_path, "x,part,y", [f"{i % 7},{part},{'pq'[i % 2]}" for i in range(ROWS)])
    with pytest.raises(UserError) as error:
        raw_of(path, "data.part=part")
    assert str(error.value) == "data.part=part keeps no row for training: some must say train"


CODED = [0.5, 1.5, 99.0, 99.9, 2.5, 99.9] * 10
"""Codes of no answer as floats: 99.9 in single precision is 99.90000152587890625."""


@pytest.mark.parametrize("file", ["t.dta", "t.sav", "t.parquet", "t.feather", "t.csv"])
@pytest.mark.parametrize("single", [False, True])
def test_codes_of_floats(file: str, single: bool, tmp_path: Path) -> None:
    """`data.missing=[99.9]` is the code that a person sees, however precise the file is."""
    x = pd.Series(CODED, dtype="float32" if single else "float64")
    frame = pd.DataFrame({"x": x, "z": np.arange(60.0) % 7, "y": ["p", "q"] * 30})
    path = tmp_path / file
    if file == "t.sav":
        import pyreadstat  # noqa: PLC0415  optional

        pyreadstat.write_sav(frame, str(path))
    else:
        writers: dict[str, Callable[[], object]] = {
            "t.dta": lambda: frame.to_stata(path, write_index=False),
            "t.parquet": lambda: frame.to_parquet(path, index=False),
            "t.feather": lambda: frame.to_feather(path),
            "t.csv": lambda: frame.to_csv(path, index=False),
        }
        writers[file]()
    for setting in ("data.missing_in.x=[99.9,99]", "data.missing=[99.9,99.0]"):
        raw = raw_of(path, *([f"+{setting}"] if "_in" in setting else [setting]))
        assert np.isnan(raw.inputs[:, 0]).tolist() == [value > 9 for value in CODED], setting
        assert raw.source is not None
        assert any("20 cells say 99.9" in line for line in raw.source.warnings)


def test_a_suspected_code_in_single_precision(tmp_path: Path) -> None:
    """It is named as a person sees it, and the setting works."""
    x = np.where(NUMBERS % 10 == 3, 99.9, NUMBERS % 7 + 0.5).astype(np.float32)
    frame = pd.DataFrame({"x": x, "z": NUMBERS % 11, "y": ["p", "q"] * 30})
    frame.to_parquet(tmp_path / "t.parquet", index=False)
    (line,) = warnings_of(tmp_path / "t.parquet")
    assert line.startswith("x: 6 cells say 99.9, apart from the others, 0.5 to 6.5")
    raw = raw_of(tmp_path / "t.parquet", *pasted(line))
    assert np.isnan(raw.inputs[:, 0]).sum() == 6

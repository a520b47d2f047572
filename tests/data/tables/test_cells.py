"""A value is the same value however it is spelled: in a whole file, in pieces, in any format."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lab import MLP_LAB, command
from surveys import config_of, problem_of

from mlp_lab.data.columns import UNSEEN, Column
from mlp_lab.data.config import FileSettings
from mlp_lab.data.loading import load_rows
from mlp_lab.data.tables.cells import Cells, column_values
from mlp_lab.data.tables.frames import TableFrame, feature_values, unseen_levels
from mlp_lab.data.tables.reading import detect, read_chunks

ROWS = 60
TRAIN = ("data.target=y", "data.test_fraction=0", "data.val_fraction=0")

SPELLINGS = [
    ["TRUE", "FALSE"],
    ["true", "false"],
    ["0.50", "1.50", "2.5"],
    ["01", "02", "3"],
    ["1e3", "2e3", "30"],
    ["+1", "-1", "0"],
    ["1.0", "2.0", "3"],
    ["yes", "no", "1"],
    ["a", "b ", " c"],
    ["0001", "0002", "0003x"],
]


def table(folder: Path, cells: list[str], delimiter: str = ",") -> Path:
    """A file with a column of those cells, and a target."""
    rows = [f"{cells[i % len(cells)]}{delimiter}{'pq'[i // 2 % 2]}" for i in range(ROWS)]
    path = folder / "table.csv"
    path.write_text("\n".join([f"x{delimiter}y", *rows]))
    return path


def assert_read_alike(path: Path, *overrides: str) -> None:
    """Pieces of text give the values that training saw; nothing is unseen."""
    prepared = problem_of(path, *TRAIN, *overrides)
    schema = prepared.encoded.schema
    decimal = detect(path, FileSettings()).decimal
    pieces = list(read_chunks(path, FileSettings(), 7))
    values = np.vstack(
        [feature_values(TableFrame(piece, decimal=decimal), schema) for piece in pieces]
    )
    assert unseen_levels(values, schema) == {}
    encoded = schema.encode_inputs(lambda i, block: values[block, i], len(values), "float64")
    train = prepared.encoded.train.inputs
    ours, theirs = (np.sort(rows, axis=0) for rows in (encoded, train))
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)


@pytest.mark.parametrize("cells", SPELLINGS)
@pytest.mark.parametrize("kind", [None, "category"])
def test_training_and_pieces_agree(cells: list[str], kind: str | None, tmp_path: Path) -> None:
    """Whether the kind was found or declared."""
    overrides = [] if kind is None else [f"+data.types.x={kind}"]
    assert_read_alike(table(tmp_path, cells), "data.min_frequency=0", *overrides)


def test_a_decimal_comma_in_categories(tmp_path: Path) -> None:
    """0,5 and 0,50 are one value."""
    path = table(tmp_path, ["0,5", "0,50", "1,25"], ";")
    assert_read_alike(path, "data.min_frequency=0", "+data.types.x=category")


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    cells=st.lists(
        st.one_of(
            st.integers(-3, 12).map(str),
            st.integers(0, 9).map(lambda n: f"0{n}"),
            st.floats(-2, 2, allow_subnormal=False).map(lambda x: f"{x:.2f}"),
            st.sampled_from(["TRUE", "False", "true", "x", "X", "1e1", "10.0", "+5", ".5"]),
        ),
        min_size=2,
        max_size=6,
        unique=True,
    ),
    kind=st.sampled_from(["category", None]),
)
def test_any_spelling(cells: list[str], kind: str | None, tmp_path: Path) -> None:
    """Mixed as a person would write them."""
    if len(set(map(str.strip, cells))) < 2:
        return
    overrides = [] if kind is None else [f"+data.types.x={kind}"]
    path = table(tmp_path, cells)
    try:
        problem_of(path, *TRAIN, "data.min_frequency=0", *overrides)
    except ValueError:
        return  # 1 and 1.0 are a constant
    assert_read_alike(path, "data.min_frequency=0", *overrides)


def test_a_category_declared_over_numbers_reads_numbers(tmp_path: Path) -> None:
    """A frame of a database holds 1001 where the file held 01001."""
    path = table(tmp_path, ["01001", "01002", "20095"])
    schema = problem_of(path, *TRAIN, "+data.types.x=category").encoded.schema
    frame = pd.DataFrame({"x": [1001, 1002, 20095, 7]})
    values = feature_values(TableFrame(frame), schema)[:, 0]
    assert values.tolist() == [0.0, 1.0, 2.0, UNSEEN]


def test_spellings_that_are_two_levels_stay_two(tmp_path: Path) -> None:
    """01 and 1, both declared as they are."""
    path = table(tmp_path, ["01", "1", "2"])
    schema = problem_of(path, *TRAIN, "+data.types.x=category").encoded.schema
    values = feature_values(TableFrame(pd.DataFrame({"x": ["01", "1", "001"]})), schema)[:, 0]
    assert values[0] != values[1]
    assert values[2] == UNSEEN


def test_commands_on_the_training_file(tmp_path: Path) -> None:
    """A yes-or-no target and columns spelled by a spreadsheet: scores are those of training."""
    rows = [
        f"{'TRUE' if i % 2 else 'FALSE'},0.{i % 3}0,{'TRUE' if i % 2 else 'FALSE'}"
        for i in range(90)
    ]
    (tmp_path / "t.csv").write_text("\n".join(["a,b,y", *rows]))
    words = ["data=table", "data.path=t.csv", "data.target=y", "epochs=30", "hydra.run.dir=run"]
    done = command([*words, "quiet=true", "tracking.report=false"], tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    done = command(["evaluate", "run", "t.csv"], tmp_path, MLP_LAB)
    assert done.returncode == 0
    assert done.stderr.startswith("t.csv is what run was trained on: ")
    assert "accuracy" in done.stdout
    (accuracy,) = [
        line.split()[1] for line in done.stdout.splitlines() if line.startswith("accuracy")
    ]
    assert float(accuracy) > 0.95
    done = command(["predict", "run", "t.csv", "-o", "p.csv"], tmp_path, MLP_LAB)
    assert (done.returncode, done.stderr) == (0, "")
    predicted = pd.read_csv(tmp_path / "p.csv", dtype=str)
    assert (predicted["prediction"].str.upper() == predicted["y"]).mean() > 0.95


def test_unseen_values_are_counted(tmp_path: Path) -> None:
    """One line for each column that has some."""
    path = table(tmp_path, ["red", "green", "blue"])
    words = ["data=table", f"data.path={path}", "data.target=y", "epochs=2", "hydra.run.dir=run"]
    assert command([*words, "quiet=true", "tracking.report=false"], tmp_path).returncode == 0
    (tmp_path / "new.csv").write_text("x\nred\nteal\nteal\n")
    done = command(["predict", "run", "new.csv", "-o", "p.csv"], tmp_path, MLP_LAB)
    assert done.returncode == 0
    assert done.stderr == "column 'x': 2 of 3 rows hold a value that no training row had\n"
    (tmp_path / "new.csv").write_text("x,y\nRED,p\nteal,q\n")
    done = command(["evaluate", "run", "new.csv"], tmp_path, MLP_LAB)
    assert done.returncode == 0
    every = "every row holds a value that no training row had: is it spelled otherwise?"
    assert done.stderr == f"column 'x': {every}\n"


def test_rare_values_are_not_unseen(tmp_path: Path) -> None:
    """They are read alike, but the training had them."""
    path = table(tmp_path, ["red"] * 20 + ["green"] * 20 + ["blue"])
    schema = problem_of(path, *TRAIN, "data.min_frequency=0.2").encoded.schema
    (entry,) = schema.inputs
    assert (entry.column.levels, entry.column.others) == (["green", "red"], ["blue"])
    values = feature_values(TableFrame(pd.DataFrame({"x": ["blue", "teal", "red"]})), schema)
    assert unseen_levels(values, schema) == {"x": 1}
    encoded = schema.encode_inputs(lambda i, block: values[block, i], 3, "float64")
    np.testing.assert_array_equal(encoded[0], encoded[1])


def test_times_are_read_as_dates_are(tmp_path: Path) -> None:
    """Days first, and codes for no date: the latest rows are the test."""
    days = [f"{day}/{month}/2020" for month in range(1, 13) for day in range(1, 29)]
    rows = [f"{day},{i % 3},{i % 7}" for i, day in enumerate(days)]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["when,x,y", *rows]))
    config = config_of(path, "data.target=y", "data.time=when", "data.task=regression")
    raw = load_rows(config.data)
    assert raw.constraints.times is not None
    assert (np.diff(raw.constraints.times) > 0).all()


def test_another_files_labels(tmp_path: Path) -> None:
    """Codes mean what their own file says, whatever the training file's codes mean."""
    codes = np.arange(ROWS) % 3 + 1
    y = np.where(codes == 1, "p", "q")
    frame = pd.DataFrame({"x": codes, "y": y})
    names: dict[float, str] = {1: "red", 2: "green", 3: "blue"}
    other: dict[float, str] = {1: "blue", 2: "red", 3: "green"}
    back = {1: 2, 2: 3, 3: 1}
    frame.to_stata(tmp_path / "a.dta", write_index=False, value_labels={"x": names})
    swapped = frame.assign(x=frame["x"].map(back))
    swapped.to_stata(tmp_path / "b.dta", write_index=False, value_labels={"x": other})
    words = ["data=table", "data.path=a.dta", "data.target=y", "epochs=60", "hydra.run.dir=run"]
    assert command([*words, "quiet=true", "tracking.report=false"], tmp_path).returncode == 0
    for name in ("a", "b"):
        output = f"{name}.csv"
        done = command(["predict", "run", f"{name}.dta", "-o", output], tmp_path, MLP_LAB)
        assert (done.returncode, done.stderr) == (0, "")
        assert (pd.read_csv(tmp_path / output)["prediction"] == y).all()
    test = config_of(tmp_path / "a.dta", "data.target=y", f"data.test_path={tmp_path / 'b.dta'}")
    raw = load_rows(test.data)
    np.testing.assert_array_equal(raw.inputs[:ROWS, 0], raw.inputs[ROWS:, 0])


def test_points_that_group() -> None:
    """Beside a decimal comma, a point groups digits, if all of a column's do."""
    series = pd.Series(["998", "1.234", "12.000,5", "2,5", None])
    cells = Cells(series, ",")
    assert cells.points_group
    assert cells.texts[:2] == ["998", "1234"]
    column = Column(name="x", amount="#")
    found = column_values(cells, column, str)
    assert found[:4].tolist() == [998, 1234, 12000.5, 2.5]
    for text in ("4.5", "0.123", "1.2345"):  # a point is the sign of decimals, as it stands
        assert not Cells(pd.Series([text, "1.234"]), ",").points_group
    assert not Cells(pd.Series(["1.234"]), ".").points_group

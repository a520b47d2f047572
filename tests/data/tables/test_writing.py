"""Files are written whole or not at all."""

import gzip
import sys
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mlp_lab.data.config import FileSettings
from mlp_lab.data.tables.reading import own_types, read_chunks, read_table
from mlp_lab.data.tables.writing import SUFFIXES, Writer, _TextWriter, open_writer
from mlp_lab.errors import UserError

FRAME = pd.DataFrame(
    {
        "number": [0.1, 1 / 3, np.nan, -1e300],
        "whole": [1, 2, 3, 4],
        "text": ["a", 'say "x", y', "two\nlines", None],
    }
)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_appended_frames_are_one_table(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"out{suffix}"
    with open_writer(path) as writer:
        for first in range(0, 4, 3):
            writer.write(FRAME.iloc[first : first + 3])
        assert not path.exists()
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]
    found = read_table(path, FileSettings()).frame
    assert found["text"].isna().tolist() == [False, False, False, True]
    pd.testing.assert_frame_equal(found.fillna({"text": ""}), FRAME.fillna({"text": ""}))


def test_text_is_utf_8_with_shortest_floats(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    with open_writer(path) as writer:
        writer.write(pd.DataFrame({"ä": [0.1, np.nan], "b": ["é", None]}, index=[7, 8]))
        writer.write(pd.DataFrame({"ä": [1 / 3], "b": [""]}))
    assert path.read_bytes().decode() == "ä,b\n0.1,é\n,\n0.3333333333333333,\n"


def test_tsv_and_gzip(tmp_path: Path) -> None:
    path = tmp_path / "OUT.TSV.GZ"
    with open_writer(path) as writer:
        writer.write(pd.DataFrame({"a": [1], "b": ["x,y"]}))
    assert gzip.decompress(path.read_bytes()) == b"a\tb\n1\tx,y\n"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_no_row(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"out{suffix}"
    with open_writer(path) as writer:
        writer.write(pd.DataFrame({"a": pd.Series([], dtype=float)}))
    frame = read_table(path, FileSettings()).frame
    assert list(frame.columns) == ["a"]
    assert len(frame) == 0


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, UserError])
def test_an_error_leaves_the_older_file(
    tmp_path: Path, suffix: str, error: type[BaseException]
) -> None:
    path = tmp_path / f"out{suffix}"
    path.write_bytes(b"older")

    def stop() -> None:
        with open_writer(path) as writer:
            writer.write(FRAME)
            raise error("stop")

    with pytest.raises(error, match="stop"):
        stop()
    assert path.read_bytes() == b"older"
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_parquet_keeps_the_types_of_the_first_frame(tmp_path: Path) -> None:
    path = tmp_path / "out.parquet"
    with open_writer(path) as writer:
        writer.write(
            pd.DataFrame({"a": [1, 2], "b": [None, None], "c": pd.Categorical(["x", "y"])})
        )
        writer.write(pd.DataFrame({"a": [np.nan], "b": ["z"], "c": pd.Categorical(["v"])}))
    frame = read_table(path, FileSettings()).frame
    assert frame.c.tolist() == ["x", "y", "v"]
    assert frame.b.tolist()[2] == "z"
    assert frame.a.isna().tolist() == [False, False, True]


@pytest.mark.parametrize("later", [1.5, "x"])
def test_parquet_refuses_other_types(tmp_path: Path, later: object) -> None:
    path = tmp_path / "out.parquet"

    def write() -> None:
        with open_writer(path) as writer:
            writer.write(pd.DataFrame({"a": [1]}))
            writer.write(pd.DataFrame({"a": [later]}))

    with pytest.raises(UserError, match=r"^cannot write \S*out.parquet: [^\n]+$"):
        write()
    assert list(tmp_path.iterdir()) == []


def test_refused_paths(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    reasons = {
        "folder.csv": "it is a folder",
        "out.json": "choose one of .csv, .csv.gz, .tsv, .tsv.gz, .parquet",
        "absent/out.csv": "No such file or directory",
        "absent/out.parquet": "No such file or directory",
    }
    for name, reason in reasons.items():
        with pytest.raises(UserError) as caught, open_writer(tmp_path / name):
            pass
        assert str(caught.value) == f"cannot write {tmp_path / name}: {reason}"


def test_a_full_disk() -> None:
    frame = pd.DataFrame({"a": np.arange(100_000)})
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full")
    with suppress(OSError), Path("/dev/full").open("wb") as file:  # which tries again at its end
        writer = Writer(Path("out.csv"), _TextWriter(file, ".csv"))
        with pytest.raises(UserError, match=r"cannot write out.csv: No space left on device"):
            writer.write(frame)


def test_parquet_needs_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with (
        pytest.raises(UserError, match=r"^writing .parquet files needs pyarrow: pip install"),
        open_writer(tmp_path / "out.parquet"),
    ):
        pass


@pytest.mark.parametrize(("signs", "sign"), [({}, ";"), ({"m": "/"}, "/"), ({"m": "|"}, "|")])
def test_lists_have_one_sign(tmp_path: Path, signs: dict[str, str], sign: str) -> None:
    """That of the first list, in all frames; the one of the training where it is free."""
    path = tmp_path / "out.csv"
    with open_writer(path, signs=signs) as writer:
        for cells in ([None], [["x", "y"], []], [["y", "z"], "x"]):
            writer.write(pd.DataFrame({"m": pd.Series(cells, dtype=object)}))
    written = pd.read_csv(path, skip_blank_lines=False)["m"].tolist()
    assert written[1:] == [f"x{sign}y", sign, f"y{sign}z", "x"]


@pytest.mark.parametrize(
    ("frames", "held"),
    [
        ([[["x", "y"]], [["p;q", "r"]]], "';'"),
        ([[["a;b", "c|d"], ["e\nf", "g,h"]]], r"';', '|', '\n', ','"),
    ],
)
def test_an_answer_that_holds_the_sign(
    tmp_path: Path, frames: list[list[list[str]]], held: str
) -> None:
    """It would be two: refused in one line, and nothing is written."""
    path = tmp_path / "out.csv"

    def write() -> None:
        with open_writer(path) as writer:
            for cells in frames:
                writer.write(pd.DataFrame({"m": cells}))

    with pytest.raises(UserError) as caught:
        write()
    assert str(caught.value) == (
        f"cannot write {path}: column 'm' holds lists with {held} within an answer, where it would"
        " be between answers: .parquet keeps lists"
    )
    assert list(tmp_path.iterdir()) == []


KINDS: dict[str, list[object]] = {
    "texts": ["x", "ü"],
    "truths": [True, False],
    "numbers": [1.5, 2.0],
    "wholes": [2**60 + 1, 3],
    "dates": [date(2020, 1, 31), date(1931, 12, 1)],
    "moments": [datetime(2020, 1, 31, 12, 30), datetime(1931, 12, 1)],
    "times": [time(12, 30), time(0, 1)],
    "spans": [timedelta(hours=3), timedelta(days=2)],
    "bytes": [b"\xff", b""],
    "lists": [["a", "b"], []],
    "measurements": [[1.5, 2.0], []],
    "lists of lists": [[["a"], []], []],
    "groups": [{"a": 1, "b": ["x"]}, {"a": 2, "b": []}],
}
"""Kinds of columns, and two values of each."""


@pytest.mark.parametrize("suffix", ["parquet", "feather"])
@pytest.mark.parametrize("first", [[None, None], [[], None]])
def test_parquet_columns_that_begin_without_a_value(
    tmp_path: Path, suffix: str, first: list[object]
) -> None:
    """Their types are those of the file that is answered, whatever the first rows tell."""
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    feather = pytest.importorskip("pyarrow.feather")
    lists = {name for name, own in KINDS.items() if isinstance(own[0], list)}
    columns = {
        name: pyarrow.array([*(first if name in lists else [None, None]), *own, None])
        for name, own in KINDS.items()
    }
    source, output = tmp_path / f"in.{suffix}", tmp_path / "out.parquet"
    table = pyarrow.table(columns)
    if suffix == "parquet":
        parquet.write_table(table, source)
    else:
        feather.write_feather(table, source, compression="uncompressed")
    with open_writer(output, types=own_types(source)) as writer:
        for piece in read_chunks(source, FileSettings(), 2):
            writer.write(piece)
    found = parquet.read_table(output)
    assert found.schema.types == table.schema.types
    assert found.to_pylist() == table.to_pylist()


def test_parquet_columns_of_which_nothing_is_known(tmp_path: Path) -> None:
    """They are text, and later values become it; those that stay empty are text, too."""
    frame = pd.DataFrame({"a": [None, None], "b": [None, None], "c": [1, 2]}, dtype=object)
    later = pd.DataFrame({"a": [time(8, 30), " x "], "b": [None, None], "c": [3, 4]}, dtype=object)
    output = tmp_path / "out.parquet"
    with open_writer(output) as writer:
        for piece in (frame, later):
            writer.write(piece)
    found = pd.read_parquet(output)
    assert found["a"].tolist()[2:] == ["08:30:00", " x "]
    assert found["b"].isna().all()
    assert found["c"].tolist() == [1, 2, 3, 4]


def test_a_type_that_is_known_changes_no_other(tmp_path: Path) -> None:
    """Values decide where there are any: a column may have become another one."""
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    output, types = tmp_path / "out.parquet", {"a": pyarrow.int64(), "b": pyarrow.null()}
    with open_writer(output, types=types) as writer:
        writer.write(pd.DataFrame({"a": ["x"], "b": [None]}))
    assert [str(kind) for kind in parquet.read_schema(output).types][1] == "string"
    assert pd.read_parquet(output)["a"].tolist() == ["x"]

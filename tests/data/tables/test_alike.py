"""Whatever a column holds: pieces, frames and other formats give the values that training saw."""

from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from surveys import config_of

from mlp_lab.data.config import FileSettings
from mlp_lab.data.loading import load_rows
from mlp_lab.data.rows import RawData
from mlp_lab.data.tables.cells import by_canonical_spelling, level_index
from mlp_lab.data.tables.frames import TableFrame
from mlp_lab.data.tables.reading import detect, read_chunks, read_table
from mlp_lab.errors import UserError

ROWS = 40
AUTO = FileSettings()

NUMBERS = st.one_of(
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
        cells(NUMBERS),
        cells(WORDS),
        cells(st.one_of(NUMBERS, WORDS)),
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
    frame = pd.DataFrame({"x": np.resize(spelled, ROWS), "y": np.resize(["p", "p", "q"], ROWS)})
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
    (piece,) = read_chunks(tmp_path / "t.parquet", AUTO, ROWS)
    np.testing.assert_array_equal(
        TableFrame(piece, decimal=decimal).values(found), raw.inputs[:, 0]
    )

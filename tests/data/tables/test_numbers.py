"""Numbers are read to the last digit, by any pandas."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from surveys import raw_of

from mlp_lab.data.config import FileSettings
from mlp_lab.data.tables.cells import Cells
from mlp_lab.data.tables.numbers import floats, numbers
from mlp_lab.data.tables.reading import read_table

DRAW = np.random.default_rng(0)
LONG = (DRAW.normal(size=2000) * 10.0 ** DRAW.integers(-300, 300, 2000)).tolist()


@pytest.mark.parametrize("decimal", [".", ","])
def test_of_a_file(decimal: str, tmp_path: Path) -> None:
    """As Python writes them, which is as short as tells them apart."""
    rows = [repr(number).replace(".", decimal) + ";a" for number in LONG]
    (tmp_path / "t.csv").write_text("\n".join(["x;y", *rows]))
    found = read_table(tmp_path / "t.csv", FileSettings(delimiter=";", decimal=decimal)).frame["x"]
    assert found.tolist() == LONG


def test_of_texts() -> None:
    texts = pd.Series([repr(number) for number in LONG], index=range(5, 2005), name="x")
    assert floats(texts).tolist() == LONG
    pd.testing.assert_series_equal(numbers(texts), pd.Series(LONG, index=texts.index, name="x"))


def test_what_is_a_number() -> None:
    """Signs and spaces, but neither Python's 1_000 nor the digits of other scripts."""
    cells = [" 1", "+1", "-.5", "5.", "1e400", "-inf", "", "1_000", "\u0661", "nan", "TRUE", None]
    known = [1, 1, -0.5, 5, np.inf, -np.inf, *[np.nan] * 6]
    np.testing.assert_array_equal(floats(pd.Series(cells, dtype=object)), known)
    whole = numbers(pd.Series(["01", "-7"]))
    assert whole.dtype == np.int64
    assert whole.tolist() == [1, -7]


@pytest.mark.parametrize("cells", [["1", "x"], ["1", "nan"], [1.5, [2]]])
def test_what_is_none(cells: list[object]) -> None:
    with pytest.raises((ValueError, TypeError)):
        numbers(pd.Series(cells, dtype=object))


def test_hundreds_of_digits() -> None:
    """A whole number that no float holds, as text and as pandas reads it from a file."""
    for cell in ("1" * 400, int("1" * 400)):
        assert floats(pd.Series([cell, "2"], dtype=object)).tolist() == [np.inf, 2]
    assert Cells(pd.Series(["1" * 400])).some(np.array([True]), declared=False).texts


def test_a_missing_cell_stays_missing_where_the_decimal_sign_is_a_comma() -> None:
    cells = Cells(pd.Series(["1,5", None, "2,5"]), decimal=",")
    assert floats(cells.pointed)[[0, 2]].tolist() == [1.5, 2.5]
    some = cells.some(np.array([True, True, False]), declared=False)
    assert some.numeric


@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
@pytest.mark.parametrize("single", [False, True])
def test_whole_codes_in_single_precision(name: str, single: bool, tmp_path: Path) -> None:
    """99999999 is 100000000 there; in columns of double precision that is a value of its own."""
    x = pd.Series([100000000.0, *range(59)], dtype="float32" if single else "float64")
    frame = pd.DataFrame({"x": x, "z": np.arange(60.0) % 7, "y": ["p", "q"] * 30})
    path = tmp_path / name
    _ = frame.to_csv(path, index=False) if name == "t.csv" else frame.to_parquet(path, index=False)
    raw = raw_of(path, "data.missing=[99999999]")
    assert np.isnan(raw.inputs[:, 0]).sum() == (single and name == "t.parquet")
    assert raw.source is not None
    unused = "data.missing: 99999999 occurs in no column"
    assert (unused in raw.source.warnings) != (single and name == "t.parquet")

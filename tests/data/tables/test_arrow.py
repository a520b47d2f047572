"""Parquet as codes and as texts."""

import tracemalloc
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from mlp_lab.data.config import FileSettings
from mlp_lab.data.tables.arrow import arrow_pieces
from mlp_lab.data.tables.reading import read_table

AUTO = FileSettings()


def test_repeated_texts_that_fit_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read as codes first or not."""
    path, texts = tmp_path / "texts.parquet", pa.array(["ab", None, "ab", "cd"] * 100)
    parquet.write_table(pa.table({"a": texts, "b": np.arange(400)}), path)
    plain = read_table(path, AUTO).frame
    monkeypatch.setattr("mlp_lab.data.tables.arrow.REPEATED", 0)
    assert read_table(path, AUTO).frame.equals(plain)


def test_pieces_that_were_read_are_let_go(tmp_path: Path) -> None:
    """Of a file of 8 MB, in groups of 5,000 rows, a few hundred KB are held at a time."""
    path, numbers = (
        tmp_path / "numbers.parquet",
        np.random.default_rng(0).normal(size=(10, 100_000)),
    )
    table = pa.table({f"x{i}": own for i, own in enumerate(numbers)})
    parquet.write_table(table, path, row_group_size=5_000, use_dictionary=False)
    assert sum(map(len, arrow_pieces(path, 1_000, kept=False))) == 100_000  # what is loaded once
    tracemalloc.start()
    try:
        rows = sum(map(len, arrow_pieces(path, 1_000, kept=False)))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (rows, peak < path.stat().st_size / 4) == (100_000, True)

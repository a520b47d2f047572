"""Parquet as codes and as texts."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from mlp_lab.data.config import FileSettings
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

"""The file: versions, names, what it says of itself, what it refuses."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from exported import NUMBER, date, held, levels, number, predictor, run_graph

from mlp_lab.data.columns import Column
from mlp_lab.errors import UserError

onnx = pytest.importorskip("onnx")

from mlp_lab.export import onnx_model  # noqa: E402

COLUMNS = [number("x"), levels("k", "category", 0, 1), date("when")]


def test_what_it_says_of_itself(tmp_path: Path) -> None:
    """Columns and classes, for a person and for programs; dates stay outside."""
    (line,) = predictor(COLUMNS).export(tmp_path / "m.onnx")
    assert line.startswith("1 date (when): the graph takes days since 1970-01-01, not text")
    model = onnx.load(tmp_path / "m.onnx")
    assert model.ir_version == 10
    assert {entry.domain: entry.version for entry in model.opset_import} == {
        "": 21,
        "ai.onnx.ml": 4,
    }
    assert "reading a date as text stays outside of the graph" in model.doc_string
    assert "Classes of vote, in this order: no, yes" in model.doc_string
    said = {entry.key: json.loads(entry.value) for entry in model.metadata_props}
    assert [column["type"] for column in said["columns"]] == ["float64", "text", "float64"]
    assert said["columns"][1]["levels"] == ["a", "b"]
    assert said["targets"] == [{"name": "vote", "classes": ["no", "yes"]}]
    assert len((tmp_path / "m.onnx").read_bytes()) < 20_000


def test_names_of_columns(tmp_path: Path) -> None:
    """Any name is kept, one that a node has by itself among them."""
    names = ["größe (cm)", "Gemm_3", "constant_1", "a/b", "🙂"]
    columns = [replace(number("x"), column=Column(name=name)) for name in names]
    held(predictor(columns), pd.DataFrame(np.eye(5), columns=names), tmp_path)


def test_an_output_of_a_columns_name(tmp_path: Path) -> None:
    """It is refused, and mended by a prefix."""
    model = predictor([replace(number("x"), column=Column(name="prediction"))])
    with pytest.raises(UserError, match="a column is called 'prediction' already: set --prefix"):
        model.export(tmp_path / "m.onnx")
    model.export(tmp_path / "m.onnx", prefix="new_")
    given = run_graph(tmp_path / "m.onnx", pd.DataFrame({"prediction": [1.0]}))
    assert list(given) == ["new_prediction", "new_probabilities"]


def test_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A message of 2 GB cannot be written."""
    monkeypatch.setattr(onnx_model, "LARGEST", 10)
    with pytest.raises(UserError, match="a file of ONNX has less than 2 GB, but the weights"):
        predictor(COLUMNS, NUMBER, "linear", "mse").export(tmp_path / "m.onnx")

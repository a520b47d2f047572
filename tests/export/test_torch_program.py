"""A program of torch.export."""

import json
from pathlib import Path

import torch
from exported import THREE, date, levels, number, predictor

COLUMNS = [number("x", "quantile"), levels("k", "category", 0, 1, 2), date("d")]


def test_a_program(tmp_path: Path) -> None:
    """The network's outputs for any number of rows; how columns become inputs lies beside."""
    model = predictor(
        *(COLUMNS, THREE, "softmax", "cce"),
        activations=["swiglu", "gelu"],
        embedding="both",
        normalisation="layer",
        networks=2,
    )
    (line,) = model.export(tmp_path / "m.pt2")
    assert "schema.json and README.txt" in line
    beside = {"schema.json": "", "README.txt": ""}
    program = torch.export.load(tmp_path / "m.pt2", extra_files=beside).module()
    for rows in (1, 3, 50):
        inputs = torch.randn(rows, len(model.schema.names))
        torch.testing.assert_close(program(inputs), model.network(inputs))
    assert json.loads(beside["schema.json"]) == model.schema.to_dict()
    assert "size: s, m, l, the largest output." in beside["README.txt"]
    assert "  1 k=a\n" in beside["README.txt"]

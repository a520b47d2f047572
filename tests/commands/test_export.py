"""`mlp-lab export`: a run to a file, from the command line and from Python."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from exported import run_graph
from lab import BARE, train
from lab import call as in_folder
from surveys import SETTINGS, survey, written

import mlp_lab
from mlp_lab.commands.main import main

pytest.importorskip("onnx")


def test_a_run(tmp_path: Path) -> None:
    """What `predict` writes for a survey's file is what the graph gives for its columns."""
    path = written(survey(120), tmp_path)
    words = ("data=table", f"data.path='{path}'", "model=tabular", "epochs=2", "ensemble=2")
    run = train(tmp_path / "run", *SETTINGS, *words, *BARE, "kernel=torch")
    done = in_folder(["export", str(run), "-o", "m.onnx"], tmp_path, main, "mlp-lab")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[1:] == ["m.onnx"]
    assert "1 date (interview)" in done.stdout
    in_folder(["predict", str(run), str(path), "-o", "p.csv"], tmp_path, main, "mlp-lab")
    wanted = pd.read_csv(tmp_path / "p.csv", dtype=str, keep_default_na=False)
    model = mlp_lab.load(run)
    rows = wanted.copy()
    for entry in model.schema.inputs:
        name = entry.column.name
        if entry.column.kind == "numeric":
            rows[name] = pd.to_numeric(rows[name])
        if entry.column.kind == "date":
            rows[name] = (pd.to_datetime(rows[name]) - pd.Timestamp(0)).dt.days
    given = run_graph(tmp_path / "m.onnx", rows)
    assert given["prediction"].tolist() == wanted["prediction"].tolist()
    for name, values in (
        ("probability_yes", given["probabilities"][:, 1]),
        ("spread", given["spread"]),
    ):
        np.testing.assert_allclose(values.astype(float), wanted[name].astype(float), atol=1e-6)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["-o", "m.bin"], "the name of the exported file must end with .onnx or .pt2"),
        (["-o", "m.onnx", "--format=onx"], "unknown format 'onx': did you mean 'onnx'?"),
        ([], "mlp-lab export: missing: -o/--output"),
    ],
)
def test_refusals(words: list[str], message: str, iris_run: Path, tmp_path: Path) -> None:
    """One line each, and nothing is written."""
    done = in_folder(["export", str(iris_run), *words], tmp_path, main, "mlp-lab")
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(message)
    assert list(tmp_path.iterdir()) == []


def test_from_python(tmp_path: Path) -> None:
    """A run that was never saved."""
    x = np.random.default_rng(0).normal(size=60)
    frame = pd.DataFrame({"x": x, "y": x**2})
    run = mlp_lab.train(frame, target="y", model="shallow", epochs=2)
    assert run.export(tmp_path / "m.onnx") == []
    given = run_graph(tmp_path / "m.onnx", frame)["prediction"]
    np.testing.assert_allclose(given.astype(float), run.predict(frame).astype(float), rtol=1e-6)
    assert "onnx" in sys.modules

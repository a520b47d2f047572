"""A run with a budget: one folder, as an ensemble leaves it."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lab import BARE, curves, refused, train

import mlp_lab
from mlp_lab.data.bundled import BUNDLED
from mlp_lab.errors import UserError
from mlp_lab.estimators.classifier import MLPClassifier
from mlp_lab.formatting import counted
from mlp_lab.report.page import write_report
from mlp_lab.runs.result_file import read_result

WORDS = ("data=iris", "model=tabular", "budget=1.5s", "epochs=3")


def test_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its result says what was tried and kept; what it saved predicts; it is not resumed."""
    folder = train(tmp_path / "run", *WORDS, "tracking.report=false")
    result = read_result(folder / "result.json")
    tried = result["budget"]["networks"]
    assert sum(trial["weight"] for trial in tried) == pytest.approx(1)
    leader = max(tried, key=lambda trial: trial["weight"])
    assert result["epochs_run"] == leader["epochs"] == len(curves(folder))
    printed = capsys.readouterr().out
    assert " in 1.5 s: " in printed
    assert f"; kept {sum(trial['weight'] > 0 for trial in tried)} by 22 validation" in printed
    write_report(folder)
    page = (folder / "report.html").read_text()
    assert "<h2>Tried within the budget</h2>" in page
    assert f"{counted(len(tried), 'network')} of " in page
    predictor = mlp_lab.load(folder)
    rows = BUNDLED["iris"]().inputs
    assert np.allclose(predictor.predict_proba(rows).sum(1), 1)
    assert "keeps no state to go on from" in refused(f"resume={folder}", folder=folder)


def test_several_widths_are_saved(tmp_path: Path) -> None:
    """Each network of an ensemble with its own."""
    words = ("data=iris", "model=shallow", "budget=2s", "epochs=2", "vary=[model.width]", *BARE)
    folder = train(tmp_path / "run", *words, "ensemble=16")
    layers = json.loads((folder / "schema.json").read_text())["network"]
    predictor = mlp_lab.load(folder)
    assert len(predictor.networks) == layers.get("ensemble", 1)
    for own, network in zip(layers.get("ensemble_widths", []), predictor.networks, strict=False):
        assert network.get_submodule("hidden_0").out_features == own[0]
    if "ensemble_widths" in layers:
        layers["ensemble_widths"][0] = [3]
        schema = json.loads((folder / "schema.json").read_text()) | {"network": layers}
        (folder / "schema.json").write_text(json.dumps(schema))
        with pytest.raises(UserError, match="ensemble_widths must be first those of sizes"):
            mlp_lab.load(folder)


def test_from_python() -> None:
    """`train`, the estimators, and what has no budget."""
    frame = pd.DataFrame(BUNDLED["iris"]().inputs, columns=list("abcd"))
    frame["kind"] = ["x", "y", "z"] * 50
    run = mlp_lab.train(frame, target="kind", budget="1s", epochs=2, quiet=True)
    assert run.settings["budget"] == "1s"
    assert len(run.curves) >= 1
    model = MLPClassifier(model="tabular", budget=1, epochs=2).fit(
        frame[list("abcd")], frame["kind"]
    )
    assert len(model.predict(frame[list("abcd")])) == 150
    with pytest.raises(UserError, match=r"^budget=1 is of one run|^budget=1\.0 is of one run"):
        mlp_lab.sweep(frame, target="kind", budget=1, seed=[0, 1])


def test_few_rows(tmp_path: Path) -> None:
    """A dozen are enough, and gradient descent takes part."""
    words = ("data=iris", "data.train_rows=12", "optimizer=gd", "batch_size=full", "budget=0.5s")
    folder = train(tmp_path / "run", *words, "epochs=4", *BARE)
    assert read_result(folder / "result.json")["status"] in ("completed", "stopped")

"""A run folder of what was trained in memory."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from surveys import call
from voters import voters

import mlp_lab
from mlp_lab import MLPClassifier
from mlp_lab.errors import UserError


def test_commands_take_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = voters(300)
    classifier = MLPClassifier(epochs=3).fit(frame, target="voted")
    folder = classifier.save(tmp_path / "run")
    assert {"report.html", "curves.csv", "result.json", "model.safetensors"} <= {
        path.name for path in folder.iterdir()
    }
    loaded = mlp_lab.load(folder)
    assert np.allclose(loaded.predict_proba(frame), classifier.predict_proba(frame), atol=1e-6)
    assert (mlp_lab.curves(folder)["train_loss"] == classifier.curves_["train_loss"]).all()
    frame.to_csv(tmp_path / "new.csv", index=False)
    for words in (["predict", "-o", f"{tmp_path}/out.csv"], ["evaluate"]):
        call(words[0], str(folder), f"{tmp_path}/new.csv", *words[1:], monkeypatch=monkeypatch)
    call("compare", str(folder), monkeypatch=monkeypatch)
    assert len(pd.read_csv(tmp_path / "out.csv")) == len(frame)
    with pytest.raises(UserError, match="holds a run already"):
        classifier.save(folder)


def test_a_page_in_a_notebook() -> None:
    page = mlp_lab.train("moons", epochs=2, depth=1, width=4).report()
    assert page.html.startswith("<!doctype html>")
    assert "<iframe" in page._repr_html_()
    assert 'srcdoc="&lt;!doctype' in page._repr_html_()


def test_an_array_too(tmp_path: Path) -> None:
    X, y = load_iris(return_X_y=True)
    classifier = MLPClassifier(epochs=2).fit(X, y)
    loaded = mlp_lab.load(classifier.save(tmp_path / "run"))
    assert loaded.predict(X).tolist() == classifier.predict(X).astype(str).tolist()

"""By which score a run is judged."""

import json
from pathlib import Path

import pytest
from lab import BARE, train

SMALL = ("model=shallow", "model.width=8", "epochs=60", *BARE)


def verdict(run: Path) -> tuple[dict[str, float], str]:
    """The numbers of a good fit, and what is said."""
    found = json.loads((run / "result.json").read_text())["verdict"]
    assert found["kind"] == "good fit"
    return found["numbers"], found["words"]


def test_classes_that_count_the_same(tmp_path: Path) -> None:
    """By balanced accuracy: a constant has one of two classes right."""
    run = train(tmp_path / "run", "data=breast_cancer", "data.class_weights=balanced", *SMALL)
    numbers, words = verdict(run)
    recall = json.loads((run / "result.json").read_text())["val"]["balanced_accuracy"]
    assert numbers["val"] == pytest.approx(2 * recall - 1)
    assert words.endswith("(always guessing one class: 50 %)")
    assert words.startswith("good fit: balanced accuracy ")


def test_absolute_errors(tmp_path: Path) -> None:
    """Outliers, which loss=mae was chosen for, do not decide."""
    run = train(tmp_path / "run", "data=cubic", "loss=mae", "optimizer.lr=0.03", *SMALL)
    numbers, words = verdict(run)
    result = json.loads((run / "result.json").read_text())
    constant = result["baselines"]["constant"]["val"]["loss"]
    assert numbers["val"] == pytest.approx(1 - result["val"]["loss"] / constant)
    assert words.startswith("good fit: D² ")

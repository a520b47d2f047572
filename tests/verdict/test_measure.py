"""By which score a run is judged."""

import json
from pathlib import Path

import pytest
from lab import BARE, train
from several import LABELS, NUMBERS
from several import words as pupils

from mlp_lab.formatting import percent
from mlp_lab.verdict.measure import OWN_ERRORS, Measure

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


@pytest.mark.parametrize(("kind", "score"), [(NUMBERS, "r2"), (LABELS, "accuracy")])
def test_several_targets(kind: tuple[str, ...], score: str, tmp_path: Path) -> None:
    """By the mean over them; weights of classes, which they have not, are no advice."""
    given = pupils(tmp_path, *kind, "optimizer.lr=0.05", "epochs=80", *BARE)
    run = train(tmp_path / "run", *given)
    result = json.loads((run / "result.json").read_text())
    findings = [result["verdict"], *result["verdict"]["notes"]]
    said = " ".join(finding["words"] for finding in findings)
    if score == "r2":
        assert findings[0]["numbers"]["val"] == pytest.approx(result["val"]["r2"])
        assert "mean R² " in said
    else:
        always = result["baselines"]["constant"]["val"]["accuracy"]
        assert "mean accuracy " in said
        assert f"(always guessing one class of each target: {percent(always)})" in said
    assert not any("class_weights" in finding["next"] for finding in findings)


@pytest.mark.parametrize("loss", ["poisson", "huber", "quantile"])
def test_losses_that_are_chosen_for_their_errors(loss: str) -> None:
    """A run is judged by what it was asked for: of counts the deviance."""
    measure = Measure("D²", 0)
    assert loss in OWN_ERRORS
    assert measure.of_scores({"loss": 0.25, "r2": -1.0}, {"loss": 1.0, "r2": 0.0}) == 0.75
    assert not measure.of_neighbours

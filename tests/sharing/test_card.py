"""A model card, from what a run's files say."""

import json
import shutil
from pathlib import Path

import pytest
import yaml
from lab import BARE, train

from mlp_lab.errors import UserError
from mlp_lab.runs.calibration import calibration_in_words
from mlp_lab.runs.result_file import interval_in_words, read_result
from mlp_lab.sharing.card import card_of, plain


def test_classes(iris_run: Path) -> None:
    """The front matter is YAML, with the scores of result.json; the text has every column."""
    text = card_of(iris_run)
    _, matter, body = text.split("---\n", 2)
    found, result = yaml.safe_load(matter), read_result(iris_run / "result.json")
    assert found["pipeline_tag"] == "tabular-classification"
    assert found["metrics"] == ["accuracy"]
    (of_model,) = found["model-index"][0]["results"]
    scores = {metric["type"]: metric["value"] for metric in of_model["metrics"]}
    assert scores["accuracy"] == result["test"]["accuracy"]
    assert of_model["dataset"]["name"] == "iris"
    schema = json.loads((iris_run / "schema.json").read_text())
    for column in schema["columns"]:
        assert f"| {plain(column['name'])} | numeric | numbers |" in body
    assert "one of setosa, versicolor, virginica" in body
    assert "## Scores on the test rows" in body
    assert plain(result["verdict"]["words"]) in body
    assert str(iris_run.parent) not in text
    (line,) = [line for line in body.splitlines() if line.startswith("Probabilities are ")]
    assert line[1:-1] == plain(calibration_in_words(result))[1:]


def test_numbers(diabetes_run: Path) -> None:
    """A number in its own units."""
    text = card_of(diabetes_run)
    assert "pipeline_tag: tabular-regression" in text
    assert "a number in its own units." in text
    assert "Probabilities" not in text


def test_intervals_of_numbers(tmp_path: Path) -> None:
    """How many test rows they hold, as result.json and the page have it."""
    words = ("data=diabetes", "model=shallow", "model.width=8", "epochs=3", *BARE)
    folder = train(tmp_path / "run", *words)
    line = interval_in_words(read_result(folder / "result.json"))
    assert line.startswith("intervals of 0.9, progression ± ")
    assert plain(line[0].upper() + line[1:]) + "." in card_of(folder).splitlines()


def test_signs_of_markdown() -> None:
    """A column's name is text, whatever it is."""
    assert plain("a|b_<script>\n# x") == "a\\|b\\_\\<script\\>\\\\n\\# x"


def test_no_run(iris_run: Path, tmp_path: Path) -> None:
    """One line."""
    with pytest.raises(UserError, match=r"holds no finished run: it has no model.safetensors"):
        card_of(tmp_path)
    folder = shutil.copytree(iris_run, tmp_path / "run")
    failed = {"status": "failed", "reason": "killed"}
    (folder / "result.json").write_text(json.dumps(failed))
    with pytest.raises(UserError, match="holds no finished run: killed"):
        card_of(folder)

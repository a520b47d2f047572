"""The baseline without hidden layers, which is scored on other rows."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lab import BARE, MLP_LAB, command, train
from surveys import config_of, survey, written

import mlp_lab
from mlp_lab.data.loading import load_rows
from mlp_lab.data.splitting import split_rows
from mlp_lab.runs.linear_baseline import MOST_NUMBERS, LinearBaseline


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("data.target=voted", "calibration=always"), "logistic"),
        (("data.target=trust",), "logistic"),
        (("data.target=income", "data.drop_missing_target=true"), "linear"),
        (("data.target=household", "data.task=regression", "loss=poisson"), "poisson"),
        (("data.target=[age,household]", "data.task=regression"), "linear"),
        (("data.target=trust", "data.levels.trust=[low,middle,high]", "loss=ordinal"), "logistic"),
        (("data.target=voted", "model=tabular", "ensemble=2"), "logistic"),
    ],
)
def test_scores_are_those_of_the_run(words: tuple[str, ...], name: str, tmp_path: Path) -> None:
    """On its own test rows, from its folder, whatever the network is."""
    path = written(survey(160), tmp_path)
    table = ("data=table", f"data.path='{path}'", *words)
    run = train(tmp_path / "run", *table, *BARE, "epochs=1")
    result = json.loads((run / "result.json").read_text())
    config = config_of(path, *(word for word in words if word.startswith("data."))).data
    test = split_rows(load_rows(config), config).test
    frame = survey(160)
    if "data.drop_missing_target=true" in words:
        frame = frame[frame[words[0].partition("=")[2]].notna()]
    written(frame.iloc[test], tmp_path)
    done = command(["evaluate", "run", "survey.csv", "-o", "found.json"], tmp_path, MLP_LAB)
    assert done.returncode == 0, done.stderr
    assert name in done.stdout
    found = json.loads((tmp_path / "found.json").read_text())["baselines"][name]
    for score, value in result["baselines"][name]["test"].items():
        assert found["scores"][score] == pytest.approx(value, rel=2e-2 if "auc" in score else 1e-4)
    assert found["intervals"]


def test_by_group_and_in_python(tmp_path: Path) -> None:
    """Each group has them, beside its constant; a threshold decides otherwise, and has none."""
    frame = survey(160)
    path = written(frame, tmp_path)
    words = ("data=table", f"data.path='{path}'", "data.target=voted", *BARE, "epochs=1")
    run = train(tmp_path / "run", *words)
    options = ["--by", "region", "-o", "found.json"]
    done = command(["evaluate", "run", "survey.csv", *options], tmp_path, MLP_LAB)
    assert "logistic" in done.stdout.partition("by region")[2].splitlines()[0]
    said = json.loads((tmp_path / "found.json").read_text())["by"]["region"]["groups"]
    table = mlp_lab.evaluate(run, frame, by="region")
    for group, own in said.items():
        wanted = own["baselines"]["logistic"]["scores"]["accuracy"]
        assert table.loc[("region", group), "logistic_accuracy"] == pytest.approx(wanted)
    decided = mlp_lab.evaluate(run, frame, threshold=0.3)
    assert not any(name.startswith("logistic") for name in decided.columns)
    options = ["--threshold", "0.3", "-o", "found.json"]
    done = command(["evaluate", "run", "survey.csv", *options], tmp_path, MLP_LAB)
    assert "baselines" not in json.loads((tmp_path / "found.json").read_text())


def test_runs_in_memory_and_what_they_save(tmp_path: Path) -> None:
    """Have the same; a run of before has none, and says nothing of it."""
    frame = survey(120)[["age", "smoker", "voted"]]
    trained = mlp_lab.train(frame, target="voted", epochs=1)
    alone = mlp_lab.evaluate(trained, frame)
    trained.save(tmp_path / "run")
    saved = mlp_lab.evaluate(tmp_path / "run", frame)
    ranks = [
        name for name in map(str, saved) if "roc_auc" in name
    ]  # rounding parts rows that were level
    pd.testing.assert_frame_equal(alone.drop(columns=ranks), saved.drop(columns=ranks), rtol=1e-5)
    assert saved["logistic_accuracy"].notna().all()
    schema = tmp_path / "run" / "schema.json"
    content = json.loads(schema.read_text())
    del content["linear_baseline"]
    schema.write_text(json.dumps(content))
    former = mlp_lab.evaluate(tmp_path / "run", frame)
    assert former.columns.tolist() == [
        name for name in map(str, saved) if not name.startswith("logistic")
    ]


def test_what_is_not_kept() -> None:
    """A model of very many numbers, and one that is not finite."""
    assert LinearBaseline.of("linear", np.zeros((MOST_NUMBERS, 1)), np.zeros(1)) is None
    assert LinearBaseline.of("linear", np.full((2, 1), np.nan), np.zeros(1)) is None
    single = np.array([[0.1], [1 / 3]], np.float32)
    kept = LinearBaseline.of("linear", single.astype(np.float64), np.array([2.5]))
    assert kept is not None
    assert kept.weights == [[0.100000001], [0.333333343]]
    assert (np.array(kept.weights, np.float32) == single).all()

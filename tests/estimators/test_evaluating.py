"""Scores of a saved network on a DataFrame are those of the command."""

import json
from pathlib import Path
from typing import Any, cast

import pandas as pd
import pytest
from lab import BARE, call, train
from surveys import survey, written

import mlp_lab
from mlp_lab.commands.main import main
from mlp_lab.errors import UserError


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on weighted rows."""
    folder = tmp_path_factory.mktemp("evaluating")
    path = written(survey(120), folder)
    words = ("data=table", f"data.path='{path}'", "data.target=voted", "data.weight=weight")
    return train(folder / "run", *words, "data.features=[age,trust,smoker]", *BARE, "epochs=2")


def test_as_the_command(run: Path, tmp_path: Path) -> None:
    """All rows and each group: scores, intervals, and the constant of a group."""
    frame = survey(90, seed=1)
    frame.loc[:3, "smoker"] = None
    written(frame, tmp_path)
    words = ["evaluate", str(run), "survey.csv", "--by", "smoker,age", "-o", "found.json"]
    done = call(words, tmp_path, main, "mlp-lab")
    assert done.returncode == 0
    said = json.loads((tmp_path / "found.json").read_text())
    table = mlp_lab.evaluate(run, frame.set_index("id"), by=["smoker", "age"])
    assert table.loc[("", "all"), "rows"] == 90
    assert table.loc[("", "all"), "accuracy"] == pytest.approx(said["scores"]["accuracy"])
    groups = {(by, name) for by, own in said["by"].items() for name in own["groups"]}
    assert groups == {*table.index[1:]}
    assert said["by"]["smoker"]["too_small"] == {"(no value)": 4}
    assert "smoker '(no value)': 4 rows, too few to say anything" in done.stdout
    for by, name in groups:
        own, row = said["by"][by]["groups"][name], table.loc[by, name]
        assert row["rows"] == own["rows"]
        assert row["constant_accuracy"] == pytest.approx(own["constant"]["accuracy"])
        ends = [row["brier_low"], row["brier_high"]]
        assert ends == pytest.approx(own["intervals"]["brier"])
    alone = mlp_lab.evaluate(mlp_lab.load(run), frame, by="smoker", weight="household")
    assert len(alone) == 3


def test_intervals_by_clusters(run: Path) -> None:
    """Wider by about the root of the rows of each, where these are alike."""
    frame = pd.concat([survey(60, seed=1).assign(house=range(60))] * 4)
    rows, clusters = (
        mlp_lab.evaluate(run, frame, cluster=column, weight="country_weight").iloc[0]
        for frame in [frame.assign(country_weight=1)]
        for column in (None, "house")
    )
    assert rows["brier"] == clusters["brier"]
    widths = [own["brier_high"] - own["brier_low"] for own in (rows, clusters)]
    assert 1.5 < widths[1] / widths[0] < 2.6


def test_bad_words(run: Path) -> None:
    """One line each."""
    frame = survey(60, seed=1)
    refusals: list[tuple[str, pd.DataFrame, dict[str, Any]]] = [
        ("by: no such column in rows: 'smokr': did you mean 'smoker'?", frame, {"by": "smokr"}),
        ("by must be a column of at most 50 different values, got 60", frame, {"by": "remark"}),
        ("column 'w' is missing", frame, {"weight": "w"}),
        ("cluster: no such column in rows: 'hous'", frame, {"cluster": "hous"}),
        ("strata region: every row needs a value", frame, {"strata": "region"}),
        ("column 'voted' is missing", frame.drop(columns="voted"), {}),
        ("rows must be a DataFrame with the target, got list", cast(pd.DataFrame, [[1]]), {}),
    ]
    for line, rows, options in refusals:
        with pytest.raises(UserError, match=f"^{line}".replace("?", r"\?")):
            mlp_lab.evaluate(run, rows, **options)
    with pytest.raises(UserError, match="holds no finished run"):
        mlp_lab.evaluate("nowhere", frame)


@pytest.fixture(scope="module")
def wages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on numbers."""
    folder = tmp_path_factory.mktemp("wages")
    path = written(survey(160), folder)
    words = ("data=table", f"data.path='{path}'", "data.target=income", *BARE, "epochs=2")
    more = ("data.features=[age,trust,smoker]", "data.drop_missing_target=true")
    return train(folder / "run", *words, *more)


def test_intervals_by_group_as_the_command(wages: Path, tmp_path: Path) -> None:
    """How many rows lie inside, of all and of each group."""
    frame = survey(90, seed=1)
    written(frame, tmp_path)
    words = ["evaluate", str(wages), "survey.csv", "--by", "smoker", "--interval", "0.8"]
    done = call([*words, "-o", "found.json", "--drop-missing-target"], tmp_path, main, "mlp-lab")
    assert done.returncode == 0, done.stderr
    assert "inside" in done.stdout
    said = json.loads((tmp_path / "found.json").read_text())
    options: dict[str, Any] = {"by": "smoker", "interval": 0.8, "drop_missing_target": True}
    table = mlp_lab.evaluate(wages, frame, **options)
    whole = said["interval"]["targets"]["income"]
    assert table.loc[("", "all"), "in_interval"] == pytest.approx(whole["coverage"])
    assert table.loc[("", "all"), "interval_width"] == pytest.approx(whole["mean_width"])
    for name, own in said["by"]["smoker"]["groups"].items():
        inside = own["interval"]["targets"]["income"]
        assert table.loc[("smoker", name), "in_interval"] == pytest.approx(inside["coverage"])
    with pytest.raises(UserError, match="interval must be"):
        mlp_lab.evaluate(wages, frame, interval=1.5)


def test_a_cost_as_the_command(run: Path, tmp_path: Path) -> None:
    """The threshold that cost least on validation rows; rows without a target are left out."""
    frame = survey(90, seed=2)
    frame.loc[:4, "voted"] = None
    written(frame, tmp_path)
    words = ["evaluate", str(run), "survey.csv", "--cost", "3", "--class", "no"]
    done = call([*words, "-o", "found.json", "--drop-missing-target"], tmp_path, main, "mlp-lab")
    assert done.returncode == 0, done.stderr
    said = json.loads((tmp_path / "found.json").read_text())
    options: dict[str, Any] = {"cost": 3, "class_name": "no", "drop_missing_target": True}
    row = mlp_lab.evaluate(run, frame, **options).iloc[0]
    assert row["rows"] == 85
    for name in ("accuracy", "f1", "brier"):
        assert row[name] == pytest.approx(said["scores"][name])
    for wrong, message in (
        ({"cost": 3, "threshold": 0.2}, "threshold and cost both choose a threshold"),
        ({"class_name": "no"}, "class_name"),
        ({"cost": -1}, "cost must be"),
    ):
        with pytest.raises(UserError, match=message):
            mlp_lab.evaluate(run, frame, **cast(dict[str, Any], wrong))
    with pytest.raises(UserError, match="no row of rows has a value of voted, the target"):
        mlp_lab.evaluate(run, frame.head(4), drop_missing_target=True)


def test_the_weights_of_the_training(run: Path, tmp_path: Path) -> None:
    """Are to be there, or another column is named; the row of all has its constant, too."""
    frame = survey(60, seed=3).drop(columns="weight")
    said = "column 'weight' is missing, which held the weights of the training: "
    with pytest.raises(UserError, match=said + "weight names another"):
        mlp_lab.evaluate(run, frame)
    written(frame, tmp_path)
    done = call(["evaluate", str(run), "survey.csv"], tmp_path, main, "mlp-lab")
    assert said + "--weight names another" in done.stderr
    table = mlp_lab.evaluate(run, frame, weight="household", by="smoker")
    assert table["constant_accuracy"].notna().all()


def test_whatever_has_a_network() -> None:
    """A run in memory and an estimator; one that is not fitted has none."""
    frame = survey(120)[["age", "smoker", "voted"]]
    trained = mlp_lab.train(frame, target="voted", epochs=1)
    estimator = mlp_lab.MLPClassifier(epochs=1)
    with pytest.raises(UserError, match=r"run must be a run's folder, .* got MLPClassifier"):
        mlp_lab.evaluate(estimator, frame)
    fitted = estimator.fit(frame, target="voted")
    for one in (trained, fitted):
        row = mlp_lab.evaluate(one, frame, by="smoker").iloc[0]
        assert row["rows"] == 120
        found = (one.predict(frame.drop(columns="voted")) == frame["voted"]).mean()
        assert row["accuracy"] == pytest.approx(found)

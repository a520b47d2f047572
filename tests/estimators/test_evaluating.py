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

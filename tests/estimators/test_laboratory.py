"""train, sweep, runs and curves from Python."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from voters import voters

import mlp_lab
from mlp_lab.errors import UserError


def test_what_python_trains_is_what_the_command_trains(iris_run: Path) -> None:
    """The same rows, the same seed: the same numbers."""
    words = ["model=shallow", "model.width=8"]
    run = mlp_lab.train("iris", *words, epochs=4, threads=1)
    there = mlp_lab.curves(iris_run)
    pd.testing.assert_frame_equal(
        run.curves.drop(columns="seconds"), there.drop(columns="seconds"), check_like=True
    )
    runs = mlp_lab.runs(iris_run)
    assert runs["test_loss"].tolist() == [run.scores["loss"]["test"]]
    assert runs["verdict"].tolist() == [run.verdict.state.kind]


def test_a_frame_is_read_as_a_file_is(tmp_path: Path) -> None:
    frame = voters()
    path = tmp_path / "survey.csv"
    frame.to_csv(path, index=False)
    by_frame, by_path = (
        mlp_lab.train(data, target="voted", epochs=3, types={"town": "category"})
        for data in (frame, path)
    )
    pd.testing.assert_frame_equal(by_frame.scores, by_path.scores)
    assert by_frame.predict(frame.head(3)).tolist() == by_path.predict(frame.head(3)).tolist()
    assert "town    category" in by_frame.data_report
    assert (by_frame.save(tmp_path / "run") / "data_report.txt").is_file()
    assert list(by_frame.predict_proba(frame.head(3)).columns) == ["no", "yes"]


@pytest.mark.parametrize(
    ("data", "settings", "said"),
    [
        ("irs", {}, "got 'irs': did you mean 'iris'"),
        ("nowhere.csv", {"target": "a"}, "data.path: no such file: 'nowhere.csv'"),
        ("iris", {"target": "a"}, "target='a' is for a DataFrame or a file"),
        (voters(), {}, "target is missing: choose a column of the DataFrame: age, town"),
        (voters(), {"target": "vote"}, "target=vote: no such column in the DataFrame: did"),
        ("iris", {"batch_size": 9999}, "batch_size must be at most the 98 training rows"),
        (
            "iris",
            {"patience": 3, "val_fraction": 0},
            "patience needs validation rows, but val_fraction is 0",
        ),
        ("iris", {"optimizer.lr": -1}, "optimizer.lr must be positive, got -1"),
    ],
)
def test_what_cannot_be_trained(
    data: str | pd.DataFrame, settings: dict[str, object], said: str
) -> None:
    with pytest.raises(UserError) as caught:
        mlp_lab.train(data, **settings)  # type: ignore[arg-type]
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_nothing_is_printed_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    mlp_lab.sweep("iris", seed=[0, 1], epochs=1)
    mlp_lab.train("iris", epochs=1)
    assert capsys.readouterr() == ("", "")


def test_a_sweep_over_folds_and_seeds() -> None:
    swept = mlp_lab.sweep("iris", "model=shallow", cv=3, lr=np.array([0.1, 1e-3]), epochs=5)
    assert len(swept) == len(swept.jobs) == 6
    assert swept.ranking["runs"].tolist() == [3, 3]
    assert set(swept.jobs.columns) >= {"data.fold", "optimizer.lr", "val_accuracy", "verdict"}
    best = swept.ranking.iloc[0]
    jobs = swept.jobs[swept.jobs["optimizer.lr"] == float(best["optimizer.lr"])]
    assert best["val_accuracy"] == pytest.approx(jobs["val_accuracy"].mean())
    assert swept.best.scores.loc["val", "accuracy"] in set(jobs["val_accuracy"])


def test_the_runs_of_a_folder(swept: Path) -> None:
    found = mlp_lab.runs(swept)
    assert len(found) == 8
    assert {"model.width", "optimizer.lr", "seed", "val_accuracy", "verdict"} <= {*found.columns}
    with pytest.raises(UserError, match="no such folder: 'nowhere'"):
        mlp_lab.runs("nowhere")
    with pytest.raises(UserError, match="nowhere holds no run"):
        mlp_lab.curves("nowhere")


def test_the_package_is_quick_to_import_and_has_its_names() -> None:
    """A room of a function's name does not hide it; nothing slow is loaded for a version."""
    program = (
        "import sys, mlp_lab, mlp_lab.sweep.plan, mlp_lab.runs.job;"
        "assert not {'torch', 'sklearn', 'pandas'} & {*sys.modules};"
        "assert callable(mlp_lab.sweep) and callable(mlp_lab.runs);"
        "assert {*mlp_lab.__all__} <= {*dir(mlp_lab)};"
        "[getattr(mlp_lab, name) for name in mlp_lab.__all__]"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
    with pytest.raises(AttributeError, match="no attribute 'trane'"):
        mlp_lab.trane  # noqa: B018

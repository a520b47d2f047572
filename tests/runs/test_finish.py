"""The end of a run: scored, judged, and everything on disk."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from lab import BARE, stack_of_runs, written

from mlp_lab.data.dataset import Dataset
from mlp_lab.network.losses import Objective
from mlp_lab.network.mlp import MLP
from mlp_lab.runs import finish as finishing
from mlp_lab.runs.baselines import baselines
from mlp_lab.runs.boosting import Boosting, boosting
from mlp_lab.runs.checkpoint import CheckpointTimer
from mlp_lab.runs.finish import DatasetCache, FinishedRun
from mlp_lab.runs.result_file import read_result
from mlp_lab.runs.training import Training
from mlp_lab.verdict.judge import Judge


def finished(folder: Path, common: DatasetCache, *members: tuple[str, ...]) -> list[FinishedRun]:
    """Runs that train together to their end."""
    stack, runs = stack_of_runs(folder, *members)
    ends: list[FinishedRun] = []
    judge = Judge()
    Training(
        stack,
        runs,
        folder / "checkpoint",
        CheckpointTimer(0.0),
        lambda run, stack, k: ends.append(finishing.finish(run, stack, k, common, judge)),
    ).train(lambda: False, lambda epoch: None)
    return ends


IRIS = ("data=iris", "model=shallow", "model.width=4", "epochs=2", *BARE)


def test_the_best_network_is_what_counts(tmp_path: Path) -> None:
    """Not the last one: its scores are those of the best epoch in the curves."""
    wild = ("data=iris", "model=shallow", "epochs=5", "optimizer.lr=0.3", *BARE)
    (end,) = finished(tmp_path, DatasetCache(), wild)
    result = json.loads((tmp_path / "0" / "result.json").read_text())
    lines = (tmp_path / "0" / "curves.csv").read_text().splitlines()
    columns = dict(zip(lines[0].split(","), lines[result["best_epoch"]].split(","), strict=True))
    assert result["val"]["loss"] == pytest.approx(float(columns["val_loss"]), rel=1e-5)
    losses = [float(line.split(",")[2]) for line in lines[1:]]
    assert result["best_epoch"] == losses.index(min(losses)) + 1 < 5
    assert end.network.members == 1
    assert result["rows"] == {name: len(part.truth) for name, part in end.scored.items()}


def test_everything_is_there(tmp_path: Path) -> None:
    """For each run of a stack in its own folder, with its own numbers."""
    ends = finished(tmp_path, DatasetCache(), IRIS, (*IRIS, "seed=1"))
    assert len(ends) == 2
    results = [json.loads((tmp_path / name / "result.json").read_text()) for name in "01"]
    assert results[0]["train"] != results[1]["train"]
    assert [result["overrides"][-1] for result in results] == [IRIS[-1], "seed=1"]
    for name in "01":
        assert {"curves.csv", "model.safetensors", "schema.json"} <= written(tmp_path / name)
        assert results[0]["baselines"].keys() == {"constant", "logistic"}
        assert "network" not in results[int(name)]["baselines"]


def test_what_runs_have_in_common_is_found_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Baselines are fitted for each data set and objective, and no other's are taken for them."""
    fitted: list[int] = []

    def counted(dataset: Dataset, objective: Objective) -> dict[str, MLP]:
        fitted.append(id(dataset))
        return baselines(dataset, objective)

    monkeypatch.setattr(finishing, "baselines", counted)
    _, runs = stack_of_runs(tmp_path, IRIS, (*IRIS, "data.split_seed=1"))
    one, other = (run.dataset for run in runs.values())
    common = DatasetCache()
    scores = common.baselines_of(runs[0])
    assert common.baselines_of(runs[0]) == scores
    assert common.baselines_of(runs[1]) != scores
    assert common.validation_of(runs[0])["logistic"].scores() == scores["logistic"]["val"]
    mse = replace(runs[0].prepared, objective=Objective("softmax", "mse"))
    runs[0].prepared = mse
    assert common.baselines_of(runs[0])["constant"]["train"] != scores["constant"]["train"]
    assert fitted == [id(one), id(other), id(one)]
    assert common.schema(runs[1]) is common.schema(runs[1])
    kept = json.loads(common.schema(runs[1]))
    assert kept.pop("linear_baseline")["name"] == "logistic"
    assert kept == json.loads(json.dumps(other.schema.to_dict()))


def test_boosting_is_fitted_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For all runs on the same rows that want it, and for no other."""
    fitted: list[int] = []

    def counted(dataset: Dataset, objective: Objective, threads: int) -> Boosting | None:
        fitted.append(id(dataset))
        return boosting(dataset, objective, threads)

    monkeypatch.setattr(finishing, "boosting", counted)
    wanted = (*IRIS, "tracking.boosting=always")
    _, runs = stack_of_runs(tmp_path, IRIS, wanted, (*wanted, "seed=1"))
    runs[2].dataset = runs[1].dataset
    common = DatasetCache()
    found = [list(common.baselines_of(run)) for run in runs.values()]
    simple = ["constant", "logistic"]
    assert found == [simple, [*simple, "boosting"], [*simple, "boosting"]]
    assert fitted == [id(runs[1].dataset)]


def test_boosting_is_written_down(tmp_path: Path) -> None:
    """With the same scores as the network, in a file that is read again."""
    finished(tmp_path, DatasetCache(), (*IRIS, "tracking.boosting=always"))
    result = read_result(tmp_path / "0" / "result.json")
    scores = result["baselines"]["boosting"]
    assert {part: scores[part].keys() for part in scores} == {
        part: result[part].keys() for part in ("train", "val", "test")
    }
    assert scores["test"]["accuracy"] > 0.8

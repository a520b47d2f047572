"""A run's record in tracking services: their libraries stood in for by what notes each call."""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from mlp_lab.errors import UserError
from mlp_lab.runs.result_file import read_result
from mlp_lab.sharing import trackers
from mlp_lab.sharing.trackers import Replay, replay, replay_of

Call = tuple[str, tuple[object, ...], dict[str, object]]


class Noted:
    """Notes its calls by dotted name; what it gives notes, too, and can be entered."""

    def __init__(self, name: str, calls: list[Call]) -> None:
        self.name, self.calls = name, calls

    def __getattr__(self, name: str) -> "Noted":
        return Noted(f"{self.name}.{name}" if self.name else name, self.calls)

    def __call__(self, *values: object, **named: object) -> "Noted":
        """Note it."""
        self.calls.append((self.name, values, named))
        return self

    def __enter__(self) -> "Noted":
        return self

    def __exit__(self, *_: object) -> None:
        self.calls.append(("end", (), {}))


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[Call]]:
    """Make a library of a name that notes calls."""

    def made(name: str) -> list[Call]:
        calls: list[Call] = []
        library = ModuleType(name)
        for function in ("init", "log", "finish", "set_tracking_uri", "set_experiment"):
            setattr(library, function, Noted(function, calls))
        for function in ("start_run", "log_params", "log_metrics"):
            setattr(library, function, Noted(function, calls))
        monkeypatch.setitem(sys.modules, name, library)
        monkeypatch.setattr(trackers, "find_spec", lambda asked: asked == name or None)
        return calls

    return made


RUN = Replay(
    "run",
    "mine",
    {"optimizer.lr": 0.1},
    [{"loss/train": 2.0}, {"loss/train": 1.0}],
    {"loss/test": 3},
)


def test_what_is_replayed(iris_run: Path) -> None:
    """Settings by key, curves by TensorBoard's names, scores of the best epoch."""
    found, result = replay_of(iris_run, "mine"), read_result(iris_run / "result.json")
    assert (found.name, found.project) == (iris_run.name, "mine")
    assert found.settings["optimizer.name"] == "adam"
    assert found.settings["status"] == result["status"]
    assert len(found.epochs) == result["epochs_run"]
    assert {"loss/train", "loss/val", "accuracy/train", "accuracy/val", "lr"} < set(found.epochs[0])
    assert found.scores["accuracy/test"] == result["test"]["accuracy"]
    assert found.scores["loss/best_val"] == result["val"]["loss"]
    assert replay_of(iris_run, "mine", "other").name == "other"


def test_wandb(install: Callable[[str], list[Call]]) -> None:
    """A step for each epoch, the scores as a summary."""
    calls = install("wandb")
    replay("wandb", RUN)
    assert [call[0] for call in calls] == [
        "init",
        "init.log",
        "init.log",
        "init.summary.update",
        "end",
    ]
    assert calls[0][2] == {"project": "mine", "name": "run", "config": {"optimizer.lr": 0.1}}
    assert calls[2][1:] == (({"loss/train": 1.0},), {"step": 2})


def test_trackio(install: Callable[[str], list[Call]]) -> None:
    """The scores at the last step."""
    calls = install("trackio")
    replay("trackio", RUN)
    assert [call[0] for call in calls] == ["init", "log", "log", "log", "finish"]
    assert calls[3][1:] == (({"loss/test": 3},), {"step": 2})


def test_mlflow(install: Callable[[str], list[Call]]) -> None:
    """Where to, the experiment, parameters as text, metrics of each epoch."""
    calls = install("mlflow")
    replay("mlflow", RUN, "http://127.0.0.1:5000")
    names = [call[0] for call in calls]
    assert names[:4] == ["set_tracking_uri", "set_experiment", "start_run", "log_params"]
    assert names[4:] == ["log_metrics"] * 3 + ["end"]
    assert calls[3][1] == ({"optimizer.lr": "0.1"},)


def test_refusals(install: Callable[[str], list[Call]], monkeypatch: pytest.MonkeyPatch) -> None:
    """One line each."""
    with pytest.raises(UserError, match="unknown service 'wand': did you mean 'wandb'"):
        replay("wand", RUN)
    install("other")
    with pytest.raises(UserError, match="--to wandb needs wandb: pip install wandb"):
        replay("wandb", RUN)
    with pytest.raises(UserError, match="--uri is of mlflow: wandb is told where"):
        replay("wandb", RUN, "http://here")

    def fails(*_: object) -> None:
        raise ConnectionError("no route\nto host")

    monkeypatch.setitem(trackers.TRACKERS, "wandb", fails)
    install("wandb")
    with pytest.raises(UserError, match="wandb: no route to host"):
        replay("wandb", RUN)


def test_a_run_that_has_not_ended(iris_run: Path, tmp_path: Path) -> None:
    """It is not replayed."""
    folder = shutil.copytree(iris_run, tmp_path / "run")
    failed = {"status": "failed", "reason": "killed", "overrides": []}
    (folder / "result.json").write_text(json.dumps(failed))
    with pytest.raises(UserError, match="holds no finished run: killed"):
        replay_of(folder, "mine")
    (folder / "result.json").unlink()
    with pytest.raises(UserError, match="holds no finished run: not finished"):
        replay_of(folder, "mine")

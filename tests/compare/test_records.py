"""Runs as data, from their folders."""

import json
from pathlib import Path

import pytest
from lab import BARE, command

from mlp_lab.compare.ranking import rank
from mlp_lab.compare.records import read_run, read_runs, reason_of
from mlp_lab.errors import UserError


def test_a_cross_validation_is_a_sweep_over_folds(tmp_path: Path) -> None:
    """cv=3 needs no -m; each job is the run that its folds name."""
    words = [*BARE, "data=iris", "model=shallow", "model.width=4,8", "epochs=2", "cv=3"]
    done = command([*words, "hydra.sweep.dir=sweep"], tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    records = read_runs([tmp_path / "sweep"])
    assert [record.settings["data.fold"] for record in records] == [0, 1, 2, 0, 1, 2]
    ranking = rank(records, "loss")
    assert (ranking.keys, ranking.replicates) == (["model.width"], ["data.fold"])
    done = command(["cv=1", "data=iris"], tmp_path)
    assert (done.returncode, done.stderr) == (1, "cv must be 2 or more, or null, got 1\n")


def test_a_run_that_never_ended(tmp_path: Path) -> None:
    """Its command line is in Hydra's record; it is not to be compared."""
    (tmp_path / ".hydra").mkdir()
    (tmp_path / ".hydra" / "overrides.yaml").write_text("- optimizer.lr=0.1\n- +model.width=4\n")
    (tmp_path / "config.yaml").write_text("defaults: [a]\ndata: {name: iris}\nseed: 3\n")
    record = read_run(tmp_path)
    assert record.settings.items() >= {"data.name": "iris", "seed": 3}.items()
    assert record.overrides == {"optimizer.lr": "0.1", "model.width": "4"}
    assert (record.data, record.reason) == ("iris", "not finished")


def test_jobs_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    """Job 9 before job 10; each run once, however often it is named."""
    for number in (10, 9, 1):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "config.yaml").write_text("data: {name: iris}\n")
        (folder / "result.json").write_text(json.dumps({"status": "failed"}))
    records = read_runs([tmp_path, tmp_path / "9"])
    assert [record.folder.name for record in records] == ["1", "9", "10"]


@pytest.mark.parametrize("text", ["", "- a\n", "{"])
def test_what_is_no_configuration(text: str, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(text)
    with pytest.raises(UserError, match=str(tmp_path)):
        read_run(tmp_path)


def test_why_a_run_is_not_compared() -> None:
    """By its status."""
    assert reason_of({"status": "stopped"}) == ""
    assert reason_of({"status": "failed", "reason": "OSError"}) == "OSError"
    assert reason_of({"status": "diverged", "diverged": {"epoch": 3}}) == "diverged in epoch 3"
    assert reason_of({}) == "not finished"

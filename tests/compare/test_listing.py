"""Runs and sweeps in lines: what stands in them, in which order, and what is damaged."""

import os
from pathlib import Path

import pytest
from lab import BARE, train

from mlp_lab.compare.listing import Entry, entries_below, model_of
from mlp_lab.errors import UserError

WORDS = ("data=iris", "model=shallow", "model.width=3", "epochs=1", *BARE)


def listed(*folders: Path) -> list[Entry]:
    """As the command lists them."""
    return entries_below(folders, "sweep.json")


def aged(folder: Path, seconds: int) -> Path:
    """A run that ended so many seconds after the first."""
    place = folder / "result.json" if (folder / "result.json").exists() else folder / "config.yaml"
    os.utime(place, (10**9 + seconds, 10**9 + seconds))
    return folder


def test_runs(tmp_path: Path) -> None:
    """The newest first; data, network, score, verdict, name and tags of each."""
    aged(train(tmp_path / "a", *WORDS, "name=first", "tags=[x,y]"), 0)
    aged(train(tmp_path / "b", *WORDS, "model.depth=0", "data.val_fraction=0"), 60)
    later, earlier = listed(tmp_path)
    assert (earlier.folder, later.folder) == (tmp_path / "a", tmp_path / "b")
    assert earlier.score.startswith("accuracy 0.")
    assert earlier.verdict
    facts = (earlier.data, earlier.model, earlier.name, earlier.tags)
    assert facts == ("iris", "3 relu", "first", "x, y")
    assert (later.model, later.score, later.name) == ("no hidden layer", "", "")


def test_a_sweep_is_one_line(tmp_path: Path) -> None:
    """With its best setting; jobs that lack are counted, also in a folder of folders."""
    sweep = tmp_path / "sweep"
    for number, width in enumerate((2, 2, 5, 5)):
        train(sweep / str(number), *WORDS, f"model.width={width}", f"seed={number % 2}", "name=g")
    (sweep / "sweep.json").write_text("{}")
    assert next(iter(listed(sweep))).score.startswith("accuracy ")
    (sweep / "multirun.yaml").write_text("sweep:\n  select: roc_auc\n")
    assert next(iter(listed(sweep))).score.startswith("roc_auc ")
    (sweep / "multirun.yaml").unlink()
    (sweep / "3" / "result.json").unlink()
    alone = train(tmp_path / "alone", *WORDS)
    found = {entry.folder: entry for entry in listed(tmp_path)}
    assert found.keys() == {sweep, alone}
    assert found[sweep].model == "4 jobs, best: model.width=2"
    assert found[sweep].verdict.endswith("; 1 job not finished")
    assert found[sweep].name == "g"
    assert [entry.folder for entry in listed(tmp_path, alone)].count(alone) == 1


@pytest.mark.parametrize("damage", ["config.yaml", "result.json"])
def test_a_damaged_folder_is_named(damage: str, tmp_path: Path) -> None:
    """The others are listed all the same."""
    for name in ("good", "bad"):
        train(tmp_path / name, *WORDS)
    (tmp_path / "bad" / damage).write_text("[1, 2")
    verdicts = {entry.folder.name: entry.verdict for entry in listed(tmp_path)}
    assert not verdicts["good"].startswith("cannot")
    assert verdicts["bad"].startswith("cannot be read: ")
    assert damage in verdicts["bad"]


def test_what_has_no_result(tmp_path: Path) -> None:
    """It was not finished, or diverged."""
    train(tmp_path / "stopped", *WORDS)
    (tmp_path / "stopped" / "result.json").unlink()
    assert [entry.verdict for entry in listed(tmp_path)] == ["not finished"]


def test_folders_that_hold_nothing(tmp_path: Path) -> None:
    for folder, message in ((tmp_path, "holds no run"), (tmp_path / "x", "no such folder")):
        with pytest.raises(UserError, match=message):
            listed(folder)


@pytest.mark.parametrize(
    ("depth", "width", "activation", "words"),
    [
        (3, 8, "relu", "8-8-8 relu"),
        (12, 8, "tanh", "12 layers of 8 tanh"),
        (2, [8, 4], ["relu", "tanh"], "8-4 relu, tanh"),
    ],
)
def test_networks(depth: int, width: object, activation: object, words: str) -> None:
    settings = {"model.depth": depth, "model.width": width, "model.activation": activation}
    assert model_of(settings) == words

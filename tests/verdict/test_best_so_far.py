"""Advice that knows what was tried on the same data, and goes back to what did better."""

import json
import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import lab
import numpy as np
import pandas as pd
import pytest
from judged import SOUND
from lab import BARE, train

from mlp_lab.verdict.advice import AS_GOOD
from mlp_lab.verdict.best_so_far import better_run
from mlp_lab.verdict.history import Earlier, earlier_runs
from mlp_lab.verdict.judge import Judge
from mlp_lab.verdict.measure import Measure

UNDER = ("data=spirals", "epochs=20", "optimizer.lr=0.01", *BARE)


@pytest.fixture(autouse=True)
def _with_history(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the command judges."""
    monkeypatch.setattr(lab, "Judge", lambda: Judge(earlier_runs))


def verdict_of(run: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((run / "result.json").read_text())["verdict"]
    return found


def harmed_words(words: Sequence[str]) -> list[str]:
    return [*words, "optimizer.weight_decay=3"]


def settings(command: str) -> list[str]:
    return shlex.split(command)[2:]


def test_nothing_is_tried_twice(tmp_path: Path) -> None:
    """What was tried beside it is not suggested again, and named where nothing is left."""
    words = ("model=perceptron", *UNDER)
    first = verdict_of(train(tmp_path / "first", *words))
    assert first["next"].endswith(" model=deep")
    train(tmp_path / "wide", "model=deep", "model.width=1", *UNDER)
    assert verdict_of(train(tmp_path / "again", *words))["next"] == first["next"]
    better = train(tmp_path / "deep", *settings(first["next"]))
    last = verdict_of(train(tmp_path / "last", *words))
    assert last["next"] == ""
    (note,) = [note for note in last["notes"] if note["kind"] == "an earlier run did better"]
    assert note["words"].endswith(f": {better}")
    assert note["numbers"]["earlier"] > note["numbers"]["val"] + note["numbers"]["margin"]


def test_what_did_harm_is_taken_back(tmp_path: Path) -> None:
    """The next thing is tried from the run that did better."""
    words = ("data=diabetes", "epochs=60", "model=deep", *BARE)
    first = verdict_of(train(tmp_path / "first", *words))
    assert first["kind"] == "overfit"
    assert "model.dropout=0.2" in first["next"]
    harmed = train(tmp_path / "harmed", *harmed_words(words))
    found = verdict_of(harmed)
    note = found["notes"][-1]
    assert note["kind"] == "an earlier run did better"
    assert settings(note["next"]) == settings(first["next"])
    assert found["next"] == ""
    train(tmp_path / "mild", *settings(first["next"]))
    note = verdict_of(train(harmed.with_name("again"), *harmed_words(words)))["notes"][-1]
    assert "model.dropout" not in note["next"]


@pytest.mark.parametrize(
    ("words", "left"),
    [(("data=digits", "epochs=20"), ""), (("data=diabetes", "epochs=50"), "model.dropout")],
)
def test_a_rate_that_is_too_low_does_not_go_on(
    tmp_path: Path, words: tuple[str, ...], left: str
) -> None:
    """Where a run of the rate by default did better: that one is used, or goes on being mended."""
    default = train(tmp_path / "default", *words, *BARE)
    found = verdict_of(train(tmp_path / "low", *words, "optimizer.lr=1e-6", *BARE))
    assert found["kind"] == "not converged"
    assert found["next"] == ""
    note = found["notes"][-1]
    assert note["kind"] == "an earlier run did better"
    assert left in note["next"]
    assert bool(note["next"]) == bool(left)
    assert left or f"use {default}" in found["words"]


@pytest.mark.parametrize("other", ["seed=1", "data.split_seed=3", "data=wine"])
def test_other_rows_say_nothing(tmp_path: Path, other: str) -> None:
    """A score on other rows is no better and no worse."""
    train(tmp_path / "other", "model=deep", *UNDER, other)
    found = verdict_of(train(tmp_path / "run", "model=perceptron", *UNDER))
    assert found["next"].endswith(" model=deep")
    assert AS_GOOD not in found["words"]
    assert "an earlier run did better" not in [note["kind"] for note in found["notes"]]


def test_a_leak_is_no_better_run(tmp_path: Path) -> None:
    """A column was dropped since it gave the target away: nobody is sent back to it."""
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=300), draw.integers(0, 2, 300)
    path = tmp_path / "t.csv"
    pd.DataFrame({"x": x + y, "copy": y, "y": y}).to_csv(path, index=False)
    words = ("data=table", f"data.path={path}", "data.target=y", "model=shallow", *BARE)
    leaking = verdict_of(train(tmp_path / "leaking", *words, "epochs=60"))
    assert "suspiciously good" in [note["kind"] for note in leaking["notes"]]
    found = verdict_of(train(tmp_path / "dropped", *words, "epochs=60", "data.drop=[copy]"))
    assert "an earlier run did better" not in [note["kind"] for note in found["notes"]]


@pytest.mark.parametrize(("kind", "found"), [("good fit", True), ("nothing to learn", False)])
def test_chance_is_no_better_run(kind: str, found: bool) -> None:
    """Where nothing was to be learnt, one run is above another by accident."""
    verdict: dict[str, Any] = {
        "kind": kind,
        "words": "",
        "rule": "",
        "numbers": {},
        "since": None,
        "notes": [],
    }
    reached, constant = {"r2": 0.5, "loss": 0.5}, {"constant": {"val": {"r2": 0.0, "loss": 1.0}}}
    result = {"verdict": verdict, "status": "completed", "val": reached, "baselines": constant}
    earlier = [Earlier(Path("earlier"), [], result)]
    own = replace(SOUND, val=0.1)
    assert (better_run(own, earlier, Measure("R²", 0), "mse") is not None) == found

"""Advice that knows what was tried on the same data, and goes back to what did better."""

import json
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import lab
import numpy as np
import pandas as pd
import pytest
from lab import BARE, train

from mlp_lab.verdict.advice import AS_GOOD
from mlp_lab.verdict.history import earlier_runs
from mlp_lab.verdict.judge import Judge

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

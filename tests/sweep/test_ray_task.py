"""The process of a node, which ends with whoever started it."""

import os
import sys
from pathlib import Path

import pytest

from mlp_lab.runs import importing
from mlp_lab.sweep import ray_task
from mlp_lab.sweep.task import TaskRequest


@pytest.mark.parametrize("deserted", [True, False])
def test_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, deserted: bool) -> None:
    """Where nobody is left to ask for what it holds, it goes."""
    own, parts = tmp_path / "own", tmp_path / "parts.py"
    (own / "here").mkdir(parents=True)
    parts.write_text("FOUND = 1\n")
    trained: list[tuple[Path, int, str]] = []

    def train(sweep: Path, chunk: int, asked: TaskRequest, back: object) -> None:
        trained.append((sweep, chunk, str(Path.cwd())))
        asked.deserted = deserted

    monkeypatch.setattr(ray_task, "train_chunk", train)
    monkeypatch.setattr(ray_task, "_end_with_input", lambda asked: None)
    monkeypatch.setattr(importing, "IMPORTED", [])  # else later commands have it, too
    monkeypatch.chdir(tmp_path)
    ray_task.main(str(own / "here"), "sweep", "3", str(own), str(parts))
    assert trained == [(Path("sweep"), 3, str(own / "here"))]
    assert own.exists() != deserted
    assert "parts" in sys.modules


def test_its_input_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """As an actor dies: the stacks finish their epoch."""
    reading, writing = os.pipe()
    with os.fdopen(reading) as file:
        monkeypatch.setattr(sys, "stdin", file)
        os.close(writing)
        asked = TaskRequest()
        ray_task._end_with_input(asked)
    assert asked.made
    assert asked.deserted

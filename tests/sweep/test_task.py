"""What a task does, in this process and without a cluster."""

import json
from pathlib import Path

import pytest
from sweeps import bits, iris_job

from mlp_lab.sweep.chunks import Chunk, chunk_file
from mlp_lab.sweep.messages import StackRequest
from mlp_lab.sweep.task import TaskRequest, train_chunk
from mlp_lab.sweep.task_journal import Entry, JournalReader, journal_file

LONG = 1000
"""Epochs that are not over when a word reaches the workers."""


def saved(folder: Path, epochs: int, stacks: int = 1) -> None:
    """A chunk of stacks of two jobs each."""
    for name in (".cluster", ".stacks"):
        (folder / name).mkdir(parents=True)
    requests = [
        StackRequest(
            *(stack, [iris_job(2 * stack + n, folder, epochs=epochs, seed=n) for n in range(2)]),
            *({}, folder / ".stacks" / f"{stack}.safetensors"),
            reports=False,
        )
        for stack in range(stacks)
    ]
    Chunk.of(requests, folder, 1).write(chunk_file(folder, 0))


def said(folder: Path) -> list[Entry]:
    """What a task has written so far, but for signs of life."""
    entries = JournalReader(journal_file(folder, 0)).entries()
    return [entry for entry in entries if entry.say != "alive"]


def test_from_its_chunk_to_its_end(tmp_path: Path) -> None:
    """Every job is told of, also to who comes later; what has ended is not trained again."""
    saved(tmp_path, epochs=2)
    train_chunk(tmp_path, 0, TaskRequest(), lambda: None)
    first = said(tmp_path)
    assert [entry.say for entry in first] == ["began", "ended", "ended", "done"]
    assert {entry.job for entry in first[1:3]} == {0, 1}
    kept = (tmp_path / "0" / "result.json").read_bytes()
    train_chunk(tmp_path, 0, TaskRequest(), lambda: None)
    assert [entry.say for entry in said(tmp_path)[4:]] == ["began", "ended", "ended", "done"]
    assert (tmp_path / "0" / "result.json").read_bytes() == kept


def test_told_to_end(tmp_path: Path) -> None:
    """After an epoch; it goes back into its queue only where it got on, and comes to the same."""
    saved(tmp_path / "whole", epochs=LONG)
    train_chunk(tmp_path / "whole", 0, TaskRequest(), lambda: None)
    folder, back = tmp_path / "parted", list[str]()
    saved(folder, epochs=LONG)
    request = TaskRequest()
    request.made = request.goes_back = True
    train_chunk(folder, 0, request, lambda: back.append("back"))
    assert [entry.say for entry in said(folder)] == ["began", "stopped"]
    assert len(back) == bool(said(folder)[-1].epochs)
    train_chunk(folder, 0, TaskRequest(), lambda: None)
    assert said(folder)[-1].say == "done"
    assert bits(folder) == bits(tmp_path / "whole")


def test_a_job_that_cannot_be_trained_here(tmp_path: Path) -> None:
    """Its stack fails with the reason, the others are trained."""
    saved(tmp_path, epochs=1, stacks=2)
    path = chunk_file(tmp_path, 0)
    chunk = json.loads(path.read_text())
    chunk["jobs"]["1"]["identity"] = "another"
    path.write_text(json.dumps(chunk))
    train_chunk(tmp_path, 0, TaskRequest(), lambda: None)
    entries = said(tmp_path)
    failed = {entry.job: entry.reason for entry in entries if entry.say == "failed"}
    reason = "the task has other rows or another version of mlp_lab than the sweep"
    assert failed == {0: reason, 1: reason}
    assert {entry.job for entry in entries if entry.say == "ended"} == {2, 3}
    assert entries[-1].say == "done"


def test_a_chunk_that_is_none(tmp_path: Path) -> None:
    """It is named, and its task ends."""
    saved(tmp_path, epochs=1)
    chunk_file(tmp_path, 0).write_text("{")
    with pytest.raises(ValueError, match="is not valid JSON"):
        train_chunk(tmp_path, 0, TaskRequest(), lambda: None)

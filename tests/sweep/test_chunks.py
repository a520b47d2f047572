"""Stacks as plain data, and back."""

import json
from pathlib import Path

import pytest
from sweeps import iris_job

from mlp_lab.errors import UserError
from mlp_lab.runs.prepared_data import PreparedDataCache
from mlp_lab.sweep.chunks import Chunk, chunk_file, rebuilt
from mlp_lab.sweep.jobs import SweepJob
from mlp_lab.sweep.messages import StackRequest


def planned(folder: Path) -> tuple[dict[int, SweepJob], list[StackRequest]]:
    """Two stacks of two jobs; in the second one has failed and is trained elsewhere."""
    jobs = {n: iris_job(n, folder, epochs=2, seed=n, optimizer__lr=1e-3) for n in range(4)}
    place = folder / ".stacks"
    why = {1: "stopped by halving at epoch 1", 9: "of another chunk"}
    first = StackRequest(
        *(0, [jobs[0], jobs[1]], {}, place / "0.safetensors"), reports=True, until=1, eliminated=why
    )
    second = StackRequest(
        *(5, [jobs[2], jobs[3]], {}, place / "5.safetensors"), reports=False, elsewhere={3}
    )
    return jobs, [first, second]


def saved(folder: Path) -> Path:
    """The file of a chunk of both."""
    (folder / ".cluster").mkdir()
    path = chunk_file(folder, 0)
    Chunk.of(planned(folder)[1], folder, processes=8).write(path)
    return path


def test_there_and_back(tmp_path: Path) -> None:
    """Every request and every job, as they were; of what has ended, nothing."""
    jobs, requests = planned(tmp_path)
    chunk = Chunk.load(saved(tmp_path))
    assert chunk.processes == 2  # no more than stacks
    data = PreparedDataCache()
    again = {n: rebuilt(n, job, tmp_path, data) for n, job in chunk.jobs.items()}
    assert again == jobs
    first, second = chunk.requests(tmp_path, again, done=[])
    requests[0] = StackRequest(
        *(0, [jobs[0], jobs[1]], {}, requests[0].checkpoint),
        reports=True,
        until=1,
        eliminated={1: "stopped by halving at epoch 1"},
    )
    assert [first, second] == requests
    assert chunk.requests(tmp_path, again, done=[0, 2]) == [requests[0]]
    assert chunk.requests(tmp_path, again, done=[0, 1, 2]) == []


def test_other_rows_or_another_version(tmp_path: Path) -> None:
    """A job that would not be the one that was planned is refused."""
    chunk = Chunk.load(saved(tmp_path))
    job = chunk.jobs[0]
    job.values["seed"] = 7
    with pytest.raises(UserError, match="other rows or another version of mlp_lab"):
        rebuilt(0, job, tmp_path, PreparedDataCache())


def test_what_is_no_chunk(tmp_path: Path) -> None:
    """A folder outside the sweep's, jobs that are not there, unknown keys: file and key."""
    path = saved(tmp_path)
    whole = json.loads(path.read_text())
    job, stack = whole["jobs"]["0"], whole["stacks"][0]
    changes: dict[str, dict[str, object]] = {
        "jobs.0.folder must lie in the sweep's, got '../0'": {
            "jobs": {**whole["jobs"], "0": {**job, "folder": "../0"}}
        },
        "stacks must hold jobs of the chunk, got 8": {"stacks": [{**stack, "jobs": [8]}]},
        "unknown key 'run'": {"run": "id"},
        "processes must be a whole number of at most 18 digits, got '1'": {"processes": "1"},
    }
    for words, change in changes.items():
        path.write_text(json.dumps({**whole, **change}))
        with pytest.raises(UserError) as refusal:
            Chunk.load(path)
        assert str(refusal.value) == f"{path}: {words}"

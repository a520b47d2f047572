"""Sweeps where a process may have few files open, as under `ulimit -n 64`."""

import sys
from pathlib import Path

import pytest
from lab import BARE, TRAIN, command
from sweeps import job_folders


@pytest.mark.skipif(sys.platform == "win32", reason="has no such limit")
def test_many_runs_and_few_files(tmp_path: Path) -> None:
    """A hundred runs train together, each with a curve and a file of events."""
    program = (
        "import os, resource, sys\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))\n"
        f"os.execv(sys.executable, {TRAIN!r} + sys.argv[1:])"
    )
    words = ["-m", *BARE[:2], "data=iris", "model=shallow", "epochs=2", "seed=range(100)"]
    done = command([*words, "hydra.sweep.dir=sweep"], tmp_path, [sys.executable, "-c", program])
    assert (done.returncode, done.stderr) == (0, "")
    folders = job_folders(tmp_path / "sweep")
    assert len(folders) == 100
    assert all((folder / "result.json").is_file() for folder in folders)
    assert all(list(folder.glob("events.out.tfevents.*")) for folder in folders)

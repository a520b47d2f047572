"""Sweeps that are killed, asked to stop, or lose a worker."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from lab import BARE, TRAIN, TRAIN_WORDS, clean_environment, command
from sweeps import SMALL, bits, job_folders, result, start, sweep

from mlp_lab.runs.progress import read_state

LONG = (
    *(*BARE, "data=iris", "model.depth=1", "model.width=3,8", "optimizer.lr=1e-3,1e-2"),
    *("seed=0,1", "epochs=60,150", "stop.patience=40", "sweep.members=4"),
)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What LONG gives in the end."""
    folder = tmp_path_factory.mktemp("undisturbed") / "sweep"
    assert sweep(folder, *LONG).returncode == 0
    return bits(folder)


def killed_and_continued(folder: Path, seconds: float, number: int) -> None:
    """Kill a sweep and its workers after a while, then let it finish."""
    process = start(folder, *LONG)
    time.sleep(seconds)
    os.killpg(process.pid, number)
    process.communicate()
    done = command(["-m", *LONG, f"hydra.sweep.dir={folder}"], folder.parent)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("seconds", [2.5, 4.0])
def test_a_killed_sweep_is_resumed(
    seconds: float, tmp_path: Path, undisturbed: dict[str, object]
) -> None:
    """To the same bits as if nothing had happened."""
    killed_and_continued(tmp_path / "sweep", seconds, signal.SIGKILL)
    assert bits(tmp_path / "sweep") == undisturbed


def epochs_kept(folder: Path) -> dict[str, int]:
    """Job -> epochs that a checkpoint of its stack goes on from."""
    manifest = json.loads((folder / "sweep.json").read_text())
    found = {}
    for path in folder.glob(".stacks/*.safetensors"):
        state = read_state(path)
        for member in state.progress:
            found[str(manifest["stacks"][path.stem][member])] = state.epoch
    return found


def rows_of(folder: Path, epochs: int) -> list[str]:
    """First rows of curves.csv, with the seconds that each took: another training takes others."""
    return (folder / "curves.csv").read_text().splitlines()[: epochs + 1]


def test_no_job_is_trained_twice(tmp_path: Path, undisturbed: dict[str, object]) -> None:
    """Killed amid it: what has ended keeps its seconds, the rest goes on."""
    folder = tmp_path / "sweep"
    process = start(folder, *LONG, "seed=0,1,0")
    deadline = time.monotonic() + 40
    while len(list(folder.rglob("result.json"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    ended = {path: path.read_bytes() for path in folder.rglob("result.json")}
    assert ended
    kept = epochs_kept(folder)
    assert kept
    begun = {n: (folder / n / ".hydra" / "config.yaml").stat().st_mtime_ns for n in kept}
    rows = {n: rows_of(folder / n, epochs) for n, epochs in kept.items()}
    assert sweep(folder, *LONG, "seed=0,1,0").returncode == 0
    assert {path: path.read_bytes() for path in ended} == ended
    assert {n: (folder / n / ".hydra" / "config.yaml").stat().st_mtime_ns for n in kept} == begun
    assert {n: rows_of(folder / n, epochs) for n, epochs in kept.items()} == rows
    stacks = json.loads((folder / "sweep.json").read_text())["stacks"]
    placed = [number for members in stacks.values() for number in members]
    assert (
        sorted(placed)
        == sorted(set(placed))
        == sorted(int(path.name) for path in job_folders(folder))
    )
    assert len(placed) == len(undisturbed)


@pytest.mark.slow
@pytest.mark.parametrize("moment", range(10))
def test_killed_at_any_moment(moment: int, tmp_path: Path, undisturbed: dict[str, object]) -> None:
    """From before the first epoch to after the last."""
    seconds = np.random.default_rng(moment).uniform(0.5, 7)
    killed_and_continued(tmp_path / "sweep", seconds, signal.SIGKILL)
    assert bits(tmp_path / "sweep") == undisturbed


def test_a_worker_that_dies_costs_its_stack(tmp_path: Path) -> None:
    """The other stacks finish; the same command trains what is missing."""
    folder = tmp_path / "sweep"
    process = start(folder, *LONG)
    deadline = time.monotonic() + 30
    while not list(folder.rglob("curves.csv")) and time.monotonic() < deadline:
        time.sleep(0.02)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    os.kill(int(children[0]), signal.SIGKILL)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "its process died with status -9" in errors
    done = sweep(folder, *LONG)
    assert (done.returncode, done.stderr) == (0, "")
    assert {result(path)["status"] for path in job_folders(folder)} <= {"completed", "stopped"}


def test_two_sweeps_at_once_keep_apart(tmp_path: Path) -> None:
    """Also when they start in the same second."""
    command_line = [*TRAIN, "-m", *SMALL, "epochs=1", "seed=0,1"]
    both = [subprocess.Popen(command_line, cwd=tmp_path, env=clean_environment()) for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]
    assert sorted(len(job_folders(path)) for path in tmp_path.glob("outputs/*/*")) == [2, 2]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_says_how_to_resume(number: int, tmp_path: Path) -> None:
    """Checkpoints are written, also when all processes of the sweep are told to end."""
    folder = tmp_path / "sweep"
    process = start(folder, *LONG, "model.width=200,300")
    deadline = time.monotonic() + 30
    while not list(folder.rglob("curves.csv")) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, number)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert list(folder.glob(".stacks/*.safetensors"))
    assert not list(folder.rglob("result.json"))
    assert f"of 16 jobs are done; resume with: {TRAIN_WORDS} -m" in errors
    assert f"sweep.resume={folder}" in errors


def test_ctrl_c_at_the_end_of_a_batch(tmp_path: Path) -> None:
    """The next batch does not begin."""
    program = (
        "from mlp_lab.sweep.scheduler import Scheduler; from mlp_lab.commands.train import main\n"
        "Scheduler._require_whole = lambda s: setattr(s, 'stop_requested', True)\n"
        "main()"
    )
    words = ["-m", *SMALL, "epochs=1", "seed=0,1,2,3", "hydra.sweeper.max_batch_size=2"]
    done = command([*words, "hydra.sweep.dir=sweep"], tmp_path, [sys.executable, "-c", program])
    assert done.returncode == 130
    assert done.stderr.startswith("2 jobs are done; resume with: python train.py -m ")
    assert len(job_folders(tmp_path / "sweep")) == 2

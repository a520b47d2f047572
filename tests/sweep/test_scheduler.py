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
    deadline = time.monotonic() + 240
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


def workers_of(sweep: int) -> list[int]:
    """The processes that a sweep has started."""
    return [int(each) for each in children(sweep).read_text().split()]


def children(process: int) -> Path:
    """Where Linux says which they are."""
    return Path(f"/proc/{process}/task/{process}/children")


def end_workers(process: subprocess.Popen[str], folder: Path, number: int, times: int) -> None:
    """Send a signal to a sweep's one worker while it trains, then to the one in its place."""
    before, trained = [0], -1
    for _ in range(times):
        deadline = time.monotonic() + 240
        while (
            workers_of(process.pid) in ([], before) or epochs_in(folder) <= trained
        ) and time.monotonic() < deadline:
            time.sleep(0.005)
        before, trained = workers_of(process.pid), epochs_in(folder)
        os.kill(before[0], number)


def epochs_in(folder: Path) -> int:
    """Epochs that a sweep's curves hold together; -1 where there are none yet."""
    return sum(path.read_text().count("\n") - 1 for path in folder.rglob("curves.csv")) - 1


ONE_STACK = (*BARE, "data=iris", "model=shallow", "epochs=400", "seed=0,1,2,3", "sweep.processes=1")


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What ONE_STACK gives under successive halving."""
    folder = tmp_path_factory.mktemp("calm") / "sweep"
    assert sweep(folder, *ONE_STACK, "sweep.halving=2", "sweep.first_rung=200").returncode == 0
    return bits(folder)


@pytest.mark.skipif(not children(os.getpid()).is_file(), reason="says who its children are")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_worker_that_dies_is_replaced(
    number: int, tmp_path: Path, calm: dict[str, object]
) -> None:
    """Another goes on from its stack's checkpoint; rungs are judged with all jobs."""
    folder = tmp_path / "sweep"
    process = start(folder, *ONE_STACK, "sweep.halving=2", "sweep.first_rung=200")
    end_workers(process, folder, number, 1)
    _, errors = process.communicate(timeout=120)
    assert (process.returncode, errors) == (0, "")
    assert bits(folder) == calm


@pytest.mark.skipif(not children(os.getpid()).is_file(), reason="says who its children are")
def test_two_workers_that_die_at_one_stack(tmp_path: Path, calm: dict[str, object]) -> None:
    """No rung is judged without its jobs: the sweep stops; the command that it names goes on."""
    folder = tmp_path / "sweep"
    halving = ("sweep.halving=2", "sweep.first_rung=200")
    process = start(folder, *ONE_STACK, *halving)
    end_workers(process, folder, signal.SIGKILL, 2)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 1
    (line,) = errors.splitlines()
    assert line.startswith("job 0 (")
    assert (
        "seed=0): its process died with status -9, for the second time:"
        f" successive halving cannot judge it; resume with: {TRAIN_WORDS} -m "
    ) in line
    done = sweep(folder, *ONE_STACK, *halving)
    assert (done.returncode, done.stderr) == (0, "")
    assert bits(folder) == calm


@pytest.mark.skipif(not children(os.getpid()).is_file(), reason="says who its children are")
def test_two_workers_that_die_in_a_grid(tmp_path: Path) -> None:
    """Its jobs are failed, as the exit status says; the same command trains them."""
    folder = tmp_path / "sweep"
    process = start(folder, *ONE_STACK)
    end_workers(process, folder, signal.SIGKILL, 2)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "job 3: its process died with status -9, for the second time" in errors
    done = sweep(folder, *ONE_STACK)
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
    deadline = time.monotonic() + 240
    while not list(folder.rglob("curves.csv")) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, number)
    _, errors = process.communicate(timeout=240)
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

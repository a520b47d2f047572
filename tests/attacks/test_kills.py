"""Runs, sweeps, searches and single workers are killed at random moments, and go on.

To the bits of one that nobody disturbed: every epoch's row, every result, every weight.
"""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from lab import BARE, PATIENCE, command
from sweeps import curve, job_folders, leader, result

from mlp_lab.runs.progress import read_state

RUN = (
    *(*BARE, "data=wine", "model=shallow", "model.dropout=0.2", "epochs=250"),
    "tracking.checkpoint_share=0.5",
)
GRID = (
    *("-m", *BARE, "data=iris", "model.depth=1", "model.width=3,8", "seed=0,1,2", "epochs=100,250"),
    *("sweep.members=4", "sweep.processes=2"),
)
HALVING = (*GRID, "sweep.halving=2", "sweep.first_rung=40")
SEARCH = (
    *("-m", *BARE, "hydra/sweeper=optuna", "data=iris", "model=shallow", "epochs=100"),
    *("optimizer.lr=tag(log,interval(1e-4,1e-1))", "model.width=range(4,33,4)"),
    *("hydra.sweeper.n_trials=9", "hydra.sweeper.batch=3", "sweep.processes=2"),
)
KINDS = {"run": RUN, "sweep": GRID, "search": SEARCH, "worker": HALVING}
LONGEST = 2.5
"""Seconds after its folder appeared, before which a command is killed."""

KILLS, SERIES = 5, int(os.environ.get("MLP_LAB_SERIES", "3"))


class Reference:
    """What undisturbed commands leave, each run once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.found: dict[str, dict[str, object]] = {}

    def of(self, kind: str) -> dict[str, object]:
        """Everything of a kind that does not depend on time."""
        if kind not in self.found:
            folder = self.folder / kind
            done = command(words(kind, folder), self.folder)
            assert (done.returncode, done.stderr) == (0, "")
            self.found[kind] = everything(folder)
        return self.found[kind]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    """Runs each kind when it is first asked for."""
    return Reference(tmp_path_factory.mktemp("undisturbed"))


def words(kind: str, folder: Path) -> list[str]:
    """What begins, or goes on, in a folder."""
    if kind != "run":
        return [*KINDS[kind], f"hydra.sweep.dir={folder}"]
    return [f"resume={folder}"] if began(folder) else [*RUN, f"hydra.run.dir={folder}"]


def began(folder: Path) -> bool:
    """Whether a run has."""
    return (folder / "config.yaml").is_file()


def everything(folder: Path) -> dict[str, object]:
    """Curves, results, weights and schemas of a run, or of all jobs."""
    return {
        run.name if run != folder else "": (
            *(result(run), curve(run)),
            *((run / name).read_bytes() for name in ("model.safetensors", "schema.json")),
        )
        for run in ([folder] if began(folder) else job_folders(folder))
    }


def start(kind: str, folder: Path) -> subprocess.Popen[str]:
    """A command as the leader of a process group, once it is in its folder."""
    process = leader(words(kind, folder), folder.parent)
    marks = (".hydra",) if kind == "run" else ("sweep.json", "multirun.yaml")
    deadline = time.monotonic() + 240
    while process.poll() is None and time.monotonic() < deadline:
        if any((folder / mark).exists() for mark in marks):
            break
        time.sleep(0.005)
    return process


def worker_of(process: int, number: int) -> int | None:
    """One of the workers of a sweep, if it still has any."""
    try:
        found = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except OSError:  # it has ended
        return None
    return int(found[number % len(found)]) if found else None


def epochs_kept(folder: Path) -> int:
    """Epochs from which a run goes on."""
    path = folder / "checkpoint.safetensors"
    return read_state(path).epoch if began(folder) else 0


def disturbed(kind: str, folder: Path, seed: int, kills: int) -> dict[str, object]:
    """What is left in the end of a command that was killed so many times."""
    random = np.random.default_rng([seed, *kind.encode()])
    if kind == "worker":
        without_workers(folder, random, kills)
    else:
        for _ in range(kills):
            killed(kind, folder, random.uniform(0, LONGEST))
    if not (folder / "result.json").is_file():
        done = command(words(kind, folder), folder.parent)
        assert (done.returncode, done.stderr) == (0, "")
    return everything(folder)


def killed(kind: str, folder: Path, seconds: float) -> None:
    """All processes of a command are killed after a while; no epoch that was kept is lost."""
    if (folder / "result.json").is_file():
        return
    kept = epochs_kept(folder)
    process = start(kind, folder)
    time.sleep(seconds)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    _, errors = process.communicate(timeout=PATIENCE)
    assert errors == ""
    assert epochs_kept(folder) >= kept


def without_workers(folder: Path, random: np.random.Generator, kills: int) -> None:
    """A sweep one worker of which is killed, and another, and another."""
    process = start("worker", folder)
    for _ in range(kills):
        time.sleep(random.uniform(0, LONGEST / 2))
        worker = worker_of(process.pid, int(random.integers(9)))
        if worker is not None:
            with suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == (1 if errors else 0)
    assert "Traceback" not in errors


@pytest.mark.skipif(sys.platform != "linux", reason="says who its workers are")
@pytest.mark.parametrize("kind", ["run", "search"])
def test_killed_once(kind: str, tmp_path: Path, undisturbed: Reference) -> None:
    """And gone on with; sweeps and workers: tests/sweep/test_scheduler.py."""
    assert disturbed(kind, tmp_path / "killed", 0, 1) == undisturbed.of(kind)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="says who its workers are")
@pytest.mark.parametrize("kind", KINDS)
def test_killed_again_and_again(kind: str, tmp_path: Path, undisturbed: Reference) -> None:
    """Sixty times in all; with `MLP_LAB_SERIES=10`, two hundred times."""
    undisturbed.of(kind)

    def same(seed: int) -> bool:
        return disturbed(kind, tmp_path / str(seed), 1 + seed, KILLS) == undisturbed.of(kind)

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(same, range(SERIES))) == [True] * SERIES

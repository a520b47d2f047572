"""Runs that several tests read and none changes. Also puts this folder on the import path."""

import os
import signal
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch: there is a process for each core

import pytest
import torch
from lab import command, train


@pytest.fixture(autouse=True)
def _process() -> None:
    """What commands of earlier tests changed in this process, as a new one has it.

    Whoever ends ignores Ctrl-C, as does a shell for what runs in the background, and all that a
    test starts would inherit it.
    """
    torch.set_flush_denormal(False)
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def iris_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished classification run with everything recorded."""
    return train(
        tmp_path_factory.mktemp("iris") / "run",
        *("data=iris", "model=shallow", "model.width=8", "epochs=4", "quiet=true"),
        *("tracking.histograms=2", "tracking.gradient_norms=true"),
    )


@pytest.fixture(scope="session")
def diabetes_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished regression run without validation rows."""
    return train(
        tmp_path_factory.mktemp("diabetes") / "run",
        *("data=diabetes", "data.val_fraction=0", "model=shallow", "model.width=8"),
        *("epochs=3", "quiet=true"),
    )


@pytest.fixture(scope="session")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep of two keys and two seeds, with its pages."""
    folder = tmp_path_factory.mktemp("swept") / "sweep"
    words = ["-m", "data=iris", "model=shallow", "model.width=4,8", "optimizer.lr=1e-3,1e-2"]
    more = ["seed=0,1", "epochs=3", "tracking.tensorboard=false", "sweep.latex=table.tex"]
    done = command([*words, *more, f"hydra.sweep.dir={folder}"], folder.parent)
    assert (done.returncode, done.stderr) == (0, "")
    assert "best: model.width=" in done.stdout
    assert done.stdout.splitlines()[-1] == str(folder)
    return folder

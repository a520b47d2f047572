"""Runs that several tests read and none changes. Also puts this folder on the import path."""

import signal
from pathlib import Path

import pytest
import torch
from lab import command, train


def pytest_configure() -> None:
    """Let Ctrl-C be heard: a shell ignores it in the background, and so would all that tests start.

    Of this process and, by inheritance, of those that tests start; in each worker of xdist, too.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _subnormal_numbers() -> None:
    """A run in this process lets them become 0; whatever test comes next may want them."""
    torch.set_flush_denormal(False)


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

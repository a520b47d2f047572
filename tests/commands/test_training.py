"""A checked job becomes its run, with pictures and pages."""

from collections.abc import Callable
from pathlib import Path

import pytest
from lab import BARE, configure, values_of, written

from mlp_lab.commands.training import train_and_report
from mlp_lab.errors import Interrupted, UserError
from mlp_lab.report.drawer import Drawer
from mlp_lab.runs.job import Job
from mlp_lab.runs.preflight import require_possible
from mlp_lab.runs.prepared_data import prepare_data

IRIS = ("data=iris", "model=perceptron", "epochs=1")


class Noted(Drawer):
    """Draws nothing, and knows what was there when it was asked to."""

    def __init__(self) -> None:
        self.found: list[set[str]] = []

    def draw(self, folder: Path) -> None:
        """Look at the folder."""
        self.found.append(written(folder))


def job(folder: Path, *overrides: str) -> Job:
    """A run in a new folder."""
    folder.mkdir()
    return Job(configure(*overrides), values_of(*overrides), folder, list(overrides))


def do(drawer: Drawer | None) -> Callable[[Job], None]:
    """Train with somebody who draws, or nobody."""

    def train(job: Job) -> None:
        prepared = prepare_data(job.config)
        train_and_report(job, prepared, require_possible(job, prepared), drawer)

    return train


def test_nobody_draws(tmp_path: Path) -> None:
    """Then no picture is prepared either."""
    do(None)(job(tmp_path / "run", *IRIS, *BARE))
    files = written(tmp_path / "run")
    assert {"result.json", "model.safetensors"} <= files
    assert not {"pictures.json", "report.html"} & files


def test_pictures_are_ready_for_the_page(tmp_path: Path) -> None:
    """It is drawn once, after the results and the pictures' numbers are there."""
    drawer = Noted()
    do(drawer)(job(tmp_path / "run", *IRIS, *BARE))
    (found,) = drawer.found
    assert {"result.json", "pictures.json"} <= found
    assert not [name for name in written(tmp_path / "run") if name.startswith("events.")]


class Impatient(Drawer):
    """Whoever waits for it asks it to end."""

    def __init__(self) -> None:
        pass

    def draw(self, folder: Path) -> None:
        """Do not."""
        raise KeyboardInterrupt


def test_nobody_waits_for_the_page(tmp_path: Path) -> None:
    """Everything else is there, and what draws it is said."""
    run = tmp_path / "run"
    with pytest.raises(Interrupted) as stop:
        do(Impatient())(job(run, *IRIS, *BARE))
    assert str(stop.value) == (
        f"{run} has its results, but no report.html; draw it with: python train.py resume={run}"
    )
    assert {"result.json", "model.safetensors", "pictures.json"} <= written(run)


def test_a_diverged_run_has_its_page_first(tmp_path: Path) -> None:
    """The error comes last."""
    drawer = Noted()
    with pytest.raises(UserError, match=r"^diverged: "):
        do(drawer)(
            job(tmp_path / "run", *IRIS, *BARE, "model=deep", "optimizer=sgd", "optimizer.lr=1e30")
        )
    (found,) = drawer.found
    assert "result.json" in found

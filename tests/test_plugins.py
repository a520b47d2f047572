"""Hydra plugins: what a launcher returns, and what a sweeper does with it."""

import math
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from hydra import initialize_config_dir
from hydra.core.config_loader import ConfigLoader
from hydra.core.global_hydra import GlobalHydra
from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, RunMode
from lab import BARE, CONFIGS

from hydra_plugins.mlp_lab_sweep.launcher import StackedLauncher
from hydra_plugins.mlp_lab_sweep.sweeper import launched
from mlp_lab.errors import UserError

WORDS = ("data=iris", "model=shallow", "epochs=1", "sweep.processes=1", *BARE)


def point(word: str) -> list[str]:
    """A job of the irises; sweepers repeat the words that all jobs have in common."""
    return [*WORDS, word]


@pytest.fixture
def loader() -> Iterator[ConfigLoader]:
    """Hydra's, of this project's files."""
    with initialize_config_dir(version_base="1.3", config_dir=str(CONFIGS)):
        yield GlobalHydra.instance().config_loader()


def launcher_of(loader: ConfigLoader, *words: str) -> StackedLauncher:
    """The launcher of a sweep's command."""
    launcher = StackedLauncher()
    master = loader.load_configuration("train", list(words), RunMode.MULTIRUN)
    launcher.setup(
        hydra_context=cast(HydraContext, SimpleNamespace(config_loader=loader)),
        task_function=print,
        config=master,
    )
    return launcher


def test_a_launcher_serves_any_sweeper(loader: ConfigLoader, tmp_path: Path) -> None:
    """One that opens no sweep has one for each batch; what had ended is not trained again."""
    launcher = launcher_of(loader, *WORDS, f"hydra.sweep.dir={tmp_path}")
    points = [point("seed=0"), point("seed=1")]
    first = launcher.launch(points, 0)
    assert [job.overrides for job in first] == points
    assert all(math.isfinite(job.return_value) for job in first)
    results = {path: path.read_bytes() for path in tmp_path.glob("*/result.json")}
    assert len(results) == 2
    again = launcher.launch(points[::-1], 2)
    assert [job.return_value for job in again] == [job.return_value for job in first[::-1]]
    assert [job.trained.job.number for job in again] == [1, 0]
    assert {path: path.read_bytes() for path in tmp_path.glob("*/result.json")} == results


def test_a_refused_point_leaves_no_folder(loader: ConfigLoader, tmp_path: Path) -> None:
    """And the launcher is as it was before."""
    launcher = launcher_of(loader, *WORDS, f"hydra.sweep.dir={tmp_path / 'sweep'}")
    for _ in range(2):
        with pytest.raises(UserError, match=r"job 0 .* batch_size=99\): .*: nothing was trained"):
            launcher.launch([point("batch_size=99")], 0)
        assert list(tmp_path.iterdir()) == []


def test_a_folder_in_use_is_left_alone(loader: ConfigLoader, tmp_path: Path) -> None:
    """By the sweep that is refused; also before the other has written anything."""
    folder = tmp_path / "sweep"
    one, other = (launcher_of(loader, *WORDS, f"hydra.sweep.dir={folder}") for _ in range(2))
    with one.opened(1):
        with pytest.raises(UserError, match="is being trained by another process"):
            other.launch([point("seed=0")], 0)
        assert folder.is_dir()
    assert list(tmp_path.iterdir()) == []


class Failing(Launcher):
    """Returns jobs as Hydra's own launchers do."""

    def setup(self, **_: object) -> None:
        """Needs nothing."""

    def launch(self, job_overrides: object, initial_job_idx: int) -> list[JobReturn]:
        """One has failed."""
        done = JobReturn(status=JobStatus.COMPLETED)
        failed = JobReturn(status=JobStatus.FAILED, _return_value=UserError("diverged"))
        return [done, failed][: initial_job_idx + 1]


def test_a_failed_job_of_another_launcher_is_raised() -> None:
    """Once its batch has ended."""
    assert len(launched(Failing(), 0, [[]])) == 1
    with pytest.raises(UserError, match="diverged"):
        launched(Failing(), 1, [[], []])

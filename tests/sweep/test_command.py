"""What a sweep's command says of all its jobs."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hydra import initialize_config_dir
from hydra.core.config_loader import ConfigLoader
from hydra.core.global_hydra import GlobalHydra
from hydra.types import RunMode
from lab import CONFIGS
from omegaconf import DictConfig

from mlp_lab.errors import UserError
from mlp_lab.sweep.command import opened_sweep, sweep_command


@pytest.fixture
def loader() -> Iterator[ConfigLoader]:
    """Hydra's, of this project's files."""
    with initialize_config_dir(version_base="1.3", config_dir=str(CONFIGS)):
        yield GlobalHydra.instance().config_loader()


def master(loader: ConfigLoader, *words: str) -> DictConfig:
    """The configuration of a sweep."""
    return loader.load_configuration("train", list(words), RunMode.MULTIRUN)


def test_what_a_command_says(loader: ConfigLoader) -> None:
    """Its words without those that name its folder; references stay as they were typed."""
    words = ["seed=0,1", "hydra.sweep.dir=here", "hydra.sweep.subdir=a${hydra.job.num}"]
    words += ["sweep.members=7", "quiet=true", "device=cpu", "threads=2", "tracking.report=false"]
    found = sweep_command(master(loader, *words), searching=False)
    assert found.folder == Path("here")
    assert (found.settings.members, found.device, found.threads) == (7, "cpu", 2)
    assert (found.quiet, found.pictures, found.searching) == (True, False, False)
    again = found.words[found.words.index("-m") + 1 :]
    assert sorted(again) == sorted(word for word in words if word != "hydra.sweep.dir=here")


@pytest.mark.parametrize(
    ("words", "searching", "line"),
    [
        (["sweep.members=0"], False, "sweep.members must be 1 or more, got 0"),
        (["sweep.halving=2"], True, "leave it out of a search"),
        (
            ["sweep.halving=2", "hydra.sweeper.max_batch_size=3"],
            False,
            "leave out hydra.sweeper.max_batch_size",
        ),
        (["hydra/sweeper=basic"], False, "hydra/sweeper=basic knows neither cv nor a summary"),
    ],
)
def test_what_a_sweep_cannot_do(
    words: list[str], searching: bool, line: str, loader: ConfigLoader
) -> None:
    """It is refused before its folder is made."""
    with pytest.raises(UserError, match=line):
        opened_sweep(loader, master(loader, *words), 1, searching=searching)

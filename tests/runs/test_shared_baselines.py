"""Baselines that processes of a sweep find for each other: the same numbers, found once."""

from pathlib import Path

import numpy as np
import pytest
from lab import BARE, stack_of_runs

from mlp_lab.data.dataset import Dataset
from mlp_lab.network.losses import Objective
from mlp_lab.network.mlp import MLP
from mlp_lab.runs import finish as finishing
from mlp_lab.runs import shared_baselines
from mlp_lab.runs.baselines import baselines
from mlp_lab.runs.finish import DatasetCache
from mlp_lab.runs.member import Run
from mlp_lab.runs.shared_baselines import SharedBaselines

SHORT = ("model=shallow", "model.width=4", "epochs=1", *BARE)


@pytest.fixture
def fitted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A number for each time that models without hidden layers are fitted."""
    found: list[int] = []

    def counted(dataset: Dataset, objective: Objective) -> dict[str, MLP]:
        found.append(id(dataset))
        return baselines(dataset, objective)

    monkeypatch.setattr(finishing, "baselines", counted)
    return found


def run_of(folder: Path, *words: str) -> Run:
    """One run before its first step."""
    folder.mkdir()
    return stack_of_runs(folder, words)[1][0]


def cache(folder: Path) -> DatasetCache:
    """What a process has that shares this folder with others."""
    return DatasetCache(SharedBaselines(folder))


@pytest.mark.parametrize("data", ["iris", "breast_cancer", "diabetes"])
@pytest.mark.parametrize("more", [(), ("tracking.boosting=always",), ("data.val_fraction=0",)])
def test_the_second_process_reads_what_the_first_has_found(
    data: str, more: tuple[str, ...], tmp_path: Path, fitted: list[int]
) -> None:
    """Every score and every prediction to the last bit, in the same order."""
    words = (f"data={data}", *SHORT, *more)
    runs = [run_of(tmp_path / name, *words) for name in "ab"]
    first, second = cache(tmp_path), cache(tmp_path)
    found, read = first.baselines_of(runs[0]), second.baselines_of(runs[1])
    assert len(fitted) == 1
    assert list(read) == list(found)
    assert repr(read) == repr(found)  # be a score not known, too
    predicted, known = first.validation_of(runs[0]), second.validation_of(runs[1])
    for name, own in predicted.items():
        for part in ("outputs", "truth", "losses"):
            np.testing.assert_array_equal(getattr(known[name], part), getattr(own, part))
        assert known[name].scores() == own.scores()


def test_other_rows_and_losses_have_their_own(tmp_path: Path, fitted: list[int]) -> None:
    """Nothing is taken for another's."""
    words = [(), ("data.split_seed=1",), ("loss=mse",), ("data.scaling=none",), ("dtype=float64",)]
    for k, more in enumerate(words):
        run = run_of(tmp_path / f"run{k}", "data=iris", *SHORT, *more)
        found = cache(tmp_path).baselines_of(run)
        assert found == DatasetCache().baselines_of(run)
    assert len(fitted) == 2 * len(words)


def test_settings_of_the_network_alone_share_them(tmp_path: Path, fitted: list[int]) -> None:
    """As the jobs of a sweep do."""
    for k, more in enumerate([(), ("seed=3", "model.width=9", "optimizer.lr=0.5")]):
        cache(tmp_path).baselines_of(run_of(tmp_path / f"run{k}", "data=iris", *SHORT, *more))
    assert len(fitted) == 1


def test_where_nothing_can_be_shared_each_finds_its_own(
    tmp_path: Path, fitted: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder is gone, or its disk is full: no job fails of it."""
    run = run_of(tmp_path / "run", "data=iris", *SHORT)
    wanted = DatasetCache().baselines_of(run)
    assert cache(tmp_path / "gone").baselines_of(run) == wanted

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shared_baselines, "write_whole", full)
    assert [cache(tmp_path).baselines_of(run) for _ in range(2)] == [wanted, wanted]
    assert len(fitted) == 4

"""Resuming a sweep by its folder alone, and what may be added."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from lab import command
from omegaconf import DictConfig, OmegaConf
from sweeps import SMALL, bits, job_folders, sweep

import mlp_lab
from mlp_lab.errors import UserError
from mlp_lab.sweep.manifest import MANIFEST
from mlp_lab.sweep.resumed_command import resumed_words, words_to_keep

GRID = (*SMALL, "epochs=3", "optimizer.lr=1e-2,1e-3", "seed=0,1")


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep of four jobs."""
    folder = tmp_path_factory.mktemp("ended") / "sweep"
    done = sweep(folder, *GRID)
    assert (done.returncode, done.stderr) == (0, "")
    return folder


def begun(ended: Path, tmp_path: Path) -> Path:
    """A copy, in which two jobs have not been trained."""
    folder = tmp_path / "sweep"
    folder.mkdir()
    (folder / MANIFEST).write_text((ended / MANIFEST).read_text())
    for number in "02":
        (folder / number).mkdir()
        for path in (ended / number).iterdir():
            if path.is_file():
                (folder / number / path.name).write_bytes(path.read_bytes())
    return folder


@pytest.mark.parametrize("kind", ["absolute", "relative", "with a slash"])
def test_the_folder_alone_is_enough(kind: str, ended: Path, tmp_path: Path) -> None:
    """Data, grid and numbers are those of the sweep, to the bit."""
    folder = begun(ended, tmp_path)
    named = {"absolute": str(folder), "relative": "sweep", "with a slash": "./sweep/"}[kind]
    done = command(["-m", f"sweep.resume={named}", "quiet=false"], tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("best: optimizer.lr=") == 1
    assert [path.name for path in job_folders(folder)] == ["0", "1", "2", "3"]
    assert bits(folder) == bits(ended)


def test_a_finished_sweep_is_summed_up_again(ended: Path, tmp_path: Path) -> None:
    """Nothing is trained, and one value of the grid typed again changes nothing."""
    before = bits(ended)
    for words in ([], ["optimizer.lr=0.001"], ["seed=1"], ["data=iris", "dtype=float64"]):
        done = command(["-m", f"sweep.resume={ended}", *words, "quiet=false"], tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.count("best: optimizer.lr=") == 1
        assert len(job_folders(ended)) == 4
    assert bits(ended) == before


def test_values_are_added_where_they_are_typed(ended: Path, tmp_path: Path) -> None:
    """To the grid that is there; the next time they belong to it."""
    folder = begun(ended, tmp_path)
    done = command(["-m", f"sweep.resume={folder}", "seed=2", "sweep.processes=1"], tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(job_folders(folder)) == 6
    kept = json.loads((folder / MANIFEST).read_text())["command"]
    assert kept[-2:] == ["seed=0,1,2", "sweep.processes=1"]
    again = command(["-m", f"sweep.resume={folder}", "quiet=false"], tmp_path)
    assert (again.returncode, again.stderr, len(job_folders(folder))) == (0, "", 6)


@pytest.mark.parametrize(
    ("words", "made_with"),
    [
        (["data=wine"], "data=wine cannot be added to a sweep: sweep.resume={} was made with"),
        (["epochs=4"], "epochs=4 cannot be added to a sweep: sweep.resume={} was made with"),
        (["loss=mse"], "loss=mse cannot be added to a sweep: sweep.resume={} was made with no"),
        (["cv=3"], "cv=3 cannot be added to a sweep: sweep.resume={} was made with no cv"),
        (["experiment=double_descent"], "experiment=double_descent cannot be added to a sweep"),
        (["hydra/sweeper=optuna"], "hydra/sweeper=optuna cannot be added to a sweep"),
        (["~schedule"], "~schedule cannot be added to a sweep"),
        (["--config-name=other"], "--config-name=other cannot be added to a sweep"),
    ],
)
def test_another_setting_is_refused(
    words: list[str], made_with: str, ended: Path, tmp_path: Path
) -> None:
    """In one line, and nothing is trained or written."""
    before = {path: path.stat().st_mtime_ns for path in ended.rglob("*")}
    done = command(["-m", f"sweep.resume={ended}", *words], tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(made_with.format(ended))
    assert done.stderr.count("\n") == 1
    assert {path: path.stat().st_mtime_ns for path in ended.rglob("*")} == before


def test_python_has_no_folder_to_resume() -> None:
    """A sweep there is trained in memory."""
    with pytest.raises(UserError, match="resume"):
        mlp_lab.sweep("iris", resume="outputs/sweep")


def composed(words: Sequence[str]) -> DictConfig:
    """As far as these tests ask for it."""
    choices = {"data": "iris", "hydra/sweeper": "grid"}
    return OmegaConf.create({"hydra": {"runtime": {"choices": choices}}, "seed": 7, "epochs": 5})


def merged(tmp_path: Path, made_by: list[str], *typed: str) -> list[str]:
    """The words of a sweep made by some, resumed with others."""
    content = {"jobs": {}, "stacks": {}, "data": {}, "rungs": {}, "command": made_by}
    (tmp_path / MANIFEST).write_text(json.dumps(content))
    return resumed_words([*typed, f"sweep.resume={tmp_path}"], composed)[:-1]


def test_words_are_merged(tmp_path: Path) -> None:
    """By the key; a seed that was never typed is the configured one."""
    made_by = ["model.width=16,[8,4]", "optimizer=adam,sgd"]
    assert merged(tmp_path, made_by) == made_by
    assert merged(tmp_path, made_by, "seed=1,2") == [*made_by, "seed=7,1,2"]
    assert merged(tmp_path, made_by, "seed=7", "epochs=5") == made_by
    assert merged(tmp_path, made_by, "optimizer=sgd") == made_by
    assert merged(tmp_path, made_by, "model.width=[8, 4],2") == [
        "model.width=16,[8,4],2",
        "optimizer=adam,sgd",
    ]
    assert merged(tmp_path, ["seed=range(3)"], "seed=range(2,5)") == ["seed=0,1,2,3,4"]
    assert merged(tmp_path, ["seed=3"], "seed=4") == ["seed=3,4"]


def test_words_that_are_about_a_cluster() -> None:
    """Kept, but for those that run something, which want their whole command again."""
    words = ["seed=0,1", "sweep.engine=slurm", "sweep.slurm.partition=gpu", "sweep.detach=true"]
    assert words_to_keep(words, []) == words[:3]
    assert words_to_keep([*words, "sweep.slurm.setup=[id]"], []) == []


def test_a_search_takes_other_ranges_and_more_trials(tmp_path: Path) -> None:
    """Nothing else."""
    made_by = ["hydra/sweeper=optuna", "hydra.sweeper.n_trials=4", "optimizer.lr=interval(0.1,1)"]
    typed = ["hydra.sweeper.n_trials=8", "optimizer.lr=interval(0.1,2)"]
    assert merged(tmp_path, made_by, *typed) == [made_by[0], *typed]


@pytest.mark.parametrize(
    "word",
    [
        *("sweep.latex=/tmp/x", "resume=/tmp", "--config-dir=/tmp", "hydra.run.dir=/tmp"),
        *("seed=${oc.env:HOME}", "+hydra.job.env_set.X=1", "hydra.sweeper._target_=os.system"),
        *("sweep.slurm.setup=[id]", "++sweep.slurm.python=id", "sweep.slurm.extra=[--wrap=id]"),
        *("sweep.slurm={setup:[id]}", "+sweep={latex:/tmp/x}", "sweep.slurm.setup.0=id"),
        *("x", "=1", "seed=[1", "", "hydra.searchpath=[/tmp]", "++hydra/launcher._target_=x"),
    ],
)
def test_words_of_a_file_are_settings(word: str, tmp_path: Path) -> None:
    """A stranger's sweep.json writes nowhere, and calls nothing; nor is it written so."""
    assert words_to_keep(["seed=0,1", word], []) in ([], ["seed=0,1"])
    with pytest.raises(UserError, match="command must hold settings of a sweep, got"):
        merged(tmp_path, ["seed=0,1", word])

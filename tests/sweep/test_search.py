"""hydra/sweeper=optuna: ranges, batches, and going on after a kill."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import optuna
import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from lab import BARE, TRAIN, clean_environment, command
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from mlp_lab.errors import UserError
from mlp_lab.sweep.search import SearchConfig, search, search_space

WORDS = (
    *("-m", "hydra/sweeper=optuna", "data=iris", "model=shallow", "epochs=2", *BARE),
    *("optimizer.lr=tag(log,interval(1e-4,1e-1))", "model.width=range(4,33,4)"),
)


@pytest.mark.parametrize(
    ("word", "wanted"),
    [
        ("a=interval(0,1)", FloatDistribution(0, 1)),
        ("a=tag(log,interval(1e-4,1e-1))", FloatDistribution(1e-4, 1e-1, log=True)),
        ("a=int(interval(8,64))", IntDistribution(8, 64)),
        ("a=tag(log,int(interval(1,128)))", IntDistribution(1, 128, log=True)),
        ("a=range(8,65,8)", IntDistribution(8, 64, step=8)),
        ("a=range(3)", IntDistribution(0, 2)),
        ("a=relu,tanh", CategoricalDistribution(("relu", "tanh"))),
        ("a=1e-3,1e-2", CategoricalDistribution(("0.001", "0.01"))),
        ("a=[1,2],[3,4]", CategoricalDistribution(("[1,2]", "[3,4]"))),
    ],
)
def test_ranges(word: str, wanted: BaseDistribution) -> None:
    """As Hydra writes them."""
    overrides = OverridesParser.create().parse_overrides([word, "b=3"])
    assert search_space(overrides) == ({"a": wanted}, ["b=3"])


@pytest.mark.parametrize(
    ("word", "line"),
    [
        ("a=3", "nothing to search"),
        ("seed=0,1", "seed repeats a setting"),
        ("a=interval(1,1)", "a must be an interval from low to high, got '1 to 1'"),
        ("a=tag(log,interval(0,1))", "a must be above 0 on a logarithmic scale, got 0"),
    ],
)
def test_what_cannot_be_searched(word: str, line: str) -> None:
    """One line."""
    with pytest.raises(UserError, match=line.replace("(", r"\(")):
        search_space(OverridesParser.create().parse_overrides([word]))


@pytest.mark.parametrize("name", ["tpe", "random", "cmaes", "gp"])
def test_samplers_find_a_minimum(name: str, tmp_path: Path) -> None:
    """Of (x - 0.3)², asked for four at a time; a trial without a value is not the end."""
    asked: list[float] = []

    def launch(points: object, first: int) -> list[float]:
        assert isinstance(points, list)
        assert first == len(asked)
        values = [float(point[-1].partition("=")[2]) for point in points]
        asked.extend(values)
        return [float("nan") if value > 0.95 else (value - 0.3) ** 2 for value in values]

    overrides = OverridesParser.create().parse_overrides(["x=interval(0,1)"])
    search(overrides, [[]], tmp_path, SearchConfig(24, 4, name, 0), launch)
    assert len(asked) == 24
    assert min(abs(value - 0.3) for value in asked) < 0.1
    search(overrides, [[]], tmp_path, SearchConfig(28, 4, name, 0), launch)
    assert len(asked) == 28


def test_folds_are_one_trial(tmp_path: Path) -> None:
    """Its value is their mean."""

    def launch(points: object, first: int) -> list[float]:
        assert isinstance(points, list)
        assert [point[-1] for point in points] == ["data.fold=0", "data.fold=1"] * 2
        return [1.0, 2.0, 5.0, 7.0]

    overrides = OverridesParser.create().parse_overrides(["x=interval(0,1)"])
    folds = [["data.fold=0"], ["data.fold=1"]]
    search(overrides, folds, tmp_path, SearchConfig(2, 2, "random", 0), launch)
    assert sorted(values_of_trials(tmp_path)) == [1.5, 6.0]


def values_of_trials(folder: Path) -> list[float]:
    """What finished trials reached."""
    storage = JournalStorage(JournalFileBackend(str(folder / "optuna.journal")))
    study = optuna.load_study(study_name="sweep", storage=storage)
    return [trial.value for trial in study.get_trials() if trial.value is not None]


def test_a_search_on_the_command_line(tmp_path: Path) -> None:
    """Twice the same; going on to more trials repeats none."""
    words = [*WORDS, "hydra.sweeper.batch=3"]
    for name in ("one", "two"):
        done = command([*words, "hydra.sweeper.n_trials=6", f"hydra.sweep.dir={name}"], tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
    assert overrides_of(tmp_path / "one") == overrides_of(tmp_path / "two")
    assert len(overrides_of(tmp_path / "one")) == 6
    done = command([*words, "hydra.sweeper.n_trials=8", "hydra.sweep.dir=one"], tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert overrides_of(tmp_path / "one")[:6] == overrides_of(tmp_path / "two")
    assert len((tmp_path / "one" / "summary.csv").read_text().splitlines()) == 1 + 8


def overrides_of(folder: Path) -> list[object]:
    """What each finished job changed, by number."""
    found = {
        int(path.parent.name): json.loads(path.read_text())["overrides"]
        for path in folder.glob("*/result.json")
    }
    return [found[number] for number in sorted(found)]


def test_a_killed_search_goes_on(tmp_path: Path) -> None:
    """It ends with as many trials as were asked for."""
    words = [*WORDS, "hydra.sweeper.n_trials=9", "hydra.sweeper.batch=3", "hydra.sweep.dir=sweep"]
    process = subprocess.Popen(
        [*TRAIN, *words], cwd=tmp_path, env=clean_environment(), start_new_session=True
    )
    deadline = time.monotonic() + 40
    while len(list(tmp_path.rglob("result.json"))) < 4 and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    done = command(words, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(values_of_trials(tmp_path / "sweep")) == 9


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["hydra.sweeper.sampler=tep"], "unknown hydra.sweeper.sampler 'tep': did you mean 'tpe'?"),
        (["hydra.sweeper.n_trials=0"], "hydra.sweeper.n_trials must be 1 or more, got 0"),
        (["hydra/launcher=basic"], "use hydra/launcher=stacked"),
    ],
)
def test_bad_input(words: list[str], line: str, tmp_path: Path) -> None:
    """One line."""
    done = command([*WORDS, *words], tmp_path)
    assert done.returncode == 1
    assert line in done.stderr
    assert len(done.stderr.splitlines()) == 1

"""hydra/sweeper=optuna: ranges, batches, and resuming after a kill."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import optuna
import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from lab import BARE, TRAIN, clean_environment, command
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

from mlp_lab.errors import UserError
from mlp_lab.sweep.config import SearchConfig
from mlp_lab.sweep.search import search
from mlp_lab.sweep.study import open_study

WORDS = (
    *("-m", "hydra/sweeper=optuna", "data=iris", "model=shallow", "epochs=2", *BARE),
    *("optimizer.lr=tag(log,interval(1e-4,1e-1))", "model.width=range(4,33,4)"),
    *("hydra.sweeper.n_trials=9", "hydra.sweeper.batch=3"),
)


def parsed(*words: str) -> list[Override]:
    """Overrides as Hydra reads them."""
    return OverridesParser.create().parse_overrides(list(words))


class Bowl:
    """(x - 0.3)² + (y - 3)²; no number where x is above 0.95. Keeps what it was asked."""

    def __init__(self, broken_at: int = -1) -> None:
        """The process dies in the batch that begins with trial `broken_at`."""
        self.asked: list[Sequence[str]] = []
        self.firsts: list[int] = []
        self.broken_at = broken_at

    def __call__(self, points: Sequence[Sequence[str]], first: int) -> list[float]:
        """The values of some points."""
        if first == self.broken_at:
            raise KeyboardInterrupt
        self.asked += points
        self.firsts.append(first)
        return [self.value(point) for point in points]

    @staticmethod
    def value(point: Sequence[str]) -> float:
        """The value of one point."""
        x, y = (float(word.partition("=")[2]) for word in point[-2:])
        return float("nan") if x > 0.95 else (x - 0.3) ** 2 + (y - 3) ** 2


XY = ("x=interval(0,1)", "y=range(8)")


@pytest.mark.parametrize("name", ["tpe", "random", "gp"])
def test_samplers_find_a_minimum_and_go_on(name: str, tmp_path: Path) -> None:
    """A trial without a value is not the end; a search that was cut short goes where it would."""
    whole, first, second = Bowl(), Bowl(broken_at=12), Bowl()
    for folder in ("whole", "cut"):
        (tmp_path / folder).mkdir()
    search(parsed(*XY), [[]], tmp_path / "whole", SearchConfig(16, 2, name, 0), whole)
    assert whole.firsts == [0, 2, 4, 6, 8, 10, 12, 14]
    assert min(map(Bowl.value, whole.asked)) < 0.1
    with pytest.raises(KeyboardInterrupt):
        search(parsed(*XY), [[]], tmp_path / "cut", SearchConfig(14, 2, name, 0), first)
    search(parsed(*XY), [[]], tmp_path / "cut", SearchConfig(16, 2, name, 0), second)
    assert second.firsts == [12, 14]
    assert [*first.asked, *second.asked] == whole.asked


def test_seeds_draw_apart(tmp_path: Path) -> None:
    """One seed's search is no other's, shifted."""
    drawn = []
    for seed in (0, 1):
        bowl, folder = Bowl(), tmp_path / str(seed)
        folder.mkdir()
        search(parsed(*XY), [[]], folder, SearchConfig(6, 3, "random", seed), bowl)
        drawn.append({point[0] for point in bowl.asked})
    assert not drawn[0] & drawn[1]


def test_what_a_kill_leaves(tmp_path: Path) -> None:
    """Half a batch, half a line and a lock: the batch is asked for again, and nothing waits."""
    search(parsed(*XY), [[]], tmp_path, SearchConfig(3, 3, "random", 0), Bowl())
    open_study(tmp_path).ask()
    journal = tmp_path / "optuna.journal"
    with journal.open("a") as file:
        file.write('{"op_code": 5, "wor')
    (tmp_path / "optuna.journal.lock").symlink_to(journal)
    bowl = Bowl()
    search(parsed(*XY), [[]], tmp_path, SearchConfig(6, 3, "random", 0), bowl)
    assert bowl.firsts == [3]
    assert len(bowl.asked) == 3
    states = [trial.state for trial in study_in(tmp_path).get_trials()]
    assert len(states) == 6
    assert TrialState.RUNNING not in states
    assert [path.name for path in tmp_path.iterdir()] == ["optuna.journal"]


def test_a_dry_run_keeps_nothing(tmp_path: Path) -> None:
    """It shows the batch that would come next."""
    shown, trained = Bowl(), Bowl()
    for trials in (3, 6):
        config = SearchConfig(trials, 3, "tpe", 0)
        search(parsed(*XY), [[]], tmp_path, config, shown, dry_run=True)
        search(parsed(*XY), [[]], tmp_path, config, trained)
    assert shown.asked == trained.asked
    assert shown.firsts == [0, 3]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ((*XY, "epochs=5"), "holds a search of epochs=3 x y, not of epochs=5 x y"),
        (("x=interval(0,1)", "epochs=3"), "not of epochs=3 x"),
        (("x=interval(0,1)", "y=1,2", "epochs=3"), "in which y had other choices"),
        (("x=tag(log,interval(0.1,1))", "y=range(8)", "epochs=3"), "in which x had other choices"),
    ],
)
def test_another_search_in_the_same_folder(words: Sequence[str], line: str, tmp_path: Path) -> None:
    """Would be compared with what is no like of it; other ranges are none."""
    config = SearchConfig(2, 2, "random", 0)
    search(parsed(*XY, "epochs=3", "quiet=true"), [[]], tmp_path, config, Bowl())
    with pytest.raises(UserError, match=line):
        search(parsed(*words), [[]], tmp_path, config, Bowl())
    wider = SearchConfig(3, 2, "random", 0)
    search(parsed("x=interval(0,2)", XY[1], "epochs=3"), [[]], tmp_path, wider, bowl := Bowl())
    assert len(bowl.asked) == 1


def test_folds_are_one_trial(tmp_path: Path) -> None:
    """Its value is their mean."""

    def launch(points: Sequence[Sequence[str]], first: int) -> list[float]:
        assert first == 0
        assert [point[-1] for point in points] == ["data.fold=0", "data.fold=1"] * 2
        return [1.0, 2.0, 5.0, 7.0]

    folds = [["data.fold=0"], ["data.fold=1"]]
    search(parsed(*XY), folds, tmp_path, SearchConfig(2, 2, "random", 0), launch)
    assert values_of_trials(tmp_path) == [1.5, 6.0]


def study_in(folder: Path) -> optuna.Study:
    """What a folder's journal says."""
    storage = JournalStorage(JournalFileBackend(str(folder / "optuna.journal")))
    return optuna.load_study(study_name="sweep", storage=storage)


def values_of_trials(folder: Path) -> list[float]:
    """What finished trials reached."""
    return [trial.value for trial in study_in(folder).get_trials() if trial.value is not None]


def overrides_of(folder: Path) -> dict[str, object]:
    """What each finished job changed, by its folder."""
    found = folder.glob("*/result.json")
    return {path.parent.name: json.loads(path.read_text())["overrides"] for path in found}


def test_a_killed_search_ends_like_an_undisturbed_one(tmp_path: Path) -> None:
    """Killed amid training; the same trials, jobs and values, and none twice."""
    calm, wild = tmp_path / "calm", tmp_path / "wild"
    words = [*WORDS, "epochs=150"]
    done = command([*words, f"hydra.sweep.dir={calm}"], tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert overrides_of(calm).keys() == set(map(str, range(9)))
    assert len((calm / "summary.csv").read_text().splitlines()) == 1 + 9
    words = [*words, f"hydra.sweep.dir={wild}"]
    process = subprocess.Popen(
        [*TRAIN, *words], cwd=tmp_path, env=clean_environment(), start_new_session=True
    )
    deadline = time.monotonic() + 240
    while not (wild / "5" / "curves.csv").is_file() and time.monotonic() < deadline:
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert len(values_of_trials(wild)) == 3
    done = command(words, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert overrides_of(wild) == overrides_of(calm)
    assert values_of_trials(wild) == values_of_trials(calm)


def test_a_failed_trial_is_remembered(tmp_path: Path) -> None:
    """The same command, with nothing left to train, ends as the first one did."""
    words = [*WORDS, "optimizer=sgd", "optimizer.lr=1e30", "data=diabetes", "hydra.sweep.dir=s"]
    words.remove("optimizer.lr=tag(log,interval(1e-4,1e-1))")
    for _ in range(2):
        done = command([*words, "hydra.sweeper.n_trials=3"], tmp_path)
        assert done.returncode == 1
        assert "not every job succeeded" in done.stderr


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["hydra.sweeper.sampler=tep"], "unknown hydra.sweeper.sampler 'tep': did you mean 'tpe'?"),
        (["hydra.sweeper.n_trials=0"], "hydra.sweeper.n_trials must be 1 or more, got 0"),
        (["hydra/launcher=basic"], "use hydra/launcher=stacked"),
        (["data.val_fraction=0"], "a search needs validation rows"),
        (["sweep.halving=2"], "sweep.halving judges a whole grid at once"),
    ],
)
def test_bad_input(words: list[str], line: str, tmp_path: Path) -> None:
    """One line."""
    done = command([*WORDS, *words], tmp_path)
    assert done.returncode == 1
    assert line in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_trials_have_no_reports(tmp_path: Path) -> None:
    """However small a batch is: a search has many; what it found is drawn once."""
    words = [word for word in WORDS if not word.startswith("tracking.report")]
    more = ["hydra.sweeper.n_trials=4", "hydra.sweeper.batch=2", "hydra.sweep.dir=search"]
    done = command([*words, *more], tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(list(tmp_path.glob("search/*/result.json"))) == 4
    assert list(tmp_path.glob("search/*/report.html")) == []
    assert (tmp_path / "search" / "summary.html").is_file()


@pytest.mark.parametrize("name", ["tpe", "random", "gp"])
def test_a_journal_executes_nothing(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pickle where Optuna's CMA-ES keeps its state is text like any other: none loads it."""
    monkeypatch.chdir(tmp_path)
    search(parsed(*XY), [[]], tmp_path, SearchConfig(12, 12, name, 0), Bowl())
    journal = tmp_path / "optuna.journal"
    call = b"cposix\nsystem\n(S'touch hacked'\ntR.".hex()
    lines = journal.read_text().splitlines()
    told = next(i for i, line in enumerate(lines) if json.loads(line)["op_code"] == 6)
    lines[told:told] = [
        json.dumps({"op_code": 9, "worker_id": "x", "trial_id": trial, "system_attr": {key: call}})
        for trial in range(12)
        for key in ("cma:optimizer:0", "cma:0", "gp:0")
    ]
    journal.write_text("".join(line + "\n" for line in lines))
    search(parsed(*XY), [[]], tmp_path, SearchConfig(14, 2, name, 0), bowl := Bowl())
    assert len(bowl.asked) == 2
    attributes = study_in(tmp_path).get_trials()[0].system_attrs
    assert attributes["cma:optimizer:0"] == call
    assert not (tmp_path / "hacked").exists()


def test_what_is_no_journal(tmp_path: Path) -> None:
    """One line."""
    (tmp_path / "optuna.journal").write_text("what\nis this\n")
    with pytest.raises(UserError, match="is not valid JSON"):
        search(parsed(*XY), [[]], tmp_path, SearchConfig(2, 2, "random", 0), Bowl())

"""What was tried beside a run, and what is not the same data."""

import json
from pathlib import Path

import pytest
from lab import configure

from mlp_lab.runs.job import Job
from mlp_lab.verdict import history
from mlp_lab.verdict.history import earlier_runs, rows_of, settings_of

OWN = ["data=wine", "seed=1", "epochs=3"]


def written(folder: Path, *words: str) -> Path:
    """A folder as far as its result is read here."""
    folder.mkdir(parents=True)
    (folder / "result.json").write_text(json.dumps({"status": "completed", "overrides": words}))
    return folder


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        history, "result_of", lambda folder: json.loads((folder / "result.json").read_text())
    )


def found(folder: Path) -> list[Path]:
    return [one.folder for one in earlier_runs(Job(configure(), {}, folder, OWN), OWN)]


def test_runs_of_the_same_rows(tmp_path: Path) -> None:
    """Another network or scaling, not another seed, data set or part."""
    same = {
        written(tmp_path / "a", *OWN, "model.width=8"),
        written(tmp_path / "b", "seed=1", "data=wine", "data.scaling=none"),
        written(tmp_path / "c", *OWN, "data.class_weights=balanced", "name=x", "quiet=true"),
    }
    written(tmp_path / "d", "data=wine", "seed=2")
    written(tmp_path / "e", "data=iris", "seed=1")
    written(tmp_path / "f", *OWN, "data.train_rows=20")
    own = written(tmp_path / "own", *OWN)
    assert set(found(own)) == same


def test_runs_of_other_days(tmp_path: Path) -> None:
    """They lie in folders beside that of the day; other folders have nothing to do with it.

    Nor have the jobs of a sweep that Hydra runs itself with one another.
    """
    own = written(tmp_path / "2026-01-02" / "10-00-00", *OWN)
    day = written(tmp_path / "2026-01-01" / "09-00-00", *OWN)
    written(tmp_path / "sweep" / "0", *OWN)
    assert found(own) == [day]
    assert found(tmp_path / "sweep" / "1") == [tmp_path / "sweep" / "0"]
    assert found(tmp_path / "alone" / "1") == []
    (tmp_path / "sweep" / "multirun.yaml").touch()
    assert found(tmp_path / "sweep" / "1") == []


def test_numbers_are_the_same_however_they_are_written() -> None:
    assert settings_of(["optimizer.lr=1e-3", "+epochs=50"]) == settings_of(
        ["epochs=50.0", "optimizer.lr=0.001", "threads=2", "hydra.run.dir=x", "tracking.report=no"]
    )
    assert rows_of(settings_of([*OWN, "experiment=x", "data.drop=[x]", "dataset=3"])) == {
        *("data=wine", "seed=1", "experiment=x")
    }


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (["optimizer.lr=0.001"], [], True),
        (["seed=0", "epochs=50", "model=deep"], ["model.width=[64, 64]", "data=digits"], None),
        (["optimizer=gd"], ["optimizer=gd", "batch_size=full"], True),
        (["optimizer=sgd", "optimizer.lr=0.001"], ["optimizer.lr=0.001"], False),
        (["data=table", "model=tabular"], ["data=table"], True),
        (["data=table", "model=deep"], ["data=table"], False),
        (["stop.patience=null"], ["tracking.boosting=never"], True),
        (["optimizer=of_another_program"], ["optimizer=adam"], False),
        (["experiment=x", "optimizer.lr=0.001"], ["experiment=x"], False),
    ],
)
def test_what_is_typed_is_no_other_setting_than_a_default(
    one: list[str], other: list[str], same: bool | None
) -> None:
    """Values count, not words; of an experiment's values nothing is known."""
    equal = settings_of(one) == settings_of(other)
    assert equal == (False if same is None else same)


def test_a_run_by_defaults_is_one_of_the_same_rows(tmp_path: Path) -> None:
    own = written(tmp_path / "own", "data=digits", "data.split_seed=0")
    same = written(tmp_path / "a", "seed=0", "optimizer=sgd")
    assert [one.folder for one in earlier_runs(Job(configure(), {}, own, []), [])] == [same]

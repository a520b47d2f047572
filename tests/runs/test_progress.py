"""Where a run stands, as its checkpoint says it."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from lab import Plain, changed, configure, values_of
from safetensors.numpy import save, save_file

from mlp_lab.data.dataset import Dataset
from mlp_lab.errors import UserError
from mlp_lab.runs.job import Job
from mlp_lab.runs.member import Run
from mlp_lab.runs.prepared_data import prepare_data
from mlp_lab.runs.progress import Origin, Progress, State, lasting_settings, read_state

IRIS = ("data=iris", "seed=3")


def fresh() -> Progress:
    """Before the first epoch."""
    config = configure(*IRIS)
    prepared = prepare_data(config)
    rows = Dataset.of(prepared.encoded, torch.float32, torch.device("cpu"))
    return Run.fresh(Job(config, values_of(*IRIS), Path("run"), IRIS), prepared, rows).progress


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A checkpoint of two members, of which one never had a validation row."""
    one, other = fresh(), fresh()
    one.seconds, one.change, one.reason = 0.1 + 0.2, 1e-17, "no better loss for 1 epochs"
    one.watch.best, one.watch.waited = 1 / 3, 4
    state = State(7, {5: one, 2: other}, [[0.1, 0.3, 2], [1.0, math.inf, 0]])
    save_file({"w": np.zeros(3)}, tmp_path / "c", {"state": state.to_json()})
    return tmp_path / "c"


def test_what_is_read_is_what_was_written(path: Path) -> None:
    """To the last bit, infinities too, and in the order of the stack."""
    state = read_state(path)
    assert (state.epoch, state.schedules) == (7, [[0.1, 0.3, 2], [1.0, math.inf, 0]])
    assert list(state.progress) == [5, 2]
    one, other = state.progress.values()
    assert other == fresh()
    assert (one.seconds, one.change, one.watch.best) == (0.1 + 0.2, 1e-17, 1 / 3)
    assert (one.watch.waited, one.reason) == (4, "no better loss for 1 epochs")
    assert one.watch.reference == other.change == math.inf


def test_a_checkpoint_that_is_not_there(tmp_path: Path) -> None:
    """A folder of that name is none, either."""
    (tmp_path / "folder").mkdir()
    for name in ("none", "folder"):
        with pytest.raises(UserError, match=f"^{tmp_path} has no {name} to resume from: "):
            read_state(tmp_path / name)


@pytest.mark.parametrize("size", [0, 4, 8, 100, -1])
def test_a_checkpoint_that_was_cut_short(size: int, path: Path) -> None:
    """Wherever it ends; the reason follows."""
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(UserError, match=f"^{path} is damaged"):
        read_state(path)


def without_key(state: Plain, key: str) -> Plain:
    """A state that lacks it."""
    return {name: value for name, value in state.items() if name != key}


@pytest.mark.parametrize("key", ["epoch", "members", "progress", "schedules"])
def test_a_checkpoint_of_another_version(key: str, path: Path, tmp_path: Path) -> None:
    """A key less, or one that nobody knows, is no state that may be guessed at."""
    plain: Plain = json.loads(State(1, {0: fresh()}, [[1.0, 1.0, 0]]).to_json())
    entries = plain["progress"]
    assert isinstance(entries, list)
    odd = {**plain, "progress": [{**entries[0], "unknown": 1}]}
    others: list[object] = [{**plain, "members": [0, 1]}, []]
    for state in (without_key(plain, key), odd, *others):
        save_file({"w": np.zeros(1)}, path, {"state": json.dumps(state)})
        with pytest.raises(UserError, match=f"^{path}: "):
            read_state(path)
    path.write_bytes(save({"w": np.zeros(1)}))  # another program's file
    with pytest.raises(UserError, match="is damaged"):
        read_state(path)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("epochs", 999), ("quiet", True), ("device", "cpu"), ("threads", 2), ("resume", "a")),
        *(("stop.patience", 3), ("tracking.report", False), ("data.path", "elsewhere.csv")),
    ],
)
def test_what_a_run_may_be_resumed_with(key: str, value: object) -> None:
    """It stays the same run."""
    values = changed(values_of(*IRIS), {"data.path": "a.csv"})
    assert lasting_settings(changed(values, {key: value})) == lasting_settings(values)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("seed", 4), ("optimizer.lr", 0.5), ("data.split_seed", 1), ("stop.monitor", "metric")),
        *(("dtype", "float64"), ("batch_size", "full"), ("gradient", "autograd")),
    ],
)
def test_what_makes_another_run(key: str, value: object) -> None:
    """Its curves would be of two."""
    values = values_of(*IRIS)
    assert lasting_settings(changed(values, {key: value})) != lasting_settings(values)


def test_where_a_run_comes_from() -> None:
    """Its rows count by what they hold."""
    origins = []
    for words in (IRIS, (*IRIS, "epochs=3"), ("data=iris", "seed=4"), ("data=wine", "seed=3")):
        config = configure(*words)
        origins.append(
            Origin.of(Job(config, values_of(*words), Path(), words), prepare_data(config))
        )
    first, longer, other, wine = origins
    assert replace(longer, overrides=first.overrides) == first
    assert (other.rows == first.rows, other.settings == first.settings) == (True, False)
    assert wine.rows != first.rows
    assert first.overrides == list(IRIS)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("epoch", -1, "state.epoch must be 0 or more, got -1"),
        ("epoch", 1e9, "state.epoch must be a whole number"),
        ("members", [], "state.progress must be of 0 members, got 1"),
        ("members", [-1], "state.members must be different numbers of 0 or more"),
        ("schedules", [[1.0, 1.0]], r"state.schedules\[0\] must be a list of 3"),
        ("schedules", [[1.0, 1.0, math.inf]], r"state.schedules\[0\] must be a reduction"),
        ("progress.seconds", math.inf, r"state.progress\[0\].seconds must be 0 or more, got inf"),
        ("progress.change", -1, r"state.progress\[0\].change must be 0 or more, got -1"),
        ("progress.reason", None, r"state.progress\[0\].reason must be text, got null"),
        ("progress.watch", {"best": "1"}, r"state.progress\[0\].watch.best must be a number"),
        ("progress.watch", {"best_epoch": 9}, r"state.progress\[0\].watch.best_epoch must be from"),
        ("progress.diverged", {"epoch": 9, "step": 1, "lr": 1}, "diverged.epoch must be from 1 to"),
    ],
)
def test_a_state_that_cannot_be(key: str, value: object, words: str, path: Path) -> None:
    """The file is named, and the key."""
    plain: Plain = json.loads(State(1, {0: fresh()}, [[1.0, 1.0, 0]]).to_json())
    if key.startswith("progress."):
        entries = plain["progress"]
        assert isinstance(entries, list)
        key, value = "progress", [{**entries[0], key.partition(".")[2]: value}]
    save_file({"w": np.zeros(1)}, path, {"state": json.dumps({**plain, key: value})})
    with pytest.raises(UserError, match=f"^{path}: .*{words}"):
        read_state(path)

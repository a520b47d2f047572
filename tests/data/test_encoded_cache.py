"""Encoded tables on disk: whole, or not there."""

import json
import os
import pickle
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from surveys import config_of, problem_of, survey, written

from mlp_lab.data import encoded_cache
from mlp_lab.data.encoded_cache import encoded_table, keep, keep_note, key_of, note, opened
from mlp_lab.data.mapped import tables_folder
from mlp_lab.data.preprocessing import EncodedData, Room
from mlp_lab.data.tables.config import TableConfig
from mlp_lab.errors import UserError
from mlp_lab.runs import prepared_data

WEIGHTED = ("data.target=voted", "data.weight=weight")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """The survey as a file."""
    return written(survey(), tmp_path)


def entries() -> list[Path]:
    """Encoded tables."""
    return [path for path in tables_folder().iterdir() if path.is_dir()]


def table_config(path: Path, *overrides: str) -> TableConfig:
    """Its settings."""
    config = config_of(path, *WEIGHTED, *overrides).data
    assert isinstance(config, TableConfig)
    return config


def test_it_is_found_again(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By another run without a look at a cell; a worker opens the same files."""
    first = problem_of(table, *WEIGHTED, "data.stream=always").encoded
    monkeypatch.setattr(prepared_data, "load_rows", None)
    found = problem_of(table, *WEIGHTED, "data.stream=always").encoded
    again = pickle.loads(pickle.dumps(found))  # noqa: S301  our own
    assert first.nbytes == again.nbytes == 0
    for name in ("train", "val", "test"):
        one, other = getattr(first, name), getattr(again, name)
        assert isinstance(other.inputs, np.memmap)
        assert np.array_equal(one.inputs, other.inputs)
        assert np.array_equal(one.targets, other.targets)
        assert np.array_equal(one.weights, other.weights)
        assert np.array_equal(one.loss_weights, other.loss_weights)


def test_clusters_and_strata(table: Path) -> None:
    """They lie beside the rows; what was kept before there were any is opened, too."""
    words = (*WEIGHTED, "data.group=household", "data.strata=trust")
    memory = problem_of(table, *words, "data.stream=never").encoded
    found = problem_of(table, *words, "data.stream=always").encoded
    for encoded in (found, pickle.loads(pickle.dumps(found))):  # noqa: S301  our own
        for name in ("train", "val", "test"):
            one, other = getattr(memory, name).design, getattr(encoded, name).design
            assert np.array_equal(one.clusters, other.clusters)
            assert np.array_equal(one.strata, other.strata)
            assert (one.cluster, one.stratum) == (other.cluster, other.stratum)
    (folder,) = entries()
    about = json.loads((folder / "about.json").read_text())
    for part in about["parts"].values():
        del part["clusters"], part["strata"]
    del about["schema"]["group"], about["schema"]["strata"]
    (folder / "about.json").write_text(json.dumps(about))
    former = opened(folder)
    assert former is not None
    assert former[0].test.design is None
    (folder / "about.json").write_text(json.dumps({**about, "parts": {}}))
    assert opened(folder) is None


def test_the_key(table: Path) -> None:
    """What a file holds counts, and what is said of it; its name and its time do not."""
    key = key_of(table_config(table))
    os.utime(table, ns=(1, 1))
    moved = table.with_name("moved.csv")
    moved.write_bytes(table.read_bytes())
    assert key == key_of(table_config(table)) == key_of(table_config(moved, "data.stream=always"))
    assert key != key_of(table_config(table, "data.scaling=robust"))
    as_tabs = table.with_name("survey.tsv")
    as_tabs.write_bytes(table.read_bytes())
    assert key != key_of(table_config(as_tabs))
    about, text = table.stat(), table.read_bytes()
    table.write_bytes(text[::-1])
    os.utime(table, ns=(about.st_atime_ns, about.st_mtime_ns))
    table.rename(moved)
    assert key != key_of(table_config(moved))


@pytest.mark.parametrize("damage", ["cut", "gone", "about", "link"])
def test_what_is_damaged_is_made_anew(damage: str, table: Path, tmp_path: Path) -> None:
    """A file that was cut, or is not there; or a description that is none."""
    before = problem_of(table, *WEIGHTED, "data.stream=always").encoded.train.inputs.copy()
    (folder,) = entries()
    inputs = folder / "train-inputs"
    if damage == "cut":
        os.truncate(inputs, 10)
    elif damage == "about":
        (folder / "about.json").write_text('{"about": {}, "schema": {}}')
    else:
        inputs.unlink()
        if damage == "link":
            inputs.symlink_to(table)
    assert opened(folder) is None
    after = problem_of(table, *WEIGHTED, "data.stream=always").encoded.train.inputs
    assert np.array_equal(before, after)


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    """An error on the way; also one of the disk."""

    def make(room: Room) -> tuple[EncodedData, Mapping[str, object]]:
        room("train-inputs", (3, 2), "float32")
        raise UserError("on the way")

    with pytest.raises(UserError, match="on the way"):
        encoded_table("key", make)
    assert not entries()
    with pytest.raises(UserError, match="on the way"):
        keep(tmp_path / "key", make)
    assert not list(tmp_path.glob("*key*"))


def test_what_nobody_used_goes(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When another is made; opening one is a use."""
    problem_of(table, *WEIGHTED, "data.stream=always")
    (old,) = entries()
    long_ago = time.time() - encoded_cache.KEPT_SECONDS - 60
    os.utime(old, (long_ago, long_ago))
    problem_of(table, *WEIGHTED, "data.stream=always")
    assert old.stat().st_mtime > long_ago
    os.utime(old, (long_ago, long_ago))
    problem_of(table, *WEIGHTED, "data.stream=always", "data.scaling=robust")
    assert len(entries()) == 1
    assert not old.exists()


def test_notes() -> None:
    """Small things under a key."""
    assert note("key") is None
    keep_note("key", {"rows": 3})
    assert note("key") == {"rows": 3}

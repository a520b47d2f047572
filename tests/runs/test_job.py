"""What a run is asked to do, as plain data."""

import pytest
from lab import configure

from mlp_lab.runs.job import hashed, labels_of, section, without


def test_a_hash_is_what_it_was() -> None:
    """Folders of earlier versions hold some; no order of keys counts, and every value does."""
    assert hashed({"a": 1, "b": [2.5, None, "ö"]}, "loss") == "e6c44ed4fadf575a"
    assert hashed({"b": 1, "a": 2}) == hashed({"a": 2, "b": 1})
    distinct = [
        *(hashed({"a": value}) for value in (1, 1.0, "1", True, None, [1])),
        *(hashed({"b": 1}), hashed({"a": 1}, None), hashed([1, 2]), hashed([2, 1])),
    ]
    assert len(set(distinct)) == len(distinct)
    assert all(len(each) == 16 and int(each, 16) >= 0 for each in distinct)


def test_a_group_and_what_is_left() -> None:
    """A copy: whoever takes a key away takes it from nobody else."""
    values: dict[str, object] = {"data": {"name": "iris", "path": "a"}, "seed": 0}
    assert section(values, "data") == {"name": "iris", "path": "a"}
    assert without(values, ("data", "nothing")) == {"seed": 0}
    assert list(values) == ["data", "seed"]
    with pytest.raises(AssertionError):
        section(values, "seed")


def test_labels() -> None:
    """Those that a run has."""
    assert labels_of(configure("name=pilot", "tags=[a,b]")) == {"name": "pilot", "tags": "a, b"}
    assert labels_of(configure()) == {}

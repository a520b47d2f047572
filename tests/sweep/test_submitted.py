"""What a sweep remembers of its tasks."""

import json
from pathlib import Path

import pytest

from mlp_lab.errors import UserError
from mlp_lab.sweep.submitted import Submitted


def test_written_and_read(tmp_path: Path) -> None:
    """Nothing of a sweep that has submitted nothing."""
    assert Submitted.load(tmp_path) == Submitted()
    (tmp_path / ".cluster").mkdir()
    Submitted(3, {1: "12_0", 2: "13"}).save(tmp_path)
    assert Submitted.load(tmp_path) == Submitted(3, {1: "12_0", 2: "13"})


@pytest.mark.parametrize(
    ("tasks", "words"),
    [
        ({"0": "-f"}, "tasks must be names by chunk, got 0: '-f'"),
        ({"0": "a b"}, "tasks must be names by chunk, got 0: 'a b'"),
        ({"7": "12"}, "tasks must be names by chunk, got 7: '12'"),
        ({"0": 12}, "tasks.0 must be text, got 12"),
    ],
)
def test_what_a_stranger_wrote(tmp_path: Path, tasks: object, words: str) -> None:
    """No name is an option of a command; the file is named."""
    (tmp_path / ".cluster").mkdir()
    path = tmp_path / ".cluster" / "tasks.json"
    path.write_text(json.dumps({"next": 1, "tasks": tasks}))
    with pytest.raises(UserError) as refusal:
        Submitted.load(tmp_path)
    assert str(refusal.value) == f"{path}: {words}"

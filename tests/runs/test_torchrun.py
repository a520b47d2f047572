"""What torchrun says in the environment."""

import pytest

from mlp_lab.errors import UserError
from mlp_lab.runs.torchrun import Place, from_torchrun, place_of_this, with_devices

TWO = Place(1, 2, 1, "127.0.0.1", 29500)


def test_a_place_is_read_as_it_is_written() -> None:
    """And nothing is read where a process is alone."""
    assert place_of_this(TWO.variables) == TWO
    assert place_of_this({}) is None
    assert place_of_this({**TWO.variables, "WORLD_SIZE": "1", "RANK": "0"}) is None
    assert place_of_this({"RANK": "1", "WORLD_SIZE": "2"}) is None
    assert not from_torchrun(TWO.variables)
    assert from_torchrun({"TORCHELASTIC_RUN_ID": "none"})


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"RANK": "first"}, "RANK=first, WORLD_SIZE=2, .* are not what torchrun sets: unset them"),
        ({"MASTER_PORT": "-1"}, ".* are not what torchrun sets"),
        ({"RANK": "2"}, "RANK must be below WORLD_SIZE=2, got 2"),
    ],
)
def test_other_words(changes: dict[str, str], line: str) -> None:
    """One line."""
    with pytest.raises(UserError, match=f"^{line}"):
        place_of_this({**TWO.variables, **changes})


def test_as_many_devices_as_processes() -> None:
    """Said or not; another number is refused."""
    assert with_devices(["epochs=2"], None) == ["epochs=2"]
    assert with_devices(["epochs=2"], TWO) == ["epochs=2", "devices=2"]
    assert with_devices(["devices=2"], TWO) == ["devices=2"]
    with pytest.raises(UserError, match=r"^devices must be the 2 processes that torchrun started"):
        with_devices(["devices=3"], TWO)

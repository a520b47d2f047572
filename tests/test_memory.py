"""Free memory, and a bound on what is taken."""

import sys

import pytest

from mlp_lab.memory import at_most, free_memory


def test_some_memory_is_free() -> None:
    assert free_memory() > 2**20


@pytest.mark.skipif(sys.platform != "linux", reason="other systems tell or limit no size")
def test_more_is_refused_before_it_is_taken_and_allowed_afterwards() -> None:
    with at_most(2**28):
        bytearray(2**24)
        with pytest.raises(MemoryError):
            bytearray(2**30)
    assert len(bytearray(2**29)) == 2**29

"""What every engine shares: where stacks are kept, and the states of tasks."""

from pathlib import Path

from mlp_lab.sweep.engines import STATES, checkpoint_of


def test_where_a_stack_is_kept() -> None:
    """Whoever trains it finds it."""
    assert checkpoint_of(Path("sweep"), 3) == Path("sweep", ".stacks", "3.safetensors")


def test_states_differ() -> None:
    """Each is a word of its own."""
    assert len(set(STATES)) == 5

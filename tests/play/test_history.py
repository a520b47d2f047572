"""Epochs that are kept: all of them, or every second, fourth, ... where there are many."""

import pytest
from played import session

from mlp_lab.play import history
from mlp_lab.play.history import History, Moment


def test_a_moment_is_all_that_training_changes() -> None:
    """Put back, the next epochs are the same, bit for bit."""
    found = session("optimizer=adam", "model.dropout=0.2")
    stack = found.lineup.stacks[0]
    found.train_epoch()
    kept = Moment.of([stack], [found.lineup.trials[0].run.progress])
    stack.train_epoch()
    first = stack.network.layers.flat.clone()
    kept.put(1, [stack])
    stack.train_epoch()
    assert bool((stack.network.layers.flat == first).all())


def test_memory_is_bounded() -> None:
    """Every second epoch is let go when there is no more room; the beginning stays."""
    found = session()
    stacks = found.lineup.stacks
    one = found.history.moments[0].nbytes
    kept = History(most=4 * one)
    for epoch in range(40):
        kept.keep(epoch, stacks, [])
    assert len(kept.moments) <= 4
    assert kept.at_or_before(39) == max(kept.moments)
    assert kept.at_or_before(0) == 0
    kept.forget_after(8)
    assert max(kept.moments) <= 8


def test_epochs_of_small_networks_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their tensors are small, but not what holds them: an hour's training does not grow."""
    monkeypatch.setattr(history, "MOST", 10)
    found = session()
    kept = History()
    for epoch in range(100):
        kept.keep(epoch, found.lineup.stacks, [])
    assert len(kept.moments) <= 10
    assert kept.at_or_before(99) >= 80
    assert kept.at_or_before(0) == 0

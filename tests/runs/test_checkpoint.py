"""When a checkpoint is due: they take only their share of the time."""

import time
from pathlib import Path

import pytest

from mlp_lab.engine.stack import Stack
from mlp_lab.runs import checkpoint as checkpoints
from mlp_lab.runs.checkpoint import Clock


class Hands:
    """A clock to turn by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """The time."""
        return self.now


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> Hands:
    """Time stands still; a checkpoint takes 2 seconds."""
    turned = Hands()
    monkeypatch.setattr(time, "perf_counter", turned)

    def two_seconds(path: Path, stack: Stack, progress: object) -> None:
        turned.now += 2

    monkeypatch.setattr(checkpoints, "save_checkpoint", two_seconds)
    return turned


def save(clock: Clock, tmp_path: Path) -> None:
    """A checkpoint of nothing."""
    clock.save(tmp_path, Stack.__new__(Stack), {})


def test_checkpoints_take_their_share(hands: Hands, tmp_path: Path) -> None:
    """The first is free; one of 2 s at a share of 10 % is due again 20 s after its end."""
    clock = Clock(0.1)
    assert clock.due()
    save(clock, tmp_path)
    assert not clock.due()
    hands.now += 19.9
    assert not clock.due()
    hands.now += 0.2
    assert clock.due()
    save(clock, tmp_path)
    assert not clock.due()


def test_share_zero_is_never_due(hands: Hands) -> None:
    """Only the last checkpoint is written."""
    clock = Clock(0.0)
    assert not clock.due()
    hands.now += 1e9
    assert not clock.due()


def test_share_one_is_due_after_its_own_cost(hands: Hands, tmp_path: Path) -> None:
    """Half of the time goes into checkpoints."""
    clock = Clock(1.0)
    save(clock, tmp_path)
    hands.now += 1.9
    assert not clock.due()
    hands.now += 0.2
    assert clock.due()

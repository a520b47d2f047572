"""Phases of curves whose falls and plateaus are known."""

import math
from collections.abc import Sequence

import numpy as np
import pytest

from mlp_lab.tracking.phases import LEAST, Phase, in_words, phases

EPOCHS = range(100)


def step(epoch: float, at: float) -> float:
    """From 1 to 0 around an epoch, nine tenths of it within nine epochs."""
    return 1 / (1 + math.exp((epoch - at) / 1.5))


def names(losses: Sequence[float]) -> list[str]:
    """Of all phases."""
    return [phase.name for phase in phases(losses)]


def test_a_fall_and_a_plateau() -> None:
    """What decays exponentially to a floor falls, then stays."""
    found = phases([1 + math.exp(-epoch / 8) for epoch in EPOCHS])
    assert [phase.name for phase in found] == ["fall", "plateau"]
    assert found[0].last == pytest.approx(8 * math.log(100 / 8 / 0.25), abs=10)
    assert (found[0].first, found[1].last) == (1, 100)
    assert found[1].first == found[0].last + 1


@pytest.mark.parametrize("noise", [0.0, 0.03])
def test_two_falls(noise: float) -> None:
    """A plateau before, between and behind them; each begins within a window of its place."""
    drawn = noise * np.random.default_rng(0).standard_normal(100)
    found = phases([2 + step(e, 30) + step(e, 70) + drawn[e] for e in EPOCHS])
    assert [phase.name for phase in found] == ["plateau", "fall", "plateau", "fall", "plateau"]
    for phase, at in ((found[1], 30), (found[3], 70)):
        assert phase.first < at < phase.last
        assert at - 15 < phase.first
        assert phase.last < at + 15


def test_one_phase() -> None:
    """Straight lines fall or rise, what stays is a plateau."""
    assert names([200.0 - epoch for epoch in EPOCHS]) == ["fall"]
    assert names([100.0 + epoch for epoch in EPOCHS]) == ["rise"]
    assert names([0.5] * 100) == ["plateau"]


def test_a_loss_that_turns_round() -> None:
    """As that of validation rows where a network overfits."""
    curve = [1 + math.exp(-epoch / 6) + 0.01 * max(0, epoch - 40) for epoch in EPOCHS]
    assert names(curve) == ["fall", "plateau", "rise"]


def test_logarithms_where_losses_span_decades() -> None:
    """A loss that is halved again and again never rests, though nothing of it is left to see."""
    assert names([math.exp(-epoch / 5) for epoch in EPOCHS]) == ["fall"]


def test_short_curves_have_none() -> None:
    """And a curve ends where it is not finite."""
    assert phases([1.0] * (LEAST - 1)) == []
    assert phases([1.0] * LEAST + [math.nan] * 50) == [Phase("plateau", 1, LEAST)]


def test_words() -> None:
    curve = [1 - 0.1 * min(epoch, 10) for epoch in range(1, 41)]
    assert in_words(phases(curve)) == "fall from epoch 1 to 12, plateau from epoch 13 to 40"

"""How many networks a time is enough for."""

import pytest

from mlp_lab.runs.pacing import (
    FINALISTS,
    Pace,
    Plan,
    adapted,
    adds_nothing,
    checked,
    planned,
    seconds_of,
    whole,
)

PACE = Pace(0.0, 1.0)
"""A second for each network and epoch."""


def plan(
    left: float, epochs: int | None = 30, *, shorter: bool = True, before: Plan | None = None
) -> Plan | None:
    return planned(left, PACE, epochs, most=16, shorter=shorter, before=before)


def test_a_pace() -> None:
    """Two measurements tell what is shared; what epochs take corrects them."""
    pace = Pace.measured(3.0, 6.0, 4)
    assert pace.epoch(10) == pytest.approx(12)
    pace.observe(10, 24)
    assert pace.epoch(1) == pytest.approx(6)


def test_a_pace_that_others_taught() -> None:
    """What was expected of others was wrong by a half; soon its own epochs count more."""
    pace = Pace(1.0, 1.0)
    pace.begin_with(1.5)
    assert pace.epoch(4) == pytest.approx(7.5)
    for _ in range(20):
        pace.observe(4, 5.0)
    assert pace.epoch(4) == pytest.approx(5.0, rel=0.02)


@pytest.mark.parametrize(
    ("epochs", "epoch", "before", "ends"),
    [
        (2, 2, Plan(2, 14), True),
        (10, 2, Plan(2, 14), False),
        (8, 7, Plan(2, 14), False),
        (2, 2, None, False),
        (None, 2, Plan(2, None), False),
    ],
)
def test_a_later_round_that_is_cut_short(
    epochs: int | None, epoch: int, before: Plan | None, *, ends: bool
) -> None:
    """It ends, if it has hardly begun and is not the first."""
    assert adds_nothing(Plan(2, 14), epochs, epoch, before) == ends


def test_halving() -> None:
    """Half of the networks go on, twice, but not fewer than the finalists."""
    full = whole(16, 30)
    assert full.rungs == ((10, 8), (20, 4))
    assert [full.going(epoch) for epoch in (9, 10, 29)] == [16, 8, 4]
    assert seconds_of(full, PACE) == 10 * 16 + 10 * 8 + 10 * 4
    assert seconds_of(full, PACE, 15, 8) == 5 * 8 + 10 * 4
    assert whole(FINALISTS, 30).rungs == ()
    assert whole(16, 1).rungs == ()


@pytest.mark.parametrize(
    ("left", "networks", "epochs"),
    [
        (1000, 16, 30),
        (200, 8, 30),
        (120, 4, 30),
        (60, 4, 15),
        (40, 4, 10),
        (12, 1, 12),
        (0.1, 1, 1),
    ],
)
def test_a_time(left: float, networks: int, epochs: int) -> None:
    """More networks, else fewer epochs, else fewer networks; at least one epoch of one."""
    found = plan(left)
    assert found is not None
    assert (found.networks, found.epochs) == (networks, epochs)


def test_epochs_that_are_fixed() -> None:
    """Fewer networks of as many; the last one is cut by the clock."""
    for left, networks in ((60, 2), (12, 1)):
        assert plan(left, shorter=False) == Plan(networks, 30)


def test_later_rounds_are_whole() -> None:
    """What time is left over is not used, where a few networks more are a small part of all."""
    first = whole(16, 30)
    assert plan(120, before=first) == Plan(4, 30)
    assert plan(90, before=first) is None
    assert plan(90, before=Plan(2, 30)) == Plan(3, 30)
    assert plan(29, before=Plan(1, 30)) is None


@pytest.mark.parametrize(
    ("left", "before", "networks", "epochs"),
    [
        (9.0, Plan(1, 10), 1, 9),
        (14.0, Plan(1, 10), 2, 7),
        (29.0, Plan(2, 12), 3, 9),
        (6.0, Plan(1, 10), None, None),
        (3.0, Plan(1, 1), None, None),
        (5.0, Plan(1, 1), 1, 5),
    ],
)
def test_after_short_trainings_others_as_short(
    left: float, before: Plan, networks: int | None, epochs: int | None
) -> None:
    """Of about as many epochs: a second network makes more of a time than none."""
    found = plan(left, before=before)
    assert (found and found.networks, found and found.epochs) == (networks, epochs)
    assert plan(left, before=before, shorter=False) is None


@pytest.mark.parametrize(
    ("planned_epochs", "epoch", "networks", "left", "epochs"),
    [
        (7, 1, 1, 20.0, 21),
        (7, 1, 1, 100.0, 30),
        (7, 1, 1, 6.4, 7),
        (7, 5, 1, 20.0, 7),
        (20, 5, 1, 6.0, 11),
        (20, 15, 1, 2.0, 17),
        (20, 5, 4, 8.0, 10),
        (20, 5, 4, 4.0, 6),
        (20, 5, 4, 32.0, 13),
    ],
)
def test_trainings_become_as_long_as_there_is_time(
    planned_epochs: int, epoch: int, networks: int, left: float, epochs: int
) -> None:
    """Longer in their first half, shorter at any time; several of them not shorter than enough."""
    plan = Plan(networks, planned_epochs)
    assert adapted(plan, PACE, epoch, networks, left=left, wanted=30) == epochs


def test_without_a_limit() -> None:
    """As many as could take some epochs; one round."""
    assert plan(1000, None) == Plan(16, None)
    assert plan(1, None) == Plan(1, None)
    assert plan(1000, None, before=Plan(16, None)) is None


def test_checks() -> None:
    """Now and then, not after each epoch."""
    assert [epoch for epoch in range(1, 31) if checked(Plan(4, 30), epoch)] == [
        5,
        10,
        15,
        20,
        25,
        30,
    ]

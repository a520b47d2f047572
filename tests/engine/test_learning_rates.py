"""Each member's learning rate in every step of an epoch."""

import pytest
from stacks import schedule

from mlp_lab.engine.learning_rates import LearningRates
from mlp_lab.network.schedules import Schedule


def test_one_row_where_no_rate_changes_within_an_epoch() -> None:
    """Every member's rate by its own schedule, whatever the step."""
    schedules = [Schedule(schedule(name), 4) for name in ("constant", "cosine")]
    rates = LearningRates([0.5, 0.2], schedules, [3, 2])
    for epoch in range(4):
        rows = rates.begin_epoch(epoch)
        assert rows.tolist() == [[0.5, 0.2 * schedules[1].factor(epoch)]]
        assert rates.last(1) == rates.in_step(1, 1) == rows[0, 1]


def test_a_row_for_each_step() -> None:
    """Time passes in a member's own steps; one that has no more keeps its last rate."""
    by_step = Schedule(schedule("cosine", per="step"), 2)
    schedules = [by_step, Schedule(schedule("step"), 2), by_step]
    rates = LearningRates([1.0, 0.3, 0.1], schedules, [4, 4, 2])
    rows = rates.begin_epoch(1)
    assert rows[:, 0].tolist() == [by_step.factor(1 + step / 4) for step in range(4)]
    assert rows[:, 1].tolist() == [0.3 * 0.5] * 4
    own = [0.1 * by_step.factor(time) for time in (1, 1.5)]
    assert rows[:, 2].tolist() == pytest.approx([*own, own[1], own[1]], rel=1e-15)
    assert [rates.in_step(2, 1), rates.last(2)] == rows[:2, 2].tolist()
    assert rates.last(0) == rows[3, 0]


def test_members_share_a_schedule_but_not_its_length() -> None:
    """Equal settings over other planned epochs, or with other settings, are other rates."""
    settings = [schedule("one_cycle"), schedule("one_cycle"), schedule("one_cycle", start=0.5)]
    schedules = [Schedule(each, epochs) for each, epochs in zip(settings, (3, 9, 3), strict=True)]
    rows = LearningRates([1.0] * 3, schedules, [5] * 3).begin_epoch(0)
    for member, each in enumerate(schedules):
        assert rows[:, member].tolist() == [each.factor(step / 5) for step in range(5)]
    assert len({tuple(column) for column in rows.t().tolist()}) == 3

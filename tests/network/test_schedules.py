"""Schedules against torch.optim.lr_scheduler, epoch by epoch and step by step."""

import random
from itertools import pairwise

import pytest
import torch
from torch import nn
from torch.optim import lr_scheduler

from mlp_lab.config.reading import read
from mlp_lab.errors import UserError
from mlp_lab.network.schedules import (
    SCHEDULES,
    CosineConfig,
    OneCycleConfig,
    PlateauConfig,
    Schedule,
    ScheduleConfig,
    StepConfig,
)

EPOCHS = 40
LR = 0.3


def sgd() -> torch.optim.Optimizer:
    """An optimizer to schedule."""
    return torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=LR)


def torch_rates(scheduler: lr_scheduler.LRScheduler) -> list[float]:
    """The learning rate of each epoch."""
    rates = []
    for _ in range(EPOCHS):
        rates.append(float(scheduler.optimizer.param_groups[0]["lr"]))
        scheduler.optimizer.step()  # torch warns of a schedule that runs ahead
        scheduler.step()
    return rates


def test_every_schedule_is_covered() -> None:
    """A new schedule needs a test here."""
    assert set(SCHEDULES) == {"constant", "step", "cosine", "warmup", "one_cycle", "plateau"}


def test_constant() -> None:
    """1, always."""
    schedule = Schedule(SCHEDULES["constant"](name="constant"), EPOCHS)
    assert {schedule.factor(epoch) for epoch in range(EPOCHS)} == {1.0}


@pytest.mark.parametrize(("step_size", "gamma"), [(1, 0.9), (7, 0.5), (50, 0.1), (3, 1.0)])
def test_step(step_size: int, gamma: float) -> None:
    """StepLR."""
    schedule = Schedule(StepConfig(name="step", step_size=step_size, gamma=gamma), EPOCHS)
    expected = torch_rates(lr_scheduler.StepLR(sgd(), step_size, gamma))
    assert [LR * schedule.factor(epoch) for epoch in range(EPOCHS)] == pytest.approx(expected)


@pytest.mark.parametrize("floor", [0.0, 0.1, 1.0])
def test_cosine(floor: float) -> None:
    """CosineAnnealingLR over all epochs."""
    schedule = Schedule(CosineConfig(name="cosine", floor=floor, per="epoch"), EPOCHS)
    torch_schedule = lr_scheduler.CosineAnnealingLR(sgd(), EPOCHS, eta_min=LR * floor)
    rates = [LR * schedule.factor(epoch) for epoch in range(EPOCHS)]
    assert rates == pytest.approx(torch_rates(torch_schedule), abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("gamma", "patience", "threshold"),
    [(0.5, 0, 0.0), (0.5, 2, 1e-4), (0.1, 3, 0.2), (0.9, 1, 0.05)],
)
def test_plateau(gamma: float, patience: int, threshold: float, seed: int) -> None:
    """ReduceLROnPlateau with a relative threshold, on losses that fall, rise and stand still."""
    config = PlateauConfig(name="plateau", gamma=gamma, patience=patience, threshold=threshold)
    schedule = Schedule(config, EPOCHS)
    optimizer = sgd()
    torch_schedule = lr_scheduler.ReduceLROnPlateau(
        optimizer,
        mode="min",
        factor=gamma,
        patience=patience,
        threshold=threshold,
        threshold_mode="rel",
        eps=0.0,
    )
    generator = random.Random(seed)  # noqa: S311
    loss, reductions = 2.0, set()
    for epoch in range(EPOCHS):
        assert LR * schedule.factor(epoch) == pytest.approx(optimizer.param_groups[0]["lr"])
        loss *= generator.choice([0.7, 0.99, 1.0, 1.05])
        schedule.observe(loss)
        torch_schedule.step(loss)
        reductions.add(schedule.reduction)
    assert len(reductions) > 2


def test_plateau_by_hand() -> None:
    """More than `patience` epochs have to pass; then counting starts anew."""
    schedule = Schedule(PlateauConfig(name="plateau", gamma=0.5, patience=1, threshold=0.1), 10)
    factors = []
    for epoch, loss in enumerate([1.0, 0.95, 0.95, 0.8, 0.8, 0.8, 0.8, 0.8]):
        schedule.observe(loss)
        factors.append(schedule.factor(epoch + 1))
    assert factors == [1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.125]


def test_observing_changes_no_other_schedule() -> None:
    """Only a plateau looks at losses."""
    schedule = Schedule(StepConfig(name="step", step_size=2, gamma=0.5), 10)
    for _ in range(10):
        schedule.observe(1.0)
    assert [schedule.factor(epoch) for epoch in range(4)] == [1, 1, 0.5, 0.5]


def warm_up(**changes: object) -> ScheduleConfig:
    """Four epochs up from 0.2; keywords change it."""
    plain = {
        "name": "warmup",
        "warmup_epochs": 4,
        "warmup_share": None,
        "start": 0.2,
        "then": "constant",
        "floor": 0.0,
        "per": "epoch",
    }
    return read(ScheduleConfig, {**plain, **changes}, "schedule")


@pytest.mark.parametrize(
    ("then", "floor", "expected"),
    [
        ("constant", 0.5, [0.2, 0.4, 0.6, 0.8, 1.0, 1.0, 1.0, 1.0]),
        ("cosine", 0.0, [0.2, 0.4, 0.6, 0.8, 1.0, 0.8535533905932737, 0.5, 0.14644660940672627]),
        ("cosine", 0.5, [0.2, 0.4, 0.6, 0.8, 1.0, 0.9267766952966369, 0.75, 0.5732233047033631]),
    ],
)
def test_warm_up(then: str, floor: float, expected: list[float]) -> None:
    """Equal steps from `start`, 1 in epoch `warmup_epochs`, then 1 or half a cosine to `floor`."""
    schedule = Schedule(warm_up(then=then, floor=floor), 8)
    assert [schedule.factor(epoch) for epoch in range(8)] == pytest.approx(expected)
    share = Schedule(warm_up(then=then, floor=floor, warmup_epochs=1, warmup_share=0.5), 8)
    assert [share.factor(epoch) for epoch in range(8)] == pytest.approx(expected)


@pytest.mark.parametrize("epochs", [1, 3])
def test_a_warm_up_by_steps(epochs: int) -> None:
    """A line through every step, however few epochs there are."""
    schedule = Schedule(warm_up(warmup_share=0.5, then="cosine", per="step"), epochs)
    half = 10 * epochs // 2
    factors = [schedule.factor(step / 10) for step in range(10 * epochs)]
    rises = [later - earlier for earlier, later in pairwise(factors[: half + 1])]
    assert rises == pytest.approx([0.8 / half] * half)
    assert factors[half] == max(factors) == 1
    assert sorted(factors[half:], reverse=True) == factors[half:]


STEPS_OF_AN_EPOCH = 5


def at_steps(schedule: Schedule) -> list[float]:
    """Factors of all steps."""
    times = [step / STEPS_OF_AN_EPOCH for step in range(EPOCHS * STEPS_OF_AN_EPOCH)]
    return [schedule.factor(time) for time in times]


def torch_step_rates(scheduler: lr_scheduler.LRScheduler) -> list[float]:
    """The learning rates of all steps."""
    rates = []
    for _ in range(STEPS_OF_AN_EPOCH):
        rates += torch_rates(scheduler)
    return rates


def test_a_cosine_by_steps() -> None:
    """CosineAnnealingLR over all steps; and a whole epoch's factor is that of its first step."""
    schedule = Schedule(CosineConfig(name="cosine", floor=0.1, per="step"), EPOCHS)
    total = EPOCHS * STEPS_OF_AN_EPOCH
    expected = torch_step_rates(lr_scheduler.CosineAnnealingLR(sgd(), total, eta_min=LR * 0.1))
    assert [LR * factor for factor in at_steps(schedule)] == pytest.approx(expected, abs=1e-12)
    assert at_steps(schedule)[::STEPS_OF_AN_EPOCH] == [schedule.factor(e) for e in range(EPOCHS)]


@pytest.mark.parametrize(("share", "start", "floor"), [(0.3, 0.04, 4e-6), (0.1, 0.5, 0.25)])
def test_one_cycle(share: float, start: float, floor: float) -> None:
    """OneCycleLR whose last rate would be that of the step after ours.

    It counts intervals between steps, we count steps: of T steps it has T - 1.
    """
    config = OneCycleConfig(
        name="one_cycle", warmup_share=share, start=start, floor=floor, per="step"
    )
    total = EPOCHS * STEPS_OF_AN_EPOCH
    torch_schedule = lr_scheduler.OneCycleLR(
        sgd(),
        max_lr=LR,
        total_steps=total + 1,
        pct_start=(share * total + 1) / (total + 1),
        cycle_momentum=False,
        div_factor=1 / start,
        final_div_factor=start / floor,
    )
    found = [LR * factor for factor in at_steps(Schedule(config, EPOCHS))]
    assert found == pytest.approx(torch_step_rates(torch_schedule), rel=1e-9)
    assert max(found) == LR


CYCLE: dict[str, object] = {"warmup_share": 0.3, "start": 0.04, "floor": 0.0, "per": "step"}


@pytest.mark.parametrize(
    ("name", "values", "key"),
    [
        ("step", {"step_size": 0, "gamma": 0.5}, "schedule.step_size"),
        ("step", {"step_size": 1, "gamma": 0.0}, "schedule.gamma"),
        ("cosine", {"floor": 1.5, "per": "epoch"}, "schedule.floor"),
        ("cosine", {"floor": 0.0, "per": "batch"}, "schedule.per"),
        ("one_cycle", {**CYCLE, "warmup_share": 1.0}, "schedule.warmup_share"),
        ("one_cycle", {**CYCLE, "start": 0.0}, "schedule.start"),
        ("one_cycle", {**CYCLE, "floor": -0.1}, "schedule.floor"),
        ("one_cycle", {**CYCLE, "per": "run"}, "schedule.per"),
        ("plateau", {"gamma": 1.0, "patience": 1, "threshold": 0.0}, "schedule.gamma"),
        ("plateau", {"gamma": 0.5, "patience": -1, "threshold": 0.0}, "schedule.patience"),
        ("plateau", {"gamma": 0.5, "patience": 1, "threshold": 1.0}, "schedule.threshold"),
    ],
)
def test_refusals_name_the_key(name: str, values: dict[str, object], key: str) -> None:
    """A value out of its range."""
    with pytest.raises(UserError, match=key):
        SCHEDULES[name](name=name, **values)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("warmup_epochs", 0),
        ("warmup_share", 0.0),
        ("warmup_share", 1.0),
        ("start", 0.0),
        ("then", "linear"),
        ("floor", 2.0),
        ("per", "batch"),
    ],
)
def test_a_warm_up_refuses(key: str, value: object) -> None:
    """What is no way up, or no way down."""
    with pytest.raises(UserError, match=f"schedule.{key}"):
        warm_up(**{key: value})

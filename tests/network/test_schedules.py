"""Schedules against torch.optim.lr_scheduler, epoch by epoch."""

import random

import pytest
import torch
from torch import nn
from torch.optim import lr_scheduler

from mlp_lab.errors import UserError
from mlp_lab.network.schedules import (
    SCHEDULES,
    CosineConfig,
    PlateauConfig,
    Schedule,
    StepConfig,
    WarmUpConfig,
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
    assert set(SCHEDULES) == {"constant", "step", "cosine", "warmup", "plateau"}


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
    schedule = Schedule(CosineConfig(name="cosine", floor=floor), EPOCHS)
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


@pytest.mark.parametrize(
    ("then", "expected"),
    [
        ("constant", [0.2, 0.4, 0.6, 0.8, 1.0, 1.0, 1.0, 1.0]),
        ("cosine", [0.2, 0.4, 0.6, 0.8, 1.0, 0.8535533905932737, 0.5, 0.14644660940672627]),
    ],
)
def test_warm_up(then: str, expected: list[float]) -> None:
    """Equal steps from `start`, 1 in epoch `warmup_epochs`, then 1 or half a cosine to 0."""
    schedule = Schedule(WarmUpConfig(name="warmup", warmup_epochs=4, start=0.2, then=then), 8)
    assert [schedule.factor(epoch) for epoch in range(8)] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("name", "values", "key"),
    [
        ("step", {"step_size": 0, "gamma": 0.5}, "schedule.step_size"),
        ("step", {"step_size": 1, "gamma": 0.0}, "schedule.gamma"),
        ("cosine", {"floor": 1.5}, "schedule.floor"),
        (
            "warmup",
            {"warmup_epochs": 0, "start": 0.1, "then": "constant"},
            "schedule.warmup_epochs",
        ),
        ("warmup", {"warmup_epochs": 1, "start": 0.0, "then": "constant"}, "schedule.start"),
        ("warmup", {"warmup_epochs": 1, "start": 0.1, "then": "linear"}, "schedule.then"),
        ("plateau", {"gamma": 1.0, "patience": 1, "threshold": 0.0}, "schedule.gamma"),
        ("plateau", {"gamma": 0.5, "patience": -1, "threshold": 0.0}, "schedule.patience"),
        ("plateau", {"gamma": 0.5, "patience": 1, "threshold": 1.0}, "schedule.threshold"),
    ],
)
def test_refusals_name_the_key(name: str, values: dict[str, object], key: str) -> None:
    """A value out of its range."""
    with pytest.raises(UserError, match=key):
        SCHEDULES[name](name=name, **values)

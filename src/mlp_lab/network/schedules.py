"""Learning-rate schedules: the factor on `optimizer.lr` in each epoch."""

import math
from dataclasses import dataclass

from mlp_lab.errors import require, require_choice


@dataclass(kw_only=True, slots=True)
class ScheduleConfig:
    """A constant rate, and what every schedule has."""

    name: str

    def factor(self, epoch: int, epochs: int) -> float:
        """Factor in `epoch`, counted from 0, of a run planned for `epochs`."""
        return 1.0


@dataclass(kw_only=True, slots=True)
class StepConfig(ScheduleConfig):
    """Multiply the rate by `gamma` after every `step_size` epochs."""

    step_size: int
    gamma: float

    def __post_init__(self) -> None:
        require(self.step_size >= 1, "schedule.step_size", "1 or more", self.step_size)
        require(0 < self.gamma <= 1, "schedule.gamma", "in (0, 1]", self.gamma)

    def factor(self, epoch: int, epochs: int) -> float:
        """gamma ^ floor(epoch / step_size)."""
        return self.gamma ** (epoch // self.step_size)


@dataclass(kw_only=True, slots=True)
class CosineConfig(ScheduleConfig):
    """From 1 down to `floor` along half a cosine (Loshchilov and Hutter, 2017)."""

    floor: float

    def __post_init__(self) -> None:
        require(0 <= self.floor <= 1, "schedule.floor", "in [0, 1]", self.floor)

    def factor(self, epoch: int, epochs: int) -> float:
        """floor + (1 - floor) (1 + cos(pi epoch / epochs)) / 2."""
        return self.floor + (1 - self.floor) * (1 + math.cos(math.pi * epoch / epochs)) / 2


@dataclass(kw_only=True, slots=True)
class WarmUpConfig(ScheduleConfig):
    """From `start` up to 1 in `warmup_epochs` equal steps, `then` constant or along a cosine."""

    warmup_epochs: int
    start: float
    then: str

    def __post_init__(self) -> None:
        require(self.warmup_epochs >= 1, "schedule.warmup_epochs", "1 or more", self.warmup_epochs)
        require(0 < self.start <= 1, "schedule.start", "in (0, 1]", self.start)
        require_choice(self.then, "schedule.then", ["constant", "cosine"])

    def factor(self, epoch: int, epochs: int) -> float:
        """start + (1 - start) epoch / warmup_epochs, then 1 or half a cosine down to 0."""
        if epoch < self.warmup_epochs:
            return self.start + (1 - self.start) * epoch / self.warmup_epochs
        if self.then == "constant":
            return 1.0
        since, remaining = epoch - self.warmup_epochs, epochs - self.warmup_epochs
        return (1 + math.cos(math.pi * since / remaining)) / 2


@dataclass(kw_only=True, slots=True)
class PlateauConfig(ScheduleConfig):
    """Multiply the rate by `gamma` when the loss has not improved for more than `patience` epochs.

    The loss is the validation loss, or the training loss where there are no validation rows; it
    improves when it falls by more than the share `threshold` of its best value.
    """

    gamma: float
    patience: int
    threshold: float

    def __post_init__(self) -> None:
        require(0 < self.gamma < 1, "schedule.gamma", "in (0, 1)", self.gamma)
        require(self.patience >= 0, "schedule.patience", "0 or more", self.patience)
        require(0 <= self.threshold < 1, "schedule.threshold", "in [0, 1)", self.threshold)


SCHEDULES: dict[str, type[ScheduleConfig]] = {
    "constant": ScheduleConfig,
    "step": StepConfig,
    "cosine": CosineConfig,
    "warmup": WarmUpConfig,
    "plateau": PlateauConfig,
}


@dataclass(slots=True)
class Schedule:
    """A member's schedule as it runs; its state is three plain numbers, kept in checkpoints.

    Examples:
        >>> halving = StepConfig(name="step", step_size=2, gamma=0.5)
        >>> schedule = Schedule(halving, epochs=5)
        >>> [schedule.factor(epoch) for epoch in range(5)]
        [1.0, 1.0, 0.5, 0.5, 0.25]
    """

    config: ScheduleConfig
    epochs: int
    reduction: float = 1.0
    best: float = math.inf
    waited: int = 0

    def factor(self, epoch: int) -> float:
        """Factor on the learning rate in `epoch`, counted from 0."""
        return self.reduction * self.config.factor(epoch, self.epochs)

    def observe(self, loss: float) -> None:
        """Take note of an epoch's loss."""
        if not isinstance(self.config, PlateauConfig):
            return
        if loss < self.best * (1 - self.config.threshold):
            self.best, self.waited = loss, 0
            return
        self.waited += 1
        if self.waited > self.config.patience:
            self.reduction *= self.config.gamma
            self.waited = 0

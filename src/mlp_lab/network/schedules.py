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
class Step(ScheduleConfig):
    """Multiply the rate by `gamma` after every `every` epochs."""

    every: int
    gamma: float

    def __post_init__(self) -> None:
        require(self.every >= 1, "schedule.every", "1 or more", self.every)
        require(0 < self.gamma <= 1, "schedule.gamma", "in (0, 1]", self.gamma)

    def factor(self, epoch: int, epochs: int) -> float:
        """gamma ^ floor(epoch / every)."""
        return self.gamma ** (epoch // self.every)


@dataclass(kw_only=True, slots=True)
class Cosine(ScheduleConfig):
    """From 1 down to `floor` along half a cosine (Loshchilov and Hutter, 2017)."""

    floor: float

    def __post_init__(self) -> None:
        require(0 <= self.floor <= 1, "schedule.floor", "in [0, 1]", self.floor)

    def factor(self, epoch: int, epochs: int) -> float:
        """floor + (1 - floor) (1 + cos(pi epoch / epochs)) / 2."""
        return self.floor + (1 - self.floor) * (1 + math.cos(math.pi * epoch / epochs)) / 2


@dataclass(kw_only=True, slots=True)
class WarmUp(ScheduleConfig):
    """From `start` up to 1 in equal steps over the first `rise` epochs, then constant or cosine."""

    rise: int
    start: float
    then: str

    def __post_init__(self) -> None:
        require(self.rise >= 1, "schedule.rise", "1 or more", self.rise)
        require(0 < self.start <= 1, "schedule.start", "in (0, 1]", self.start)
        require_choice(self.then, "schedule.then", ["constant", "cosine"])

    def factor(self, epoch: int, epochs: int) -> float:
        """start + (1 - start) epoch / rise, then 1 or half a cosine over the epochs that remain."""
        if epoch < self.rise:
            return self.start + (1 - self.start) * epoch / self.rise
        if self.then == "constant":
            return 1.0
        return (1 + math.cos(math.pi * (epoch - self.rise) / (epochs - self.rise))) / 2


@dataclass(kw_only=True, slots=True)
class Plateau(ScheduleConfig):
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
    "step": Step,
    "cosine": Cosine,
    "warmup": WarmUp,
    "plateau": Plateau,
}


@dataclass(slots=True)
class Schedule:
    """A member's schedule as it runs; what it has learnt of the losses is three plain numbers."""

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
        if not isinstance(self.config, Plateau):
            return
        if loss < self.best * (1 - self.config.threshold):
            self.best, self.waited = loss, 0
            return
        self.waited += 1
        if self.waited > self.config.patience:
            self.reduction *= self.config.gamma
            self.waited = 0

"""Learning-rate schedules: the factor on `optimizer.lr`, in each epoch or in each step.

A factor is a function of the time that has passed, in epochs: a whole number at the start of an
epoch, and in a step the epoch plus the share of its steps that are done.
"""

import math
from dataclasses import dataclass

from mlp_lab.errors import require, require_choice


@dataclass(kw_only=True, slots=True)
class ScheduleConfig:
    """A constant rate, and what every schedule has."""

    name: str

    @property
    def per_step(self) -> bool:
        """Whether the factor changes within an epoch."""
        return False

    @property
    def of_all_epochs(self) -> list[str]:
        """What of it is a share of the planned epochs, as one would type it."""
        return []

    def factor(self, time: float, epochs: int) -> float:
        """Factor after `time` epochs of a run planned for `epochs`."""
        return 1.0


@dataclass(kw_only=True, slots=True)
class StepConfig(ScheduleConfig):
    """Multiply the rate by `gamma` after every `step_size` epochs."""

    step_size: int
    gamma: float

    def __post_init__(self) -> None:
        require(self.step_size >= 1, "schedule.step_size", "1 or more", self.step_size)
        require(0 < self.gamma <= 1, "schedule.gamma", "in (0, 1]", self.gamma)

    def factor(self, time: float, epochs: int) -> float:
        """gamma ^ floor(time / step_size)."""
        return self.gamma ** math.floor(time / self.step_size)


def half_cosine(time: float, duration: float, start: float, end: float) -> float:
    """From `start` to `end` along half a cosine that takes `duration`, of which `time` passed."""
    return end + (start - end) * (1 + math.cos(math.pi * time / duration)) / 2


@dataclass(kw_only=True, slots=True)
class SmoothConfig(ScheduleConfig):
    """Down to `floor` along half a cosine; the rate changes `per` epoch or per step."""

    floor: float
    per: str

    def __post_init__(self) -> None:
        require(0 <= self.floor <= 1, "schedule.floor", "in [0, 1]", self.floor)
        require_choice(self.per, "schedule.per", ["epoch", "step"])

    @property
    def per_step(self) -> bool:
        """As `per` says."""
        return self.per == "step"


@dataclass(kw_only=True, slots=True)
class CosineConfig(SmoothConfig):
    """From 1 down to `floor` along half a cosine (Loshchilov and Hutter, 2017)."""

    @property
    def of_all_epochs(self) -> list[str]:
        """The cosine."""
        return ["schedule=cosine"]

    def factor(self, time: float, epochs: int) -> float:
        """floor + (1 - floor) (1 + cos(pi time / epochs)) / 2."""
        return half_cosine(time, epochs, 1.0, self.floor)


@dataclass(kw_only=True, slots=True)
class WarmUpConfig(SmoothConfig):
    """From `start` up to 1 along a line, `then` constant or down to `floor` along a cosine.

    The way up takes `warmup_epochs`, or `warmup_share` of all steps where that is given.
    """

    warmup_epochs: int
    warmup_share: float | None
    start: float
    then: str

    def __post_init__(self) -> None:
        SmoothConfig.__post_init__(self)
        share = self.warmup_share
        require(self.warmup_epochs >= 1, "schedule.warmup_epochs", "1 or more", self.warmup_epochs)
        if share is not None:
            require(0 < share < 1, "schedule.warmup_share", "in (0, 1), or null", share)
        require(0 < self.start <= 1, "schedule.start", "in (0, 1]", self.start)
        require_choice(self.then, "schedule.then", ["constant", "cosine"])

    @property
    def of_all_epochs(self) -> list[str]:
        """The way up, if it is a share, and the cosine."""
        up = [] if self.warmup_share is None else [f"schedule.warmup_share={self.warmup_share:g}"]
        return [*up, *(["schedule.then=cosine"] if self.then == "cosine" else [])]

    def factor(self, time: float, epochs: int) -> float:
        """start + (1 - start) time / warm-up, then 1 or half a cosine down to `floor`."""
        share = self.warmup_share
        warmup = self.warmup_epochs if share is None else share * epochs
        if time < warmup:
            return self.start + (1 - self.start) * time / warmup
        if self.then == "constant":
            return 1.0
        return half_cosine(time - warmup, epochs - warmup, 1.0, self.floor)


@dataclass(kw_only=True, slots=True)
class OneCycleConfig(SmoothConfig):
    """From `start` up to 1 and down to `floor`, along two half cosines (Smith and Topin, 2018).

    The way up takes `warmup_share` of all steps. In "Super-Convergence: Very Fast Training of
    Neural Networks Using Large Learning Rates" both ways are straight lines.
    """

    warmup_share: float
    start: float

    def __post_init__(self) -> None:
        SmoothConfig.__post_init__(self)
        share, start = self.warmup_share, self.start
        require(0 < share < 1, "schedule.warmup_share", "in (0, 1)", share)
        require(0 < start <= 1, "schedule.start", "in (0, 1]", start)

    @property
    def of_all_epochs(self) -> list[str]:
        """Both ways."""
        return ["schedule=one_cycle"]

    def factor(self, time: float, epochs: int) -> float:
        """Half a cosine from `start` to 1 over the warm-up, then one to `floor`."""
        warmup = self.warmup_share * epochs
        if time < warmup:
            return half_cosine(time, warmup, self.start, 1.0)
        return half_cosine(time - warmup, epochs - warmup, 1.0, self.floor)


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
    "one_cycle": OneCycleConfig,
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

    @property
    def per_step(self) -> bool:
        """Whether the factor changes within an epoch."""
        return self.config.per_step

    def factor(self, time: float) -> float:
        """Factor on the learning rate after `time` epochs."""
        return self.reduction * self.config.factor(time, self.epochs)

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

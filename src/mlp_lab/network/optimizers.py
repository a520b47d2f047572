"""Settings of every optimizer, and the update rule that each of them chooses."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, Self

from mlp_lab.errors import UserError, require
from mlp_lab.formatting import counted
from mlp_lab.network import update_rules
from mlp_lab.network.update_rules import DecayRate, Number, UpdateRule

Spread = Callable[[Sequence[float]], Number]
"""Makes one `Number` of a value for each member."""

SMALLEST, LARGEST = 1e-37, 1e30
"""Within what a float32 can hold: a smaller eps would be 0, and padded units no longer zero."""

Check = tuple[str, Callable[[float], bool]]

RATE: Check = ("in [0, 1)", lambda value: 0 <= value < 1)
OTHER_CHECKS: dict[str, Check] = {
    "eps": ("1e-37 or more", lambda value: value >= SMALLEST),
    "lr_decay": ("0 or more", lambda value: value >= 0),
}
"""What a number of a rule must be where it is none in [0, 1)."""


class Rule(NamedTuple):
    """An update rule, how many moments it keeps, and the settings that it takes by their names."""

    function: Callable[..., None]
    moments: int = 0
    decay_rates: Sequence[str] = ()
    """Taken as a `DecayRate`."""
    numbers: Sequence[str] = ()
    decoupled_decay: bool = False
    """Whether Omega shrinks by lr * weight_decay itself, apart from its gradient."""


def _listed(value: float | list[float]) -> list[float]:
    return value if isinstance(value, list) else [value]


@dataclass(kw_only=True, slots=True)
class OptimizerConfig:
    """What every optimizer has.

    `lr` is the learning rate. `weight_decay` adds weight_decay * Omega to the gradient of Omega,
    `l1` adds l1 * sign(Omega), which is 0 at 0; biases have neither, and a list has a number for
    each Omega_k, the output's last. `clip_norm` scales a member's whole gradient down to that norm,
    before either is added.
    """

    name: str
    lr: float
    weight_decay: float | list[float]
    l1: float | list[float]
    clip_norm: float | None

    rule = Rule(update_rules.gradient_descent)

    def __post_init__(self) -> None:
        require(0 < self.lr < math.inf, "optimizer.lr", "positive", self.lr)
        clip = self.clip_norm
        for key, value in (("weight_decay", self.weight_decay), ("l1", self.l1)):
            within = all(0 <= number <= LARGEST for number in _listed(value))
            require(within, f"optimizer.{key}", "in [0, 1e30]", value)
        if clip is not None:
            require(0 < clip <= LARGEST, "optimizer.clip_norm", "in (0, 1e30], or null", clip)
        for key in (*self.rule.decay_rates, *self.rule.numbers):
            words, holds = OTHER_CHECKS.get(key, RATE)
            require(holds(getattr(self, key)), f"optimizer.{key}", words, getattr(self, key))

    def require_layers(self, depth: int) -> None:
        """Raise unless lists have a number for each layer of a network with `depth` hidden ones."""
        for key, value in (("weight_decay", self.weight_decay), ("l1", self.l1)):
            if isinstance(value, list) and len(value) != depth + 1:
                count = counted(len(value), "layer")
                raise UserError(
                    f"optimizer.{key} lists {count}, {value}, but model.depth is {depth}: give"
                    f" {depth + 1}, the output's last, or one value for all"
                )

    @property
    def strongest_decay(self) -> float:
        """The largest weight decay of a layer."""
        return max(_listed(self.weight_decay))

    @property
    def moments(self) -> int:
        """How many tensors of the parameters' shape the rule keeps."""
        return self.rule.moments

    @property
    def initial_moment(self) -> float:
        """What the first moment starts from."""
        return 0.0

    @classmethod
    def update_rule(cls, members: Sequence[Self], spread: Spread) -> UpdateRule:
        """The rule with each member's own numbers."""

        def own(key: str) -> list[float]:
            return [getattr(member, key) for member in members]

        rule = cls.rule
        rates = {key: DecayRate.of(own(key), spread) for key in rule.decay_rates}
        return partial(rule.function, **rates, **{key: spread(own(key)) for key in rule.numbers})


@dataclass(kw_only=True, slots=True)
class GradientDescentConfig(OptimizerConfig):
    """Gradient descent: the gradient of all rows in each step."""


@dataclass(kw_only=True, slots=True)
class SGDConfig(OptimizerConfig):
    """Stochastic gradient descent: the gradient of a mini-batch in each step."""


@dataclass(kw_only=True, slots=True)
class MomentumConfig(OptimizerConfig):
    """Steps along an exponential average v of gradients with decay rate `alpha`."""

    alpha: float

    rule = Rule(update_rules.momentum, 1, ("alpha",))


@dataclass(kw_only=True, slots=True)
class HeavyBallConfig(OptimizerConfig):
    """A velocity v, of which each step keeps the share `momentum`."""

    momentum: float

    rule = Rule(update_rules.heavy_ball, 1, numbers=("momentum",))


@dataclass(kw_only=True, slots=True)
class NesterovConfig(HeavyBallConfig):
    """A heavy ball whose step looks ahead along its velocity."""

    rule = Rule(update_rules.nesterov, 1, numbers=("momentum",))


@dataclass(kw_only=True, slots=True)
class AdaGradConfig(OptimizerConfig):
    """Steps divided by the root of the sum s of squared gradients.

    s starts from `initial_accumulator`; step t uses lr / (1 + (t - 1) lr_decay).
    """

    lr_decay: float
    initial_accumulator: float
    eps: float

    rule = Rule(update_rules.adagrad, 1, numbers=("lr_decay", "eps"))

    def __post_init__(self) -> None:
        OptimizerConfig.__post_init__(self)
        start = self.initial_accumulator
        require(start >= 0, "optimizer.initial_accumulator", "0 or more", start)

    @property
    def initial_moment(self) -> float:
        """What s starts from."""
        return self.initial_accumulator


@dataclass(kw_only=True, slots=True)
class AdaDeltaConfig(OptimizerConfig):
    """Steps in the units of p; `rho` is the decay rate of both running averages."""

    rho: float
    eps: float

    rule = Rule(update_rules.adadelta, 2, ("rho",), ("eps",))


@dataclass(kw_only=True, slots=True)
class RMSPropConfig(OptimizerConfig):
    """Steps divided by the root of a running average s of squared gradients.

    `centered` takes the variance of g in place of g^2; `momentum` averages the steps as a heavy
    ball does.
    """

    rho: float
    eps: float
    momentum: float
    centered: bool

    rule = Rule(update_rules.rmsprop, 2, ("rho",), ("momentum", "eps"))

    @property
    def moments(self) -> int:
        """s, the velocity v and, where centered, the average of g."""
        return self.rule.moments + self.centered


@dataclass(kw_only=True, slots=True)
class AdamConfig(OptimizerConfig):
    """Running averages m and v of g and g^2, with decay rates `beta1` and `beta2`.

    `amsgrad` divides by the largest v so far.
    """

    beta1: float
    beta2: float
    eps: float
    amsgrad: bool

    rule = Rule(update_rules.adam, 2, ("beta1", "beta2"), ("eps",))

    @property
    def moments(self) -> int:
        """m, v and, with amsgrad, the largest v."""
        return self.rule.moments + self.amsgrad


@dataclass(kw_only=True, slots=True)
class AdamWConfig(AdamConfig):
    """Adam whose weight decay acts on Omega itself (Loshchilov and Hutter, 2019)."""

    rule = AdamConfig.rule._replace(decoupled_decay=True)


OPTIMIZERS: dict[str, type[OptimizerConfig]] = {
    "gd": GradientDescentConfig,
    "sgd": SGDConfig,
    "momentum": MomentumConfig,
    "heavy_ball": HeavyBallConfig,
    "nesterov": NesterovConfig,
    "adagrad": AdaGradConfig,
    "adadelta": AdaDeltaConfig,
    "rmsprop": RMSPropConfig,
    "adam": AdamConfig,
    "adamw": AdamWConfig,
}

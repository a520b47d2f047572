"""Settings of every optimizer, and the update rule that each of them chooses."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Self

from mlp_lab.errors import require
from mlp_lab.network import update_rules
from mlp_lab.network.update_rules import DecayRate, Number, UpdateRule

Spread = Callable[[Sequence[float]], Number]
"""Makes one `Number` of a value for each member."""

SMALLEST, LARGEST = 1e-37, 1e30
"""Within what a float32 can hold: a smaller eps would be 0, and padded units no longer zero."""


@dataclass(kw_only=True, slots=True)
class OptimizerConfig:
    """What every optimizer has.

    `lr` is the learning rate. `weight_decay` adds weight_decay * Omega to the gradient of Omega;
    biases never decay. `clip_norm` scales a member's whole gradient down to that norm.
    """

    name: str
    lr: float
    weight_decay: float
    clip_norm: float | None

    def __post_init__(self) -> None:
        require(0 < self.lr < math.inf, "optimizer.lr", "positive", self.lr)
        decay, clip = self.weight_decay, self.clip_norm
        require(0 <= decay <= LARGEST, "optimizer.weight_decay", "in [0, 1e30]", decay)
        if clip is not None:
            require(0 < clip <= LARGEST, "optimizer.clip_norm", "in (0, 1e30], or null", clip)

    @property
    def moments(self) -> int:
        """How many tensors of the parameters' shape the rule keeps."""
        return 0

    @property
    def initial_moment(self) -> float:
        """What the first moment starts from."""
        return 0.0

    @property
    def decoupled_decay(self) -> bool:
        """Whether Omega shrinks by lr * weight_decay itself, apart from its gradient."""
        return False

    @classmethod
    def update_rule(cls, members: Sequence[Self], spread: Spread) -> UpdateRule:
        """The rule with each member's own numbers; plain gradient descent unless overridden."""
        return partial(update_rules.gradient_descent)


def _require_rate(value: float, key: str) -> None:
    require(0 <= value < 1, f"optimizer.{key}", "in [0, 1)", value)


def _require_eps(value: float) -> None:
    require(value >= SMALLEST, "optimizer.eps", "1e-37 or more", value)


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

    def __post_init__(self) -> None:
        OptimizerConfig.__post_init__(self)
        _require_rate(self.alpha, "alpha")

    @property
    def moments(self) -> int:
        """The average v."""
        return 1

    @classmethod
    def update_rule(cls, members: Sequence[Self], spread: Spread) -> UpdateRule:
        """`momentum` with each member's alpha."""
        return partial(
            update_rules.momentum, alpha=DecayRate.of([c.alpha for c in members], spread)
        )


@dataclass(kw_only=True, slots=True)
class HeavyBallConfig(OptimizerConfig):
    """A velocity v, of which each step keeps the share `momentum`."""

    momentum: float

    def __post_init__(self) -> None:
        OptimizerConfig.__post_init__(self)
        _require_rate(self.momentum, "momentum")

    @property
    def moments(self) -> int:
        """The velocity v."""
        return 1

    @classmethod
    def update_rule(cls, members: Sequence[Self], spread: Spread) -> UpdateRule:
        """`heavy_ball` with each member's momentum."""
        return partial(update_rules.heavy_ball, momentum=spread([c.momentum for c in members]))


@dataclass(kw_only=True, slots=True)
class NesterovConfig(HeavyBallConfig):
    """A heavy ball whose step looks ahead along its velocity."""

    @classmethod
    def update_rule(cls, members: Sequence[Self], spread: Spread) -> UpdateRule:
        """`nesterov` with each member's momentum."""
        return partial(update_rules.nesterov, momentum=spread([c.momentum for c in members]))


@dataclass(kw_only=True, slots=True)
class AdaGradConfig(OptimizerConfig):
    """Steps divided by the root of the sum s of squared gradients.

    s starts from `initial_accumulator`; step t uses lr / (1 + (t - 1) lr_decay).
    """

    lr_decay: float
    initial_accumulator: float
    eps: float

    def __post_init__(self) -> None:
        OptimizerConfig.__post_init__(self)
        require(self.lr_decay >= 0, "optimizer.lr_decay", "0 or more", self.lr_decay)
        start = self.initial_accumulator
        require(start >= 0, "optimizer.initial_accumulator", "0 or more", start)
        _require_eps(self.eps)

    @property
    def moments(self) -> int:
        """The sum of squares s."""
        return 1

    @property
    def initial_moment(self) -> float:
        """What s starts from."""
        return self.initial_accumulator

    @classmethod
    def update_rule(cls, members: Sequence[Self], spread: Spread) -> UpdateRule:
        """`adagrad` with each member's lr_decay and eps."""
        return partial(
            update_rules.adagrad,
            lr_decay=spread([c.lr_decay for c in members]),
            eps=spread([c.eps for c in members]),
        )


@dataclass(kw_only=True, slots=True)
class AdaDeltaConfig(OptimizerConfig):
    """Steps in the units of p; `rho` is the decay rate of both running averages."""

    rho: float
    eps: float

    def __post_init__(self) -> None:
        OptimizerConfig.__post_init__(self)
        _require_rate(self.rho, "rho")
        _require_eps(self.eps)

    @property
    def moments(self) -> int:
        """The averages s and u."""
        return 2

    @classmethod
    def update_rule(cls, members: Sequence[Self], spread: Spread) -> UpdateRule:
        """`adadelta` with each member's rho and eps."""
        return partial(
            update_rules.adadelta,
            rho=DecayRate.of([c.rho for c in members], spread),
            eps=spread([c.eps for c in members]),
        )


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

    def __post_init__(self) -> None:
        OptimizerConfig.__post_init__(self)
        _require_rate(self.rho, "rho")
        _require_rate(self.momentum, "momentum")
        _require_eps(self.eps)

    @property
    def moments(self) -> int:
        """The average s, the velocity v and, where centered, the average of g."""
        return 3 if self.centered else 2

    @classmethod
    def update_rule(cls, members: Sequence[Self], spread: Spread) -> UpdateRule:
        """`rmsprop` with each member's rho, eps and momentum."""
        return partial(
            update_rules.rmsprop,
            rho=DecayRate.of([c.rho for c in members], spread),
            eps=spread([c.eps for c in members]),
            momentum=spread([c.momentum for c in members]),
        )


@dataclass(kw_only=True, slots=True)
class AdamConfig(OptimizerConfig):
    """Running averages m and v of g and g^2, with decay rates `beta1` and `beta2`.

    `amsgrad` divides by the largest v so far.
    """

    beta1: float
    beta2: float
    eps: float
    amsgrad: bool

    def __post_init__(self) -> None:
        OptimizerConfig.__post_init__(self)
        _require_rate(self.beta1, "beta1")
        _require_rate(self.beta2, "beta2")
        _require_eps(self.eps)

    @property
    def moments(self) -> int:
        """The averages m and v and, with amsgrad, the largest v."""
        return 3 if self.amsgrad else 2

    @classmethod
    def update_rule(cls, members: Sequence[Self], spread: Spread) -> UpdateRule:
        """`adam` with each member's betas and eps."""
        return partial(
            update_rules.adam,
            beta1=DecayRate.of([c.beta1 for c in members], spread),
            beta2=DecayRate.of([c.beta2 for c in members], spread),
            eps=spread([c.eps for c in members]),
        )


@dataclass(kw_only=True, slots=True)
class AdamWConfig(AdamConfig):
    """Adam whose weight decay acts on Omega itself (Loshchilov and Hutter, 2019)."""

    @property
    def decoupled_decay(self) -> bool:
        """Omega <- (1 - lr weight_decay) Omega before each step."""
        return True


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

"""Update rules with a number of its own for every member.

A rule sees one block: parameters p, their gradient g, moments of the same shape, and the numbers
it needs, each either one float for all or a tensor that broadcasts against p. It changes p and the
moments in place. Zero gradients on zero moments leave a zero parameter at zero, which is
what keeps padded units silent; hence every eps is positive.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Union

from mlp_lab.errors import require

if TYPE_CHECKING:
    from torch import Tensor

    from mlp_lab.network.layers import LayerTensors

Number = Union[float, "Tensor"]
"""One value for all members, or a tensor with one for each."""

Numbers = dict[str, Number]
"""A config's fields by name, `lr` scheduled, and `t`, the steps taken with this one."""


SMALLEST, LARGEST = 1e-37, 1e30
"""Within what a float32 can hold: a smaller eps would be 0, and padded units no longer silent."""


def descend(p: Tensor, direction: Tensor, step: Number) -> None:
    """p <- p - step * direction."""
    if isinstance(step, float):
        p.sub_(direction, alpha=step)
    else:
        p.addcmul_(direction, step, value=-1)


def descend_ratio(p: Tensor, top: Tensor, bottom: Tensor, step: Number) -> None:
    """p <- p - step * top / bottom; `bottom` is used up.

    torch scales a quotient by one number for free; a number for each member goes into `bottom`.
    """
    if isinstance(step, float):
        p.addcdiv_(top, bottom, value=-step)
    else:
        p.addcdiv_(top, bottom.div_(step), value=-1)


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

    def update(self, p: Tensor, g: Tensor, moments: Sequence[Tensor], n: Numbers) -> None:
        """One step; plain gradient descent unless a rule says otherwise: p <- p - lr g."""
        descend(p, g, n["lr"])


def _require_share(value: float, key: str) -> None:
    require(0 <= value < 1, f"optimizer.{key}", "in [0, 1)", value)


def _require_eps(value: float) -> None:
    require(value >= SMALLEST, "optimizer.eps", "1e-37 or more", value)


@dataclass(kw_only=True, slots=True)
class GradientDescent(OptimizerConfig):
    """p <- p - lr g, with the gradient of all rows."""


@dataclass(kw_only=True, slots=True)
class SGD(OptimizerConfig):
    """p <- p - lr g, with the gradient of a mini-batch (Robbins and Monro, 1951)."""


@dataclass(kw_only=True, slots=True)
class Momentum(OptimizerConfig):
    """v <- alpha v + (1 - alpha) g, p <- p - lr v: an exponential average of gradients."""

    alpha: float

    def __post_init__(self) -> None:
        OptimizerConfig.__post_init__(self)
        _require_share(self.alpha, "alpha")

    @property
    def moments(self) -> int:
        """The average v."""
        return 1

    def update(self, p: Tensor, g: Tensor, moments: Sequence[Tensor], n: Numbers) -> None:
        """One step."""
        (v,) = moments
        v.lerp_(g, 1 - n["alpha"])
        descend(p, v, n["lr"])


@dataclass(kw_only=True, slots=True)
class HeavyBall(OptimizerConfig):
    """v <- momentum v + g, p <- p - lr v (Polyak, 1964)."""

    momentum: float

    def __post_init__(self) -> None:
        OptimizerConfig.__post_init__(self)
        _require_share(self.momentum, "momentum")

    @property
    def moments(self) -> int:
        """The velocity v."""
        return 1

    def update(self, p: Tensor, g: Tensor, moments: Sequence[Tensor], n: Numbers) -> None:
        """One step."""
        (v,) = moments
        v.mul_(n["momentum"]).add_(g)
        descend(p, v, n["lr"])


@dataclass(kw_only=True, slots=True)
class Nesterov(HeavyBall):
    """v <- momentum v + g, p <- p - lr (g + momentum v) (Sutskever et al., 2013)."""

    def update(self, p: Tensor, g: Tensor, moments: Sequence[Tensor], n: Numbers) -> None:
        """One step."""
        (v,) = moments
        v.mul_(n["momentum"]).add_(g)
        descend(p, (v * n["momentum"]).add_(g), n["lr"])


@dataclass(kw_only=True, slots=True)
class AdaGrad(OptimizerConfig):
    """s <- s + g^2, p <- p - lr g / (sqrt(s) + eps) (Duchi, Hazan and Singer, 2011).

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

    def update(self, p: Tensor, g: Tensor, moments: Sequence[Tensor], n: Numbers) -> None:
        """One step."""
        (s,) = moments
        s.addcmul_(g, g)
        rate = n["lr"] / (1 + (n["t"] - 1) * n["lr_decay"])
        descend_ratio(p, g, s.sqrt().add_(n["eps"]), rate)


@dataclass(kw_only=True, slots=True)
class AdaDelta(OptimizerConfig):
    """d = sqrt(u + eps) / sqrt(s + eps) g, in the units of p; p <- p - lr d (Zeiler, 2012).

    s and u are averages of g^2 and of d^2, with weight rho on the past.
    """

    rho: float
    eps: float

    def __post_init__(self) -> None:
        OptimizerConfig.__post_init__(self)
        _require_share(self.rho, "rho")
        _require_eps(self.eps)

    @property
    def moments(self) -> int:
        """The averages s and u."""
        return 2

    def update(self, p: Tensor, g: Tensor, moments: Sequence[Tensor], n: Numbers) -> None:
        """One step."""
        s, u = moments
        s.lerp_(g.square(), 1 - n["rho"])
        d = (u + n["eps"]).sqrt_().div_((s + n["eps"]).sqrt_()).mul_(g)
        u.lerp_(d.square(), 1 - n["rho"])
        descend(p, d, n["lr"])


@dataclass(kw_only=True, slots=True)
class RMSProp(OptimizerConfig):
    """s <- rho s + (1 - rho) g^2, p <- p - lr g / (sqrt(s) + eps) (Tieleman and Hinton, 2012).

    `centered` takes the variance of g in place of g^2; `momentum` averages the steps as a heavy
    ball does.
    """

    rho: float
    eps: float
    momentum: float
    centered: bool

    def __post_init__(self) -> None:
        OptimizerConfig.__post_init__(self)
        _require_share(self.rho, "rho")
        _require_share(self.momentum, "momentum")
        _require_eps(self.eps)

    @property
    def moments(self) -> int:
        """The average s, the velocity v and, where centered, the average of g."""
        return 3 if self.centered else 2

    def update(self, p: Tensor, g: Tensor, moments: Sequence[Tensor], n: Numbers) -> None:
        """One step."""
        s, v, *means = moments
        s.lerp_(g.square(), 1 - n["rho"])
        spread = s
        for mean in means:
            mean.lerp_(g, 1 - n["rho"])
            spread = (s - mean.square()).clamp_min_(0)
        v.mul_(n["momentum"]).addcdiv_(g, spread.sqrt().add_(n["eps"]))
        descend(p, v, n["lr"])


@dataclass(kw_only=True, slots=True)
class Adam(OptimizerConfig):
    """p <- p - lr m^ / (sqrt(v^) + eps), unbiased averages of g and g^2 (Kingma and Ba, 2015).

    `amsgrad` divides by the largest v so far (Reddi, Kale and Kumar, 2018).
    """

    beta1: float
    beta2: float
    eps: float
    amsgrad: bool

    def __post_init__(self) -> None:
        OptimizerConfig.__post_init__(self)
        _require_share(self.beta1, "beta1")
        _require_share(self.beta2, "beta2")
        _require_eps(self.eps)

    @property
    def moments(self) -> int:
        """The averages m and v and, with amsgrad, the largest v."""
        return 3 if self.amsgrad else 2

    def update(self, p: Tensor, g: Tensor, moments: Sequence[Tensor], n: Numbers) -> None:
        """One step; the bias corrections go into the step and eps, which are few numbers."""
        m, v, *peaks = moments
        m.lerp_(g, 1 - n["beta1"])
        v.lerp_(g.square(), 1 - n["beta2"])
        spread = v
        for peak in peaks:
            spread = peak.copy_(peak.maximum(v))
        root = (1 - n["beta2"] ** n["t"]) ** 0.5
        step = n["lr"] * (root / (1 - n["beta1"] ** n["t"]))
        descend_ratio(p, m, spread.sqrt().add_(n["eps"] * root), step)


@dataclass(kw_only=True, slots=True)
class AdamW(Adam):
    """Adam whose weight decay acts on Omega itself (Loshchilov and Hutter, 2019)."""

    @property
    def decoupled_decay(self) -> bool:
        """Omega <- (1 - lr weight_decay) Omega before each step."""
        return True


OPTIMIZERS: dict[str, type[OptimizerConfig]] = {
    "gd": GradientDescent,
    "sgd": SGD,
    "momentum": Momentum,
    "heavy_ball": HeavyBall,
    "nesterov": Nesterov,
    "adagrad": AdaGrad,
    "adadelta": AdaDelta,
    "rmsprop": RMSProp,
    "adam": Adam,
    "adamw": AdamW,
}

NORM_FLOOR = 1e-6
"""Added to a gradient's norm before dividing by it, as torch.nn.utils.clip_grad_norm_ does."""


PIECE = 2**17
"""Numbers that are updated at once: 512 KB of each tensor, so that a rule's operations find them in
the cache; larger ones also get their temporaries from the system, page by page, in every step."""


@dataclass(slots=True)
class Block:
    """Tensors that one call of a rule updates; `decays` is the part of p and g that is Omega."""

    p: Tensor
    g: Tensor
    moments: list[Tensor]
    decays: int


class Optimizer:
    """One rule applied to the members of a stack, each with its own numbers.

    While all members take equally many steps, a step updates the flat tensors, piece by piece.
    Members with fewer rows take fewer: then the first k step without the rest, layer by layer.
    """

    def __init__(
        self,
        parameters: LayerTensors,
        gradients: LayerTensors,
        configs: Sequence[OptimizerConfig],
    ) -> None:
        """Moments at their start.

        Raises:
            ValueError: the members do not share the rule and its switches.
        """
        self.rule = configs[0]
        if len({(type(config), config.moments) for config in configs}) > 1:
            raise ValueError("the members of a stack share their optimizer and its switches")
        self.parameters = parameters
        self.gradients = gradients
        self.moments = [parameters.like() for _ in range(self.rule.moments)]
        starts = [config.initial_moment for config in configs]
        if any(starts):
            self.moments[0].flat.copy_(parameters.spread(parameters.flat.new_tensor(starts)))
        self._values: dict[str, list[float]] = {
            field.name: [getattr(config, field.name) for config in configs]
            for field in fields(self.rule)
            if field.type == "float"
        }
        clips = [math.inf if c.clip_norm is None else c.clip_norm for c in configs]
        self._clip = parameters.flat.new_tensor(clips) if min(clips) < math.inf else None
        self._decaying = any(self._values["weight_decay"])
        self._pieces = self._cut()
        self._together = True
        self._numbers: Numbers = {}
        self._numbers_of: list[Numbers] = []
        """Of each piece."""

    def _cut(self) -> list[Block]:
        """The flat tensors in pieces; on a GPU, whose caches are no help, in one."""
        p, g = self.parameters.flat, self.gradients.flat
        moments = [moment.flat for moment in self.moments]
        length = PIECE if p.is_cpu else len(p)
        decaying = len(self.parameters.flat_weights)
        ends = [*range(length, len(p), length), len(p)]
        return [
            Block(
                p[start:end],
                g[start:end],
                [moment[start:end] for moment in moments],
                decays=max(0, min(decaying, end) - start),
            )
            for start, end in pairwise([0, *ends])
        ]

    def begin_epoch(self, lr: Sequence[float], steps_taken: Sequence[int], together: bool) -> None:
        """Set each member's learning rate and count of steps.

        Args:
            lr: the scheduled learning rate of each member.
            steps_taken: how many steps each member has behind it.
            together: whether all members take equally many steps in an epoch.
        """
        self._together = together
        values = {**self._values, "lr": lr, "t": steps_taken}
        self._numbers = {name: self._number(per_member) for name, per_member in values.items()}
        if together:
            ends = accumulate(len(piece.p) for piece in self._pieces)
            self._numbers_of = [
                {name: _between(number, start, end) for name, number in self._numbers.items()}
                for start, end in pairwise([0, *ends])
            ]

    def _number(self, values: Sequence[float]) -> Number:
        if self._together and all(value == values[0] for value in values):
            return float(values[0])
        tensor = self.parameters.flat.new_tensor(values)
        return self.parameters.spread(tensor) if self._together else tensor.view(-1, 1, 1)

    def step(self, k: int) -> None:
        """Update the first k members from their gradients."""
        if self._clip is not None:
            norms = self.gradients.squared_norms().sqrt_()
            factors = (self._clip / (norms + NORM_FLOOR)).clamp_max_(1).view(-1, 1, 1)
            for gradient in self.gradients.tensors:
                gradient.mul_(factors)
        if self._together:
            for piece, numbers in zip(self._pieces, self._numbers_of, strict=True):
                numbers["t"] += 1
                self._update(piece, numbers)
        else:
            numbers = {name: _first(number, k) for name, number in self._numbers.items()}
            numbers["t"] += 1  # in place: a view of the first k counts
            for block in self._layers(k):
                self._update(block, numbers)

    def _update(self, block: Block, n: Numbers) -> None:
        if self._decaying and block.decays:
            omega, gradient = block.p[: block.decays], block.g[: block.decays]
            decay = _first(n["weight_decay"], block.decays)
            if self.rule.decoupled_decay:
                omega.mul_(1 - _first(n["lr"], block.decays) * decay)
            elif isinstance(decay, float):
                gradient.add_(omega, alpha=decay)
            else:
                gradient.addcmul_(omega, decay)
        self.rule.update(block.p, block.g, block.moments, n)

    def _layers(self, k: int) -> list[Block]:
        """The first k members of each layer."""
        weights = len(self.parameters.weights)
        return [
            Block(
                p[:k], g[:k], [moment.tensors[i][:k] for moment in self.moments], k * (i < weights)
            )
            for i, (p, g) in enumerate(
                zip(self.parameters.tensors, self.gradients.tensors, strict=True)
            )
        ]


def _between(number: Number, start: int, end: int) -> Number:
    return number if isinstance(number, float) else number[start:end]


def _first(number: Number, count: int) -> Number:
    return _between(number, 0, count)

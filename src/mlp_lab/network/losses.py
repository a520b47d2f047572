"""Output functions y = o(f), losses L(y, t), and which of them go together.

Every loss is a mean over the outputs of a row (as in torch) and a mean over rows; only those of a
softmax's classes, of which one counts, are sums over them. Losses start from the last
pre-activations f, so that no probability underflows before its logarithm is taken.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from mlp_lab.errors import UserError, require
from mlp_lab.network import ordinal
from mlp_lab.network.ordinal import minus_logarithms

if TYPE_CHECKING:
    from torch import Tensor

Numbers = tuple[tuple[str, float], ...]
"""Names and values, in a form that can be compared and hashed."""


SMALLEST = 1e-37
"""The least that a float32 can hold, or little more."""

NUMBERS: dict[str, tuple[str, Callable[[float], bool]]] = {
    "delta": ("in [1e-30, 1e30]", lambda value: 1e-30 <= value <= 1e30),
    "quantile": ("in (0, 1)", lambda value: 0 < value < 1),
    "gamma": ("in [0, 1000]", lambda value: 0 <= value <= 1000),
    "label_smoothing": ("in [0, 1)", lambda value: 0 <= value < 1),
}
"""What the numbers of losses must be."""


def require_number(name: str, value: float, key: str) -> None:
    """Raise unless a loss can have such a number."""
    words, holds = NUMBERS[name]
    require(holds(value), key, words, value)


@dataclass(kw_only=True, slots=True)
class LossConfig:
    """Which loss is minimised, and what every loss has; its other fields are its numbers."""

    name: str

    def __post_init__(self) -> None:
        for field in fields(self):
            if field.name != "name":
                require_number(field.name, getattr(self, field.name), f"loss.{field.name}")

    @property
    def numbers(self) -> Numbers:
        """What the loss takes beside outputs and targets, by name."""
        own = LOSSES[self.name].numbers if self.name in LOSSES else ()
        return tuple((number, getattr(self, number)) for number in own)

    @property
    def smoothing(self) -> float:
        """Label smoothing, which only cross-entropies have."""
        return 0.0


@dataclass(kw_only=True, slots=True)
class CrossEntropyConfig(LossConfig):
    """A cross-entropy, or `auto`, which is one for classes, unless the output is linear.

    `label_smoothing` is a share of each target that is spread evenly over all classes, in the
    gradient alone: what is reported is the loss of the targets as they are.
    """

    label_smoothing: float

    @property
    def smoothing(self) -> float:
        """See above."""
        return self.label_smoothing


@dataclass(kw_only=True, slots=True)
class HuberConfig(LossConfig):
    """Squared error up to `delta`, in units of the scaled target, and absolute error beyond."""

    delta: float


@dataclass(kw_only=True, slots=True)
class QuantileConfig(LossConfig):
    """The pinball loss, least where the share `quantile` of the targets lies below."""

    quantile: float


@dataclass(kw_only=True, slots=True)
class FocalConfig(LossConfig):
    """A cross-entropy in which the more certain a right answer is, the less its row counts.

    `gamma` is the power of 1 - y that it is multiplied by; 0 leaves the cross-entropy.
    """

    gamma: float


LOSS_CONFIGS: dict[str, type[LossConfig]] = {
    "auto": CrossEntropyConfig,
    "mse": LossConfig,
    "mae": LossConfig,
    "huber": HuberConfig,
    "quantile": QuantileConfig,
    "poisson": LossConfig,
    "bce": CrossEntropyConfig,
    "cce": CrossEntropyConfig,
    "focal": FocalConfig,
    "ordinal": LossConfig,
}


@dataclass(frozen=True, slots=True)
class Output:
    """An output function and its pullback from dL/dy to dL/df.

    `of_mean` gives, for f of M networks, (..., M, B, C), the f whose output is the mean of theirs,
    (..., B, C), up to what the output does not depend on. There are as many f as outputs, or one
    `fewer`.
    """

    value: Callable[[Tensor], Tensor]
    pullback: Callable[[Tensor, Tensor], Tensor]
    of_mean: Callable[[Tensor], Tensor]
    fewer: int = 0


NARROW = 16
"""Numbers of a row below which kernels along the last axis leave vector registers unfilled."""


def softmax(f: Tensor) -> Tensor:
    """exp(f_c) / sum_c exp(f_c), (..., B, C).

    Few classes are normalised along the rows, in a tenth of the time.
    """
    return f.softmax(-1) if f.shape[-1] >= NARROW else f.mT.softmax(-2).mT


def _log_sigmoid(f: Tensor) -> Tensor:
    return f.clamp_max(0) - f.abs().neg().exp().log1p()


def _log_odds_of_mean(f: Tensor) -> Tensor:
    """log p - log(1 - p) of the mean probability p, (..., M, B, C) -> (..., B, C)."""
    return _log_sigmoid(f).logsumexp(-3) - _log_sigmoid(-f).logsumexp(-3)


OUTPUTS: dict[str, Output] = {
    "linear": Output(value=lambda f: f, pullback=lambda y, dy: dy, of_mean=lambda f: f.mean(-3)),
    "sigmoid": Output(
        value=lambda f: f.sigmoid(),
        pullback=lambda y, dy: dy * (y - y.square()),
        of_mean=_log_odds_of_mean,
    ),
    "softmax": Output(
        value=softmax,
        pullback=lambda y, dy: y * (dy - (dy * y).sum(-1, keepdim=True)),
        of_mean=lambda f: f.log_softmax(-1).logsumexp(-3),
    ),
    "exponential": Output(
        value=lambda f: f.exp(),
        pullback=lambda y, dy: dy * y,
        of_mean=lambda f: f.logsumexp(-3) - math.log(f.shape[-3]),
    ),
    "ordinal": Output(
        value=ordinal.probabilities, pullback=ordinal.pullback, of_mean=ordinal.of_mean, fewer=1
    ),
}


@dataclass(frozen=True, slots=True)
class Loss:
    """A loss by row, (..., C) -> (...), of the output function, f and the targets t.

    `slope(y, t)` is its gradient by the output y = o(f); `by_f(output, f, t)` that by f, where it
    is more exact than the slope pulled back. All take the `numbers` by their names, too.
    """

    rows: Callable[..., Tensor]
    slope: Callable[..., Tensor]
    by_f: Callable[..., Tensor] | None = None
    numbers: Sequence[str] = ()
    summed: bool = False
    """Whether it is a sum over classes rather than a mean over outputs."""

    def gradient(self, output: Output, f: Tensor, target: Tensor, **numbers: float) -> Tensor:
        """Gradient of each row's loss by f; apart, since a step needs nothing else."""
        if self.by_f is not None:
            return self.by_f(output, f, target, **numbers)
        y = output.value(f)
        return output.pullback(y, self.slope(y, target, **numbers))


def _huber(output: Output, f: Tensor, target: Tensor, *, delta: float) -> Tensor:
    """c (e - c / 2) with e = y - t and c = e within -delta and delta, else the nearer of these."""
    error = output.value(f) - target
    near = error.clamp(-delta, delta)
    return (near * (error - near / 2)).mean(-1)


def _pinball(output: Output, f: Tensor, target: Tensor, *, quantile: float) -> Tensor:
    """|e| / 2 + (q - 1/2) e with e = t - y: q e above y, (q - 1) e below."""
    error = target - output.value(f)
    return (error.abs() / 2 + (quantile - 0.5) * error).mean(-1)


def _half_deviance(output: Output, f: Tensor, target: Tensor) -> Tensor:
    """exp(f) - t f, less the least that it can be, t - t log t: 0 where exp(f) = t."""
    least = target - target.xlogy(target)
    return (output.value(f) - target * f - least).mean(-1)


def _binary_log_loss(_: Output, f: Tensor, target: Tensor) -> Tensor:
    """softplus(f) - f t; see `minus_logarithms`."""
    return (minus_logarithms(f)[1] - f * target).mean(-1)


def _binary_focal(_: Output, f: Tensor, target: Tensor, *, gamma: float) -> Tensor:
    """-t (1 - y)^gamma log y - (1 - t) y^gamma log(1 - y), with y = sigmoid(f)."""
    of_y, of_rest = minus_logarithms(f)
    ones = target * (-gamma * of_rest).exp() * of_y
    zeros = (1 - target) * (-gamma * of_y).exp() * of_rest
    return (ones + zeros).mean(-1)


def _binary_focal_by_f(output: Output, f: Tensor, target: Tensor, *, gamma: float) -> Tensor:
    """t (1 - y)^gamma (gamma y log y - (1 - y)), and the same of 1 - t and 1 - y, negative."""
    y, (of_y, of_rest) = output.value(f), minus_logarithms(f)
    rest = of_rest.neg().exp()
    ones = target * (-gamma * of_rest).exp() * (gamma * y * of_y + rest)
    zeros = (1 - target) * (-gamma * of_y).exp() * (gamma * rest * of_rest + y)
    return (zeros - ones) / f.shape[-1]


def _binary_focal_slope(y: Tensor, target: Tensor, *, gamma: float) -> Tensor:
    rest = 1 - y
    ones = target * rest**gamma * (gamma * y.log() / rest - 1 / y)
    zeros = (1 - target) * y**gamma * (gamma * rest.log() / y - 1 / rest)
    return (ones - zeros) / y.shape[-1]


def _log_loss(output: Output, f: Tensor, target: Tensor) -> Tensor:
    if f.shape[-1] >= NARROW:
        return -(f.log_softmax(-1) * target).sum(-1)
    return -(f.mT.log_softmax(-2) * target.mT).sum(-2)  # see softmax


def _logarithm_and_rest(f: Tensor) -> tuple[Tensor, Tensor]:
    """log y and 1 - y of y = softmax(f); the rest is not quite 0, where powers have no slope."""
    log_y = f.log_softmax(-1) if f.shape[-1] >= NARROW else f.mT.log_softmax(-2).mT
    return log_y, log_y.expm1().neg().clamp_min(SMALLEST)


def _focal(_: Output, f: Tensor, target: Tensor, *, gamma: float) -> Tensor:
    """-sum_c t_c (1 - y_c)^gamma log y_c, with y = softmax(f)."""
    log_y, rest = _logarithm_and_rest(f)
    return -(target * rest**gamma * log_y).sum(-1)


def _focal_by_f(_: Output, f: Tensor, target: Tensor, *, gamma: float) -> Tensor:
    """u - y sum_c u_c, with u = t (1 - y)^gamma (gamma y log y / (1 - y) - 1)."""
    log_y, rest = _logarithm_and_rest(f)
    y = log_y.exp()
    u = target * rest**gamma * (gamma * y * log_y / rest - 1)
    return u - y * u.sum(-1, keepdim=True)


def _focal_slope(y: Tensor, target: Tensor, *, gamma: float) -> Tensor:
    rest = 1 - y
    return target * rest**gamma * (gamma * y.log() / rest - 1 / y)


LOSSES: dict[str, Loss] = {
    # (y - t)^2, mean over outputs; 2 (y - t) / C.
    "mse": Loss(
        rows=lambda output, f, t: (output.value(f) - t).square().mean(-1),
        slope=lambda y, t: (y - t) * (2 / y.shape[-1]),
    ),
    # |y - t|, mean over outputs; sign(y - t) / C.
    "mae": Loss(
        rows=lambda output, f, t: (output.value(f) - t).abs().mean(-1),
        slope=lambda y, t: (y - t).sign() / y.shape[-1],
    ),
    # (y - t)^2 / 2 up to delta, then delta (|y - t| - delta / 2) (Huber, Robust Estimation of a
    # Location Parameter, 1964); y - t, within -delta and delta.
    "huber": Loss(
        rows=_huber,
        slope=lambda y, t, *, delta: (y - t).clamp(-delta, delta) / y.shape[-1],
        numbers=("delta",),
    ),
    # q (t - y) above y, (1 - q) (y - t) below (Koenker and Bassett, Regression Quantiles, 1978);
    # -q and 1 - q, between them where y = t.
    "quantile": Loss(
        rows=_pinball,
        slope=lambda y, t, *, quantile: ((y - t).sign() / 2 + (0.5 - quantile)) / y.shape[-1],
        numbers=("quantile",),
    ),
    # y - t log y, less its least: half the deviance of counts whose mean is y = exp(f) (Nelder and
    # Wedderburn, Generalized Linear Models, 1972); 1 - t / y, times y by f.
    "poisson": Loss(
        rows=_half_deviance,
        slope=lambda y, t: (1 - t / y) / y.shape[-1],
        by_f=lambda output, f, t: (output.value(f) - t) / f.shape[-1],
    ),
    # -t log y - (1 - t) log(1 - y) with y = sigmoid(f): softplus(f) - f t;
    # (y - t) / (y (1 - y) C), where the sigmoid's slope cancels.
    "bce": Loss(
        rows=_binary_log_loss,
        slope=lambda y, t: (y - t) / (y - y.square()) / y.shape[-1],
        by_f=lambda output, f, t: (output.value(f) - t) / f.shape[-1],
    ),
    # -sum_c t_c log y_c with y = softmax(f); -t / y, where the softmax's slopes cancel, since a
    # row's targets sum to one.
    "cce": Loss(
        rows=_log_loss,
        slope=lambda y, t: -t / y,
        by_f=lambda output, f, t: output.value(f) - t,
        summed=True,
    ),
    # -sum_c t_c log y_c of ordered classes (see ordinal.py); -t / y.
    "ordinal": Loss(
        rows=lambda _, f, t: ordinal.row_losses(f, t),
        slope=lambda y, t: -t / y,
        by_f=lambda _, f, t: ordinal.gradient(f, t),
        summed=True,
    ),
    # Binary cross-entropy with each term times (1 - its probability)^gamma (Lin et al., Focal Loss
    # for Dense Object Detection, 2017), without their weights of classes: see data.class_weights.
    "focal": Loss(
        rows=_binary_focal, slope=_binary_focal_slope, by_f=_binary_focal_by_f, numbers=("gamma",)
    ),
}

OF_CLASSES: dict[str, Loss] = {
    # The same of a softmax's classes.
    "focal": Loss(
        rows=_focal, slope=_focal_slope, by_f=_focal_by_f, numbers=("gamma",), summed=True
    )
}
"""What a loss is beside a softmax, where that is not what it is elsewhere."""

CROSS_ENTROPIES = ("bce", "cce")
"""Losses whose targets may be smoothed."""

COMPATIBLE_LOSSES: dict[str, dict[str, tuple[str, ...]]] = {
    "regression": {"linear": ("mse", "mae", "huber", "quantile"), "exponential": ("poisson",)},
    "binary": {
        "sigmoid": ("bce", "mse", "mae", "focal"),
        "softmax": ("cce", "mse", "mae", "focal"),
        "linear": ("mse", "mae"),
    },
    "multiclass": {
        "softmax": ("cce", "mse", "mae", "focal"),
        "linear": ("mse", "mae"),
        "sigmoid": ("mse", "mae"),
        "ordinal": ("ordinal",),
    },
    "multilabel": {"sigmoid": ("bce", "mse", "mae", "focal"), "linear": ("mse", "mae")},
}
"""Task -> output -> losses for both. `auto` takes the first that agrees with what was set."""


@dataclass(frozen=True, slots=True)
class Objective:
    """An output and a loss that fit a task, by name, with the numbers of the loss.

    Of C outputs, f has `pre_activations(C)`, one less where classes are ordered.
    """

    output: str
    loss: str
    numbers: Numbers = ()
    label_smoothing: float = 0.0
    """Share of each target that is spread over all classes while a network is trained."""
    temperature: float = 1.0
    """What f of the last layer is divided by, once a network is trained: it calibrates
    probabilities (Guo et al., On Calibration of Modern Neural Networks, 2017)."""

    @property
    def function(self) -> Loss:
        """The loss with this output."""
        if self.output == "softmax" and self.loss in OF_CLASSES:
            return OF_CLASSES[self.loss]
        return LOSSES[self.loss]

    @property
    def title(self) -> str:
        """The loss as a person reads it, as `huber (delta 2)`: what makes losses comparable."""
        numbers = ", ".join(f"{name} {value:g}" for name, value in self.numbers)
        return f"{self.loss} ({numbers})" if numbers else self.loss

    def pre_activations(self, outputs: int) -> int:
        """Units of the last layer."""
        return outputs - OUTPUTS[self.output].fewer

    def rows(self, f: Tensor, target: Tensor) -> Tensor:
        """Loss of each row, (..., C) -> (...), of the last pre-activations f."""
        return self.function.rows(OUTPUTS[self.output], f, target, **dict(self.numbers))

    def training_rows(self, f: Tensor, target: Tensor) -> Tensor:
        """The same of the targets that a network is trained on: what `gradient` is of."""
        return self.rows(f, self.training_targets(target))

    def gradient(self, f: Tensor, target: Tensor) -> Tensor:
        """Gradient of each row's loss in training by f, of f's shape."""
        target = self.training_targets(target)
        return self.function.gradient(OUTPUTS[self.output], f, target, **dict(self.numbers))

    def slope(self, y: Tensor, target: Tensor) -> Tensor:
        """Gradient of each row's loss by the output y, of y's shape."""
        return self.function.slope(y, target, **dict(self.numbers))

    def training_targets(self, target: Tensor) -> Tensor:
        """(1 - s) t + s / C with label smoothing s, (..., C); one sigmoid stands for two classes.

        Szegedy et al., Rethinking the Inception Architecture for Computer Vision, 2016.
        """
        if not self.label_smoothing:
            return target
        classes = target.shape[-1] if self.function.summed else 2
        return target * (1 - self.label_smoothing) + self.label_smoothing / classes

    def tempered(self, f: Tensor) -> Tensor:
        """f by the temperature; f itself where there is none."""
        return f if self.temperature == 1 else f / self.temperature

    def predict(self, f: Tensor) -> Tensor:
        """The network's output y = o(f)."""
        return OUTPUTS[self.output].value(f)

    def of_mean(self, f: Tensor) -> Tensor:
        """What gives the mean of M networks' outputs, (..., M, B, C) -> (..., B, C)."""
        return OUTPUTS[self.output].of_mean(f)

    def decision_values(self, f: Tensor) -> Tensor:
        """Values that put a row's classes in the order of its outputs, of f's shape."""
        return f if self.output == "softmax" else self.predict(f)

    def gives_probabilities(self, task: str) -> bool:
        """Whether the outputs are probabilities: sigmoids of several classes need not add to 1."""
        of_all = self.output in ("softmax", "ordinal")
        return of_all or (self.output == "sigmoid" and task != "multiclass")

    def can_be_calibrated(self, task: str) -> bool:
        """Whether a temperature calibrates the outputs, and leaves every decision as it is."""
        return self.output in ("sigmoid", "softmax") and self.gives_probabilities(task)


def choose_objective(task: str, output: str, loss: LossConfig) -> Objective:
    """Settle `auto` and refuse what does not fit.

    Raises:
        UserError: the loss fits neither the task nor the output; the message says which would.

    Examples:
        >>> auto = CrossEntropyConfig(name="auto", label_smoothing=0.1)
        >>> choose_objective("multiclass", "auto", auto).title
        'cce'
    """
    chosen, name = _names(task, output, loss.name)
    if loss.smoothing and name not in CROSS_ENTROPIES:
        raise UserError(
            f"loss.label_smoothing={loss.smoothing:g} is for cross-entropies, but"
            f" loss={loss.name} is {name} for a {task} target with {chosen} output: use 0"
        )
    return Objective(chosen, name, loss.numbers, loss.smoothing)


def _names(task: str, output: str, loss: str) -> tuple[str, str]:
    """Output and loss."""
    for candidate, losses in COMPATIBLE_LOSSES[task].items():
        if output in ("auto", candidate):
            if loss == "auto":
                return candidate, losses[0]
            if loss in losses:
                return candidate, loss
    allowed = COMPATIBLE_LOSSES[task]
    if output != "auto" and output not in allowed:
        raise UserError(
            f"model.output={output} does not fit a {task} target,"
            f" which is not confined to its range: use {' or '.join(allowed)}"
        )
    if output == "auto" or not any(loss in losses for losses in allowed.values()):
        open_to = allowed if output == "auto" else {output: allowed[output]}
        fitting = sorted({name for losses in open_to.values() for name in losses})
        raise UserError(f"loss={loss} does not fit a {task} target: use {' or '.join(fitting)}")
    raise UserError(
        f"loss={loss} does not fit model.output={output}: use loss={' or '.join(allowed[output])},"
        f" or model.output={next(o for o, losses in allowed.items() if loss in losses)}"
    )

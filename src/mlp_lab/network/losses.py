"""Output functions y = o(f), losses L(y, t), and which of them go together.

Every loss is a mean over the outputs of a row (as in torch) and a mean over rows; only categorical
cross-entropy sums over its classes, of which one counts. Losses start from the last
pre-activations f, so that no probability underflows before its logarithm is taken.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlp_lab.errors import UserError, require_choice

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(kw_only=True, slots=True)
class LossConfig:
    """Which loss is minimised; `auto` follows from the task and the output."""

    name: str

    def __post_init__(self) -> None:
        require_choice(self.name, "loss", ["auto", *LOSSES])


@dataclass(frozen=True, slots=True)
class Output:
    """An output function and its pullback from dL/dy to dL/df.

    `of_mean` gives, for f of M networks, (..., M, B, C), the f whose output is the mean of theirs,
    (..., B, C), up to what the output does not depend on.
    """

    value: Callable[[Tensor], Tensor]
    pullback: Callable[[Tensor, Tensor], Tensor]
    of_mean: Callable[[Tensor], Tensor]


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
}


@dataclass(frozen=True, slots=True)
class Loss:
    """A loss by row, (..., C) -> (...), of the output function, f and the targets t.

    `slope(y, t)` is its gradient by the output y = o(f), which cross-entropies never need:
    `cancelled(y, t)` is theirs by f.
    """

    rows: Callable[[Output, Tensor, Tensor], Tensor]
    slope: Callable[[Tensor, Tensor], Tensor]
    cancelled: Callable[[Tensor, Tensor], Tensor] | None = None

    def gradient(self, output: Output, f: Tensor, target: Tensor) -> Tensor:
        """Gradient of each row's loss by f; apart, since a step needs nothing else."""
        y = output.value(f)
        if self.cancelled is not None:
            return self.cancelled(y, target)
        return output.pullback(y, self.slope(y, target))


def _binary_log_loss(_: Output, f: Tensor, target: Tensor) -> Tensor:
    """softplus(f) - f t, with softplus(f) = max(f, 0) + log(1 + exp(-|f|)).

    It is smooth, though both terms have a kink at 0: there autograd gives |f| the slope 0 and
    `maximum` 1/2, which is the truth; `clamp` has 1.
    """
    above = f.maximum(f.new_zeros(()))
    return (above - f * target + f.abs().neg().exp().log1p()).mean(-1)


def _log_loss(output: Output, f: Tensor, target: Tensor) -> Tensor:
    if f.shape[-1] >= NARROW:
        return -(f.log_softmax(-1) * target).sum(-1)
    return -(f.mT.log_softmax(-2) * target.mT).sum(-2)  # see softmax


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
    # -t log y - (1 - t) log(1 - y) with y = sigmoid(f): softplus(f) - f t;
    # (y - t) / (y (1 - y) C), where the sigmoid's slope cancels.
    "bce": Loss(
        rows=_binary_log_loss,
        slope=lambda y, t: (y - t) / (y - y.square()) / y.shape[-1],
        cancelled=lambda y, t: (y - t) / y.shape[-1],
    ),
    # -sum_c t_c log y_c with y = softmax(f); -t / y, where the softmax's slopes cancel, since a
    # row's targets sum to one.
    "cce": Loss(rows=_log_loss, slope=lambda y, t: -t / y, cancelled=lambda y, t: y - t),
}

COMPATIBLE_LOSSES: dict[str, dict[str, tuple[str, ...]]] = {
    "regression": {"linear": ("mse", "mae")},
    "binary": {
        "sigmoid": ("bce", "mse", "mae"),
        "softmax": ("cce", "mse", "mae"),
        "linear": ("mse", "mae"),
    },
    "multiclass": {
        "softmax": ("cce", "mse", "mae"),
        "linear": ("mse", "mae"),
        "sigmoid": ("mse", "mae"),
    },
}
"""Task -> output -> losses for both. `auto` takes the first that agrees with what was set."""


@dataclass(frozen=True, slots=True)
class Objective:
    """An output and a loss that fit a task, by name."""

    output: str
    loss: str

    def rows(self, f: Tensor, target: Tensor) -> Tensor:
        """Loss of each row, (..., C) -> (...), of the last pre-activations f."""
        return LOSSES[self.loss].rows(OUTPUTS[self.output], f, target)

    def gradient(self, f: Tensor, target: Tensor) -> Tensor:
        """Gradient of each row's loss by f, of f's shape."""
        return LOSSES[self.loss].gradient(OUTPUTS[self.output], f, target)

    def slope(self, y: Tensor, target: Tensor) -> Tensor:
        """Gradient of each row's loss by the output y, of y's shape."""
        return LOSSES[self.loss].slope(y, target)

    def predict(self, f: Tensor) -> Tensor:
        """The network's output y = o(f)."""
        return OUTPUTS[self.output].value(f)

    def of_mean(self, f: Tensor) -> Tensor:
        """What gives the mean of M networks' outputs, (..., M, B, C) -> (..., B, C)."""
        return OUTPUTS[self.output].of_mean(f)

    def decision_values(self, f: Tensor) -> Tensor:
        """Values that put a row's classes in the order of its outputs, of f's shape."""
        return f if self.output == "softmax" else self.predict(f)

    def gives_probabilities(self, outputs: int) -> bool:
        """Whether the outputs are probabilities of classes; several sigmoids need not add to 1."""
        return self.output == "softmax" or (self.output == "sigmoid" and outputs == 1)


def choose_objective(task: str, output: str, loss: str) -> Objective:
    """Settle `auto` and refuse what does not fit.

    Raises:
        UserError: the loss fits neither the task nor the output; the message says which would.

    Examples:
        >>> choose_objective("multiclass", output="auto", loss="auto")
        Objective(output='softmax', loss='cce')
    """
    for candidate, losses in COMPATIBLE_LOSSES[task].items():
        if output in ("auto", candidate):
            if loss == "auto":
                return Objective(candidate, losses[0])
            if loss in losses:
                return Objective(candidate, loss)
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

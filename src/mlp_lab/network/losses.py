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
    """An output function and its pullback from dL/dy to dL/df."""

    value: Callable[[Tensor], Tensor]
    pullback: Callable[[Tensor, Tensor], Tensor]


OUTPUTS: dict[str, Output] = {
    "linear": Output(
        value=lambda f: f,
        pullback=lambda y, dy: dy,
    ),
    "sigmoid": Output(
        value=lambda f: f.sigmoid(),
        pullback=lambda y, dy: dy * (y - y.square()),
    ),
    "softmax": Output(
        value=lambda f: f.softmax(-1),
        pullback=lambda y, dy: y * (dy - (dy * y).sum(-1, keepdim=True)),
    ),
}

RowLoss = tuple["Tensor", "Tensor"]
"""Loss of each row, (K, B), and its gradient by the row's last pre-activations, (K, B, C)."""


def squared_error(output: Output, f: Tensor, target: Tensor) -> RowLoss:
    """(y - t)^2, mean over outputs."""
    y = output.value(f)
    error = y - target
    return error.square().mean(-1), output.pullback(y, error * (2 / f.shape[-1]))


def absolute_error(output: Output, f: Tensor, target: Tensor) -> RowLoss:
    """|y - t|, mean over outputs."""
    y = output.value(f)
    error = y - target
    return error.abs().mean(-1), output.pullback(y, error.sign() / f.shape[-1])


def binary_cross_entropy(output: Output, f: Tensor, target: Tensor) -> RowLoss:
    """-t log y - (1 - t) log(1 - y) with y = sigmoid(f): max(f, 0) - f t + log(1 + exp(-|f|))."""
    loss = f.clamp_min(0) - f * target + f.abs().neg().exp().log1p()
    return loss.mean(-1), (f.sigmoid() - target) / f.shape[-1]


def categorical_cross_entropy(output: Output, f: Tensor, target: Tensor) -> RowLoss:
    """-sum_c t_c log y_c with y = softmax(f); a row's targets sum to one."""
    log_y = f.log_softmax(-1)
    return -(log_y * target).sum(-1), log_y.exp() - target


LOSSES: dict[str, Callable[[Output, Tensor, Tensor], RowLoss]] = {
    "mse": squared_error,
    "mae": absolute_error,
    "bce": binary_cross_entropy,
    "cce": categorical_cross_entropy,
}

FITTING: dict[str, dict[str, tuple[str, ...]]] = {
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
"""Task -> output -> losses that fit both. `auto` takes the first that agrees with what was set."""


@dataclass(frozen=True, slots=True)
class Objective:
    """An output and a loss that fit a task, by name."""

    output: str
    loss: str

    def rows(self, f: Tensor, target: Tensor) -> RowLoss:
        """Loss (K, B) and gradient (K, B, C) of the last pre-activations f, (K, B, C)."""
        return LOSSES[self.loss](OUTPUTS[self.output], f, target)

    def predict(self, f: Tensor) -> Tensor:
        """The network's output y = o(f)."""
        return OUTPUTS[self.output].value(f)


def choose_objective(task: str, output: str, loss: str) -> Objective:
    """Settle `auto` and refuse what does not fit.

    Raises:
        UserError: the loss fits neither the task nor the output; the message says which would.
    """
    for candidate, losses in FITTING[task].items():
        if output in ("auto", candidate):
            if loss == "auto":
                return Objective(candidate, losses[0])
            if loss in losses:
                return Objective(candidate, loss)
    allowed = FITTING[task]
    if output != "auto" and output not in allowed:
        raise UserError(
            f"model.output={output} does not fit a {task} target,"
            f" which is not confined to its range: use {' or '.join(allowed)}"
        )
    if output == "auto" or not any(loss in losses for losses in allowed.values()):
        fitting = sorted({name for losses in allowed.values() for name in losses})
        raise UserError(f"loss={loss} does not fit a {task} target: use {' or '.join(fitting)}")
    raise UserError(
        f"loss={loss} does not fit model.output={output}: use loss={' or '.join(allowed[output])},"
        f" or model.output={next(o for o, losses in allowed.items() if loss in losses)}"
    )

"""Activations, losses and optimizers of one's own, by name beside ours; held against autograd.

A part is registered in Python, in the process that is to use it, and never by what a file says.
"""

from __future__ import annotations

import keyword
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import make_dataclass
from typing import TYPE_CHECKING

from mlp_lab.errors import UserError, require, require_choice
from mlp_lab.network.activations import ACTIVATIONS, Activation
from mlp_lab.network.losses import (
    COMPATIBLE_LOSSES,
    LOSS_CONFIGS,
    LOSSES,
    OUTPUTS,
    Loss,
    LossConfig,
)
from mlp_lab.network.optimizers import OPTIMIZERS, OTHER_CHECKS, OptimizerConfig, Rule

if TYPE_CHECKING:
    from torch import Tensor

OWN: set[tuple[str, str]] = set()
"""Kinds and names of the parts; each may be registered anew, as when a cell is run again."""

UNCHECKED: set[tuple[str, str]] = set()
"""Those whose derivatives nobody has held against autograd yet."""

OWN_CHOICES: dict[str, dict[str, dict[str, object]]] = {"loss": {}, "optimizer": {}}
"""Group -> choice -> its settings, of parts that no file of configs/ is about."""

TOLERANCE = 1e-6
"""Largest relative disagreement with autograd, in double precision."""


def register_activation(
    name: str, value: Callable[[Tensor], Tensor], slope: Callable[[Tensor, Tensor], Tensor]
) -> None:
    """Let `model.activation` be one of your own.

    Args:
        name: as settings call it.
        value: h = a(f), elementwise and differentiable by autograd, a new tensor.
        slope: a'(f) of f and h = a(f), a new tensor. On first use it is held against autograd.

    Raises:
        UserError: the name is taken, or none; or a part is no function.
    """
    _require_name(name, ACTIVATIONS, "activation")
    _require_functions(value=value, slope=slope)
    ACTIVATIONS[name] = Activation(value, slope, at_zero=math.nan)  # padded units are set to 0
    _enter("activation", name)


def register_loss(
    name: str,
    value: Callable[[Tensor, Tensor], Tensor],
    slope: Callable[[Tensor, Tensor], Tensor],
    *,
    task: str = "regression",
    outputs: Sequence[str] | None = None,
) -> None:
    """Let `loss` be one of your own.

    Args:
        name: as settings call it.
        value: the loss of each row, (..., C) -> (...), of outputs y and targets t.
        slope: its gradient by y, (..., C), of y and t. On first use it is held against autograd.
        task: regression, binary, multiclass or multilabel.
        outputs: output functions that it fits; by default linear for numbers, sigmoid for two
            classes, softmax for more.

    Raises:
        UserError: the name is taken, there is no such task or output, or a part is no function.
    """
    _require_name(name, LOSSES, "loss")
    _require_functions(value=value, slope=slope)
    require_choice(task, "task", COMPATIBLE_LOSSES)
    fitting = COMPATIBLE_LOSSES[task]
    chosen = list(outputs) if outputs is not None else [next(iter(fitting))]
    for output in chosen:
        require_choice(output, "output", OUTPUTS)
    LOSSES[name] = Loss(lambda output, f, t: value(output.value(f), t), slope)
    for output in chosen:
        fitting[output] = tuple(dict.fromkeys((*fitting.get(output, ()), name)))
    LOSS_CONFIGS[name] = LossConfig
    OWN_CHOICES["loss"][name] = {"name": name}
    _enter("loss", name)


def register_optimizer(
    name: str, rule: Callable[..., None], *, moments: int = 0, lr: float = 0.001, **numbers: float
) -> None:
    """Let `optimizer` be one of your own.

    Args:
        name: as settings call it.
        rule: `rule(p, g, *moments, lr, t, **numbers)` changes parameters p and the moments in
            place; g is the gradient, t the number of the step from 1. `lr`, `t` and the numbers
            are floats, or tensors that broadcast against p. Zero gradients on zero moments must
            leave a zero parameter at zero: so do padded units stay zero.
        moments: how many tensors of p's shape it keeps, zero at first.
        lr: the learning rate by default.
        numbers: its own settings and their defaults.

    Raises:
        UserError: the name is taken, or none; or the rule is no function.
    """
    _require_name(name, OPTIMIZERS, "optimizer")
    _require_functions(rule=rule)
    require(moments >= 0, "moments", "0 or more", moments)
    for number in numbers:
        OTHER_CHECKS.setdefault(number, ("a number", lambda _: True))
    title = f"{name.title().replace('_', '')}Config"
    kind = make_dataclass(
        title,
        [(number, float) for number in numbers],
        bases=(OptimizerConfig,),
        namespace={"rule": Rule(rule, moments, (), tuple(numbers)), "__module__": __name__},
        kw_only=True,
    )
    setattr(sys.modules[__name__], title, kind)  # where pickle looks for it
    OPTIMIZERS[name] = kind
    settings: dict[str, object] = {"name": name, "lr": lr, "weight_decay": 0.0, "l1": 0.0}
    settings["clip_norm"] = None
    OWN_CHOICES["optimizer"][name] = settings | numbers
    _enter("optimizer", name)


def require_true_derivatives(
    activations: Sequence[str], loss: str, optimizer: OptimizerConfig
) -> None:
    """Hold the parts of one's own that a network uses against autograd, each once.

    Raises:
        UserError: one disagrees; it says by how much, and where.
    """
    used = {*(("activation", name) for name in activations), ("loss", loss)}
    for kind, name in sorted(used & UNCHECKED):
        _require_slope(kind, name)
        UNCHECKED.discard((kind, name))
    if ("optimizer", optimizer.name) in UNCHECKED:
        _require_zero_stays(optimizer)
        UNCHECKED.discard(("optimizer", optimizer.name))


def _enter(kind: str, name: str) -> None:
    OWN.add((kind, name))
    UNCHECKED.add((kind, name))


def _require_name(name: str, taken: Mapping[str, object], kind: str) -> None:
    plain = isinstance(name, str) and name.isidentifier() and not keyword.iskeyword(name)
    require(plain and name != "auto", f"the {kind}'s name", "a plain word", name)
    if name in taken and (kind, name) not in OWN:
        raise UserError(f"{kind} {name!r} is there already: choose another name")


def _require_functions(**parts: object) -> None:
    for part, function in parts.items():
        require(callable(function), part, "a function", function)


def _require_slope(kind: str, name: str) -> None:
    import torch  # noqa: PLC0415  settings are read without torch

    generator = torch.Generator().manual_seed(0)
    x = 3 * torch.randn(64, 4, dtype=torch.float64, generator=generator)
    x.requires_grad_()
    if kind == "activation":
        part = ACTIVATIONS[name]
        values = part.value(x)
        ours = part.slope(x.detach(), values.detach())
    else:
        x = x.detach().sigmoid().requires_grad_()  # within the range of every output
        t = torch.rand(64, 4, dtype=torch.float64, generator=generator)
        loss = LOSSES[name]
        values = loss.rows(OUTPUTS["linear"], x, t)
        ours = loss.slope(x.detach(), t)
    _require_shape(kind, name, "value", values, x if kind == "activation" else x[:, 0])
    _require_shape(kind, name, "slope", ours, x)
    (truth,) = torch.autograd.grad(values.sum(), x)
    apart = (ours - truth).abs() / truth.abs().clamp_min(1)
    worst = int(apart.argmax())
    if not float(apart.max()) <= TOLERANCE:
        found, wanted = float(ours.flatten()[worst]), float(truth.flatten()[worst])
        where = f"at {float(x.detach().flatten()[worst]):.4g}"
        raise UserError(
            f"{kind} {name!r}: its slope is {found:.6g} {where}, where autograd has {wanted:.6g}:"
            " the largest disagreement of 256 points"
        )


def _require_shape(kind: str, name: str, what: str, found: Tensor, like: Tensor) -> None:
    if found.shape != like.shape:
        shapes = f"shape {tuple(like.shape)}, got {tuple(found.shape)}"
        raise UserError(f"{kind} {name!r}: its {what} must have {shapes}")


def _require_zero_stays(optimizer: OptimizerConfig) -> None:
    import torch  # noqa: PLC0415  as above

    name, rule = optimizer.name, optimizer.rule
    p, g = torch.ones(2, 3), torch.ones(2, 3)
    p[0], g[0] = 0, 0
    moments = [torch.zeros(2, 3) for _ in range(rule.moments)]
    own = {key: getattr(optimizer, key) for key in rule.numbers}
    try:
        for t in (1.0, 2.0):
            rule.function(p, g, *moments, lr=0.1, t=t, **own)
    except (TypeError, RuntimeError) as error:
        raise UserError(f"optimizer {name!r} cannot be called as a rule: {error}") from error
    if p[0].any():
        raise UserError(
            f"optimizer {name!r} must leave a zero parameter of zero gradient at zero,"
            f" got {float(p[0, 0]):.4g}"
        )
    if (p[1] == 1).all():
        raise UserError(f"optimizer {name!r} changes no parameter: it must do so in place")

"""Every output with every loss that it can meet, and what torch says of each."""

from collections.abc import Callable

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from mlp_lab.config.groups import chosen
from mlp_lab.config.reading import read
from mlp_lab.network.losses import OUTPUTS, LossConfig, Numbers, Objective

NUMBERS: dict[str, Numbers] = {
    "huber": (("delta", 0.7),),
    "quantile": (("quantile", 0.8),),
    "focal": (("gamma", 1.5),),
}


def objective_of(output: str, loss: str) -> Objective:
    """With numbers that are no defaults."""
    return Objective(output, loss, NUMBERS.get(loss, ()))


OBJECTIVES = [
    *(
        objective_of(output, loss)
        for output in OUTPUTS
        for loss in ("mse", "mae", "huber", "quantile")
    ),
    objective_of("exponential", "poisson"),
    objective_of("sigmoid", "bce"),
    objective_of("softmax", "cce"),
    objective_of("sigmoid", "focal"),
    objective_of("softmax", "focal"),
    objective_of("ordinal", "ordinal"),
]


def loss_settings(name: str, **numbers: float) -> LossConfig:
    """A loss as its file has it, some of its numbers changed."""
    values = chosen("loss", name)["loss"]
    assert isinstance(values, dict)
    return read(LossConfig, {**values, **numbers}, "loss")


def torch_rows(objective: Objective, f: Tensor, target: Tensor) -> Tensor:
    """The loss of each row, (..., C) -> (...), of pre-activations and one-hot targets, by torch."""
    outputs: dict[str, Callable[[Tensor], Tensor]] = {
        "linear": lambda f: f,
        "sigmoid": torch.sigmoid,
        "softmax": lambda f: F.softmax(f, -1),
        "exponential": torch.exp,
        "ordinal": lambda f: ordinal_logarithms(f).exp(),
    }
    numbers, loss = dict(objective.numbers), objective.loss
    if objective.output == "softmax" and loss in ("cce", "focal"):
        flat = F.cross_entropy(f.flatten(0, -2), target.flatten(0, -2), reduction="none")
        return _focal(flat.view(f.shape[:-1]), numbers.get("gamma", 0))
    if loss in ("bce", "focal"):
        terms = F.binary_cross_entropy_with_logits(f, target, reduction="none")
        return _focal(terms, numbers.get("gamma", 0)).mean(-1)
    if loss == "ordinal":
        return -(target * ordinal_logarithms(f)).sum(-1)
    if loss == "poisson":
        least = target - torch.xlogy(target, target)
        return (F.poisson_nll_loss(f, target, log_input=True, reduction="none") - least).mean(-1)
    return _rows_of_outputs(loss, outputs[objective.output](f), target, numbers)


def _rows_of_outputs(loss: str, y: Tensor, target: Tensor, numbers: dict[str, float]) -> Tensor:
    """The same of losses that are of each output."""
    if loss == "huber":
        return F.huber_loss(y, target, reduction="none", delta=numbers["delta"]).mean(-1)
    if loss == "quantile":
        above, below = (target - y).relu(), (y - target).relu()
        return (numbers["quantile"] * above + (1 - numbers["quantile"]) * below).mean(-1)
    function = {"mse": F.mse_loss, "mae": F.l1_loss}[loss]
    return function(y, target, reduction="none").mean(-1)


def ordinal_logarithms(f: Tensor) -> Tensor:
    """Logarithms of the probabilities of ordered classes, one by one, (..., C - 1) -> (..., C)."""
    reached, found = torch.zeros_like(f[..., :1]), []
    for k in range(f.shape[-1]):
        own = f[..., k : k + 1]
        found.append(reached + F.logsigmoid(-own))
        reached = reached + F.logsigmoid(own)
    return torch.cat([*found, reached], -1)


def _focal(entropy: Tensor, gamma: float) -> Tensor:
    """A cross-entropy times (1 - the right answer's probability)^gamma."""
    return (1 - (-entropy).exp()) ** gamma * entropy if gamma else entropy

"""Gradients by two ways that share nothing with the engine's backward pass."""

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from mlp_lab.network.losses import Objective
from mlp_lab.trace.quantities import Network, Quantity

STEP = torch.finfo(torch.float64).eps ** (1 / 3)
"""Step of a central difference, relative to its scale: rounding and curvature balance there."""

CHUNK = 2**22
"""Numbers in a batch of perturbed tensors."""

MAX_ENTRIES, MIN_ENTRIES = 256, 8
"""Entries of a gradient that are held against a difference: each is two passes, and two copies."""

KINKED_AT_ZERO = ("relu", "leaky_relu", "reglu")

FROM_LOGITS = ("bce", "cce", "poisson", "ordinal")
"""Losses that torch, too, computes from the last pre-activations."""

KINKED = ("mae", "quantile")
"""Losses with a kink where y = t."""


def torch_loss(objective: Objective, f: Tensor, t: Tensor) -> Tensor:
    """Loss of each row, (..., C) -> (...), by torch's own function, from f or from y."""
    if objective.loss == "ordinal":
        return _of_steps(f, t)
    loss, t = objective.loss, t.expand_as(f)
    if loss == "cce":
        return -(F.log_softmax(f, -1) * t).sum(-1)
    if loss == "bce":
        return F.binary_cross_entropy_with_logits(f, t, reduction="none").mean(-1)
    if loss == "poisson":
        least = t - torch.xlogy(t, t)
        return (F.poisson_nll_loss(f, t, log_input=True, reduction="none") - least).mean(-1)
    return loss_of_output(objective, f, t)


def _of_steps(f: Tensor, t: Tensor) -> Tensor:
    """A binary cross-entropy for each class that a row reaches: whether it goes beyond it."""
    further = torch.stack([t[..., k + 1 :].sum(-1) for k in range(f.shape[-1])], -1).expand_as(f)
    reached = further + t[..., :-1]
    goes_on = torch.where(reached > 0, further / reached, 0.0)
    steps = F.binary_cross_entropy_with_logits(f, goes_on, weight=reached, reduction="none")
    return steps.sum(-1)


def loss_of_output(objective: Objective, y: Tensor, t: Tensor) -> Tensor:
    """Loss of each row by the output y alone, as one writes it down."""
    summed = objective.function.summed
    written = _focal_of_classes if summed and objective.loss == "focal" else WRITTEN[objective.loss]
    terms: Tensor = written(y, t.expand_as(y), **dict(objective.numbers))
    return terms.sum(-1) if summed else terms.mean(-1)


def _pinball(y: Tensor, t: Tensor, quantile: float) -> Tensor:
    return torch.maximum(quantile * (t - y), (quantile - 1) * (t - y))


def _focal(y: Tensor, t: Tensor, gamma: float) -> Tensor:
    return -((1 - y) ** gamma) * torch.xlogy(t, y) - y**gamma * torch.xlogy(1 - t, 1 - y)


def _focal_of_classes(y: Tensor, t: Tensor, gamma: float) -> Tensor:
    return -((1 - y) ** gamma) * torch.xlogy(t, y)


WRITTEN: dict[str, Callable[..., Tensor]] = {
    "mse": lambda y, t: (y - t) ** 2,
    "mae": lambda y, t: (y - t).abs(),
    "huber": lambda y, t, delta: F.huber_loss(y, t, reduction="none", delta=delta),
    "quantile": _pinball,
    "poisson": lambda y, t: y - torch.xlogy(t, y) - t + torch.xlogy(t, t),
    "bce": lambda y, t: -torch.xlogy(t, y) - torch.xlogy(1 - t, 1 - y),
    "cce": lambda y, t: -torch.xlogy(t, y),
    "ordinal": lambda y, t: -torch.xlogy(t, y),
    "focal": _focal,
}
"""A loss of one output."""


def by_autograd(network: Network) -> dict[str, Tensor]:
    """Gradient by each quantity, through a network of torch's own layers; (rows, columns) each."""
    plain = network.mlp.member(0)
    value, seen, last = network.x, {}, len(network.sizes) - 2
    with torch.enable_grad():
        for name, layer in plain.named_children():
            value = layer(value)
            if name.startswith("hidden"):
                seen[f"f_{name.removeprefix('hidden_')}"] = value
            elif name.startswith("activation"):
                seen[f"h_{int(name.removeprefix('activation_')) + 1}"] = value
            elif name == "output":
                seen[f"f_{last}"] = value
        y = value.detach().requires_grad_()
        start = seen[f"f_{last}"] if network.objective.loss in FROM_LOGITS else value
        loss = (torch_loss(network.objective, start, network.t) * network.loss_weights).sum()
        rows = loss_of_output(network.objective, y, network.t)
        (d_y,) = torch.autograd.grad((rows * network.loss_weights).sum(), y)
        parameters = dict(plain.named_parameters())
        found = torch.autograd.grad(loss, [*seen.values(), *parameters.values()])
    gradients = dict(zip([*seen, *parameters], found, strict=True))
    named = {name: gradients[name] for name in seen} | {"y": d_y}
    for k, layer_name in enumerate([*(f"hidden_{k}" for k in range(last)), "output"]):
        named[f"Omega_{k}"] = gradients[f"{layer_name}.weight"].t()
        named[f"beta_{k}"] = gradients[f"{layer_name}.bias"].unsqueeze(0)
    return named


class LossDifferences:
    """The loss as a function of any quantity, for many perturbed copies of it at once."""

    def __init__(self, network: Network, forward: Sequence[Quantity]) -> None:
        self.network = network
        self.value = {quantity.name: quantity.value for quantity in forward}
        self.last = len(network.sizes) - 2

    def losses(self, of: str, values: Tensor) -> tuple[Tensor, Tensor]:
        """L, (N,), for N values of a quantity, (N, rows, columns), and the sides of all kinks.

        Sides are the signs, (N, anything), of what has a kink where it is 0.
        """
        symbol, _, layer = of.partition("_")
        if symbol == "y":
            return self._of_rows(self._loss_of_output(values), self._sides_of_output(values))
        k = int(layer)
        if symbol == "h":
            f = values @ self.value[f"Omega_{k}"] + self.value[f"beta_{k}"]
        elif symbol == "Omega":
            f = self._layer_input(k) @ values + self.value[f"beta_{k}"]
        elif symbol == "beta":
            f = self._layer_input(k) @ self.value[f"Omega_{k}"] + values
        else:
            f = values
        return self._onward(k, f)

    def scale(self, of: str, value: Tensor) -> Tensor:
        """What a step is relative to: a probability must not leave (0, 1), nor a mean 0."""
        loss = self.network.objective.loss
        if of == "y" and loss in (*FROM_LOGITS, "focal"):
            return (
                value if loss in ("cce", "poisson", "ordinal") else torch.minimum(value, 1 - value)
            )
        return value.abs().clamp_min(1)

    @property
    def _t(self) -> Tensor:
        return self.network.t

    def _layer_input(self, k: int) -> Tensor:
        return self.value["x" if k == 0 else f"h_{k}"]

    def _onward(self, k: int, f: Tensor) -> tuple[Tensor, Tensor]:
        """From f of layer k, (N, B, H)."""
        sides = []
        for layer in range(k, self.last):
            activation = self.network.mlp.activations[layer]
            if self.network.mlp.activation_names[layer] in KINKED_AT_ZERO:
                kinked = f.chunk(activation.parts, -1)[-1]  # of a gated unit only the gate is
                sides.append(kinked.sign().flatten(1))
            h = activation.value(f)
            f = h @ self.value[f"Omega_{layer + 1}"] + self.value[f"beta_{layer + 1}"]
        objective = self.network.objective
        sides += self._sides_of_output(objective.predict(f))
        return self._of_rows(objective.rows(f, self._t), sides)

    def _loss_of_output(self, y: Tensor) -> Tensor:
        return loss_of_output(self.network.objective, y, self._t)

    def _sides_of_output(self, y: Tensor) -> list[Tensor]:
        """Sides of the kink of |y - t|."""
        kinked = self.network.objective.loss in KINKED
        return [(y - self._t).sign().flatten(1)] if kinked else []

    def _of_rows(self, rows: Tensor, sides: list[Tensor]) -> tuple[Tensor, Tensor]:
        none = rows.new_zeros(len(rows), 0)
        return (rows * self.network.loss_weights).sum(-1), torch.cat([none, *sides], 1)


def sampled_entries(count: int) -> Tensor:
    """Flat indices of those that a difference is taken of: all, or some evenly over all."""
    taken = min(count, MAX_ENTRIES, max(MIN_ENTRIES, CHUNK // count))
    return torch.linspace(0, count - 1, taken, dtype=torch.float64).round().long()


def central_difference(loss: LossDifferences, of: str, entries: Tensor) -> tuple[Tensor, Tensor]:
    """(L(v + s) - L(v - s)) / 2s for some entries v of a quantity, by their flat indices.

    Returns the differences, NaN where none was asked for, and where a kink lies within the step:
    both of the quantity's shape.
    """
    value = loss.value[of]
    difference = torch.full_like(value, torch.nan).flatten()
    kinks = torch.zeros_like(difference, dtype=torch.bool)
    widest = max(loss.network.sizes) * max(loss.network.rows, 1)
    for chunk in torch.split(entries, max(1, CHUNK // max(value.numel(), widest))):
        copies = value.flatten().repeat(len(chunk), 1)
        index = chunk.unsqueeze(1)
        at = copies.gather(1, index)
        step = STEP * loss.scale(of, at)
        high, low = at + step, at - step
        above, side_above = loss.losses(of, copies.scatter(1, index, high).view(-1, *value.shape))
        below, side_below = loss.losses(of, copies.scatter(1, index, low).view(-1, *value.shape))
        difference[chunk] = (above - below) / (high - low).squeeze(1)
        kinks[chunk] = (side_above != side_below).any(1)
    return difference.view(value.shape), kinks.view(value.shape)

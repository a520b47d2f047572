"""Gradients by two ways that share nothing with the engine's backward pass."""

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from mlp_lab.network.architecture import EPS, layer_names, normalisation_name
from mlp_lab.network.embeddings import Periodic
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
    last = len(network.sizes) - 2
    with torch.enable_grad():
        seen, value = _seen(network, plain)
        y = value.detach().requires_grad_()
        start = seen[f"f_{last}"] if network.objective.loss in FROM_LOGITS else value
        loss = (torch_loss(network.objective, start, network.t) * network.loss_weights).sum()
        rows = loss_of_output(network.objective, y, network.t)
        (d_y,) = torch.autograd.grad((rows * network.loss_weights).sum(), y)
        parameters = dict(plain.named_parameters())
        found = torch.autograd.grad(loss, [*seen.values(), *parameters.values()])
    gradients = dict(zip([*seen, *parameters], found, strict=True))
    named = {name: gradients[name] for name in seen} | {"y": d_y}
    for k, layer_name in enumerate(layer_names(last)):
        named[f"Omega_{k}"] = gradients[f"{layer_name}.weight"].t()
        named[f"beta_{k}"] = gradients[f"{layer_name}.bias"].unsqueeze(0)
        if network.normalised and k < last:
            named[f"gain_{k}"] = gradients[f"{normalisation_name(k)}.weight"].unsqueeze(0)
            named[f"shift_{k}"] = gradients[f"{normalisation_name(k)}.bias"].unsqueeze(0)
    own = () if network.plan is None else network.plan.shapes
    return named | {name: gradients[f"embedding.{name}"] for name in own}


def _seen(network: Network, plain: nn.Sequential) -> tuple[dict[str, Tensor], Tensor]:
    """What lies between the layers of a plain network, by name, and what it gives."""
    value = read = network.x
    seen, last = dict[str, Tensor](), len(network.sizes) - 2
    for name, layer in plain.named_children():
        kind, _, place = name.partition("_")
        if kind == "hidden":
            read = value
        if isinstance(layer, nn.BatchNorm1d) and network.rows > 1:  # as in training
            value = F.batch_norm(
                value, None, None, layer.weight, layer.bias, training=True, eps=layer.eps
            )
        else:
            value = layer(value)
        if kind == "activation":
            if network.mlp.residual and int(place) > 0:
                value = read + value
            seen[f"h_{int(place) + 1}"] = value
        elif kind in ("embedding", "normalisation", "hidden"):
            seen["e" if kind == "embedding" else f"{'fg'[kind != 'hidden']}_{place}"] = value
        elif name == "output":
            seen[f"f_{last}"] = value
    return seen, value


class LossDifferences:
    """The loss as a function of any quantity, for many perturbed copies of it at once."""

    def __init__(self, network: Network, forward: Sequence[Quantity]) -> None:
        self.network = network
        self.value = {quantity.name: quantity.value for quantity in forward}
        self.last, self.plan = len(network.sizes) - 2, network.plan

    def losses(self, of: str, values: Tensor) -> tuple[Tensor, Tensor]:
        """L, (N,), for N values of a quantity, (N, rows, columns), and the sides of all kinks.

        Sides are the signs, (N, anything), of what has a kink where it is 0.
        """
        symbol, _, layer = of.partition("_")
        if symbol == "y":
            return self._of_rows(self._loss_of_output(values), self._sides_of_output(values))
        if symbol == "e" or of in (() if self.plan is None else self.plan.shapes):
            return self._embedded(of, values)
        k = int(layer)
        read = values if symbol == "h" else self._layer_input(k)
        if symbol in ("g", "gain", "shift"):
            own = {"gain": self.value[f"gain_{k}"], "shift": self.value[f"shift_{k}"]}
            own[symbol] = values
            g = values if symbol == "g" else own["shift"] + own["gain"] * self.value[f"n_{k}"]
            return self._from_activation(k, g, read, [])
        weight, bias = self.value[f"Omega_{k}"], self.value[f"beta_{k}"]
        if symbol == "h":
            f = values @ weight + bias
        elif symbol == "Omega":
            f = read @ values + bias
        elif symbol == "beta":
            f = read @ weight + values
        else:
            f = values
        return self._onward(k, f, read, [])

    def _embedded(self, of: str, values: Tensor) -> tuple[Tensor, Tensor]:
        """Of what is embedded, or of what is learnt of the embedding, (N, rows, columns)."""
        embedding = self.network.mlp.embedding
        assert embedding is not None
        e, sides, count = values, list[Tensor](), len(values)
        if of != "e":
            own = {name: self.value[name].expand(count, -1, -1) for name in embedding.plan.shapes}
            tensors = [tensor.contiguous() for tensor in (own | {of: values}).values()]
            passes = embedding.take([0] * count).passes(tensors, count)
            e = passes.forward(self.network.x.expand(count, -1, -1))
            if isinstance(waves := passes.numeric.get("periodic"), Periodic):
                sides.append(waves.f.sign().view(count, -1))
        return self._onward(0, e @ self.value["Omega_0"] + self.value["beta_0"], e, sides)

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
        first = "x" if self.plan is None else "e"
        return self.value[first if k == 0 else f"h_{k}"]

    def _onward(
        self, k: int, f: Tensor, read: Tensor, sides: list[Tensor]
    ) -> tuple[Tensor, Tensor]:
        """From f of layer k, (N, B, H), which read (N, B, inputs); the last one is y's."""
        if k < self.last:
            return self._from_activation(k, self._normalised(k, f), read, sides)
        objective = self.network.objective
        sides = [*sides, *self._sides_of_output(objective.predict(f))]
        return self._of_rows(objective.rows(f, self._t), sides)

    def _from_activation(
        self, k: int, g: Tensor, read: Tensor, sides: list[Tensor]
    ) -> tuple[Tensor, Tensor]:
        """From what the activation of hidden layer k reads."""
        activation = self.network.mlp.activations[k]
        if self.network.mlp.activation_names[k] in KINKED_AT_ZERO:
            kinked = g.chunk(activation.parts, -1)[-1]  # of a gated unit only the gate is
            sides = [*sides, kinked.sign().flatten(1)]
        h = activation.value(g)
        if self.network.mlp.residual and k > 0:
            h = read + h
        f = h @ self.value[f"Omega_{k + 1}"] + self.value[f"beta_{k + 1}"]
        return self._onward(k + 1, f, h, sides)

    def _normalised(self, k: int, f: Tensor) -> Tensor:
        """g of f, (N, B, H), with moments of the units of a row, or of the rows."""
        mlp = self.network.mlp
        if mlp.normalisation == "none":
            return f
        over = -1 if mlp.normalisation == "layer" else -2
        mean, variance = f.mean(over, keepdim=True), f.var(over, correction=0, keepdim=True)
        if over == -2 and self.network.rows == 1:
            mean, variance = (vector[0] for vector in mlp.layers.statistics[k])
        n = (f - mean) / (variance + EPS).sqrt()
        return self.value[f"shift_{k}"] + self.value[f"gain_{k}"] * n

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
    of_row = 0 if loss.plan is None else loss.plan.row_numbers
    widest = max(*loss.network.sizes, of_row) * max(loss.network.rows, 1)
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

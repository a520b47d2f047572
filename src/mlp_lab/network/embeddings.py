"""Embeddings of inputs: what a number or a category becomes before the first layer reads it.

A network of ReLUs learns irregular functions of one input slowly. An embedding gives it, for each
numeric input x, a vector e that is learnt with the rest (Gorishniy, Rubachev and Babenko, On
Embeddings for Numerical Features in Tabular Deep Learning, 2022):

    piecewise   e = b + w x + sum_t v_t P_t(x),   P_t(x) = (x - c_t) / (c_{t+1} - c_t) within [0, 1]
    periodic    e = ReLU(b + W [cos(2 pi phi x), sin(2 pi phi x)])

with knots c from the training rows and everything else learnt. A category becomes a row of a table.
Backpropagation goes on from dL/de, for the columns of all members at once:

    dL/db = sum over rows of dL/de      dL/dw = x^T dL/de      dL/dv_t = P_t^T dL/de
    dL/dphi = 2 pi sum over rows of x (cos dL/dsin - sin dL/dcos)

P is computed anew from x in each step: bins times as many numbers as rows are never kept. Where a
row lies in bin t, all P before t are 1 and all behind it 0, so v^T P is a cumulative sum of v and a
part of its next: as a product with P it costs no more than gathering rows of that sum, and its
gradient no more than scattering to them (tried).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from mlp_lab.network.embedding_plan import EmbeddingPlan


def fit_knots(inputs: Tensor, bins: int) -> Tensor:
    """Knots of each input for a piecewise-linear embedding, (N, F) -> (F, bins + 1), ascending.

    Quantiles of the rows. Where ties make some of them equal, quantiles of the distinct values
    fill up, so that the rest of a column that is mostly one value has knots as well; where there
    are fewer distinct values than knots, each is one and the last is repeated. The bins between
    equal knots are empty.

    Examples:
        >>> fit_knots(torch.tensor([[0.0], [0.0], [0.0], [2.0], [1.0], [4.0]]), bins=2)
        tensor([[0., 2., 4.]])
        >>> fit_knots(torch.tensor([[1.0], [0.0], [1.0]]), bins=2)
        tensor([[0., 1., 1.]])
    """
    knots = inputs.new_empty(inputs.shape[1], bins + 1)
    for own, column in zip(knots, inputs.unbind(1), strict=True):
        own.copy_(_knots(column.sort().values, bins + 1))
    return knots


def _knots(ordered: Tensor, count: int) -> Tensor:
    distinct = _distinct(ordered)
    if len(distinct) > count:
        knots = _distinct(_evenly(ordered, count))
        more = _evenly(distinct, count - len(knots) + 2)[1:-1]
        knots = _distinct(torch.cat([knots, more]).sort().values)
    else:
        knots = distinct
    return torch.cat([knots, knots[-1:].expand(count - len(knots))])


def _distinct(ordered: Tensor) -> Tensor:
    return ordered[torch.cat([ordered.new_ones(1), ordered.diff()]) > 0]


def _evenly(ordered: Tensor, count: int) -> Tensor:
    """So many of the values, evenly from the first to the last; no mean of two neighbours."""
    places = torch.linspace(0, len(ordered) - 1, count, dtype=torch.float64)
    return ordered[places.round().long().to(ordered.device)]


class PiecewiseLinear:
    """The piecewise-linear embedding of C columns.

    Shape:
        - knots: (C, T + 1); weight: (C, T + 1, E), w first, then v; bias: (C, 1, E)
    """

    def __init__(self, knots: Tensor, weight: Tensor, bias: Tensor) -> None:
        self.left, width = knots[:, None, :-1], knots.diff(dim=1)[:, None]
        self.slope = torch.where(width > 0, 1 / width, 0.0)
        self.weight, self.bias = weight, bias

    def forward(self, x: Tensor) -> Tensor:
        """(C, B) -> (C, B, E)."""
        self.features = x.new_empty(*x.shape, self.weight.shape[1])  # (C, B, T + 1)
        self.features[..., 0] = x
        steps = self.features[..., 1:]
        torch.sub(x[..., None], self.left, out=steps).mul_(self.slope).clamp_(0, 1)
        return torch.baddbmm(self.bias, self.features, self.weight)

    def backward(self, d_e: Tensor, d_weight: Tensor, d_bias: Tensor) -> None:
        """From dL/de, (C, B, E), write the gradients of weight and bias."""
        torch.bmm(self.features.mT, d_e, out=d_weight)
        torch.sum(d_e, 1, keepdim=True, out=d_bias)


class Periodic:
    """The periodic embedding of C columns.

    Shape:
        - frequency: (C, 1, n); weight: (C, 2 n, E); bias: (C, 1, E)
    """

    def __init__(self, frequency: Tensor, weight: Tensor, bias: Tensor) -> None:
        self.frequency, self.weight, self.bias = frequency, weight, bias

    def forward(self, x: Tensor) -> Tensor:
        """(C, B) -> (C, B, E)."""
        self.x = x
        angle = x[..., None] * (2 * math.pi * self.frequency)  # (C, B, n)
        self.cos, self.sin = angle.cos(), angle.sin()
        self.features = torch.cat([self.cos, self.sin], -1)
        self.f = torch.baddbmm(self.bias, self.features, self.weight)
        return self.f.relu()

    def backward(self, d_e: Tensor, d_frequency: Tensor, d_weight: Tensor, d_bias: Tensor) -> None:
        """From dL/de, (C, B, E), write the gradients of frequency, weight and bias."""
        d_f = d_e * (self.f > 0)
        torch.bmm(self.features.mT, d_f, out=d_weight)
        torch.sum(d_f, 1, keepdim=True, out=d_bias)
        d_cos, d_sin = torch.bmm(d_f, self.weight.mT).chunk(2, -1)
        d_angle = d_sin * self.cos - d_cos * self.sin
        torch.bmm(self.x[:, None], d_angle, out=d_frequency).mul_(2 * math.pi)


class Embedding:
    """What embeds the inputs of K members, each with its own knots and tensors.

    Shape:
        - knots: (K, F, T + 1), of the numeric inputs; F is 0 without a piecewise embedding
        - tensors: by `plan.shapes`, with the axis of members before
    """

    def __init__(self, plan: EmbeddingPlan, knots: Tensor) -> None:
        self.plan, self.knots = plan, knots
        self.numbers = torch.tensor(plan.numbers, dtype=torch.long, device=knots.device)
        self.rest = torch.tensor(plan.rest, dtype=torch.long, device=knots.device)

    def take(self, members: Sequence[int]) -> Embedding:
        """That of some of the members."""
        return Embedding(self.plan, self.knots[torch.as_tensor(members, device=self.knots.device)])

    def to(self, like: Tensor) -> Embedding:
        """The same in another dtype or on another device."""
        return Embedding(self.plan, self.knots.to(like))

    def of_columns(self, tensors: Sequence[Tensor], k: int) -> dict[str, Tensor]:
        """Tensors of the first k members by name, with one axis for members and columns."""
        plan, found = self.plan, {}
        for name, tensor in zip(plan.shapes, tensors, strict=True):
            columns = k * len(plan.numbers)
            own = tensor[:k]
            if name == "periodic_frequency":
                own = own.view(columns, 1, plan.frequencies)
            elif not name.startswith("category"):
                own = own.view(columns, -1, plan.size)
            found[name] = own
        return found

    def passes(self, tensors: Sequence[Tensor], k: int) -> EmbeddingPasses:
        """The forward and backward pass over rows of the first k members."""
        return EmbeddingPasses(self, self.of_columns(tensors, k), k)


class EmbeddingPasses:
    """The forward and the backward pass over rows of some members' inputs."""

    def __init__(self, embedding: Embedding, tensors: Mapping[str, Tensor], k: int) -> None:
        self.embedding, self.plan = embedding, embedding.plan
        self.k, self.tables = k, [t for name, t in tensors.items() if name[0] == "c"]
        self.numeric: dict[str, PiecewiseLinear | Periodic] = {}
        if "piecewise" in self.plan.kinds:
            knots = embedding.knots[:k].flatten(0, 1)
            own = (tensors["piecewise_weight"], tensors["piecewise_bias"])
            self.numeric["piecewise"] = PiecewiseLinear(knots, *own)
        if "periodic" in self.plan.kinds:
            names = ("frequency", "weight", "bias")
            self.numeric["periodic"] = Periodic(*(tensors[f"periodic_{n}"] for n in names))

    def forward(self, inputs: Tensor) -> Tensor:
        """(k, B, D) -> (k, B, D'), in the order that the plan says."""
        rows = inputs.shape[1]
        self.inputs = inputs
        parts = [inputs.index_select(2, self.embedding.rest)]
        if self.numeric:
            x = inputs.index_select(2, self.embedding.numbers).mT.reshape(-1, rows)  # (k F, B)
        for each in self.numeric.values():
            e = each.forward(x).view(self.k, -1, rows, self.plan.size)
            parts.append(e.transpose(1, 2).reshape(self.k, rows, -1))
        for (first, stop), table in zip(self.plan.categories, self.tables, strict=True):
            parts.append(torch.bmm(inputs[:, :, first:stop], table))
        return torch.cat(parts, 2)

    def backward(self, d_e: Tensor, gradients: Mapping[str, Tensor]) -> None:
        """From dL/de, (k, B, D'), write the gradients, as `Embedding.of_columns` gives them."""
        plan, at = self.plan, len(self.plan.rest)
        columns = len(plan.numbers)
        for kind, each in self.numeric.items():
            own = d_e[:, :, at : at + columns * plan.size]
            own = own.view(*own.shape[:2], columns, plan.size).transpose(1, 2)  # (k, F, B, E)
            given = [tensor for name, tensor in gradients.items() if name.startswith(kind)]
            each.backward(own.flatten(0, 1), *given)
            at += columns * plan.size
        for i, (first, stop) in enumerate(plan.categories):
            own = d_e[:, :, at : at + plan.category_size]
            torch.bmm(self.inputs[:, :, first:stop].mT, own, out=gradients[f"category_{i}"])
            at += plan.category_size


def draw_embedding(
    plan: EmbeddingPlan, scale: float, generator: torch.Generator, dtype: torch.dtype
) -> list[Tensor]:
    """First values of one member's tensors, by `plan.shapes`.

    A piecewise embedding begins as a straight line, w and b uniform within 1 / sqrt(E) and v = 0;
    frequencies are normal with the standard deviation `scale`, and what reads them as torch's
    linear layers; tables of categories are standard normal, as torch's.
    """
    found = []
    for name, shape in plan.shapes.items():
        tensor = torch.zeros(shape, dtype=dtype)
        bound = 1 / math.sqrt(2 * plan.frequencies if name.startswith("periodic") else plan.size)
        if name == "piecewise_weight":
            tensor[:, : plan.size].uniform_(-bound, bound, generator=generator)
        elif name == "periodic_frequency":
            tensor.normal_(0, scale, generator=generator)
        elif name.startswith("category"):
            tensor.normal_(generator=generator)
        else:
            tensor.uniform_(-bound, bound, generator=generator)
        found.append(tensor)
    return found


def embedding_of(plan: EmbeddingPlan | None, inputs: Sequence[Tensor]) -> Embedding | None:
    """What embeds the inputs of a stack: one plan, and knots from each member's rows, (N, D)."""
    if plan is None:
        return None
    found: dict[int, Tensor] = {}
    for rows in inputs:
        if id(rows) not in found:
            bins = plan.bins if plan.knots else 0
            found[id(rows)] = fit_knots(rows[:, plan.numbers], bins)
    return Embedding(plan, torch.stack([found[id(rows)] for rows in inputs]))

"""Embeddings: values against plain formulas, gradients against autograd, in double precision."""

import math
import pickle
from functools import partial

import numpy as np
import pytest
import torch
from torch import Tensor

from mlp_lab.network.backprop import Backprop, Batch, autograd_backprop
from mlp_lab.network.embedding_plan import KINDS, EmbeddedColumns, EmbeddingPlan, plan_embedding
from mlp_lab.network.embeddings import Embedding, fit_knots
from mlp_lab.network.losses import Objective
from mlp_lab.network.mlp import MLP

ROWS, INPUTS, MEMBERS = 9, 7, 3
COLUMNS = EmbeddedColumns(numbers=(0, 2, 3), categories=((4, 6),), inputs=INPUTS)
assert_close = partial(torch.testing.assert_close, rtol=1e-10, atol=1e-10)


def plan_of(kind: str, category_size: int) -> EmbeddingPlan:
    plan = plan_embedding(
        COLUMNS, kind=kind, size=3, bins=4, frequencies=2, category_size=category_size
    )
    assert plan is not None
    return plan


def uniform(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def make_network(plan: EmbeddingPlan, widths: list[int]) -> MLP:
    """Members with knots of their own, and no tensor that is zero."""
    rows = [uniform(40, len(plan.numbers), seed=k) for k in range(MEMBERS)]
    knots = torch.stack([fit_knots(own, plan.bins) for own in rows])
    network = MLP(
        [[plan.outputs, *[width + k for width in widths], 2] for k in range(MEMBERS)],
        activations=["tanh"] * len(widths),
        output="linear",
        embedding=Embedding(plan, knots),
        dtype=torch.float64,
    )
    generators = [torch.Generator().manual_seed(k) for k in range(MEMBERS)]
    network.initialise(["torch"] * MEMBERS, generators, [0.7] * MEMBERS)
    for tensor in network.layers.embedding:
        tensor.add_(0.1 * uniform(*tensor.shape, seed=5))
    return network


EMBEDDED = [(kind, size) for kind in KINDS for size in (0, 2) if kind != "none" or size]


@pytest.mark.parametrize(("kind", "category_size"), EMBEDDED)
@pytest.mark.parametrize("widths", [[], [5], [4, 6]])
@pytest.mark.parametrize("members", [MEMBERS, 2])
def test_gradients(kind: str, category_size: int, widths: list[int], members: int) -> None:
    """The written-out pass gives what autograd gives, for all members or the first of them."""
    network = make_network(plan_of(kind, category_size), widths)
    inputs, targets = uniform(members, ROWS, INPUTS) * 1.4 - 0.2, uniform(members, ROWS, 2, seed=1)
    weights = uniform(members, ROWS, seed=2)
    batch = Batch(inputs, targets, weights, ())
    objective = Objective("linear", "mse")
    ours, theirs = network.layers.like(), network.layers.like()
    f = Backprop(network, ours, objective, members, ROWS)(batch)
    assert_close(f, autograd_backprop(network, theirs, objective, batch))
    for own, reference in zip(ours.tensors, theirs.tensors, strict=True):
        assert_close(own, reference)
    assert all(tensor[:members].abs().max() > 0 for tensor in ours.embedding)


def test_the_first_layer_may_read_in_a_lower_precision() -> None:
    """Then what goes back into the embeddings is rounded to it, and they themselves are not."""
    network = make_network(plan_of("both", 2), [5])
    batch = Batch(uniform(MEMBERS, ROWS, INPUTS), uniform(MEMBERS, ROWS, 2, seed=1), None, ())
    objective = Objective("linear", "mse")
    ours, theirs = network.layers.like(), network.layers.like()
    Backprop(network, ours, objective, MEMBERS, ROWS, autocast=torch.bfloat16)(batch)
    autograd_backprop(network, theirs, objective, batch, autocast=torch.bfloat16)
    exact = network.layers.like()
    Backprop(network, exact, objective, MEMBERS, ROWS)(batch)
    for own, reference, whole in zip(ours.tensors, theirs.tensors, exact.tensors, strict=True):
        assert_close(own, reference)
        assert 1e-5 < (own - whole).norm() / whole.norm() < 0.03


def test_piecewise_linear_interpolates() -> None:
    """Between knots a straight line from one value to the next, at its ends flat, plus w x + b."""
    plan = plan_of("piecewise", 0)
    network = make_network(plan, [])
    assert network.embedding is not None
    x = torch.linspace(-0.5, 1.5, 101, dtype=torch.float64)
    inputs = x[:, None].expand(-1, INPUTS)
    e = network.embed(inputs.expand(MEMBERS, *inputs.shape))
    for k in range(MEMBERS):
        for j in range(len(plan.numbers)):
            knots = network.embedding.knots[k, j].numpy()
            weight = network.layers.embedding[0][k, j].view(plan.bins + 1, plan.size)
            bias = network.layers.embedding[1][k, j]
            at_knots = torch.cat([torch.zeros(1, plan.size), weight[1:].cumsum(0)]).numpy()
            for i in range(plan.size):
                steps = np.interp(x.numpy(), knots, at_knots[:, i])
                expected = bias[i] + weight[0, i] * x + torch.from_numpy(steps)
                assert_close(e[k, :, len(plan.rest) + j * plan.size + i], expected)


def test_periodic() -> None:
    """ReLU of what is learnt of cosines and sines."""
    plan = plan_of("periodic", 0)
    network = make_network(plan, [])
    inputs = uniform(MEMBERS, ROWS, INPUTS)
    frequency, weight, bias = network.layers.embedding
    k, j = 1, 2
    x = inputs[k, :, plan.numbers[j]]
    angle = 2 * math.pi * x[:, None] * frequency[k, j]
    waves = torch.cat([angle.cos(), angle.sin()], 1)
    expected = (waves @ weight[k, j].view(-1, plan.size) + bias[k, j]).clamp_min(0)
    first = len(plan.rest) + j * plan.size
    assert_close(network.embed(inputs)[k, :, first : first + plan.size], expected)


def test_categories_and_the_rest() -> None:
    """Indicators choose a row of a table; other inputs come first and unchanged."""
    plan = plan_of("none", 2)
    network = make_network(plan, [])
    inputs = uniform(MEMBERS, ROWS, INPUTS)
    inputs[..., 4:6] = torch.eye(2)[torch.arange(ROWS) % 2]
    e = network.embed(inputs)
    assert torch.equal(e[..., : len(plan.rest)], inputs[..., plan.rest])
    (table,) = network.layers.embedding
    assert_close(e[0, :, len(plan.rest) :], table[0, torch.arange(ROWS) % 2])


@pytest.mark.parametrize(("kind", "category_size"), EMBEDDED)
def test_other_forms_predict_the_same(kind: str, category_size: int) -> None:
    """Some of the members, plain torch layers, a pickle, another dtype."""
    network = make_network(plan_of(kind, category_size), [5])
    inputs = uniform(ROWS, INPUTS)
    expected = network(inputs)
    assert_close(network.take([2, 0])(inputs), expected[[2, 0]])
    for k in range(MEMBERS):
        assert_close(network.member(k)(inputs), expected[k])
    assert_close(pickle.loads(pickle.dumps(network))(inputs), expected)  # noqa: S301  our own
    single = network.to(torch.float32)(inputs.float())
    torch.testing.assert_close(single.double(), expected, rtol=1e-4, atol=1e-4)


def test_parameter_counts() -> None:
    """Embeddings learn numbers, too: as many as plain layers have."""
    network = make_network(plan_of("both", 2), [5])
    counts = [sum(p.numel() for p in network.member(k).parameters()) for k in range(MEMBERS)]
    assert network.parameter_counts == counts


class TestKnots:
    """Where the bins of a column end."""

    def test_quantiles(self) -> None:
        """Equally many rows in each bin."""
        column = uniform(1000, 1).square()
        (knots,) = fit_knots(column, 8)
        counts = np.histogram(column.numpy(), knots.numpy())[0]
        assert counts.min() >= 124
        assert counts.max() <= 126

    def test_ties(self) -> None:
        """A column that is mostly one value has knots in the rest as well."""
        column = torch.cat([torch.zeros(920, dtype=torch.float64), uniform(80)])[:, None]
        (knots,) = fit_knots(column, 20)
        assert len(knots) == 21
        assert (knots.diff() > 0).sum() >= 18

    @pytest.mark.parametrize("distinct", [1, 2, 5])
    def test_few_values(self, distinct: int) -> None:
        """Each is a knot, and the bins that are left are empty."""
        column = (torch.arange(60) % distinct).double()[:, None]
        (knots,) = fit_knots(column, 6)
        assert knots.tolist() == [*range(distinct), *[distinct - 1] * (7 - distinct)]

    def test_a_single_row(self) -> None:
        """There is nothing to tell apart."""
        assert fit_knots(torch.tensor([[2.0]]), 2).tolist() == [[2.0, 2.0, 2.0]]


def test_empty_bins_learn_nothing() -> None:
    """Their numbers stay zero, whatever the gradient."""
    plan = plan_of("piecewise", 0)
    constant = torch.ones(MEMBERS, len(plan.numbers), plan.bins + 1, dtype=torch.float64)
    embedding = Embedding(plan, constant)
    tensors = [uniform(MEMBERS, *shape) for shape in plan.shapes.values()]
    gradients = [torch.zeros_like(tensor) for tensor in tensors]
    passes = embedding.passes(tensors, MEMBERS)
    e = passes.forward(uniform(MEMBERS, ROWS, INPUTS))
    passes.backward(torch.ones_like(e), embedding.of_columns(gradients, MEMBERS))
    weight = gradients[0].view(MEMBERS, len(plan.numbers), plan.bins + 1, plan.size)
    assert (weight[:, :, 1:] == 0).all()
    assert (weight[:, :, 0] != 0).all()

"""Gradients by autograd, dead units by asking every unit for every row."""

import numpy as np
import pytest
import torch
from given import evidence, networks
from lab import configure, stack_of

from mlp_lab.lessons.activations import INITS, LESSON, result, study
from mlp_lab.lessons.page import figure
from mlp_lab.lessons.study import Words
from mlp_lab.lessons.tables import by_seed, where
from mlp_lab.network.activations import ACTIVATIONS

NAME = "activations"


def settings(activation: str, depth: int, *words: str) -> Words:
    """Those of one network of the lesson."""
    return next(
        t.words for t in study([1], [depth], *words) if t.labels["activation"] == activation
    )


@pytest.mark.parametrize("activation", INITS)
def test_norms_are_autograds(activation: str) -> None:
    """Of a plain torch network with the same weights and rows."""
    stack = stack_of(configure(*settings(activation, 3)))
    part = stack.members[0].dataset.train
    plain = stack.network.member(0)
    logits = part.inputs
    for layer in list(plain)[:-1]:  # without the softmax
        logits = layer(logits)
    loss = torch.nn.functional.cross_entropy(logits, part.targets.argmax(1))
    weights = [tensor for name, tensor in plain.named_parameters() if name.endswith("weight")]
    expected = [float(gradient.norm()) for gradient in torch.autograd.grad(loss, weights)]
    table = evidence(NAME).tables["gradients"]
    found = where(table, activation=activation, depth=3, seed=1)["norm"].tolist()
    assert found == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("activation", INITS)
def test_dead_units_are_those_whose_derivative_is_zero(activation: str) -> None:
    """By autograd of the activation at every unit's pre-activation of every row."""
    words = settings(activation, 2, "model.width=8", "epochs=3", "optimizer.lr=0.1")
    (network,) = networks(words)
    h = torch.as_tensor(network.problem.encoded.train.inputs, dtype=torch.float64)
    slopes = []
    for omega, beta in network.outcome.layers[:-1]:
        f = (h @ torch.as_tensor(omega) + torch.as_tensor(beta)).requires_grad_()
        h = ACTIVATIONS[activation].value(f)
        (slope,) = torch.autograd.grad(h.sum(), f)
        slopes.append(slope.numpy())
        h = h.detach()
    dead = np.mean([(slope == 0).all(0).mean() for slope in slopes])
    zero = np.mean([(slope == 0).mean() for slope in slopes])
    found = result(network)
    assert (found["dead"], found["zero"]) == pytest.approx((dead, zero), abs=1e-3)
    assert (zero > 0.1) == (activation == "relu")


def test_a_unit_that_is_dead_is_counted() -> None:
    """Two of eight are killed by hand."""
    (network,) = networks(settings("relu", 1, "model.width=8", "epochs=1"))
    before = result(network)["dead"]
    network.outcome.layers[0][1][:2] = -1e6
    assert np.subtract(result(network)["dead"], before) == pytest.approx(2 / 8)


def test_values_follow_from_the_tables() -> None:
    found = evidence(NAME)
    norms = where(found.tables["gradients"], activation="sigmoid", depth=3, seed=0)["norm"].tolist()
    assert len(norms) == 4
    ratios = found.findings["sigmoid_vanishes"].values
    assert ratios[0] == pytest.approx(np.log10(norms[0] / norms[3]))
    ends = where(found.tables["trained"], depth=2)
    elu, relu = (by_seed(ends, "accuracy", activation=name) for name in ("elu", "relu"))
    assert found.findings["elu_wins"].values == pytest.approx((elu - relu).tolist())


def test_the_figure_draws_the_tables() -> None:
    tables = evidence(NAME).tables
    accuracy = figure(LESSON, tables).axes[-1]
    for line, name in zip(accuracy.lines, INITS, strict=True):
        means = by_seed(tables["trained"], "accuracy", "depth", activation=name).mean(axis=1)
        assert np.asarray(line.get_ydata()) == pytest.approx(means)

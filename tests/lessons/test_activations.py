"""Gradients by autograd, silent units by asking every unit for every row."""

import numpy as np
import pytest
import torch
from given import old_bench as bench
from given import old_evidence as evidence
from given import old_lesson
from lab import configure, stack_of

from mlp_lab.lessons.activations import INITS, _settings, silent
from mlp_lab.lessons.old.lesson import column
from mlp_lab.network.activations import ACTIVATIONS

NAME = "activations"


@pytest.mark.parametrize("activation", INITS)
def test_norms_are_autograds(activation: str) -> None:
    """Of a plain torch network with the same weights and rows."""
    words = [*_settings(activation, 3), "seed=1", "data.split_seed=1"]
    stack = stack_of(configure(*words))
    part = stack.members[0].dataset.train
    plain = stack.network.member(0)
    logits = part.inputs
    for layer in list(plain)[:-1]:  # without the softmax
        logits = layer(logits)
    loss = torch.nn.functional.cross_entropy(logits, part.targets.argmax(1))
    weights = [tensor for name, tensor in plain.named_parameters() if name.endswith("weight")]
    expected = [float(gradient.norm()) for gradient in torch.autograd.grad(loss, weights)]
    table = evidence(NAME).tables["gradients"]
    found = column(table, "norm", activation=activation, depth=3, seed=1)
    assert found == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("activation", INITS)
def test_silent_units_are_those_whose_derivative_is_zero(activation: str) -> None:
    """By autograd of the activation at every unit's pre-activation of every row."""
    words = [*_settings(activation, 2), "model.width=8", "epochs=3", "optimizer.lr=0.1"]
    (network,) = bench().train([words])
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
    assert silent(network) == pytest.approx((dead, zero), abs=1e-3)
    assert (zero > 0.1) == (activation == "relu")


def test_a_unit_that_is_dead_is_counted() -> None:
    """Two of eight are silenced by hand."""
    (network,) = bench().train([[*_settings("relu", 1), "model.width=8", "epochs=1"]])
    before, _ = silent(network)
    network.outcome.layers[0][1][:2] = -1e6
    assert silent(network)[0] == pytest.approx(before + 2 / 8)


def test_values_follow_from_the_tables() -> None:
    found = evidence(NAME)
    start, ends = found.tables["gradients"], found.tables["trained"]
    norms = column(start, "norm", activation="sigmoid", depth=3, seed=0)
    assert len(norms) == 4
    assert found.values["sigmoid_vanishes"][0] == pytest.approx(np.log10(norms[0] / norms[3]))
    elu, relu = (column(ends, "accuracy", activation=name, depth=2) for name in ("elu", "relu"))
    assert found.values["elu_wins"] == pytest.approx(np.subtract(elu, relu).tolist())


def test_the_figure_draws_the_tables() -> None:
    tables = evidence(NAME).tables
    accuracy = old_lesson(NAME).draw(tables).axes[-1]
    for line, name in zip(accuracy.lines, INITS, strict=True):
        means = [
            np.mean(column(tables["trained"], "accuracy", activation=name, depth=depth))
            for depth in (1, 2)
        ]
        assert np.asarray(line.get_ydata()) == pytest.approx(means)

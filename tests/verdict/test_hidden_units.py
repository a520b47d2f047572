"""Statistics of hidden units against a plain torch network with hooks."""

import pytest
import torch
from lab import configure, prepared_dataset, stack_of
from torch import nn

from mlp_lab.data.dataset import Part
from mlp_lab.verdict.hidden_units import ROWS, hidden_unit_statistics


def test_dead_gated_units() -> None:
    """A unit is dead where no slope of it is left: its gate is shut at all rows."""
    words = ("data=diabetes", "model.activation=reglu", "model.depth=2", "model.width=40")
    prepared, dataset = prepared_dataset(*words)
    network = stack_of(configure("dtype=float64", *words)).network.take([0])
    network.layers.biases[0][0, 0, :20] = -100  # of the u, which may be anything
    network.layers.biases[0][0, 0, 40:50] = -100  # of the gates
    layers = hidden_unit_statistics(network, network, dataset.train, prepared.objective)
    assert [(layer.dead, layer.saturated) for layer in layers] == [(0.25, 0.0), (0.0, 0.0)]


def test_networks_stay_as_they_are() -> None:
    """Averages of batch normalisation, too, which a pass of a step moves."""
    words = ("data=diabetes", "model.normalisation=batch", "model.width=8")
    prepared, dataset = prepared_dataset(*words)
    network = stack_of(configure("dtype=float64", *words)).network
    before = network.layers.flat.clone()
    hidden_unit_statistics(network, network, dataset.train, prepared.objective)
    assert torch.equal(network.layers.flat, before)


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid"])
def test_hidden_layers_by_hooks(activation: str) -> None:
    """Dead and saturated shares, and gradients, of a plain torch network with hooks."""
    words = ("data=diabetes", f"model.activation={activation}", "model.depth=2", "model.width=40")
    prepared, dataset = prepared_dataset(*words)
    stack = stack_of(configure("dtype=float64", *words))
    begun, ended = stack.network.take([0]), stack.network.take([0])
    ended.layers.biases[0][0, 0, :10] = -100  # dead, or saturated
    layers = hidden_unit_statistics(begun, ended, dataset.train, prepared.objective)
    plain, rows = ended.member(0), dataset.train.some(ROWS)
    f = plain.get_submodule("hidden_0")(rows.inputs).detach().requires_grad_()
    (slope,) = torch.autograd.grad(plain.get_submodule("activation_0")(f).sum(), f)
    assert layers[0].dead == (slope.abs().amax(0) == 0).double().mean().item()
    steepest = {"tanh": 1.0, "sigmoid": 0.25, "relu": 0.0}[activation]
    assert layers[0].saturated == (slope.abs().mean(0) < 0.05 * steepest).double().mean().item()
    assert max(layers[0].dead, layers[0].saturated) >= 0.25
    for k, layer in enumerate(layers):
        expected = hooked_gradient(begun.member(0), k, rows)
        assert layer.gradient == pytest.approx(expected, rel=1e-9)


def hooked_gradient(plain: nn.Sequential, layer: int, rows: Part) -> float:
    """RMS of dL/df of a hidden layer under the mean squared error, by autograd."""
    seen: list[torch.Tensor] = []
    plain.get_submodule(f"hidden_{layer}").register_forward_hook(
        lambda module, given, f: seen.append(f)
    )
    loss = nn.functional.mse_loss(plain(rows.inputs), rows.targets)
    (gradient,) = torch.autograd.grad(loss, seen)
    return float(gradient.square().mean().sqrt())


def test_without_hidden_layers_there_is_nothing_to_say() -> None:
    words = ("data=diabetes", "model=perceptron")
    prepared, dataset = prepared_dataset(*words)
    network = stack_of(configure("dtype=float64", *words)).network
    assert hidden_unit_statistics(network, network, dataset.train, prepared.objective) == []

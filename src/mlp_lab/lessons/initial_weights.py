"""First weights: those that `model.init` draws, and such as no setting does."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlp_lab.engine.stack import Stack
    from mlp_lab.lessons.training import Change as Start


def halved(stack: Stack) -> None:
    """Weights half as large; biases stay."""
    stack.network.layers.flat_weights.mul_(0.5)


def doubled(stack: Stack) -> None:
    """Weights twice as large; biases stay."""
    stack.network.layers.flat_weights.mul_(2)


def equal(stack: Stack) -> None:
    """All weights of a layer 1 / inputs, so that a unit passes on the mean of what it reads."""
    layers = stack.network.layers
    for k, sizes in enumerate(stack.network.member_sizes):
        for weight, inputs, outputs in zip(layers.weights, sizes[:-1], sizes[1:], strict=True):
            weight[k, :inputs, :outputs] = 1 / inputs
    for bias in layers.biases:
        bias.zero_()


INITS = {"he": "he", "glorot": "glorot", "torch": "torch", "half": "he", "double": "he"}
"""How weights begin, and the `model.init` that draws them."""

CHANGES: dict[str, Start] = {"half": halved, "double": doubled, "equal": equal}
"""What is made of the weights that were drawn."""

STARTS = tuple(INITS)

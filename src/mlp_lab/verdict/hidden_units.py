"""What hidden units do on training rows: whether they answer, and whether gradients reach them."""

import torch

from mlp_lab.data.dataset import Part
from mlp_lab.network.backprop import Backprop, Batch
from mlp_lab.network.losses import Objective
from mlp_lab.network.mlp import MLP
from mlp_lab.verdict.rules import Layer

ROWS = 256
"""Training rows that are looked at, spread over all."""

STEEPEST = {"tanh": 1.0, "sigmoid": 0.25, "elu": 1.0}
"""Largest slope of the activations that saturate."""

FLAT = 0.05
"""Share of the steepest slope, on average over the rows, below which a unit is saturated."""


def look_inside(begun: MLP, ended: MLP, part: Part, objective: Objective) -> list[Layer]:
    """Every hidden layer of a stack of one, by the engine's own forward and backward pass.

    Args:
        begun: with the weights that it began with: gradients that vanish there teach nothing.
        ended: with those that it kept.
        part: training rows, of which some are taken.
        objective: says what the gradients are of.
    """
    if not ended.activations or not len(part):
        return []
    rows = part.some(ROWS)
    batch = Batch(rows.inputs[None], rows.targets[None], None, ())
    with torch.inference_mode():
        before, after = (_passes(network, batch, objective) for network in (begun, ended))
        return [_layer(ended, before, after, k) for k in range(len(ended.activations))]


def _passes(network: MLP, batch: Batch, objective: Objective) -> Backprop:
    passes = Backprop(network, network.layers.like(), objective, 1, batch.inputs.shape[1])
    passes(batch)
    return passes


def _layer(network: MLP, before: Backprop, after: Backprop, k: int) -> Layer:
    slope = network.activations[k].slope(after.f[k], after.h[k])[0].abs()  # (B, H)
    steepest = STEEPEST.get(network.activation_names[k])
    flat = 0.0 if steepest is None else (slope.mean(0) < FLAT * steepest).double().mean().item()
    return Layer(
        dead=(slope.amax(0) == 0).double().mean().item(),
        saturated=flat,
        gradient=before.d_f[k].double().square().mean().sqrt().item(),
    )

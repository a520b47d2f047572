"""Statistics of hidden units on training rows: dead and saturated ones, gradients that arrive."""

import torch

from mlp_lab.data.dataset import Part
from mlp_lab.network.backprop import Backprop, Batch
from mlp_lab.network.losses import Objective
from mlp_lab.network.mlp import MLP
from mlp_lab.verdict.evidence import LayerStatistics

ROWS = 256
"""Training rows that are used, spread over all."""

STEEPEST = {"tanh": 1.0, "sigmoid": 0.25, "elu": 1.0}
"""Largest slope of the activations that saturate."""

FLAT = 0.05
"""Share of the steepest slope, on average over the rows, below which a unit is saturated."""


def hidden_unit_statistics(
    initial: MLP, trained: MLP, part: Part, objective: Objective
) -> list[LayerStatistics]:
    """Statistics of each hidden layer, by the engine's own forward and backward pass.

    Of a stack of one before its first step, where gradients that vanish teach nothing, and with
    the weights that it kept; on some of the training rows.
    """
    if not trained.activations or not len(part):
        return []
    rows = part.some(ROWS)
    batch = Batch(rows.inputs[None], rows.targets[None], None, ())
    with torch.inference_mode():
        first = trained.take([0])  # of an ensemble, without padding to its wider ones
        before, after = (_passed(network, batch, objective) for network in (initial, first))
        return [_layer(first, before, after, k) for k in range(len(first.activations))]


def _passed(network: MLP, batch: Batch, objective: Objective) -> Backprop:
    backprop = Backprop(network, network.layers.like(), objective, 1, batch.inputs.shape[1])
    backprop(batch)
    return backprop


def _layer(network: MLP, before: Backprop, after: Backprop, k: int) -> LayerStatistics:
    activation = network.activations[k]
    slopes = activation.slope(after.g[k], after.h[k])[0].abs().chunk(activation.parts, -1)
    slope = torch.stack(slopes).amax(0)  # (B, H): of a gated unit the larger one
    steepest = STEEPEST.get(network.activation_names[k])
    flat = 0.0 if steepest is None else (slope.mean(0) < FLAT * steepest).double().mean().item()
    return LayerStatistics(
        dead=(slope.amax(0) == 0).double().mean().item(),
        saturated=flat,
        gradient=before.d_f[k].double().square().mean().sqrt().item(),
    )

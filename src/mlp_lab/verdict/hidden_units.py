"""Statistics of hidden units on training rows: dead and saturated ones, gradients that arrive."""

import torch
from torch import Tensor

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
        before, after = (passed(network, batch, objective) for network in (initial, trained))
        return [_layer(trained, before, after, k) for k in range(len(trained.activations))]


def passed(network: MLP, batch: Batch, objective: Objective) -> Backprop:
    """The forward and the backward pass of the first of some networks over some rows.

    By a copy where others pad it, or averages move: those of batch normalisation do with a batch.
    """
    moves = bool(network.layers.statistics)
    first = network.take([0]) if moves else network.alone(0)
    backprop = Backprop(first, first.layers.like(), objective, 1, batch.inputs.shape[1])
    backprop(batch)
    return backprop


def flat_units(network: MLP, passed: Backprop, k: int) -> tuple[Tensor, Tensor]:
    """Which units of hidden layer k of a stack of one are dead, and which saturated, (H,) each.

    A dead one's slope is 0 on every row that was passed through; a saturated one's is small.
    """
    activation = network.activations[k]
    slopes = activation.slope(passed.g[k], passed.h[k])[0].abs().chunk(activation.parts, -1)
    slope = torch.stack(slopes).amax(0)  # (B, H): of a gated unit the larger one
    dead = slope.amax(0) == 0
    steepest = STEEPEST.get(network.activation_names[k])
    if steepest is None:
        return dead, torch.zeros_like(dead)
    return dead, slope.mean(0) < FLAT * steepest


def _layer(network: MLP, before: Backprop, after: Backprop, k: int) -> LayerStatistics:
    dead, saturated = flat_units(network, after, k)
    return LayerStatistics(
        dead=dead.double().mean().item(),
        saturated=saturated.double().mean().item(),
        gradient=before.d_f[k].double().square().mean().sqrt().item(),
    )

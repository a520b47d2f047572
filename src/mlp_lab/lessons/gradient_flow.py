"""One backward pass of a network, to look at."""

import torch

from mlp_lab.data.arrays import Array
from mlp_lab.engine.stack import Stack
from mlp_lab.lessons.tables import Columns
from mlp_lab.network.backprop import Backprop, Batch
from mlp_lab.network.losses import Objective
from mlp_lab.network.mlp import MLP


def backward(network: MLP, objective: Objective, inputs: Array, targets: Array) -> Backprop:
    """The engine's own forward and backward pass of a stack of one over all rows at once."""
    backprop = Backprop(network, network.layers.like(), objective, 1, len(inputs))
    x, t = (torch.as_tensor(part).to(network.layers.flat)[None] for part in (inputs, targets))
    with torch.no_grad():
        backprop(Batch(x, t, None, ()))
    return backprop


def backward_of(stack: Stack) -> Backprop:
    """That of a stack of one as it stands, over all its training rows."""
    part = stack.members[0].dataset.train
    inputs, targets = part.inputs.numpy(), part.targets.numpy()
    return backward(stack.network, stack.shared.objective, inputs, targets)


def by_layer(stack: Stack) -> Columns:
    """An entry for each layer of a stack of one, hidden ones first, over all training rows.

    `signal` is the mean square of f_k over rows and units, `distinct` that of its distance from its
    unit's mean over rows, `gradient` that of a row's dL/df_k; `norm` is that of dL/dOmega_k.
    """
    backprop, rows = backward_of(stack), len(stack.members[0].dataset.train)
    return {
        "layer": list(range(len(backprop.f))),
        "signal": [float(f.double().square().mean()) for f in backprop.f],
        "distinct": [float(f[0].double().var(0, correction=0).mean()) for f in backprop.f],
        "gradient": [float((d_f.double() * rows).square().mean()) for d_f in backprop.d_f],
        "norm": [float(d_weight.double().norm()) for d_weight in backprop.d_weights],
    }

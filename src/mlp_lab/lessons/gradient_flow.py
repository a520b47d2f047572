"""One backward pass of a network, to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlp_lab.data.arrays import Array
from mlp_lab.lessons.old.lesson import Row

if TYPE_CHECKING:
    from mlp_lab.engine.stack import Stack
    from mlp_lab.network.backprop import Backprop
    from mlp_lab.network.losses import Objective
    from mlp_lab.network.mlp import MLP


def backward(network: MLP, objective: Objective, inputs: Array, targets: Array) -> Backprop:
    """The engine's own forward and backward pass of a stack of one over all rows at once."""
    import torch

    from mlp_lab.network.backprop import Backprop, Batch

    passes = Backprop(network, network.layers.like(), objective, 1, len(inputs))
    x, t = (torch.as_tensor(part).to(network.layers.flat)[None] for part in (inputs, targets))
    with torch.no_grad():
        passes(Batch(x, t, None, ()))
    return passes


def by_layer(stack: Stack) -> list[Row]:
    """A row for each layer of a stack of one, hidden ones first, over all training rows.

    `signal` is the mean square of f_k over rows and units, `distinct` that of its distance from its
    unit's mean over rows, `gradient` that of a row's dL/df_k; `norm` is that of dL/dOmega_k.
    """
    part = stack.members[0].dataset.train
    passes = backward(
        stack.network, stack.shared.objective, part.inputs.numpy(), part.targets.numpy()
    )
    return [
        {
            "layer": layer,
            "signal": float(f.double().square().mean()),
            "distinct": float(f[0].double().var(0, correction=0).mean()),
            "gradient": float((d_f.double() * len(part)).square().mean()),
            "norm": float(d_weight.double().norm()),
        }
        for layer, (f, d_f, d_weight) in enumerate(
            zip(passes.f, passes.d_f, passes.d_weights, strict=True)
        )
    ]

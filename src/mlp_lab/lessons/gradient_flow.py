"""One look at a network as it stands, over all its training rows at once."""

import torch

from mlp_lab.data.dataset import Dataset
from mlp_lab.engine.stack import Stack
from mlp_lab.lessons.tables import Columns
from mlp_lab.lessons.trained import Trained
from mlp_lab.network.backprop import Backprop, Batch
from mlp_lab.network.losses import Objective
from mlp_lab.network.mlp import MLP


def with_rows(of: Stack | Trained) -> tuple[MLP, Objective, Batch]:
    """The network of a stack of one, or of a trained one, with its objective and training rows."""
    if isinstance(of, Stack):
        network, objective, rows = of.network, of.shared.objective, of.members[0].dataset.train
    else:
        network, objective = of.network(), of.problem.objective
        rows = Dataset.of(of.problem.encoded, torch.float64, torch.device("cpu")).train
    return network, objective, Batch(rows.inputs[None], rows.targets[None], None, ())


def backward(of: Stack | Trained) -> Backprop:
    """The engine's own forward and backward pass over all training rows."""
    network, objective, batch = with_rows(of)
    backprop = Backprop(network, network.layers.like(), objective, 1, batch.inputs.shape[1])
    with torch.no_grad():
        backprop(batch)
    return backprop


def by_layer(stack: Stack) -> Columns:
    """An entry for each layer of a stack of one, hidden ones first, over all training rows.

    `signal` is the mean square of f_k over rows and units, `distinct` that of its distance from its
    unit's mean over rows, `gradient` that of a row's dL/df_k; `norm` is that of dL/dOmega_k.
    """
    passes = backward(stack)
    rows = passes.f[0].shape[1]
    return {
        "layer": list(range(len(passes.f))),
        "signal": [float(f.double().square().mean()) for f in passes.f],
        "distinct": [float(f[0].double().var(0, correction=0).mean()) for f in passes.f],
        "gradient": [float((d_f.double() * rows).square().mean()) for d_f in passes.d_f],
        "norm": [float(d_weight.double().norm()) for d_weight in passes.d_weights],
    }

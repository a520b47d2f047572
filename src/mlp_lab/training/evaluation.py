"""Loss and metrics of every member over every row of a part, at the weights as they are."""

from collections.abc import Sequence

import torch
from torch import Tensor

from mlp_lab.network.losses import Objective
from mlp_lab.network.mlp import MLP
from mlp_lab.training.metrics import Scale, Scores, score
from mlp_lab.training.pool import RowPool

EVALUATED_NUMBERS = 2**22
"""Hidden units computed at once. Independent of the batch size, and so is every result."""


def scales(pool: RowPool, units: Sequence[float]) -> list[Scale]:
    """One for each member of a pool."""
    found = []
    for start, count, unit in zip(pool.starts.tolist(), pool.counts, units, strict=True):
        targets = pool.targets[start : start + count].double()
        spread = (targets - targets.mean(0)).square().sum().item() if count else 0.0
        found.append(Scale(count, unit, spread))
    return found


@torch.inference_mode()
def totals(network: MLP, pool: RowPool, objective: Objective, task: str) -> Tensor:
    """Sums over rows in double precision, (3, K): loss, then squared and absolute errors.

    For classes the second is the number of right answers and the third is zero.
    """
    widest = max(network.layers.sizes)
    length = max(1, EVALUATED_NUMBERS // (network.members * widest))
    sums = torch.zeros(3, network.members, dtype=torch.float64, device=pool.inputs.device)
    for inputs, targets, real in pool.chunks(length):
        f = network.pre_activation(inputs)
        loss = objective.rows(f, targets)
        measures = [loss, *measured(task, objective.predict(f), targets)]
        for i, measure in enumerate(measures):
            counted = measure if real is None else measure * real
            sums[i] += counted.sum(1, dtype=torch.float64)
    return sums


def measured(task: str, y: Tensor, targets: Tensor) -> list[Tensor]:
    """What the task's metrics are made of, for each row: (K, B) of each."""
    if task == "regression":
        error = y - targets
        return [error.square().sum(-1), error.abs().sum(-1)]
    if y.shape[-1] == 1:
        right = (y > 0.5) == (targets > 0.5)
        return [right.squeeze(-1).to(y.dtype)]
    return [(y.argmax(-1) == targets.argmax(-1)).to(y.dtype)]


def evaluate(
    network: MLP, pool: RowPool, objective: Objective, task: str, units: Sequence[float]
) -> list[Scores]:
    """Loss and metrics of each member; a host read. An empty pool has none."""
    if max(pool.counts) == 0:
        return [{} for _ in pool.counts]
    sums = totals(network, pool, objective, task).cpu().numpy()
    return [score(task, sums[:, k].tolist(), scale) for k, scale in enumerate(scales(pool, units))]

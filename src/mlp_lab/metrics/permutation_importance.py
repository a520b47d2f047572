"""What each column is worth to a network: what its score loses when the column is shuffled.

Permutation importance (Breiman, Random Forests, 2001; Fisher, Rudin and Dominici, All Models are
Wrong, but Many are Useful, 2019), on rows that were not trained on.
"""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import torch

from mlp_lab.data.dataset import Part
from mlp_lab.data.schema import Schema

ROWS = 500
"""Rows that are shuffled, spread over all."""

SHUFFLES = 5

MOST_COLUMNS = 2000
"""With more, no picture of them would be legible."""


def permutation_importance(
    predict: Callable[[torch.Tensor], torch.Tensor],
    part: Part,
    schema: Schema,
    score: Callable[[torch.Tensor, Part], float],
) -> dict[str, float]:
    """Column -> mean loss of score over some shuffles of it; inputs of a column move together.

    `predict` maps inputs (N, D) to outputs (N, C), which `score` judges for the rows of a part;
    `schema` says which inputs a column gives.
    """
    if not len(part) or len(schema.inputs) > MOST_COLUMNS:
        return {}
    rows = part.some(ROWS)
    unshuffled = score(predict(rows.inputs), rows)
    bounds = np.cumsum([0, *(len(entry.names) for entry in schema.inputs)]).tolist()
    generator = torch.Generator().manual_seed(0)
    orders = [torch.randperm(len(rows), generator=generator) for _ in range(SHUFFLES)]
    found = {}
    for entry, (start, end) in zip(schema.inputs, pairwise(bounds), strict=True):
        copies = rows.inputs.repeat(SHUFFLES, 1, 1)  # (S, N, D)
        for copy, order in zip(copies, orders, strict=True):
            copy[:, start:end] = rows.inputs[order.to(copy.device), start:end]
        y = predict(copies.flatten(0, 1)).reshape(SHUFFLES, len(rows), -1)
        found[entry.column.name] = unshuffled - float(np.mean([score(one, rows) for one in y]))
    return found

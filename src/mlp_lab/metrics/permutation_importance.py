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
from mlp_lab.engine.evaluation import EVALUATED_NUMBERS
from mlp_lab.network.mlp import MLP

ROWS = 500
"""Rows that are shuffled, spread over all."""

SHUFFLES = 5

MOST_COLUMNS = 2000
"""With more, no picture of them would be legible."""


@torch.inference_mode()
def column_importance(
    network: MLP, part: Part, schema: Schema, score: Callable[[torch.Tensor, Part], float]
) -> dict[str, float]:
    """Column -> mean loss of score over some shuffles of it; inputs of a column move together.

    Args:
        network: a stack of one.
        part: rows, of which some are taken.
        schema: says which inputs a column gives.
        score: of outputs y, (N, C), for the rows of a part.
    """
    if not len(part) or len(schema.inputs) > MOST_COLUMNS:
        return {}
    rows = part.some(ROWS)
    as_it_is = score(network(rows.inputs)[0], rows)
    places = np.cumsum([0, *(len(entry.names) for entry in schema.inputs)]).tolist()
    generator = torch.Generator().manual_seed(0)
    orders = [torch.randperm(len(rows), generator=generator) for _ in range(SHUFFLES)]
    found = {}
    for entry, (start, end) in zip(schema.inputs, pairwise(places), strict=True):
        copies = rows.inputs.repeat(SHUFFLES, 1, 1)  # (S, N, D)
        for copy, order in zip(copies, orders, strict=True):
            copy[:, start:end] = rows.inputs[order.to(copy.device), start:end]
        y = _outputs(network, copies.flatten(0, 1)).reshape(SHUFFLES, len(rows), -1)
        found[entry.column.name] = as_it_is - float(np.mean([score(one, rows) for one in y]))
    return found


def _outputs(network: MLP, inputs: torch.Tensor) -> torch.Tensor:
    """y of a stack of one, (N, C), in pieces that a cache holds."""
    pieces = torch.split(inputs, max(1, EVALUATED_NUMBERS // max(network.layers.sizes)))
    return torch.cat([network(piece)[0] for piece in pieces])

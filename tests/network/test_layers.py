"""The flat tensor that holds a number for every weight and bias of a stack."""

from itertools import pairwise

import torch
from torch import Tensor

from mlp_lab.network.layers import LayerTensors

SIZES = [3, 5, 2]


def layers(members: int, seed: int) -> LayerTensors:
    """Random numbers."""
    tensors = LayerTensors(members, SIZES, dtype=torch.float64, device=torch.device("cpu"))
    tensors.flat.normal_(generator=torch.Generator().manual_seed(seed))
    return tensors


def test_layer_tensors_are_one_memory() -> None:
    """Weights come first in `flat`; `take` crops and copies; `spread` and norms are by member."""
    tensors = layers(3, 0)
    count = sum(a * b for a, b in pairwise(SIZES))
    assert len(tensors.flat_weights) == 3 * count
    taken = tensors.take([2, 0], [3, 4, 2])
    for new, old in zip(taken.tensors, tensors.tensors, strict=True):
        assert torch.equal(new, old[[2, 0], : new.shape[1], : new.shape[2]])
    norms = torch.stack([sum_of_squares(tensors, k) for k in range(3)])
    torch.testing.assert_close(tensors.squared_norms(), norms)
    spread = tensors.like()
    spread.flat.copy_(tensors.spread(torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)))
    for tensor in spread.tensors:
        assert [set(tensor[k].flatten().tolist()) for k in range(3)] == [{1.0}, {2.0}, {3.0}]
    tensors.flat.zero_()
    assert all((tensor == 0).all() for tensor in tensors.tensors)


def sum_of_squares(tensors: LayerTensors, k: int) -> Tensor:
    """Of all entries of a member."""
    return torch.cat([tensor[k].flatten() for tensor in tensors.tensors]).square().sum()


def test_parts_of_gated_units_are_padded_by_themselves() -> None:
    """A narrow member has the first columns of either part; vectors of units likewise."""
    tensors = LayerTensors(
        2,
        [3, 5, 4, 2],
        [(7, 6)],
        parts=[2, 1],
        unit_vectors=2,
        unit_statistics=1,
        dtype=torch.float64,
        device=torch.device("cpu"),
    )
    assert [tuple(weight.shape[1:]) for weight in tensors.weights] == [(3, 10), (5, 4), (4, 2)]
    assert [tuple(bias.shape[1:]) for bias in tensors.biases] == [(1, 10), (1, 4), (1, 2)]
    assert [tuple(own.shape[1:]) for own in tensors.normalising] == [(1, 10), (1, 4)] * 2
    tensors.flat.copy_(torch.arange(len(tensors.flat)))
    assert sum(block.numel() for block in tensors.blocks) == len(tensors.flat)
    taken = tensors.take([1], [3, 2, 4, 2])
    columns = [0, 1, 5, 6]
    assert torch.equal(taken.weights[0][0], tensors.weights[0][1][:, columns])
    assert torch.equal(taken.weights[1][0], tensors.weights[1][1, :2])
    assert torch.equal(taken.biases[0][0], tensors.biases[0][1][:, columns])
    assert torch.equal(taken.normalisation[0][1][0], tensors.normalisation[0][1][1][:, columns])
    assert torch.equal(taken.statistics[0][0][0], tensors.statistics[0][0][1][:, columns])
    assert torch.equal(taken.embedding[0][0], tensors.embedding[0][1])
    assert taken.parts == tensors.like().parts == (2, 1)

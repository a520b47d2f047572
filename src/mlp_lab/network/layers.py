"""One flat tensor that holds a number for every weight and bias of a stack."""

from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor


class LayerTensors:
    """Weights, gradients or optimizer moments of K members, layer by layer and all at once.

    An update rule runs a handful of elementwise operations over `flat`, however many layers there
    are; a matrix product reads and writes `weights[k]`. Both are the same memory.

    Shape:
        - `weights[k]`: (K, inputs, outputs) of layer k, Omega_k, contiguous
        - `biases[k]`: (K, 1, outputs), beta_k, contiguous
        - `normalisation[k]`: `unit_vectors` tensors (K, 1, outputs) of hidden layer k, contiguous;
          no lists where there are none
        - `embedding[i]`: (K, *shapes[i]), what embeds the inputs, contiguous
        - `statistics[k]`: `unit_statistics` tensors (K, 1, outputs) of hidden layer k, contiguous:
          running averages, which no gradient is of
        - `flat`: one dimension; all weights first, since only they decay, then all biases, then
          what normalises, then what embeds the inputs, then statistics; members inside a layer
        - `flat_learnt`: `flat` without the statistics

    The outputs of a hidden layer are its units; where these are gated there are two `parts` of
    them, one behind the other, and each is padded by itself.
    """

    def __init__(
        self,
        members: int,
        sizes: Sequence[int],
        shapes: Sequence[tuple[int, int]] = (),
        *,
        parts: Sequence[int] = (),
        unit_vectors: int = 0,
        unit_statistics: int = 0,
        dtype: torch.dtype,
        device: torch.device,
    ) -> None:
        """Zeros; `unit_vectors` counts what a hidden layer learns for an output beside its bias.

        `parts`: outputs of a unit of each hidden layer, all 1 by default.
        """
        self.members = members
        self.sizes = tuple(sizes)
        self.embedding_shapes = tuple(shapes)
        self.unit_vectors, self.unit_statistics = unit_vectors, unit_statistics
        self.parts = tuple(parts) or (1,) * (len(sizes) - 2)
        of_units = (unit_vectors, unit_statistics)
        stacked, lengths, count, learnt = _layout(
            members, self.sizes, self.embedding_shapes, self.parts, of_units
        )
        self.flat = torch.zeros(sum(lengths), dtype=dtype, device=device)
        pieces = torch.split(self.flat, lengths)
        tensors = [piece.view(shape) for piece, shape in zip(pieces, stacked, strict=True)]
        depth = len(sizes) - 1
        self.weights, self.biases = tensors[:depth], tensors[depth : 2 * depth]
        self.embedding = tensors[2 * depth + count : learnt]
        self.normalising = tensors[2 * depth : 2 * depth + count]
        """The first vector of every hidden layer, then the second."""
        self.normalisation = _by_layer(self.normalising, depth - 1)
        self.averaged = tensors[learnt:]
        """The first statistic of every hidden layer, then the second."""
        self.statistics = _by_layer(self.averaged, depth - 1)
        self.flat_weights = self.flat[: sum(lengths[:depth])]
        self.flat_learnt = self.flat[: sum(lengths[:learnt])]

    @property
    def learnt(self) -> list[Tensor]:
        """Each layer's weight, then each one's bias, what normalises, what embeds the inputs."""
        return self.weights + self.biases + self.normalising + self.embedding

    @property
    def of_units(self) -> list[list[Tensor]]:
        """What normalises each hidden layer, then its statistics."""
        return _by_layer(self.normalising + self.averaged, len(self.sizes) - 2)

    @property
    def tensors(self) -> list[Tensor]:
        """What is learnt, then the statistics."""
        return self.learnt + self.averaged

    @property
    def blocks(self) -> list[Tensor]:
        """`tensors`, with each part by itself: padding is what lies behind a member's own size."""
        of_layers, of_units = [*self.parts, 1] * 2, list(self.parts)
        counts = [*of_layers, *(of_units * self.unit_vectors), *(1 for _ in self.embedding)]
        counts += of_units * self.unit_statistics
        pairs = zip(self.tensors, counts, strict=True)
        return [
            block
            for tensor, count in pairs
            for block in (tensor.chunk(count, -1) if count > 1 else (tensor,))
        ]

    def like(self) -> "LayerTensors":
        """Zeros of the same shapes."""
        return self._of(self.members, self.sizes)

    def _of(self, members: int, sizes: Sequence[int]) -> "LayerTensors":
        flat = self.flat
        return LayerTensors(
            members,
            sizes,
            self.embedding_shapes,
            parts=self.parts,
            unit_vectors=self.unit_vectors,
            unit_statistics=self.unit_statistics,
            dtype=flat.dtype,
            device=flat.device,
        )

    def take(self, members: Sequence[int], sizes: Sequence[int]) -> "LayerTensors":
        """A copy of some members, cropped to layers of `sizes` units."""
        taken = self._of(len(members), sizes)
        alone = len(members) == 1
        index = (
            slice(members[0], members[0] + 1)
            if alone
            else torch.as_tensor(members, device=self.flat.device)
        )
        for new, old in zip(taken.blocks, self.blocks, strict=True):
            new.copy_(old[index, : new.shape[1], : new.shape[2]])
        return taken

    def spread(self, values: Tensor) -> Tensor:
        """Repeat one number per member, (K,), for each of its entries in `flat`."""
        spread = self.like()
        for tensor in spread.tensors:
            tensor.copy_(values.view(-1, 1, 1).expand_as(tensor))
        return spread.flat

    def squared_norms(self) -> Tensor:
        """Sum of squares of each member's entries that are learnt, (K,)."""
        return torch.stack([tensor.square().sum((1, 2)) for tensor in self.learnt]).sum(0)


Shape = tuple[int, int, int]


@lru_cache(maxsize=256)
def _layout(
    members: int,
    sizes: tuple[int, ...],
    embedding: tuple[tuple[int, int], ...],
    parts: tuple[int, ...],
    of_units: tuple[int, int],
) -> tuple[list[Shape], list[int], int, int]:
    """Shapes of all tensors, their lengths, how many of them normalise, and how many are learnt."""
    unit_vectors, unit_statistics = of_units
    outputs = [units * count for units, count in zip(sizes[1:], (*parts, 1), strict=True)]
    weights = [(members, n_in, n_out) for n_in, n_out in zip(sizes[:-1], outputs, strict=True)]
    biases = [(members, 1, n_out) for n_out in outputs]
    vectors = biases[:-1] * unit_vectors
    learnt = [*weights, *biases, *vectors, *((members, *shape) for shape in embedding)]
    stacked = [*learnt, *(biases[:-1] * unit_statistics)]
    return stacked, [a * b * c for a, b, c in stacked], len(vectors), len(learnt)


def _by_layer(vectors: list[Tensor], hidden: int) -> list[list[Tensor]]:
    """Vectors of each hidden layer; no lists where there are none."""
    return [vectors[k::hidden] for k in range(hidden)] if vectors else []

"""The rows that the members of a stack read, on the device."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from mlp_lab.data.dataset import Part

Chunk = tuple[Tensor, Tensor, Tensor | None]
"""Inputs (K, r, D), targets (K, r, C), and (K, r) of ones and zeros where some rows are padding."""


class RowPool:
    """One part (training, validation or test rows) for every member.

    Members that share a part share its memory. Member k owns the rows `starts[k]` to
    `starts[k] + counts[k]` of the pool.
    """

    def __init__(self, parts: Sequence[Part]) -> None:
        distinct = list({id(part): part for part in parts}.values())
        self.inputs = torch.cat([part.inputs for part in distinct])
        self.targets = torch.cat([part.targets for part in distinct])
        self.counts = [len(part) for part in parts]
        self.shared = len(distinct) == 1
        first_rows, start = {}, 0
        for part in distinct:
            first_rows[id(part)] = start
            start += len(part)
        device = self.inputs.device
        self.starts = torch.tensor([first_rows[id(part)] for part in parts], device=device)
        self._device_counts = torch.tensor(self.counts, device=device)

    def gather(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """Inputs and targets at (K, r) positions, counted from each member's first row."""
        rows = (index + self.starts[: len(index), None]).flatten()
        shape = (*index.shape, -1)
        return (
            self.inputs.index_select(0, rows).view(shape),
            self.targets.index_select(0, rows).view(shape),
        )

    def chunks(self, length: int) -> Iterator[Chunk]:
        """Every row of every member once, `length` at a time."""
        members, most = len(self.counts), max(self.counts)
        for first in range(0, most, length):
            last = min(first + length, most)
            if self.shared:
                inputs, targets = self.inputs[first:last], self.targets[first:last]
                yield (
                    inputs.expand(members, *inputs.shape),
                    targets.expand(members, *targets.shape),
                    None,
                )
            else:
                row = torch.arange(first, last, device=self.starts.device)
                real = row < self._device_counts[:, None]
                inputs, targets = self.gather(row * real)
                yield inputs, targets, real.to(inputs.dtype)

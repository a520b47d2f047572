"""The rows that the members of a stack read, on the device."""

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from typing import NamedTuple

import torch
from torch import Tensor

from mlp_lab.data.dataset import Part


class RowBatch(NamedTuple):
    """Some rows of every member: inputs (K, r, D), targets (K, r, C), and what each row counts.

    `weights`, in metrics, and `loss_weights` are (K, r); both None where every row counts 1.
    Padding counts 0.
    """

    inputs: Tensor
    targets: Tensor
    weights: Tensor | None
    loss_weights: Tensor | None


class RowSource:
    """One part (training, validation or test rows) for every member.

    Members that share a part share its memory. Member k owns the rows `starts[k]` to
    `starts[k] + counts[k]` of the source.
    """

    def __init__(self, parts: Sequence[Part]) -> None:
        distinct = list({id(part): part for part in parts}.values())
        self.inputs = _joined([part.inputs for part in distinct])
        self.targets = _joined([part.targets for part in distinct])
        self.weights = _weights([part.weights for part in distinct], distinct)
        self.loss_weights = _weights([part.loss_weights for part in distinct], distinct)
        self.counts = [len(part) for part in parts]
        self.on_disk = len(distinct) == 1 and distinct[0].on_disk
        """Whether rows are gathered in the order in which they lie, since they lie in a file."""
        self.shared = len(distinct) == 1
        first_rows, start = {}, 0
        for part in distinct:
            first_rows[id(part)] = start if len(part) else 0  # a row that is there, and counts 0
            start += len(part)
        device = self.inputs.device
        self.starts = torch.tensor([first_rows[id(part)] for part in parts], device=device)
        self._device_counts = torch.tensor(self.counts, device=device)

    def repeated(self, times: int) -> "RowSource":
        """The same rows for `times` networks of each member, in the same memory."""
        repeated = copy(self)
        repeated.counts = [count for count in self.counts for _ in range(times)]
        repeated.starts = self.starts.repeat_interleave(times)
        repeated._device_counts = self._device_counts.repeat_interleave(times)
        return repeated

    def _picked(self, pick: Callable[[Tensor], Tensor]) -> RowBatch:
        weights = [None if w is None else pick(w) for w in (self.weights, self.loss_weights)]
        return RowBatch(pick(self.inputs), pick(self.targets), *weights)

    def member_rows(self, member: int) -> RowBatch:
        """All rows of one member, without the leading axis."""
        first = int(self.starts[member])
        return self._picked(lambda part: part[first : first + self.counts[member]])

    def gather(self, index: Tensor) -> RowBatch:
        """The rows at (K, r) positions, counted from each member's first row."""
        rows = (index + self.starts[: len(index), None]).flatten()
        if not self.on_disk:
            return self._picked(
                lambda part: part.index_select(0, rows).view(*index.shape, *part.shape[1:])
            )
        ordered, places = rows.sort()

        def swept(part: Tensor) -> Tensor:
            gathered = part.new_empty(len(rows), *part.shape[1:])
            gathered.index_copy_(0, places, part.index_select(0, ordered))
            return gathered.view(*index.shape, *part.shape[1:])

        return self._picked(swept)

    def chunks(self, length: int, part: slice | None = None) -> Iterator[RowBatch]:
        """Every row of every member once, `length` at a time; or only those of a `part`."""
        members = len(self.counts)
        begin, end = (0, max(self.counts)) if part is None else (part.start, part.stop)
        for first in range(begin, end, length):
            piece = slice(first, min(first + length, end))
            if self.shared:
                yield self._picked(_expanding(piece, members))
            else:
                row = torch.arange(piece.start, piece.stop, device=self.starts.device)
                real = row < self._device_counts[:, None]
                rows = self.gather(row * real)
                counted = real.to(rows.inputs.dtype)
                own = [counted if w is None else w * counted for w in rows[2:]]
                yield RowBatch(rows.inputs, rows.targets, *own)


def _expanding(piece: slice, members: int) -> Callable[[Tensor], Tensor]:
    return lambda part: part[piece].expand(members, *part[piece].shape)


def _joined(tensors: Sequence[Tensor]) -> Tensor:
    """One after the other; a single one is not copied."""
    return tensors[0] if len(tensors) == 1 else torch.cat(list(tensors))


def _weights(weights: Sequence[Tensor | None], parts: Sequence[Part]) -> Tensor | None:
    """Weights of all rows, 1 in parts without; None if no part has any."""
    if all(part is None for part in weights):
        return None
    own = zip(weights, parts, strict=True)
    return _joined([part.inputs.new_ones(len(part)) if w is None else w for w, part in own])

"""Mini-batches for all members of a stack: row orders, partial batches, dropout masks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from mlp_lab.engine.row_source import RowSource
from mlp_lab.engine.seeds import Seed, Stream, numpy_generator, torch_generator
from mlp_lab.network.backprop import Batch
from mlp_lab.network.mlp import Masks

if TYPE_CHECKING:
    from mlp_lab.engine.ranks import Ranks

GATHERED_NUMBERS = 2**18
"""Inputs gathered at once: enough to make the gather cheap per step, small beside a cache."""

SWEPT_NUMBERS = 2**24
"""Inputs gathered at once from a file, 64 MB: the more rows, the nearer to each other they lie."""

MASKED_STEPS = 8
"""Steps whose dropout masks are drawn at once; it decides which numbers a member draws."""

StepRows = tuple[Tensor, Tensor, Tensor | None]
"""Inputs (k, B, D), targets (k, B, C), and each row's weight in the loss, (k, B), 1 on average."""


@dataclass(frozen=True, slots=True)
class StepShape:
    """The first k members have rows left; their weights where not all have equally many.

    `real` is then 1 for each of them and 0 for padding, (k, B, 1). Of the `rows` of the batch the
    `part` is this process's, and so are weights and marks; where others have the rest, all rows
    have weights, since the mean is over the whole batch.
    """

    k: int
    rows: int
    part: slice
    weights: Tensor | None
    real: Tensor | None


class Batches:
    """The steps of each epoch.

    A row's weight multiplies its share of the batch's mean; the weights of a batch are not brought
    to a mean of 1 again, so that its gradient is that of the whole loss on average.

    Members come in descending order of their rows, so those that still have a batch are always
    the first k. A member's last batch may be smaller than its neighbours': the rest of it is
    padding of weight 0.
    """

    def __init__(
        self,
        source: RowSource,
        *,
        batch_size: int | None,
        seeds: Sequence[int | Seed],
        dropout: Sequence[float | Sequence[float]],
        widths: Sequence[Sequence[int]],
        ranks: Ranks | None = None,
    ) -> None:
        """`batch_size` None takes all of a member's rows in one step; they stay unshuffled.

        `dropout`: of each member, one share of all hidden layers or one for each. `ranks` have a
        part of each batch.
        """
        self.source, self.ranks = source, ranks
        self.seeds = list(seeds)
        self.batch_size = max(source.counts) if batch_size is None else batch_size
        self.steps = [-(-count // self.batch_size) for count in source.counts]
        self.equal_steps = min(self.steps) == max(self.steps)
        self._shapes = self._step_shapes()
        self.dropout: Dropout | None = None
        """What draws the masks, where anything is dropped."""
        rates = [of_layers(share, len(widths[0])) for share in dropout]
        if any(map(any, rates)):
            rows = [min(self.batch_size, count) for count in source.counts]
            own = (rates, widths, rows, self.steps, self.seeds)
            self.dropout = Dropout(*own, like=source.inputs)
        self._whole: StepRows | None = None

    def epoch(self, epoch: int) -> Iterator[Batch]:
        """The batches of one epoch, counted from 0, in order."""
        masks = None if self.dropout is None else self.dropout.epoch(epoch)
        for (inputs, targets, of_rows), shape in zip(self._rows(epoch), self._shapes, strict=True):
            k, gathered = shape.k, inputs.shape[0]
            step_masks = () if masks is None else [mask[:k, shape.part] for mask in next(masks)]
            weights = shape.weights
            if of_rows is not None:
                weights = of_rows[:k] * (1 / shape.rows if weights is None else weights)
            if k == gathered:
                yield Batch(inputs, targets, weights, step_masks, shape.real)
            else:
                yield Batch(inputs[:k], targets[:k], weights, step_masks, shape.real)

    def _rows(self, epoch: int) -> Iterator[StepRows]:
        """Each step's inputs, targets and row weights, at least for the members that have any."""
        if len(self._shapes) == 1:
            if self._whole is None:
                self._whole = self._all_rows()
            yield self._whole
            return
        order, full = self.order(epoch), self._shapes[0].part
        size = full.stop - full.start
        if self.ranks is not None:
            order = order[:, self._own_columns]
        span = self.gathered_steps * size
        for first in range(0, order.shape[1], span):
            k = self._shapes[first // size].k
            rows = self.source.gather(order[:k, first : first + span])
            steps = torch.split(rows.inputs, size, 1), torch.split(rows.targets, size, 1)
            if rows.loss_weights is None:
                yield from ((*step, None) for step in zip(*steps, strict=True))
            else:
                yield from zip(*steps, torch.split(rows.loss_weights, size, 1), strict=True)
        if order.shape[1] == (len(self._shapes) - 1) * size:  # the last batch has none for us
            none = self.source.gather(order[: self._shapes[-1].k, :0])
            yield none.inputs, none.targets, none.loss_weights

    @property
    def gathered_steps(self) -> int:
        """Steps whose rows are gathered at once."""
        numbers = SWEPT_NUMBERS if self.source.on_disk else GATHERED_NUMBERS
        width = self.source.inputs.shape[1]
        return max(1, numbers // (len(self.seeds) * self.batch_size * width))

    def _all_rows(self) -> StepRows:
        (rows,) = self.source.chunks(max(self.source.counts))
        part = self._shapes[0].part
        own = None
        if self.source.loss_weights is not None and rows.loss_weights is not None:
            own = rows.loss_weights[:, part]  # else they only mark padding
        return rows.inputs[:, part], rows.targets[:, part], own

    @property
    def _own_columns(self) -> Tensor:
        """Which places of an order are this rank's, batch by batch."""
        places = [
            torch.arange(shape.part.start, shape.part.stop) + step * self.batch_size
            for step, shape in enumerate(self._shapes)
        ]
        return torch.cat(places).to(self.source.inputs.device)

    def order(self, epoch: int) -> Tensor:
        """Each member's rows, (K, most rows), padded with row 0.

        Shuffled, save for a member that takes them all in one step, as it would alone.
        """
        order = np.zeros((len(self.seeds), max(self.source.counts)), dtype=np.int64)
        for k, (seed, count) in enumerate(zip(self.seeds, self.source.counts, strict=True)):
            if self.steps[k] == 1:
                order[k, :count] = np.arange(count)
            else:
                order[k, :count] = numpy_generator(seed, Stream.ORDER, epoch).permutation(count)
        return torch.from_numpy(order).to(self.source.inputs.device, non_blocking=True)

    def _step_shapes(self) -> list[StepShape]:
        counts = np.array(self.source.counts)
        shapes = []
        for step in range(max(self.steps)):
            left = np.clip(counts - step * self.batch_size, 0, self.batch_size)
            left = left[left > 0]
            weights = marks = None
            if left.min() < left.max():
                real = np.arange(left.max()) < left[:, None]
                weights = torch.as_tensor(real / left[:, None]).to(self.source.inputs)
                marks = torch.as_tensor(real[:, :, None]).to(self.source.inputs)
            shapes.append(self._own_shape(int(left.max()), len(left), weights, marks))
        return shapes

    def _own_shape(
        self, rows: int, k: int, weights: Tensor | None, marks: Tensor | None
    ) -> StepShape:
        """What a batch of so many rows is to this process."""
        if self.ranks is None:
            return StepShape(k, rows, slice(0, rows), weights, marks)
        part = self.ranks.part(rows)
        if weights is None:
            weights = self.source.inputs.new_full((k, rows), 1 / rows)
        own = None if marks is None else marks[:, part]
        return StepShape(k, rows, part, weights[:, part], own)


def of_layers(number: float | Sequence[float], layers: int) -> list[float]:
    """Of each layer, where one number may stand for all of them."""
    return list(number) if isinstance(number, Sequence) else [number] * layers


class Dropout:
    """Masks of 0 and 1 / (1 - rate), drawn by each member's own generator on the device."""

    def __init__(
        self,
        rates: Sequence[Sequence[float]],
        widths: Sequence[Sequence[int]],
        rows: Sequence[int],
        steps: Sequence[int],
        seeds: Sequence[int | Seed],
        *,
        like: Tensor,
    ) -> None:
        """Room for the masks of `MASKED_STEPS` steps, of the dtype and on the device of `like`.

        For each member: the share of units dropped and the width of each hidden layer, rows of a
        full batch, steps of an epoch, and seed.
        """
        self.seeds = list(seeds)
        self.device = like.device
        by_layer = [like.new_tensor(layer) for layer in zip(*rates, strict=True)]
        self.rates = [layer.view(-1, 1, 1, 1) for layer in by_layer]
        self._dropping = [k for k, own in enumerate(rates) if any(own)]
        self._lengths = [min(MASKED_STEPS, count) for count in steps]
        layers = [max(layer) for layer in zip(*widths, strict=True)]
        shape = (len(rates), max(self._lengths), max(rows))
        # Ones stand where nothing is drawn: a member without dropout keeps every unit.
        self._uniform = [like.new_ones(*shape, units) for units in layers]
        self._drawn = {
            k: [
                uniform[k, : self._lengths[k], : rows[k], :units]
                for uniform, units in zip(self._uniform, widths[k], strict=True)
            ]
            for k in self._dropping
        }

    def epoch(self, epoch: int) -> Iterator[Masks]:
        """The masks of each step, one (K, B, H) for each hidden layer."""
        for masks in self.draws(epoch):
            yield from zip(*(mask.unbind(1) for mask in masks), strict=True)

    def draws(self, epoch: int) -> Iterator[Sequence[Tensor]]:
        """The masks of `MASKED_STEPS` steps at once, one (K, steps, B, H) for each hidden layer."""
        generators = {
            k: torch_generator(self.seeds[k], Stream.DROPOUT, epoch, self.device)
            for k in self._dropping
        }
        scales = [1 / (1 - rate) for rate in self.rates]
        while True:
            for k, layers in self._drawn.items():
                for uniform in layers:
                    uniform.uniform_(generator=generators[k])
            layers_drawn = zip(self._uniform, self.rates, scales, strict=True)
            yield [(uniform >= rate) * scale for uniform, rate, scale in layers_drawn]

"""Every row once an epoch for every member, in an order and with masks of its own."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from torch import Tensor

from mlp_lab.data.dataset import Part
from mlp_lab.engine import batches as batches_module
from mlp_lab.engine.batches import Batches
from mlp_lab.engine.row_source import RowSource
from mlp_lab.network.backprop import Batch

Rows = list[int]
RAGGED = [23, 23, 17, 16, 5]


def part(rows: int, first: int) -> Part:
    """Rows whose number is their input and ten times their number their target."""
    number = torch.arange(first, first + rows, dtype=torch.float64).view(-1, 1)
    return Part(number, 10 * number)


def build(
    counts: Sequence[int],
    *,
    batch_size: int | None,
    seeds: Sequence[int] | None = None,
    dropout: Sequence[float | list[float]] | None = None,
    widths: Sequence[Sequence[int]] | None = None,
) -> Batches:
    """Members whose rows are numbered from 1000, 2000 and so on."""
    source = RowSource([part(count, 1000 * (k + 1)) for k, count in enumerate(counts)])
    members = len(counts)
    return Batches(
        source,
        batch_size=batch_size,
        seeds=list(range(members)) if seeds is None else seeds,
        dropout=[0.0] * members if dropout is None else dropout,
        widths=[[4]] * members if widths is None else widths,
    )


def rows_seen(batches: Batches, epoch: int) -> list[list[Rows]]:
    """For each member the rows of each of its steps, those of weight 0 left out."""
    seen: list[list[Rows]] = [[] for _ in batches.seeds]
    for batch in batches.epoch(epoch):
        assert torch.equal(batch.targets, 10 * batch.inputs)
        for k in range(len(batch.inputs)):
            real = slice(None) if batch.weights is None else batch.weights[k] > 0
            seen[k].append([int(row) for row in batch.inputs[k, real, 0]])
    return seen


def mean(batch: Batch) -> Tensor:
    """Mean input of each member as a step weighs its rows."""
    if batch.weights is None:
        return batch.inputs.mean((1, 2))
    return (batch.inputs[..., 0] * batch.weights).sum(1)


@pytest.mark.parametrize("gathered", [1, 40, 2**20], ids=["step by step", "two", "at once"])
@pytest.mark.parametrize("batch_size", [1, 4, 5, 16, 17, 23, 100, None])
@pytest.mark.parametrize("counts", [[23], [23, 23], RAGGED])
def test_every_row_once(
    monkeypatch: pytest.MonkeyPatch, counts: Rows, batch_size: int | None, gathered: int
) -> None:
    """However many are gathered at once, and in as many steps as the rows need."""
    monkeypatch.setattr(batches_module, "GATHERED_NUMBERS", gathered)
    batches = build(counts, batch_size=batch_size)
    size = max(counts) if batch_size is None else batch_size
    for epoch in range(2):
        for k, (steps, count) in enumerate(zip(rows_seen(batches, epoch), counts, strict=True)):
            first = 1000 * (k + 1)
            assert sorted(row for step in steps for row in step) == list(
                range(first, first + count)
            )
            expected = [min(size, count - start) for start in range(0, count, size)]
            assert [len(step) for step in steps] == expected
            assert len(steps) == batches.steps[k]


@pytest.mark.parametrize("batch_size", [4, 16, None])
def test_weights(batch_size: int | None) -> None:
    """Each member's sum to one, equal over its real rows, so that a step's mean is over these."""
    batches = build(RAGGED, batch_size=batch_size)
    padded = False
    seen = rows_seen(batches, 0)
    for step, batch in enumerate(batches.epoch(0)):
        expected = [np.mean(steps[step]) for steps in seen if len(steps) > step]
        assert mean(batch).tolist() == pytest.approx(expected)
        if batch.weights is not None:
            padded = True
            assert batch.weights.sum(1).tolist() == pytest.approx([1.0] * len(batch.weights))
            for weights in batch.weights:
                assert len({round(weight, 12) for weight in weights.tolist()} - {0.0}) == 1
    assert padded
    assert all(batch.weights is None for batch in build([23, 23], batch_size=4).epoch(0))


def test_order_follows_seed_and_epoch() -> None:
    """Another epoch or seed shuffles anew; the same ones do not."""
    batches = build([23, 23, 23], batch_size=23 // 2, seeds=[1, 2, 1])
    first, second = rows_seen(batches, 0), rows_seen(batches, 1)
    assert first == rows_seen(batches, 0)
    for k in range(3):
        assert first[k] != second[k]
    relative = [[[row % 1000 for row in step] for step in steps] for steps in first]
    assert relative[0] == relative[2]
    assert relative[0] != relative[1]


@pytest.mark.parametrize("k", range(len(RAGGED)))
def test_order_does_not_follow_neighbours(k: int) -> None:
    """Alone a member sees the same rows in the same steps."""
    batches = build(RAGGED, batch_size=4)
    alone = Batches(
        RowSource([part(RAGGED[k], 1000 * (k + 1))]),
        batch_size=4,
        seeds=[k],
        dropout=[0.0],
        widths=[[4]],
    )
    for epoch in (0, 3):
        assert rows_seen(batches, epoch)[k] == rows_seen(alone, epoch)[0]


def test_shared_part() -> None:
    """Members on one part hold it once and shuffle it each in its own way."""
    rows = part(10, 0)
    source = RowSource([rows, rows])
    assert len(source.inputs) == 10
    batches = Batches(source, batch_size=4, seeds=[0, 1], dropout=[0, 0], widths=[[4], [4]])
    seen = rows_seen(batches, 0)
    assert seen[0] != seen[1]
    for steps in seen:
        assert sorted(row for step in steps for row in step) == list(range(10))


def masks_of(batches: Batches, epoch: int, k: int) -> list[list[Tensor]]:
    """A member's masks, (rows, units), for each of its steps and layers."""
    return [
        [mask[k] for mask in batch.masks] for batch in batches.epoch(epoch) if k < len(batch.inputs)
    ]


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_masks_drop_at_the_rate(rate: float) -> None:
    """A share of zeros near the rate in every layer; what is left is scaled by 1 / (1 - rate)."""
    batches = build([600], batch_size=50, dropout=[rate], widths=[[40, 30]])
    for layer, width in enumerate([40, 30]):
        found = [step[layer] for step in masks_of(batches, 0, 0)]
        assert {tuple(mask.shape) for mask in found} == {(50, width)}
        mask = torch.cat(found)
        assert set(mask.flatten().tolist()) == {0.0, 1 / (1 - rate)}
        deviation = (rate * (1 - rate) / mask.numel()) ** 0.5
        assert abs((mask == 0).double().mean().item() - rate) < 5 * deviation
        assert mask.mean().item() == pytest.approx(1, abs=6 * deviation / (1 - rate))


def test_masks_are_drawn_anew() -> None:
    """In every step, epoch, layer and for every seed; the same again for the same epoch."""
    batches = build([200] * 2, batch_size=10, dropout=[0.5] * 2, widths=[[6, 6]] * 2)
    drawn = [
        mask
        for k in (0, 1)
        for epoch in (0, 1)
        for step in masks_of(batches, epoch, k)
        for mask in step
    ]
    assert len(drawn) == 2 * 2 * 20 * 2
    assert len({tuple(mask.flatten().tolist()) for mask in drawn}) == len(drawn)
    again = [mask for step in masks_of(batches, 0, 0) for mask in step]
    assert all(torch.equal(one, other) for one, other in zip(drawn, again, strict=False))


@pytest.mark.parametrize("batch_size", [2, 4, 16, None])
def test_masks_do_not_follow_neighbours(batch_size: int | None) -> None:
    """Alone or beside wider, longer and dropless neighbours: a member's own masks, bit for bit."""
    rates = [0.5, 0.0, 0.3, 0.5, 0.1]
    widths = [[3, 9], [7, 2], [5, 5], [1, 4], [2, 3]]
    together = build(RAGGED, batch_size=batch_size, dropout=rates, widths=widths)
    for k, count in enumerate(RAGGED):
        alone = build(
            [count], batch_size=batch_size, seeds=[k], dropout=[rates[k]], widths=[widths[k]]
        )
        for epoch in (0, 2):
            beside = masks_of(together, epoch, k)
            if rates[k] == 0:
                assert all((mask == 1).all() for step in beside for mask in step)
                continue
            expected = masks_of(alone, epoch, k=0)
            assert len(beside) == len(expected)
            for layers, own in zip(beside, expected, strict=True):
                for mask, wanted, width in zip(layers, own, widths[k], strict=True):
                    assert torch.equal(mask[: len(wanted), :width], wanted)


def test_a_share_for_each_layer() -> None:
    """Beside one share for all, of which the list is another way to say it; 0 drops nothing."""
    widths = [[40, 30, 20]] * 3
    shares: list[float | list[float]] = [[0.5, 0.0, 0.1], 0.3, [0.3, 0.3, 0.3]]
    batches = build([600] * 3, batch_size=50, seeds=[0, 1, 1], dropout=shares, widths=widths)
    first, second, third = (masks_of(batches, 0, k) for k in range(3))
    for layer, rate in enumerate([0.5, 0.0, 0.1]):
        own = torch.stack([step[layer] for step in first])
        assert (own == 0).double().mean().item() == pytest.approx(rate, abs=0.02)
        assert own.max().item() == pytest.approx(1 / (1 - rate))
    for one, other in zip(second, third, strict=True):
        assert all(torch.equal(mine, theirs) for mine, theirs in zip(one, other, strict=True))


def test_without_dropout_there_are_no_masks() -> None:
    """Nothing is drawn or multiplied."""
    assert all(len(batch.masks) == 0 for batch in build(RAGGED, batch_size=4).epoch(0))

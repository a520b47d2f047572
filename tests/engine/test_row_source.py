"""One part for each member, held once where members share it."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from mlp_lab.data.dataset import Part
from mlp_lab.engine.row_source import RowSource

RAGGED = [23, 23, 17, 16, 5]


def part(rows: int, first: int = 0, weights: Tensor | None = None) -> Part:
    """Rows whose number is their input and ten times their number their target."""
    number = torch.arange(first, first + rows, dtype=torch.float64).view(-1, 1)
    return Part(number, 10 * number, weights, weights)


@pytest.mark.parametrize("length", [1, 7, 23, 100])
@pytest.mark.parametrize("counts", [[23], RAGGED, [5, 0, 3], [5, 3, 0]])
def test_chunks(counts: Sequence[int], length: int) -> None:
    """Every row of every member once, whatever the length of a chunk."""
    source = RowSource([part(count, 1000 * (k + 1)) for k, count in enumerate(counts)])
    seen: list[list[int]] = [[] for _ in counts]
    for inputs, targets, real, _ in source.chunks(length):
        assert inputs.shape[1] <= length
        assert torch.equal(targets, 10 * inputs)
        for k in range(len(counts)):
            kept = slice(None) if real is None else real[k] == 1
            seen[k] += [int(row) for row in inputs[k, kept, 0]]
    for k, count in enumerate(counts):
        assert seen[k] == list(range(1000 * (k + 1), 1000 * (k + 1) + count))


def test_members_on_one_part_share_its_memory() -> None:
    """Nothing is copied; the chunks of all are views of the same rows."""
    rows = part(10)
    source = RowSource([rows, rows])
    assert source.inputs.data_ptr() == rows.inputs.data_ptr()
    (chunk,) = source.chunks(10)
    assert chunk.inputs.shape == (2, 10, 1)
    assert chunk.inputs.data_ptr() == rows.inputs.data_ptr()
    assert chunk.weights is None


def test_gather_counts_from_each_member_s_first_row() -> None:
    """Position 0 is another row for each member that has a part of its own."""
    source = RowSource([part(5, 100), part(3, 200)])
    rows = source.gather(torch.tensor([[0, 4], [2, 1]]))
    assert rows.inputs[..., 0].tolist() == [[100, 104], [202, 201]]
    assert source.member_rows(1).targets[:, 0].tolist() == [2000, 2010, 2020]


def test_weights_of_rows_and_of_padding() -> None:
    """Rows without weights count 1 beside rows with some; padding counts 0."""
    source = RowSource([part(3, 0, torch.tensor([0.5, 2.0, 1.0]).double()), part(2, 10)])
    (chunk,) = source.chunks(3)
    assert chunk.weights is not None
    assert chunk.loss_weights is not None
    assert chunk.weights.tolist() == [[0.5, 2.0, 1.0], [1.0, 1.0, 0.0]]
    assert chunk.loss_weights.tolist() == chunk.weights.tolist()


def test_rows_of_a_file_come_in_the_order_that_is_asked_for() -> None:
    """They are taken as they lie, members that share them one by one."""
    weights = torch.arange(9.0).double()
    rows = part(9, 0, weights)
    order = torch.tensor([[4, 0, 7, 7], [8, 3, 2, 1]])
    plain = RowSource([rows, rows]).gather(order)
    swept = RowSource([replace(rows, on_disk=True)] * 2).gather(order)
    for one, other in zip(plain, swept, strict=True):
        assert one is not None
        assert other is not None
        assert torch.equal(one, other)

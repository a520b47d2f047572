"""Streams of a seed: the same each time, others for each use and epoch."""

from itertools import combinations

import numpy as np
import torch

from mlp_lab.engine.seeds import Stream, numpy_generator, torch_generator


def test_a_stream_repeats_itself() -> None:
    """On the host and on a device."""
    first, second = (numpy_generator(3, Stream.ORDER, 5).permutation(100) for _ in range(2))
    assert np.array_equal(first, second)
    one, other = (
        torch.rand(100, generator=torch_generator(3, Stream.DROPOUT, 5)) for _ in range(2)
    )
    assert torch.equal(one, other)


def test_streams_differ_by_seed_use_and_epoch() -> None:
    """No two of them begin alike."""
    keys = [(seed, stream, epoch) for seed in (0, 1) for stream in Stream for epoch in (0, 1)]
    drawn = [numpy_generator(*key).random(4).tolist() for key in keys]
    on_device = [torch.rand(4, generator=torch_generator(*key)).tolist() for key in keys]
    for numbers in (drawn, on_device):
        assert all(one != other for one, other in combinations(numbers, 2))

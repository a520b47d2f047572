"""One random stream for each member, purpose and epoch.

Streams are derived, not continued: what a member draws in an epoch depends on its seed and the
epoch alone, so that neither a neighbour nor an interruption can shift it, and no generator's state
has to be kept.
"""

from enum import IntEnum
from typing import NamedTuple

import numpy as np
import torch


class Stream(IntEnum):
    """What a member's seed is used for; numbers that no use of a data seed has."""

    WEIGHTS = 16
    ORDER = 17
    DROPOUT = 18


class Seed(NamedTuple):
    """A member's seed, and the number of its network, where the member is an ensemble of them.

    The first one of an ensemble draws what a network alone draws.
    """

    number: int
    network: int = 0

    def entropy(self, stream: Stream, epoch: int) -> list[int]:
        """What a stream is derived from."""
        return [self.number, stream, epoch, *([self.network] if self.network else [])]


def derived_seed(seed: int, number: int) -> int:
    """The seed of one of several networks that a run tries; the first has the run's own."""
    if number == 0:
        return seed
    return int(np.random.SeedSequence([seed, number]).generate_state(1, np.uint64)[0] >> 1)


def numpy_generator(seed: int | Seed, stream: Stream, epoch: int = 0) -> np.random.Generator:
    """A stream for draws on the host."""
    return np.random.default_rng(_entropy(seed, stream, epoch))


def torch_generator(
    seed: int | Seed, stream: Stream, epoch: int = 0, device: torch.device | str = "cpu"
) -> torch.Generator:
    """A stream for draws on a device."""
    entropy = np.random.SeedSequence(_entropy(seed, stream, epoch))
    (state,) = entropy.generate_state(1, np.uint64)
    return torch.Generator(device).manual_seed(int(state) >> 1)


def _entropy(seed: int | Seed, stream: Stream, epoch: int) -> list[int]:
    return (seed if isinstance(seed, Seed) else Seed(seed)).entropy(stream, epoch)

"""One random stream for each member, purpose and epoch.

Streams are derived, not continued: what a member draws in an epoch depends on its seed and the
epoch alone, so that neither a neighbour nor an interruption can shift it, and no generator's state
has to be kept.
"""

from enum import IntEnum

import numpy as np
import torch


class Stream(IntEnum):
    """What a member's seed is used for; numbers that no use of a data seed has."""

    WEIGHTS = 16
    ORDER = 17
    DROPOUT = 18


def numpy_generator(seed: int, stream: Stream, epoch: int = 0) -> np.random.Generator:
    """A stream for draws on the host."""
    return np.random.default_rng([seed, stream, epoch])


def torch_generator(
    seed: int, stream: Stream, epoch: int = 0, device: torch.device | str = "cpu"
) -> torch.Generator:
    """A stream for draws on a device."""
    (state,) = np.random.SeedSequence([seed, stream, epoch]).generate_state(1, np.uint64)
    return torch.Generator(device).manual_seed(int(state) >> 1)

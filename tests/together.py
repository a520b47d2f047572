"""Ranks that are threads of one process: the same sums in the same order, and no process starts."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from torch import Tensor

from mlp_lab.engine.ranks import Ranks

Found = TypeVar("Found")

PATIENCE = 60.0
"""Seconds after which a rank that waits for another fails."""


class Meeting:
    """Where threads leave what the others read."""

    def __init__(self, count: int) -> None:
        self.barrier = Barrier(count, timeout=PATIENCE)
        self.given: list[Tensor | None] = [None] * count


class ThreadRank(Ranks):
    """One of them."""

    def __init__(self, rank: int, meeting: Meeting) -> None:
        self.rank, self.count, self.ended = rank, len(meeting.given), False
        self._meeting = meeting

    def add_up(self, tensor: Tensor) -> None:
        """See `Ranks`."""
        meeting = self._meeting
        meeting.given[self.rank] = tensor.clone()
        meeting.barrier.wait()
        total = sum(given for given in meeting.given if given is not None)
        meeting.barrier.wait()
        assert isinstance(total, Tensor)
        tensor.copy_(total)

    def goes_on(self) -> bool:
        """Each counts the epochs by itself."""
        return True


def in_each(count: int, work: Callable[[Ranks], Found]) -> Sequence[Found]:
    """What each of so many ranks finds."""
    meeting = Meeting(count)
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(work, [ThreadRank(rank, meeting) for rank in range(count)]))

"""Processes that train one stack together: ranks, as torch.distributed calls and counts them.

Each rank has the rows, the weights and the moments, and takes its part of every batch. The
gradients of the parts are added up, one `all_reduce` of the flat tensor a step, and every rank
makes the same update. Rank 0 decides when it ends; evaluation is shared out by rows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import torch
import torch.distributed as dist
from torch import Tensor

from mlp_lab.errors import UserError

if TYPE_CHECKING:
    from torch._C._distributed_c10d import Store

STARTING = timedelta(minutes=10)
"""How long a process may take to come up and find rank 0."""

FOREVER = timedelta(days=365)
"""How long a rank waits for another, which may be writing files; a dead one is noticed at once."""

DTYPES = {str(dtype): dtype for dtype in (torch.float32, torch.float64)}
"""Of the numbers that are handed over."""


class RankLost(UserError):
    """Another rank has ended, and its part of the sums will not come."""


def part_of(rows: int, rank: int, ranks: int) -> slice:
    """The rows of a rank: contiguous, and as many as any other rank's, or one more or less.

    >>> [part_of(10, rank, 4) for rank in range(4)]
    [slice(0, 2, None), slice(2, 5, None), slice(5, 7, None), slice(7, 10, None)]
    """
    return slice(rows * rank // ranks, rows * (rank + 1) // ranks)


class Ranks:
    """One process, and how it deals with the others that train the same stack."""

    def __init__(self, rank: int, count: int, store: Store) -> None:
        """Meet the others, which all must be on their way: gloo between CPUs, NCCL between GPUs."""
        self.rank, self.count = rank, count
        self.ended = False
        """Whether rank 0 has said that no epoch follows."""
        backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
        meet = partial(dist.init_process_group, backend, rank=rank, world_size=count)
        _among_living(partial(meet, store=store, timeout=FOREVER))

    def part(self, rows: int) -> slice:
        """Which of the rows of a batch are this rank's; see `part_of`."""
        return part_of(rows, self.rank, self.count)

    def add_up(self, tensor: Tensor) -> None:
        """Put the sum over all ranks in a tensor's place: the same bits in each.

        Raises:
            RankLost: one has ended.
        """
        _among_living(partial(dist.all_reduce, tensor))

    def goes_on(self) -> bool:
        """Whether another epoch follows: rank 0, which has decided, tells those that ask.

        Raises:
            RankLost: one has ended.
        """
        flag = torch.tensor([int(self.rank == 0)])
        _among_living(partial(dist.broadcast, flag, 0))
        self.ended = not flag.item()
        return not self.ended

    def end(self) -> None:
        """Tell the others, from rank 0, that no epoch follows; nobody is needed any more."""
        with suppress(RankLost):
            _among_living(partial(dist.broadcast, torch.tensor([0]), 0))

    def give(self, text: str, tensors: Sequence[Tensor]) -> None:
        """Hand a text and tensors over, from rank 0, to all that `take` them.

        Raises:
            RankLost: one has ended.
        """
        kinds = [[str(tensor.dtype), list(tensor.shape)] for tensor in tensors]
        said = torch.frombuffer(bytearray(json.dumps([text, kinds]).encode()), dtype=torch.uint8)
        whole = (tensor.detach().cpu().contiguous() for tensor in tensors)
        for each in (torch.tensor([len(said)]), said, *(t for t in whole if t.numel())):
            _among_living(partial(dist.broadcast, each, 0))

    def take(self) -> tuple[str, list[Tensor]]:
        """What rank 0 gives; tensors on the CPU.

        Raises:
            RankLost: one has ended.
        """
        length = torch.tensor([0])
        _among_living(partial(dist.broadcast, length, 0))
        said = torch.zeros(int(length), dtype=torch.uint8)
        _among_living(partial(dist.broadcast, said, 0))
        text, kinds = json.loads(said.numpy().tobytes())
        tensors = [torch.zeros(shape, dtype=DTYPES[name]) for name, shape in kinds]
        for tensor in tensors:
            if tensor.numel():
                _among_living(partial(dist.broadcast, tensor, 0))
        return text, tensors

    @staticmethod
    def close() -> None:
        """Let go of the others, be they there or not."""
        with suppress(RuntimeError):
            dist.destroy_process_group()


def store_at(
    host: str, port: int, count: int, *, hosts: bool, listening: int | None = None, prefix: str = ""
) -> Store:
    """Where ranks find each other, at an address of rank 0's machine.

    Args:
        host: of that machine.
        port: on it.
        count: of ranks.
        hosts: whether this process holds the store.
        listening: descriptor of a socket that listens at the address already.
        prefix: of what is written there.

    Raises:
        UserError: torch was built without torch.distributed.
    """
    if not dist.is_available():
        raise UserError("devices must be 1: this torch was built without torch.distributed")
    from torch._C._distributed_c10d import PrefixStore, TCPStore  # noqa: PLC0415  see above

    store = TCPStore(
        host,
        port,
        count,
        hosts,
        timeout=STARTING,
        wait_for_workers=False,
        master_listen_fd=listening,
    )
    return PrefixStore(prefix, store) if prefix else store


def _among_living(collective: Callable[[], object]) -> None:
    """Do what all ranks do at once.

    Raises:
        RankLost: one has ended.
    """
    try:
        collective()
    except RuntimeError as error:
        raise RankLost("another rank has ended") from error

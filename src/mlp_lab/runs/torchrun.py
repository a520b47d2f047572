"""Which of several processes this one is, as torchrun says it in the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from mlp_lab.errors import UserError

NAMES = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")
"""Variables that torchrun sets, and that a command sets for the processes that it starts."""


@dataclass(frozen=True, slots=True)
class Place:
    """A rank of `count`, the `local` one of its machine, and where rank 0 is met."""

    rank: int
    count: int
    local: int
    host: str
    port: int

    @property
    def variables(self) -> dict[str, str]:
        """The same as the environment has it."""
        values = (self.rank, self.count, self.local, self.host, self.port)
        return dict(zip(NAMES, map(str, values), strict=True))


def place_of_this(environment: Mapping[str, str] = os.environ) -> Place | None:
    """Where this process stands among several; None where it is alone.

    Raises:
        UserError: the environment says it in other words than torchrun.
    """
    found = [environment.get(name) for name in NAMES]
    if None in found or found[1] == "1":
        return None
    words = [word or "" for word in found]
    numbers = [*words[:3], words[4]]
    if not all(word.isdecimal() and word.isascii() for word in numbers):
        told = ", ".join(f"{name}={word}" for name, word in zip(NAMES, words, strict=True))
        raise UserError(f"{told} are not what torchrun sets: unset them to train in one process")
    rank, count, local, port = map(int, numbers)
    if rank >= count:
        raise UserError(f"RANK must be below WORLD_SIZE={count}, got {rank}")
    return Place(rank, count, local, words[3], port)


def from_torchrun(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether torchrun started this process, rather than a command of ours."""
    return "TORCHELASTIC_RUN_ID" in environment


def with_devices(words: list[str], place: Place | None) -> list[str]:
    """The words of a command, which train on as many devices as torchrun started processes.

    Raises:
        UserError: they say another number.
    """
    if place is None:
        return words
    typed = [word.lstrip("+").partition("=")[2] for word in words if _is_devices(word)]
    if typed and typed[-1] != str(place.count):
        raise UserError(
            f"devices must be the {place.count} processes that torchrun started, or left out,"
            f" got {typed[-1]}"
        )
    return words if typed else [*words, f"devices={place.count}"]


def _is_devices(word: str) -> bool:
    return word.lstrip("+").partition("=")[0] == "devices"

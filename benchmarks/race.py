"""Time two or more sides in turn, so that a machine whose speed drifts is fair to all of them."""

import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Mapping

import torch

Side = Callable[[], object]

QUICK = "--quick" in sys.argv
"""Whether a file is only tried, on next to nothing: its figures mean nothing then."""


def words() -> list[str]:
    """What a file was asked for on its command line, beside that."""
    return [word for word in sys.argv[1:] if word != "--quick"]


def race(sides: Mapping[str, Side], rounds: int) -> dict[str, list[float]]:
    """Seconds of each side in each round, after one round that does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for counted in [True] if QUICK else (False, *[True] * rounds):
        for name, side in sides.items():
            started = time.perf_counter()
            side()
            if counted:
                seconds[name].append(time.perf_counter() - started)
    return seconds


def ratio(ours: list[float], theirs: list[float]) -> float:
    """Median over rounds of our time by theirs."""
    return statistics.median(a / b for a, b in zip(ours, theirs, strict=True))


def microseconds(seconds: list[float], per: int) -> str:
    """Median time of one of `per` equal pieces."""
    return f"{statistics.median(seconds) / per * 1e6:9.1f} us"


def machine() -> str:
    """Where the figures come from."""
    return (
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} CPUs,"
        f" Python {platform.python_version()}, torch {torch.__version__},"
        f" {torch.get_num_threads()} thread"
    )


def judge(what: str, measured: float, limit: float) -> None:
    """Print a ratio beside the limit it is held against."""
    print(f"{what:60s} {measured:6.3f}  (at most {limit}) {'' if measured <= limit else 'MISSED'}")

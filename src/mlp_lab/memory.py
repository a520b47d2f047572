"""The memory of this machine: what is free, and a bound on what is taken."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

UNKNOWN = 4 * 2.0**30
"""Taken for free where the system does not say."""


def free_memory() -> float:
    """Bytes that processes may still take; what only caches files counts as free."""
    with suppress(OSError, StopIteration):
        lines = Path("/proc/meminfo").read_text(encoding="utf-8").splitlines()
        return 1024.0 * next(int(line.split()[1]) for line in lines if "MemAvailable" in line)
    try:
        return float(os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (ValueError, OSError, AttributeError):  # no such name on this system
        return UNKNOWN


@contextmanager
def at_most(more: float) -> Iterator[None]:
    """Within the block this process cannot take more than so many bytes on top of what it has.

    A library that wants more meets a `MemoryError` at once, where the system would first swap, and
    then kill. Where the system tells or limits no size (Windows, macOS), nothing is bounded.
    """
    try:
        from resource import RLIMIT_AS, getrlimit, setrlimit  # noqa: PLC0415 not on Windows

        pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[0])
        taken = pages * os.sysconf("SC_PAGE_SIZE")
    except (ImportError, OSError, ValueError):
        yield
        return
    soft, hard = getrlimit(RLIMIT_AS)
    bound = taken + int(more)
    bounds = [limit for limit in (soft, hard) if limit >= 0]  # below 0: none
    setrlimit(RLIMIT_AS, (min([bound, *bounds]), hard))
    try:
        yield
    finally:
        setrlimit(RLIMIT_AS, (soft, hard))

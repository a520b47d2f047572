"""What the machine has for the stacks of a sweep: processes and memory."""

import os
from pathlib import Path

from mlp_lab.memory import free_memory
from mlp_lab.sweep.config import SweepConfig

MEMORY_SHARE = 0.5
"""The part of the free memory that stacks may take if nothing is said."""


def process_count(device: str, threads: int, settings: SweepConfig) -> int:
    """Worker processes: one for each core; a GPU has one."""
    if settings.processes is not None:
        return settings.processes
    gpu = device == "cuda" or (device == "auto" and Path("/dev/nvidia0").exists())
    return 1 if gpu else max(1, (os.cpu_count() or 1) // threads)


def stack_memory(settings: SweepConfig, processes: int) -> float:
    """Bytes that each of the stacks that train side by side may take."""
    memory = free_memory() * MEMORY_SHARE if settings.memory is None else settings.memory * 2**30
    return memory / processes

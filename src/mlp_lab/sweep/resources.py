"""What the machine has for the stacks of a sweep: processes and memory."""

import os
from pathlib import Path

from mlp_lab.errors import require
from mlp_lab.memory import free_memory
from mlp_lab.sweep.config import SweepConfig

MEMBERS = 128
"""Most networks of a stack, where nobody says otherwise."""

MEMORY_SHARE = 0.5
"""The part of the free memory that stacks may take if nothing is said."""

FEW = 16
"""Processes that any machine bears."""


def require_few_processes(settings: SweepConfig) -> None:
    """Raise if processes are asked for that would only wait for each other.

    Raises:
        UserError: they are.
    """
    if settings.on_a_cluster:
        return
    cores = os.cpu_count() or 1
    most = max(FEW, 4 * cores)
    rule = f"at most {most} with {cores} cores, or null"
    count = settings.processes
    require(count is None or count <= most, "sweep.processes", rule, count)


def require_cores(threads: int, settings: SweepConfig) -> None:
    """Raise if a task of a cluster has fewer cores than a stack would use.

    Raises:
        UserError: it has.
    """
    task = settings.task
    assert task is not None
    rule = f"at most the {task.cores} of {task.key}.cpus_per_task"
    require(threads <= task.cores, "threads", rule, threads)


def process_count(device: str, threads: int, settings: SweepConfig) -> int:
    """Worker processes, of this machine or of a task: one for each core; a GPU has one."""
    if settings.processes is not None:
        return settings.processes
    task = settings.task
    if task is not None:
        return 1 if device == "cuda" or task.gpu else max(1, task.cores // threads)
    gpu = device == "cuda" or (device == "auto" and Path("/dev/nvidia0").exists())
    return 1 if gpu else max(1, (os.cpu_count() or 1) // threads)


def stack_memory(settings: SweepConfig, processes: int) -> float:
    """Bytes that each of the stacks that train side by side, here or in a task, may take."""
    if settings.memory is not None:
        return settings.memory * 2**30 / processes
    asked = None if settings.task is None else settings.task.gigabytes
    free = free_memory() if asked is None else asked * 2**30
    return free * MEMORY_SHARE / processes

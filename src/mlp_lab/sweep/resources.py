"""What the machine has for the stacks of a sweep: processes and memory."""

import os
from collections.abc import Mapping, Sequence
from itertools import takewhile
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
    """Worker processes, of this machine or of a task: one for each core; each GPU has one."""
    if settings.processes is not None:
        return settings.processes
    task = settings.task
    if task is not None:
        return 1 if device == "cuda" or task.gpu else max(1, task.cores // threads)
    gpus = visible_gpus()
    if device == "cuda" or (device == "auto" and gpus):
        return max(1, len(gpus))
    return max(1, (os.cpu_count() or 1) // threads)


VISIBLE = "CUDA_VISIBLE_DEVICES"
"""The variable that says which GPUs a process may use."""

DEVICES = Path("/dev")
"""Where the system has its devices."""


def visible_gpus(environment: Mapping[str, str] = os.environ) -> list[str]:
    """The GPUs that this process may use, as `VISIBLE` calls them; asked without loading torch."""
    named = environment.get(VISIBLE)
    if named is None:
        return [str(place) for place, _ in enumerate(DEVICES.glob("nvidia[0-9]*"))]
    names = (name.strip() for name in named.split(","))
    return list(takewhile(lambda name: name not in ("", "-1"), names))  # CUDA stops there, too


def gpu_of(worker: int, device: str, gpus: Sequence[str]) -> str | None:
    """The one GPU that a worker of a sweep sees, by turn; None where there is nothing to share.

    >>> [gpu_of(worker, "auto", ["0", "1"]) for worker in range(4)]
    ['0', '1', '0', '1']
    """
    if device == "cpu" or len(gpus) < 2:
        return None
    return gpus[worker % len(gpus)]


def stack_memory(settings: SweepConfig, processes: int) -> float:
    """Bytes that each of the stacks that train side by side, here or in a task, may take."""
    if settings.memory is not None:
        return settings.memory * 2**30 / processes
    asked = None if settings.task is None else settings.task.gigabytes
    free = free_memory() if asked is None else asked * 2**30
    return free * MEMORY_SHARE / processes

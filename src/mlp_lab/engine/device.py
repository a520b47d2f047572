"""Setting up a process for training: its device, its threads and its memory."""

import ctypes

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from mlp_lab.engine.cuda import no_cuda

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""Names of two settings in glibc's malloc.h."""

KEPT_BYTES = 256 * 2**20
"""Freed memory that a process may keep."""

LARGE_BYTES = 32 * 2**20
"""Blocks from which on each is got from the system by itself; glibc takes no larger number."""


def prepare_torch(*, device: str, threads: int) -> torch.device:
    """Set up this process for a device (`auto`, `cpu` or `cuda`) and a number of threads.

    Raises:
        UserError: the machine does not have the device.
    """
    chosen = choose_device(device)
    threadpool_limits(threads)  # numpy's products too: two threads on a busy core wait
    keep_freed_memory()
    set_thread(threads)
    return chosen


def set_thread(threads: int) -> None:
    """Set up the thread that calls for training: both settings are a thread's own."""
    torch.set_num_threads(threads)
    for kind in (np.float32, np.float64):
        np.finfo(kind)  # numpy before 2.2 warns if it first looks once tiny numbers are zero
    torch.set_flush_denormal(True)  # decayed moments slow every step otherwise


def choose_device(name: str) -> torch.device:
    """`auto` takes a GPU where there is one.

    Raises:
        UserError: CUDA was asked for and is not there.
    """
    if name == "cuda" and not torch.cuda.is_available():
        raise no_cuda()
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def keep_freed_memory() -> None:
    """Keep freed memory for the next tensors, where the C library is glibc; elsewhere do nothing.

    By default it goes back to the system, and is got again page by page: a tensor of 512 KB then
    costs three times its own computation, and a stack's step makes a dozen of them.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    mallopt(M_MMAP_THRESHOLD, LARGE_BYTES)
    mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)

"""The C library's allocator, told that tensors come and go."""

import ctypes

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""Names of two settings in glibc's malloc.h."""

KEPT_BYTES = 256 * 2**20
"""Freed memory that a process may keep."""

LARGE_BYTES = 32 * 2**20
"""Blocks from which on each is got from the system by itself; glibc takes no larger number."""


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

"""Functions that processes of tests compute."""

import os
import signal
import time

from mlp_lab.errors import UserError


def squared(number: int) -> int:
    """The square of a number; the smaller, the longer it takes."""
    time.sleep(0.02 / (1 + number))
    return number * number


def refusing_three(number: int) -> int:
    """The same of all but one."""
    if number == 3:
        raise UserError("3 is refused")
    return squared(number)


def killed_by_three(number: int) -> int:
    """The same, but one number ends its process."""
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return squared(number)


def leaving_at_three(number: int) -> int:
    """The same, but one number ends its process with a status."""
    if number == 3:
        os._exit(7)
    return squared(number)


def own_process(_: int) -> int:
    """Which process computes."""
    time.sleep(0.05)
    return os.getpid()


def length(item: bytes) -> int:
    """How long an item is, which is far larger than a pipe holds."""
    return len(item)

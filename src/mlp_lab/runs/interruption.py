"""Ctrl-C and SIGTERM: a run finishes its epoch first."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Asked:
    """Whether somebody asked the run to end; the first time it finishes its epoch."""

    def __init__(self) -> None:
        self._asked = False

    def __call__(self) -> bool:
        """Whether to stop after this epoch."""
        return self._asked

    def handle(self, number: int, frame: FrameType | None) -> None:
        """Take note; a second request ends the process at once."""
        if self._asked:
            raise KeyboardInterrupt
        self._asked = True
        print("finishing this epoch; once more ends the run at once", file=sys.stderr)


@contextmanager
def interruption() -> Iterator[Asked]:
    """Turn Ctrl-C and SIGTERM into a question that the loop asks after each epoch."""
    asked = Asked()
    if threading.current_thread() is not threading.main_thread():
        yield asked  # only a main thread may handle signals
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, asked.handle) for number in numbers}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

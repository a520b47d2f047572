"""Ctrl-C and SIGTERM while networks train: the epoch is finished first."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class StopRequest:
    """A request to stop: the first lets the run finish its epoch, the second ends the process."""

    def __init__(self) -> None:
        self._made = False

    def __call__(self) -> bool:
        """Whether to stop after this epoch."""
        return self._made

    def handle(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal.

        Raises:
            KeyboardInterrupt: the second time.
        """
        if self._made:
            raise KeyboardInterrupt
        self._made = True
        print("finishing this epoch; press Ctrl-C again to stop now", file=sys.stderr)


@contextmanager
def stop_requests() -> Iterator[StopRequest]:
    """Turn Ctrl-C and SIGTERM into a question that the loop asks after each epoch."""
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request  # only a main thread may handle signals
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, request.handle) for number in numbers}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

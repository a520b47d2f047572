"""Ctrl-C and SIGTERM while networks train: the epoch is finished first."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

FINISHING = "finishing this epoch; press Ctrl-C again to stop now"


class StopRequest:
    """A request to stop: the first lets the run finish its epoch, the second ends the process."""

    def __init__(self, words: str = FINISHING) -> None:
        """`words`: what is said of the first."""
        self._made = False
        self._words = words

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
        print(self._words, file=sys.stderr)


@contextmanager
def stop_requests(words: str = FINISHING) -> Iterator[StopRequest]:
    """Turn Ctrl-C and SIGTERM into a question that the loop asks after each epoch.

    `words`: what is said of the first.
    """
    request = StopRequest(words)
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

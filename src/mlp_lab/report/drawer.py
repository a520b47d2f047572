"""Draws a run's page in a process of its own, which gets ready while the network trains.

Loading the drawing libraries takes half as long as loading torch; a second core does both at once.
"""

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Self

from mlp_lab.report.html import template

LONGEST = 300
"""Seconds that a page may take."""

ENDING_SECONDS = 1.0
"""How long the process may take to end once there is nothing left to draw."""


class Drawer:
    """A process that waits for a run's folder; where processes cannot fork, this one draws.

    So it does where the other has been killed or stopped: a page is drawn whatever became of it.
    """

    def __init__(self, lock: int) -> None:
        """Start it, best before torch has started threads of its own; it lets go of a lock."""
        self._connection: Connection | None = None
        self._process: BaseProcess | None = None
        if sys.platform != "linux":
            return
        context = multiprocessing.get_context("fork")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(theirs, self._connection, lock), daemon=True
        )
        self._process.start()
        theirs.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object = None, *_: object) -> None:
        """Let it end, at once where something went wrong; nothing waits for one that was stopped.

        So a page that is said to be missing is not there a moment later.
        """
        if self._connection is not None:
            self._connection.close()
        if self._process is not None:
            try:
                self._process.join(ENDING_SECONDS if kind is None else 0)
            finally:
                self._process.kill()
                self._process.join()

    def draw(self, folder: Path) -> None:
        """Write the page of the run in a folder.

        Raises:
            OSError: it cannot be written.
        """
        try:
            error = self._drawn_there(folder)
        except (EOFError, OSError):  # it has died, or will not answer
            page_writer()(folder)
            return
        if error is not None:
            raise error

    def _drawn_there(self, folder: Path) -> Exception | None:
        """Have the other process draw; what went wrong, if anything did.

        Raises:
            EOFError: it was killed.
            OSError: it was killed or stopped, or there is none.
        """
        if self._connection is None or self._process is None:
            raise ProcessLookupError
        self._connection.send(folder)
        for _ in range(LONGEST):
            if self._connection.poll(1.0):
                error: Exception | None = self._connection.recv()
                return error
            if _stopped(self._process):
                break
        self._process.kill()
        raise ProcessLookupError


def _stopped(process: BaseProcess) -> bool:
    """Whether somebody stopped a child of this process, as by SIGSTOP."""
    if sys.platform != "linux" or process.pid is None:
        return False
    asked = os.WSTOPPED | os.WNOHANG | os.WNOWAIT
    try:
        return os.waitid(os.P_PID, process.pid, asked) is not None
    except ChildProcessError:  # it has ended
        return False


def _serve(connection: Connection, parents: Connection, lock: int) -> None:
    """Draw the one folder that comes, if one does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever trains decides what Ctrl-C means
    parents.close()  # else its end would never come
    os.close(lock)  # else it would outlast a parent that is killed
    write_report = page_writer()
    try:
        folder = connection.recv()
    except EOFError:  # there is nothing to draw
        return
    outcome: Exception | None = None
    try:
        write_report(folder)
    except Exception as error:
        outcome = error
    with suppress(BrokenPipeError):  # nobody waits for it any more
        connection.send(outcome)


def page_writer() -> Callable[[Path], None]:
    """What writes a page, with the libraries that it needs."""
    # matplotlib, which a refused setting must not wait for, and torch loads beside it
    from mlp_lab.report import page  # noqa: PLC0415

    template(*page.TEMPLATE)
    return page.write_report

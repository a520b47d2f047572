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
from pathlib import Path
from typing import Self

from mlp_lab.report.html import template


class Drawer:
    """A process that waits for a run's folder; where processes cannot fork, this one draws."""

    def __init__(self, lock: int) -> None:
        """Start it, best before torch has started threads of its own; it lets go of a lock."""
        self._connection: Connection | None = None
        if sys.platform != "linux":
            return
        context = multiprocessing.get_context("fork")
        self._connection, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, self._connection, lock), daemon=True)
        process.start()
        theirs.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Let it end, whether it has drawn or not."""
        if self._connection is not None:
            self._connection.close()

    def draw(self, folder: Path) -> None:
        """Write the page of the run in a folder.

        Raises:
            OSError: it cannot be written.
        """
        if self._connection is None:
            _page_writer()(folder)
            return
        self._connection.send(folder)
        error = self._connection.recv()
        if error is not None:
            raise error


def _serve(connection: Connection, parents: Connection, lock: int) -> None:
    """Draw the one folder that comes, if one does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever trains decides what Ctrl-C means
    parents.close()  # else its end would never come
    os.close(lock)  # else it would outlast a parent that is killed
    write_report = _page_writer()
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


def _page_writer() -> Callable[[Path], None]:
    """What writes a page, with the libraries that it needs."""
    # matplotlib, which a refused setting must not wait for, and torch loads beside it
    from mlp_lab.report import page  # noqa: PLC0415

    template(*page.TEMPLATE)
    return page.write_report

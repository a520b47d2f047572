"""An engine in a process of its own, so that whoever shows its page always answers."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

from mlp_lab.play.engine import run_engine
from mlp_lab.play.lineup import Compose

Told = Callable[[bytes], object]
"""What is given each message of an engine, and nothing, b"", when it has ended."""


def _engine(pipe: Connection, words: list[str], compose: Compose) -> None:
    """What the process does; Ctrl-C in its terminal is for whoever started it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    run_engine(pipe, words, compose)


@dataclass(slots=True)
class Live:
    """An engine in a process of its own, and the end of the pipe to it."""

    process: SpawnProcess
    pipe: Connection
    taken: bool = False
    """Whether a page is connected."""
    ending: asyncio.TimerHandle | None = None
    """What ends it, where no page is."""
    told: Told | None = None
    """Who hears it; what it says to nobody is let go."""
    _reader: threading.Thread | None = None
    _over: bool = False
    """Whether all that it sent has been read."""

    def hear(self, told: Told) -> None:
        """Be told all that the engine sends from now on, by a thread.

        A thread waits at the pipe, since none of Windows' event loops can.
        """
        self.told = told
        if self._reader is None:
            self._reader = threading.Thread(target=self._read, daemon=True)
            self._reader.start()
        if self._over:
            told(b"")

    def _read(self) -> None:
        """Pass on what comes until the engine's end of the pipe is closed, or a page's loop is."""
        with suppress(EOFError, OSError, RuntimeError):
            while True:
                self._tell(self.pipe.recv_bytes())
        self._over = True
        with suppress(RuntimeError):
            self._tell(b"")

    def _tell(self, content: bytes) -> None:
        told = self.told
        if told is not None:
            told(content)

    def end(self) -> None:
        """End the process, whereupon the thread that reads ends, too."""
        if self._reader is None:
            self.pipe.close()
        self.process.terminate()


def start(words: Sequence[str], compose: Compose) -> Live:
    """Start an engine that begins with some settings; `compose` is a function of a module."""
    context = get_context("spawn")  # a copy of this process would share its threads' locks
    here, there = context.Pipe()
    process = context.Process(target=_engine, args=(there, list(words), compose), daemon=True)
    process.start()
    there.close()
    return Live(process, here)

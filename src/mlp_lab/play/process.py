"""An engine in a process of its own, so that whoever shows its page always answers."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

from mlp_lab.play.engine import run_engine
from mlp_lab.play.lineup import Compose


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

    def end(self) -> None:
        """End the process."""
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

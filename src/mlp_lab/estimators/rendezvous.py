"""Where fits of several threads meet: those that wait are trained together."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager

from mlp_lab.errors import UserError
from mlp_lab.estimators.batches import Cache, Request, train_together
from mlp_lab.estimators.fitted import Fitted
from mlp_lab.memory import free_memory


class _Thread(threading.local):
    """What a thread knows of itself."""

    rendezvous: Rendezvous | None = None


_THREAD = _Thread()


MEMORY, COPIES = 0.25, 4
"""Share of the free memory that tasks may take, and how often each has its rows: its own cut of
them, checked, encoded, and as tensors."""


class Rendezvous:
    """Tasks that run in threads, and the jobs that some of them wait for.

    Of the tasks expected, at most `at_once` run, and no more than memory has room for: the first
    runs alone until it says how large its rows are. Once no more can begin and all that have begun
    wait, the last to come trains for all.
    """

    def __init__(self, at_once: int) -> None:
        self.cache = Cache()
        self._most, self._at_once = at_once, 1
        self._lock = threading.Condition()
        self._expected = self._running = 0
        self._open = self._aborted = self._sized = False
        self._free = free_memory()
        self._waiting: list[tuple[Request, Future[Fitted]]] = []

    def expect(self) -> None:
        """A task is to run."""
        with self._lock:
            self._expected += 1

    def begin(self) -> None:
        """A task runs, once there is room for it."""
        with self._lock:
            while self._running >= self._at_once and not self._aborted:
                self._lock.wait()
            self._running += 1

    def leave(self) -> None:
        """A task has ended, or never began; whoever waits need not wait for it."""
        with self._lock:
            self._expected -= 1
            self._running -= 1
            if not self._sized:  # it came to no fit: as many as there are cores, until one does
                self._at_once = min(self._most, os.cpu_count() or 1)
            self._lock.notify_all()
        self._train_if_complete()

    def open(self) -> None:
        """No more tasks come before some have ended."""
        with self._lock:
            self._open = True
        self._train_if_complete()

    def abort(self) -> None:
        """Nobody is to wait any more."""
        with self._lock:
            self._aborted = True
            self._lock.notify_all()
            waiting, self._waiting = self._waiting, []
        for _, future in waiting:
            future.set_exception(UserError("the search was interrupted"))

    def fitted(self, request: Request) -> Fitted:
        """The network of a job, once it was trained with those of other tasks.

        Raises:
            UserError: it could not be trained.
        """
        future: Future[Fitted] = Future()
        with self._lock:
            if self._aborted:
                raise UserError("the search was interrupted")
            self._make_room(request)
            self._waiting.append((request, future))
        self._train_if_complete()
        return future.result()

    def _make_room(self, request: Request) -> None:
        """Let as many tasks of this size begin as memory has room for."""
        self._sized = True
        size = COPIES * max(1, request.prepared.encoded.nbytes)
        self._at_once = max(1, min(self._most, int(MEMORY * self._free / size)))
        self._lock.notify_all()

    def _train_if_complete(self) -> None:
        with self._lock:
            most = min(self._expected, self._at_once)
            complete = self._running >= most and len(self._waiting) >= self._running
            if not (self._open and complete and self._waiting):
                return
            batch, self._waiting = self._waiting, []
        outcomes = train_together([request for request, _ in batch], self._stopped)
        for (_, future), outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, Fitted):
                future.set_result(outcome)
            else:
                future.set_exception(outcome)

    def _stopped(self) -> bool:
        return self._aborted


@contextmanager
def meeting(rendezvous: Rendezvous) -> Iterator[None]:
    """Let fits of this thread meet others."""
    _THREAD.rendezvous = rendezvous
    try:
        yield
    finally:
        _THREAD.rendezvous = None


def current() -> Rendezvous | None:
    """Where fits of this thread meet others, if they do."""
    return _THREAD.rendezvous

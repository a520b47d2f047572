"""The same function on many items, by several processes at once.

A pipe for each process, and one item of each under way: what is computed next lies ready, memory
does not grow with the items, and a process that dies is known by its pipe.
"""

from __future__ import annotations

import multiprocessing
import os
import platform
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import chain, islice
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkContext, SpawnContext
from multiprocessing.process import BaseProcess
from threading import Thread
from typing import Generic, TypeVar, cast

from threadpoolctl import threadpool_limits

from mlp_lab.errors import UserError

Item = TypeVar("Item")
Result = TypeVar("Result")

WATCH_SECONDS = 0.5
"""How often a process looks whether the command is still there, and a command for Ctrl-C."""


def process_context() -> ForkContext | SpawnContext:
    """Processes are copied where that is safe."""
    if platform.system() == "Linux":
        return multiprocessing.get_context("fork")
    return multiprocessing.get_context("spawn")


@contextmanager
def one_thread() -> Iterator[None]:
    """Matrix products on one thread, until the block ends: more of them wait for each other."""
    torch = sys.modules.get("torch")  # has threads of its own; no command imports it for this
    if torch is not None:
        torch.set_num_threads(1)
    with threadpool_limits(1):
        yield


def in_order(
    function: Callable[[Item], Result], items: Iterable[Item], processes: int
) -> Iterator[tuple[Item, Result]]:
    """Each item and what `function` makes of it, in the order of the items.

    One process is this one, which takes an item after the other. Several are copies of it, which
    compute on one thread each; `function`, items and results travel by pickle. Whatever goes wrong
    does so where it would in one process: what comes before it is yielded first.

    Raises:
        UserError: a process has died.
    """
    rest = iter(items)
    first = list(islice(rest, min(processes, 2)))
    if len(first) < 2:  # nothing to do side by side
        for item in chain(first, rest):
            yield item, function(item)
        return
    with _Pool(function, processes) as pool:
        yield from _results(pool, chain(first, rest), processes)


def as_they_end(
    function: Callable[[Item], Result], items: Sequence[Item], processes: int
) -> Iterator[tuple[int, Result]]:
    """The place of each item and what `function` makes of it, as soon as it is there.

    Each is computed by another process than this one, on one thread. The first thing that goes
    wrong ends all.

    Raises:
        UserError: a process has died.
    """
    rest = deque(enumerate(items))
    with _Pool(function, min(processes, len(rest))) as pool:
        while rest or pool.is_busy():
            for worker in pool.idle():
                if rest:
                    worker.take(*rest.popleft())
            for place, result in pool.heard().items():
                if isinstance(result, _Failed):
                    raise result.error
                yield place, cast(Result, result)


@dataclass(slots=True)
class _Item(Generic[Item]):
    """An item, by its place among all."""

    place: int
    value: Item


@dataclass(slots=True)
class _Failed:
    """What went wrong in the place of a result, or of an item that could not be read."""

    error: BaseException


@dataclass(slots=True)
class _Queue(Generic[Item]):
    """Items that are read and not computed yet, as they come."""

    items: Iterator[Item]
    read: int = 0
    ready: deque[_Item[Item]] = field(default_factory=deque)
    over: bool = False

    def read_one(self) -> _Failed | None:
        """Read an item more; what went wrong there, which is the end of them."""
        try:
            self.ready.append(_Item(self.read, next(self.items)))
            self.read += 1
        except StopIteration:
            self.over = True
        except Exception as error:
            self.over = True
            return _Failed(error)
        return None


def _results(pool: _Pool, items: Iterator[Item], processes: int) -> Iterator[tuple[Item, Result]]:
    """What the processes of a pool make of items, in their order."""
    queue, place = _Queue(items), 0
    under_way: dict[int, Item] = {}
    found: dict[int, object] = {}
    while not (queue.over and place == queue.read and place not in found):
        for worker in pool.idle():
            if queue.ready:
                item = queue.ready.popleft()
                under_way[item.place] = item.value
                worker.take(item.place, item.value)
        if place in found:
            result = found.pop(place)
            if isinstance(result, _Failed):
                raise result.error
            yield under_way.pop(place), cast(Result, result)
            place += 1
        elif not queue.over and queue.read - place < 2 * processes and not pool.has_spoken():
            failed = queue.read_one()
            if failed is not None:
                found[queue.read] = failed
        else:
            found |= pool.heard()


class _Worker:
    """A process, the pipe to it, and the place of the item that it computes."""

    def __init__(
        self, context: ForkContext | SpawnContext, function: Callable[..., object]
    ) -> None:
        self.connection, theirs = context.Pipe()
        self.process: BaseProcess = context.Process(
            target=_work, args=(theirs, function), daemon=True
        )
        self.process.start()
        theirs.close()
        self.place: int | None = None

    def take(self, place: int, item: object) -> None:
        """Let it compute an item."""
        self.place = place
        with suppress(OSError):  # it has died, as its pipe will say
            self.connection.send(item)

    def result(self) -> object:
        """What it has found.

        Raises:
            UserError: it has died.
        """
        self.place = None
        try:
            return self.connection.recv()
        except (EOFError, OSError):
            self.process.join()
            raise UserError(f"one of the processes {_how(self.process)}") from None


def _how(process: BaseProcess) -> str:
    """How a process has ended, in words."""
    code = process.exitcode or 0
    if code >= 0:
        return f"(process {process.pid}) ended with status {code}"
    name = signal.Signals(-code).name
    memory = ": is there enough memory?" if name == "SIGKILL" else ""
    return f"(process {process.pid}) ended with {name}{memory}"


class _Pool:
    """Processes; they end with the block that they are used in."""

    def __init__(self, function: Callable[..., object], processes: int) -> None:
        context = process_context()
        self._workers = [_Worker(context, function) for _ in range(processes)]

    def __enter__(self) -> _Pool:
        return self

    def __exit__(self, *_: object) -> None:
        """End them: what they still compute, nobody waits for."""
        for worker in self._workers:
            worker.process.terminate()
            worker.connection.close()
        for worker in self._workers:
            worker.process.join()

    def idle(self) -> list[_Worker]:
        """Those without an item."""
        return [worker for worker in self._workers if worker.place is None]

    def is_busy(self) -> bool:
        """Whether one has an item."""
        return bool(self._busy())

    def has_spoken(self) -> bool:
        """Whether one has a result, or has died."""
        return any(worker.connection.poll() for worker in self._busy())

    def heard(self) -> dict[int, object]:
        """Results by place, of those that have one after a while.

        Raises:
            UserError: a process has died.
        """
        busy = {worker.connection: worker for worker in self._busy()}
        places = {}
        for connection in wait(list(busy), WATCH_SECONDS):  # one without an end may miss Ctrl-C
            worker = busy[cast(Connection, connection)]
            assert worker.place is not None
            places[worker.place] = worker
        return {place: worker.result() for place, worker in places.items()}

    def _busy(self) -> list[_Worker]:
        return [worker for worker in self._workers if worker.place is not None]


def _work(connection: Connection, function: Callable[..., object]) -> None:
    """Compute items as they come, until the command ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the command decides what Ctrl-C means
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    Thread(target=_end_with_the_command, daemon=True).start()
    with suppress(EOFError, OSError), one_thread():
        while True:
            connection.send(_computed(function, connection.recv()))


def _end_with_the_command() -> None:
    """End this process when the one that began it has died, whatever it does.

    Its pipe does not tell: a copy of a process holds both ends of it, and would wait for ever for
    the rest of an item, or until somebody takes its result.
    """
    parent = multiprocessing.parent_process()
    assert parent is not None
    while parent.is_alive() and os.getppid() == parent.pid:
        parent.join(WATCH_SECONDS)
    os._exit(1)


def _computed(function: Callable[..., object], item: object) -> object:
    """What a function makes of an item, or what went wrong."""
    try:
        return function(item)
    except Exception as error:
        return _Failed(error)

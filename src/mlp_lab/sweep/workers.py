"""Worker processes: one for each core, one intra-op thread each."""

import gc
import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkContext, SpawnContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

from mlp_lab.errors import Interrupted
from mlp_lab.output import show_everything
from mlp_lab.side_by_side import process_context
from mlp_lab.sweep.messages import Message, StackRequest
from mlp_lab.sweep.resources import VISIBLE, gpu_of, visible_gpus

IDLE_SECONDS = 0.5
"""How often a worker without work looks whether its sweep is still there."""

ENDING_SECONDS = 30.0
"""How long one without work may take to end: torch may still be loading."""


def work(
    connection: Connection, parent: int, gpu: str | None = None, shared: Path | None = None
) -> None:
    """Train stacks as they come, until there are no more or the sweep has died.

    `gpu`: the only one that it is to see, where there are several. `shared`: a folder in which the
    workers of a sweep leave for each other what all of them need.
    SIGTERM, which may reach all processes of a sweep at once, lets a stack finish its epoch.
    """
    show_everything()
    if gpu is not None:  # before torch looks
        os.environ[VISIBLE] = gpu
    told: list[int] = []
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the sweep decides what Ctrl-C means
    from mlp_lab.sweep import trainer  # noqa: PLC0415  torch loads while the sweep composes

    def orphaned() -> bool:
        return os.getppid() != parent

    def stop_requested() -> bool:
        """Whether the sweep wants to stop; it says nothing else while a stack trains."""
        return bool(told) or orphaned() or heard(connection)

    def send(message: Message) -> None:
        with suppress(OSError):  # the sweep has died
            connection.send(message)

    here = trainer.Trainer(send, stop_requested, shared)
    gc.freeze()  # what is loaded stays: it is looked through no more for what nobody needs
    while not told and not orphaned():
        if heard(connection, IDLE_SECONDS):
            request = received(connection)
            if not isinstance(request, StackRequest):
                return
            before = signal.signal(signal.SIGTERM, lambda number, _: told.append(number))
            here.train(request)
            signal.signal(signal.SIGTERM, before)


def heard(connection: Connection, seconds: float = 0.0) -> bool:
    """Whether the sweep has said something, or has died: some systems tell by its pipe alone."""
    try:
        return connection.poll(seconds)
    except (EOFError, OSError):
        return True


def received(connection: Connection) -> object:
    """What the sweep has said; None where it has died."""
    try:
        return connection.recv()
    except (EOFError, OSError):
        return None


class Worker:
    """A process, the pipe to it, and what it is training."""

    def __init__(
        self,
        context: ForkContext | SpawnContext,
        gpu: str | None = None,
        shared: Path | None = None,
    ) -> None:
        """Start it; `gpu` and `shared` as of `work`."""
        self.gpu = gpu
        self.connection, theirs = context.Pipe()
        self.process: BaseProcess = context.Process(
            target=work, args=(theirs, os.getpid(), gpu, shared), daemon=True
        )
        self.process.start()
        theirs.close()
        self.request: StackRequest | None = None

    def submit(self, request: StackRequest) -> None:
        """Let it train a stack."""
        self.request = request
        with suppress(OSError):  # it has died, as the pipe will say in its place
            self.connection.send(request)

    def stop(self) -> None:
        """Let it end after the epoch at hand."""
        with suppress(OSError):  # it has died
            self.connection.send(None)


@contextmanager
def shared_folder() -> Iterator[Path | None]:
    """What is `shared` by workers, until the block ends; None where nothing can be written."""
    with ExitStack() as afterwards:
        found = None
        with suppress(OSError):
            own = TemporaryDirectory(prefix="mlp_lab-", ignore_cleanup_errors=True)
            found = Path(afterwards.enter_context(own))
        yield found


class Workers:
    """All workers of a sweep; they end with the block that they are used in."""

    def __init__(self, count: int, device: str = "cpu", shared: Path | None = None) -> None:
        """Start them; where a process can be copied they share what is loaded already.

        `device`: auto, cpu or cuda; the GPUs that there are they have by turn. `shared` as of
        `work`.
        """
        self._context, self._shared = process_context(), shared
        gpus = visible_gpus()
        self.all = [self._started(gpu_of(k, device, gpus)) for k in range(count)]

    def _started(self, gpu: str | None) -> Worker:
        return Worker(self._context, gpu, self._shared)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Let them end in order, or at once where something went wrong."""
        if kind is None or issubclass(kind, Interrupted):
            self.stop()
        else:
            self.kill()

    def idle(self) -> list[Worker]:
        """Those without a stack; another in place of one that died while it waited."""
        for worker in [each for each in self.all if each.request is None]:
            if not worker.process.is_alive():
                self.replace(worker)
        return [worker for worker in self.all if worker.request is None]

    def busy(self) -> list[Worker]:
        """Those with one."""
        return [worker for worker in self.all if worker.request is not None]

    def messages(self, seconds: float) -> Iterator[tuple[Worker, Message | None]]:
        """What workers have said, waiting a while for it; None from one that died."""
        connections = {worker.connection: worker for worker in self.busy()}
        ready: Sequence[object] = wait(list(connections), seconds)
        for connection, worker in connections.items():
            if connection in ready:
                try:
                    yield worker, connection.recv()
                except (EOFError, OSError):
                    yield worker, None

    def replace(self, worker: Worker) -> int | None:
        """Start another in place of one that died; the exit code of the dead."""
        worker.process.join()
        self.all[self.all.index(worker)] = self._started(worker.gpu)
        return worker.process.exitcode

    def kill(self) -> None:
        """End all at once."""
        for worker in self.all:
            worker.process.kill()
        for worker in self.all:
            worker.process.join()

    def stop(self) -> None:
        """Ask all to end, and wait for them."""
        for worker in self.all:
            worker.stop()
        for worker in self.all:
            worker.process.join(ENDING_SECONDS)
            if worker.process.is_alive():  # as where somebody has stopped it
                worker.process.kill()
                worker.process.join()

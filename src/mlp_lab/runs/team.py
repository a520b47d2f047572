"""Several processes for one network: rank 0, which is the run, and the others that it starts."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING

import torch

from mlp_lab.engine.ranks import RankLost, Ranks, store_at
from mlp_lab.errors import Interrupted, UserError, require
from mlp_lab.program import IMPORTED
from mlp_lab.runs.hand_over import handed_over
from mlp_lab.runs.torchrun import Place, from_torchrun

if TYPE_CHECKING:
    from torch._C._distributed_c10d import Store

    from mlp_lab.config.schema import Config
    from mlp_lab.engine.stack import Stack
    from mlp_lab.runs.member import Run

LOST = 75
"""Exit status of a rank that ends because another one has ended."""

FEW = 16
"""Processes that any machine bears."""

LOOPBACK = "127.0.0.1"

LOOKING_SECONDS = 0.5
"""How often one process looks whether another is still there."""

NOTICING_SECONDS = 5.0
"""Within which the system says how a process ended whose connection broke."""

ENDING_SECONDS = 30.0
"""How long a rank may take to end that has been told to."""


class Followers:
    """The processes that rank 0 has started on this machine."""

    def __init__(self, count: int, port: int) -> None:
        """Start them: ranks 1 to `count` - 1."""
        imports = [word for path in IMPORTED for word in ("--import", path)]
        words = [sys.executable, "-m", "mlp_lab", "train", *imports]
        foreign = "TORCHELASTIC_"  # of a torchrun that has started one process alone
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(foreign)}
        self.processes = {
            rank: subprocess.Popen(  # noqa: S603  this program again
                words,
                env={**inherited, **Place(rank, count, rank, LOOPBACK, port).variables},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
            for rank in range(1, count)
        }

    def died(self) -> str:
        """Which of them has ended of itself, and how; or nothing."""
        for rank, process in self.processes.items():
            status = process.poll()
            if status not in (None, 0, LOST):
                assert status is not None
                how = f"status {status}" if status > 0 else signal.Signals(-status).name
                return f"rank {rank} (process {process.pid}) ended with {how}"
        return ""

    def died_within(self, seconds: float) -> str:
        """The same, waiting a while for it."""
        until = time.monotonic() + seconds
        while not (said := self.died()) and time.monotonic() < until:
            time.sleep(0.05)
        return said

    def stop(self, seconds: float) -> None:
        """Wait so long for them to end, then end them."""
        until = time.monotonic() + seconds
        for process in self.processes.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, until - time.monotonic()))
        for process in self.processes.values():
            process.kill()
            process.wait()


class Team:
    """The ranks of a run, seen from rank 0; `ranks` is None where it trains alone."""

    def __init__(
        self, ranks: Ranks | None = None, followers: Followers | None = None, then: str = ""
    ) -> None:
        """`then`: what is said after which rank was lost."""
        self.ranks, self._followers, self._then = ranks, followers, then

    @contextmanager
    def training(self, run: Run, stack: Stack) -> Iterator[None]:
        """Let the others train along, from where the stack now is.

        Raises:
            UserError: one of them has ended.
        """
        if self.ranks is None:
            yield
            return
        over = threading.Event()
        if stack.shared.device.type == "cuda":
            threading.Thread(target=self._watch, args=(over,), daemon=True).start()
        if self._followers is None:
            own = (over, os.getppid())
            threading.Thread(target=self._end_without, args=own, daemon=True).start()
        try:
            self.ranks.give(*handed_over(run, stack))
            yield
        except RankLost as lost:
            raise UserError(self._ended_with(self._lost(lost))) from lost
        except Interrupted:
            self.ranks.end()
            raise
        finally:
            over.set()
        self.ranks.end()

    def _watch(self, over: threading.Event) -> None:
        """End this process where another has died: the sums of GPUs would wait for it for ever."""
        while self._followers is not None and not over.wait(LOOKING_SECONDS):
            said = self._followers.died()
            if said and not over.wait(NOTICING_SECONDS):
                print(self._ended_with(said), file=sys.stderr)
                os._exit(1)

    def _end_without(self, over: threading.Event, parent: int) -> None:
        """End this process once the torchrun that started it is gone: nobody else would."""
        while os.getppid() == parent:
            if over.wait(LOOKING_SECONDS):
                return
        if not over.is_set():
            said = self._ended_with(f"torchrun (process {parent}) has ended")
            print(said, file=sys.stderr)
            os._exit(1)

    def _ended_with(self, which: str) -> str:
        return f"{which}, and with it the training{self._then}"

    def _lost(self, lost: RankLost) -> str:
        if self._followers is None:
            return f"{lost} (torchrun says which)"
        return self._followers.died_within(NOTICING_SECONDS) or str(lost)


@contextmanager
def team_of(
    config: Config, device: torch.device, place: Place | None = None, then: str = ""
) -> Iterator[Team]:
    """The ranks that a run asks for: of torchrun's processes, or of those that are started here.

    `then`: what is said after which rank was lost.

    Raises:
        UserError: this machine has too few GPUs, or a process cannot start.
    """
    if config.devices == 1:
        yield Team()
        return
    if place is not None:
        ranks = joined(place)
        try:
            yield Team(ranks, then=then)
        finally:
            ranks.close()
        return
    require_devices(device, config.devices)
    listening = socket.create_server((LOOPBACK, 0))
    port = listening.getsockname()[1]
    followers, patience = Followers(config.devices, port), 0.0
    try:
        held = listening.detach()
        store = store_at(LOOPBACK, port, config.devices, hosts=True, listening=held)
        _await(followers, store)
        with on_loopback():
            ranks = Ranks(0, config.devices, store)
        try:
            yield Team(ranks, followers, then)
            patience = ENDING_SECONDS
        finally:
            ranks.close()
    finally:
        followers.stop(patience)


def require_devices(device: torch.device, wanted: int) -> None:
    """Raise unless this machine has a GPU, or some of a core, for each of so many processes."""
    if device.type == "cuda":
        count = torch.cuda.device_count()
        rule = f"at most the {count} GPUs of this machine, or device=cpu"
        require(wanted <= count, "devices", rule, wanted)
        return
    cores = os.cpu_count() or 1
    most = max(FEW, 4 * cores)
    require(wanted <= most, "devices", f"at most {most} with {cores} cores", wanted)


def joined(place: Place) -> Ranks:
    """Meet the other ranks, which are on their way, too: torchrun's, or those of a rank 0."""
    agent = os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True"
    attempt = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")
    found = store_at(
        *(place.host, place.port, place.count),
        hosts=place.rank == 0 and not agent,
        prefix=f"mlp_lab/{attempt}" if from_torchrun() else "",
    )
    found.set(_here(place.rank), "")
    with on_loopback() if place.host == LOOPBACK else nullcontext():
        return Ranks(place.rank, place.count, found)


def _here(rank: int) -> str:
    """What a rank writes once it is there."""
    return f"mlp_lab/here/{rank}"


def _await(followers: Followers, store: Store) -> None:
    """Wait until all are there, and one that is not coming is noticed."""
    while not store.check([_here(rank) for rank in followers.processes]):
        if said := followers.died():
            raise UserError(f"{said} before the training began")
        time.sleep(0.05)


@contextmanager
def on_loopback() -> Iterator[None]:
    """Let gloo listen to this machine alone."""
    name = "GLOO_SOCKET_IFNAME"
    here = [] if sys.platform == "win32" else [each for _, each in socket.if_nameindex()]
    loopback = [each for each in ("lo", "lo0") if each in here]
    if name in os.environ or not loopback:
        yield
        return
    os.environ[name] = loopback[0]
    try:
        yield
    finally:
        del os.environ[name]

"""Processes that listen at a port, each with the network of a run."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from pathlib import Path

import torch
from uvicorn import Config, Server

from mlp_lab.errors import UserError
from mlp_lab.serving.app import make_app
from mlp_lab.serving.service import Decisions, Limits, Service

LEAVE = 10
"""Seconds that requests have to be answered in, once the server is asked to end."""

DEATHS = 20
"""Processes that are replaced, before a server gives up."""

WAITING = 256
"""Requests that may wait in one process; further ones are told to come again."""


def listen(host: str, port: int) -> socket.socket:
    """A socket at an address; port 0 is any that is free.

    Raises:
        UserError: the port is taken, or this machine has no such address.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        made = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        reason = str(error.strerror).partition(" (while")[0]
        raise UserError(f"cannot listen at {host}, port {port}: {reason}") from error
    # Its protocol is named, or asyncio would let each answer wait 40 ms for a packet to be filled.
    named = socket.socket(made.family, made.type, socket.IPPROTO_TCP, fileno=made.detach())
    named.set_inheritable(True)
    return named


def serve(
    service: Service, run: Path, listening: socket.socket, workers: int, say: Callable[[], None]
) -> None:
    """Answer requests until Ctrl-C or SIGTERM; those that have begun are answered first.

    Several `workers` load the network anew, each for itself, from the folder of its `run`.

    Raises:
        UserError: processes end again and again.
    """
    say()
    if workers == 1:
        _answer(service, listening)
    else:
        _supervise(lambda: _worker(service, run, listening), workers)


def work(run: Path, limits: Limits, decisions: Decisions, listening: socket.socket) -> None:
    """One of several processes that answer requests."""
    with suppress(KeyboardInterrupt):  # all processes of a terminal hear it
        _answer(Service.of(run, limits, decisions), listening)


def _answer(service: Service, listening: socket.socket) -> None:
    torch.set_num_threads(1)
    config = Config(
        make_app(service),
        log_level="warning",
        access_log=False,
        lifespan="off",
        ws="none",
        limit_concurrency=WAITING,
        timeout_graceful_shutdown=LEAVE,
        server_header=False,
    )
    with suppress(KeyboardInterrupt):  # raised once all is answered
        Server(config).run(sockets=[listening])


def _worker(service: Service, run: Path, listening: socket.socket) -> SpawnProcess:
    arguments = run, service.limits, service.decisions, listening
    process = get_context("spawn").Process(target=work, args=arguments)
    process.start()
    return process


def _supervise(start: Callable[[], SpawnProcess], workers: int) -> None:
    """Keep so many processes at work; one that dies is replaced, up to `DEATHS` times."""
    processes = [start() for _ in range(workers)]
    deaths = 0
    try:
        while True:
            wait([process.sentinel for process in processes])
            for place, process in enumerate(processes):
                if process.exitcode is None:
                    continue
                deaths += 1
                if deaths > DEATHS:
                    raise UserError(f"a process ended again and again, at last {_how(process)}")
                print(f"a process ended, {_how(process)}: another begins", file=sys.stderr)
                processes[place] = start()
    except KeyboardInterrupt:
        pass
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.join()


def _how(process: SpawnProcess) -> str:
    code = process.exitcode or 0
    return f"by signal {-code}" if code < 0 else f"with exit status {code}"

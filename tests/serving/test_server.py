"""Listening, and processes that answer."""

import asyncio
import json
import os
import signal
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("uvicorn")

from mlp_lab.errors import UserError
from mlp_lab.serving import server
from mlp_lab.serving.service import Limits, Service


def test_a_port_that_is_taken() -> None:
    """One line; an address that is not this machine's, too."""
    with server.listen("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]
        with pytest.raises(UserError, match=f"cannot listen at 127.0.0.1, port {port}: Address"):
            server.listen("127.0.0.1", port)
    with pytest.raises(UserError, match=r"cannot listen at 192\.0\.2\.1, port 0: "):
        server.listen("192.0.2.1", 0)


def test_answers_leave_at_once() -> None:
    """Asyncio lets no packet of a connection wait until it is filled, also in another process."""
    found: list[int] = []

    async def ask(listening: socket.socket) -> None:
        async def accepted(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            own = writer.get_extra_info("socket")
            found.append(own.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        serving = await asyncio.start_server(accepted, sock=listening)
        reader, writer = await asyncio.open_connection(*listening.getsockname()[:2])
        await reader.read()
        writer.close()
        await writer.wait_closed()
        serving.close()
        await serving.wait_closed()

    with server.listen("127.0.0.1", 0) as listening:
        assert listening.proto == socket.IPPROTO_TCP  # what a spawned process is handed
        asyncio.run(ask(listening.dup()))
    assert found[0] != 0


@pytest.mark.skipif(os.name == "nt", reason="no signals between threads")
def test_answers_until_it_is_asked_to_end(iris_run: Path) -> None:
    """A request to a real port; then SIGTERM, which ends it without a word."""
    answers: list[dict[str, object]] = []
    listening = server.listen("127.0.0.1", 0)
    port = listening.getsockname()[1]

    def ask() -> None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=240) as page:
                answers.append(json.load(page))
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    def end(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    service = Service.of(iris_run, Limits())
    before = signal.signal(signal.SIGTERM, end)
    try:
        with listening:
            server.serve(service, iris_run, listening, 1, threading.Thread(target=ask).start)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert answers[0]["status"] == "ok"


class Ended(SimpleNamespace):
    """A process that has ended."""

    def terminate(self) -> None:
        """Nothing to end."""

    def join(self) -> None:
        """Nothing to wait for."""


def test_processes_that_die(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is replaced, and a line says so; not for ever."""
    started: list[Ended] = []
    monkeypatch.setattr(server, "wait", list)  # each has ended already

    def start() -> Ended:
        started.append(Ended(exitcode=-9 if len(started) % 2 else 3, sentinel=0))
        return started[-1]

    begin: Callable[[], object] = start
    with pytest.raises(UserError, match="a process ended again and again, at last"):
        server._supervise(begin, 2)  # type: ignore[arg-type]
    lines = capsys.readouterr().err.splitlines()
    assert lines[:2] == [
        "a process ended, with exit status 3: another begins",
        "a process ended, by signal 9: another begins",
    ]
    assert len(lines) == server.DEATHS


def ask_on(address: str, body: bytes, found: list[int], refused: list[OSError]) -> None:
    """Ask until somebody is refused; take note of how many rows each answer has."""
    asked = urllib.request.Request(address, body, {"content-type": "application/json"})  # noqa: S310
    while not refused:
        try:
            with urllib.request.urlopen(asked, timeout=240) as page:  # noqa: S310  our own server
                found.append(len(json.load(page)["predictions"]))
        except OSError as error:
            refused.append(error)
            if isinstance(error, urllib.error.HTTPError):
                os.kill(os.getpid(), signal.SIGTERM)


@pytest.mark.skipif(os.name == "nt", reason="no signals between threads")
def test_requests_in_flight_are_answered(iris_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGTERM under load: what has begun is answered whole, and nobody new is let in."""
    listening = server.listen("127.0.0.1", 0)
    address = f"http://127.0.0.1:{listening.getsockname()[1]}/predict"
    names = ("sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)")
    body = json.dumps([dict.fromkeys(names, 1.0)] * 5).encode()
    computes = Service.answer
    found: list[int] = []
    refused: list[OSError] = []
    asked_to_end = threading.Event()

    def answer(service: Service, body: bytes, kind: str) -> bytes:
        some = len(found) >= 4  # others are computed, or wait
        if some and not asked_to_end.is_set():  # two may arrive between two looks at their number
            asked_to_end.set()
            os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.02)
        return computes(service, body, kind)

    def end(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    def begin() -> None:
        for each in asking:
            each.start()

    monkeypatch.setattr(Service, "answer", answer)
    own = (address, body, found, refused)
    asking = [threading.Thread(target=ask_on, args=own) for _ in range(3)]
    service = Service.of(iris_run, Limits())
    before = signal.signal(signal.SIGTERM, end)
    try:
        with listening:
            server.serve(service, iris_run, listening, 1, begin)
    finally:
        signal.signal(signal.SIGTERM, before)
    for each in asking:
        each.join(30)
    assert not [error for error in refused if isinstance(error, urllib.error.HTTPError)]
    assert len(found) > 4
    assert set(found) == {5}

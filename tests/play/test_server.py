"""A page over a real port: its address, its token, its socket, and the engine behind it."""

import asyncio
import json
import os
import signal
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from urllib.parse import urlsplit

import pytest
from played import SMALL

pytest.importorskip("uvicorn")
pytest.importorskip("websockets")

from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from mlp_lab.commands.composing import composed
from mlp_lab.play.frames import unpack
from mlp_lab.play.server import LETTERS, Opened, names_of, origins_of, serve, typed_token
from mlp_lab.serving.server import listen

PATIENCE = 240


def _head(socket: ClientConnection) -> Mapping[str, object]:
    """What the next frame says of itself."""
    frame = socket.recv(PATIENCE)
    assert isinstance(frame, bytes)
    return unpack(frame)[0]


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="no signals between threads")
def test_a_page_from_its_address_to_an_epoch() -> None:
    """The engine is a process of its own; it ends with the server."""
    said: list[str] = []
    heard: list[object] = []

    def look(address: str) -> None:
        try:
            with urllib.request.urlopen(address, timeout=PATIENCE) as page:  # noqa: S310  this machine
                heard.append(page.status)
            place = urlsplit(address)
            with pytest.raises(urllib.error.HTTPError):
                urllib.request.urlopen(f"http://{place.netloc}/", timeout=PATIENCE)
            live = f"ws://{place.netloc}{place.path}live?session=one"
            origin = Origin(f"http://{place.netloc}")
            with connect(live, origin=origin, max_size=None) as socket:
                socket.send(json.dumps({"do": "hello"}))
                heard.append(_head(socket)["sizes"])
                heard.append(_head(socket)["epoch"])
                socket.recv(PATIENCE)
                socket.send(json.dumps({"do": "epoch"}))
                heard.append(_head(socket)["epoch"])
        finally:
            os.kill(os.getpid(), signal.SIGINT)

    def say(address: str, token: str) -> None:
        assert address.endswith(f"/{token}/")
        said.append(address)
        threading.Thread(target=look, args=(address,)).start()

    with listen("127.0.0.1", 0) as listening:
        serve(list(SMALL), composed, listening, say)
    assert len(urlsplit(said[0]).path) > 20
    assert heard == [200, [2, 3, 1], 0, 1]


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="no signals between threads")
def test_no_event_loop_watches_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of Windows cannot: with one that refuses to, a page is served all the same."""

    def refuse(*_: object) -> None:
        raise NotImplementedError

    for name in ("add_reader", "remove_reader"):
        monkeypatch.setattr(asyncio.SelectorEventLoop, name, refuse)
    test_a_page_from_its_address_to_an_epoch()


def test_names_of_a_server() -> None:
    """A page of another origin has no socket; of an address, only that one."""
    assert names_of("127.0.0.1") == ["127.0.0.1", "localhost"]
    assert names_of("192.168.1.7") == ["192.168.1.7"]
    assert names_of("fe80::1") == ["[fe80::1]"]
    everywhere = names_of("0.0.0.0")  # noqa: S104  what is tested
    assert {"127.0.0.1", "localhost"} < set(everywhere)
    assert "0.0.0.0" not in everywhere  # noqa: S104


def test_origins_are_written_as_by_browsers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names in small letters, and no port where it is that of HTTP."""
    monkeypatch.setattr(socket, "gethostname", lambda: "Teacher-Mac")
    found = origins_of("0.0.0.0", 8000)  # noqa: S104  what is tested
    assert {"http://teacher-mac:8000", "http://teacher-mac.local:8000"} < set(found)
    assert origins_of("192.168.1.7", 80) == ["http://192.168.1.7"]


def test_only_this_machine_unless_asked() -> None:
    assert not Opened().to_others
    assert not Opened("localhost").to_others
    assert Opened("0.0.0.0").to_others  # noqa: S104
    assert Opened("192.168.1.7").to_others


def test_a_token_to_type() -> None:
    """Twelve letters that none confuses, another each time."""
    tokens = {typed_token() for _ in range(50)}
    assert len(tokens) == 50
    for token in tokens:
        assert [len(part) for part in token.split("-")] == [4, 4, 4]
        assert set(token.replace("-", "")) <= set(LETTERS)

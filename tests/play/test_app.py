"""The page's server: who is let in, what is served, and whose engine is whose."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from played import SMALL, compose

pytest.importorskip("starlette")
from starlette.requests import Request

from mlp_lab.play import app
from mlp_lab.play.app import FILES, MOST_SESSIONS, Sessions, make_app, message_of
from mlp_lab.play.process import Live

HOME = "http://127.0.0.1:8000"
APP = make_app(Sessions(list(SMALL), compose, Path()), "token", lambda: [HOME])
ASKING = make_app(Sessions(list(SMALL), compose, Path()), "token", lambda: [HOME], asks=True)
Message = dict[str, object]


def said(
    path: str,
    kind: str = "http",
    headers: Mapping[str, str] | None = None,
    *,
    query: str = "",
    asks: bool = False,
) -> list[Message]:
    """What the application sends to a request of this path, or to one for a socket."""
    found: list[Message] = []
    waiting: list[Message] = [
        {"type": "websocket.connect"} if kind == "websocket" else {"type": "http.request"}
    ]

    async def receive() -> Message:
        return waiting.pop(0) if waiting else {"type": f"{kind}.disconnect", "code": 1005}

    async def send(message: Message) -> None:
        found.append(message)

    scope = {
        "type": kind,
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(k.encode(), v.encode()) for k, v in (headers or {}).items()],
    }
    asyncio.run((ASKING if asks else APP)(scope, receive, send))  # type: ignore[arg-type]
    return found


def headers_of(message: Message) -> dict[str, str]:
    """Of an answer's first message."""
    pairs = message["headers"]
    assert isinstance(pairs, list)
    return {name.decode(): value.decode() for name, value in pairs}


class Sham:
    """An engine that only says what it hears."""

    def __init__(self) -> None:
        self.alive = True

    def is_alive(self) -> bool:
        """Until it is ended."""
        return self.alive

    def terminate(self) -> None:
        """End it."""
        self.alive = False


@pytest.mark.parametrize("name", [*FILES, ""])
def test_files(name: str) -> None:
    """With headers by which the page loads nothing from elsewhere; nor does it ask for it."""
    start, body = said(f"/token/{name}")
    assert start["status"] == 200
    headers = headers_of(start)
    assert headers["content-type"].startswith(FILES[name or "page.html"])
    assert "default-src 'none'" in headers["content-security-policy"]
    text = bytes(body["body"]).decode()  # type: ignore[call-overload]
    assert "https://" not in text
    assert "http://" not in text.replace("http://www.w3.org", "")


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/nekot/", "/tokens/", "/token/app.py", "/token/../app.py", "/token/page.py"),
        *("/token/page.html/", "//token/page.html", "/token//etc/passwd", "/\xe4/"),
    ],
)
def test_whatever_else_is_asked_for(path: str) -> None:
    """Nothing is there: neither without the token, nor any other file."""
    assert said(path)[0]["status"] in (307, 404)


def test_the_entrance_asks_for_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where other machines may come in: a form, without a script; a wrong token takes a while."""
    assert said("/")[0]["status"] == 404
    start, body = said("/", asks=True)
    assert start["status"] == 200
    assert "form-action 'self'" in headers_of(start)["content-security-policy"]
    text = bytes(body["body"]).decode()  # type: ignore[call-overload]
    assert 'name="token"' in text
    assert "alert" not in text
    _, body = said("/", headers={"accept-language": "de-CH"}, asks=True)
    assert "Öffnen" in bytes(body["body"]).decode()  # type: ignore[call-overload]
    monkeypatch.setattr(app, "WRONG_TOKEN", 0.05)
    started = time.monotonic()
    _, body = said("/", query="token=<b>nekot", asks=True)
    assert time.monotonic() - started >= 0.05
    text = bytes(body["body"]).decode()  # type: ignore[call-overload]
    assert "That is not the token." in text
    assert "nekot" not in text
    start, _ = said("/", query="token=%20Token%20", asks=True)
    assert (start["status"], headers_of(start)["location"]) == (303, "/token/")


def test_who_has_the_token_waits_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many wrong ones are tried meanwhile; those wait for each other."""
    monkeypatch.setattr(app, "WRONG_TOKEN", 3600.0)

    async def enter() -> tuple[int, int]:
        door = app.entrance("token")
        wrong = [asyncio.ensure_future(door(asking("nekot"))) for _ in range(3)]
        await asyncio.sleep(0)
        found = [(await door(asking(given))).status_code for given in ("token", "")]
        assert not any(each.done() for each in wrong)
        for each in wrong:
            each.cancel()
        return found[0], found[1]

    assert asyncio.run(enter()) == (303, 200)


def asking(given: str) -> Request:
    """A request for the entrance."""
    query = f"token={given}".encode()
    return Request({"type": "http", "query_string": query, "headers": [], "path": "/"})


@pytest.mark.parametrize(
    ("path", "origin"),
    [
        ("/token/live", "http://evil.example"),
        ("/token/live", "null"),
        ("/token/live", ""),
        ("/token/live", "http://127.0.0.1:8001"),
        ("/nekot/live", HOME),
    ],
)
def test_who_has_no_socket(path: str, origin: str) -> None:
    """Pages of others, whatever they know, and whoever does not know the token."""
    (answer,) = said(path, "websocket", {"origin": origin})
    assert (answer["type"], answer["code"]) == ("websocket.close", 4403)


def sessions_of(started: Callable[[], Live]) -> Sessions:
    """Sessions whose engines are made by a function."""

    class Own(Sessions):
        def _start(self) -> Live:
            return started()

    return Own(list(SMALL), compose, Path())


def test_as_many_engines_as_there_is_room_for() -> None:
    """One that no page looks at makes room; a name that is in use is not shared."""

    class Nothing:
        def close(self) -> None:
            pass

    def started() -> Live:
        return Live(Sham(), Nothing())  # type: ignore[arg-type]

    sessions = sessions_of(started)
    taken = [sessions.take(f"page {k}") for k in range(MOST_SESSIONS)]
    assert None not in taken
    assert sessions.take("page 0") is None
    assert sessions.take("one more") is None
    first = taken[0]
    assert first is not None
    first.taken = False
    assert sessions.take("one more") is not None
    assert "page 0" not in sessions.live
    sessions.end()
    assert sessions.live == {}


def test_a_command_without_more() -> None:
    assert json.loads(message_of("pause")) == {"do": "pause"}

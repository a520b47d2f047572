"""The page's own server: its files, and one socket for each page that is open.

It serves whoever knows the token in the address, and answers no other site's pages: the Origin of
a socket must be the page's own. Nothing that a client sends is a path.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from mlp_lab.errors import UserError
from mlp_lab.play.engine import COMMAND, FILE
from mlp_lab.play.entrance import entrance_page
from mlp_lab.play.lineup import Compose
from mlp_lab.play.process import Live, start
from mlp_lab.play.protocol import LONGEST, message
from mlp_lab.play.uploads import kept, plain_name, require_size

MOST_SESSIONS = 4
"""Pages with an engine of their own at the same time."""

KEPT_SECONDS = 60.0
"""How long an engine waits for its page to come back, as after a reload."""

FILES: Mapping[str, str] = {
    "page.html": "text/html",
    "page.css": "text/css",
    "page.js": "text/javascript",
}
"""All that is served, by name, and what it is."""

HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self';"
    " connect-src 'self'; img-src 'self' data:; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
"""Of every answer: a page loads nothing from elsewhere, and tells nobody its address."""


WRONG_TOKEN = 1.0
"""Seconds that an answer to a wrong token takes."""

OF_THE_ENTRANCE = {
    **HEADERS,
    "content-security-policy": "default-src 'none'; img-src data:; base-uri 'none';"
    " form-action 'self'; frame-ancestors 'none'",
}
"""Of the page that asks for the token, which has neither script nor style."""


@dataclass(slots=True)
class Sessions:
    """The engines of all pages, by the name that each page gave itself."""

    words: Sequence[str]
    compose: Compose
    folder: Path
    """Where tables are put that pages send; whoever makes it removes it."""
    most: int = MOST_SESSIONS
    """Pages with an engine of their own at the same time."""
    live: dict[str, Live] = field(default_factory=dict)
    spare: Live | None = None
    """An engine that is started before there is a page, since its libraries take seconds."""

    def prepare(self) -> None:
        """Start an engine for the first page."""
        self.spare = self._start()

    def take(self, name: str) -> Live | None:
        """The engine of a page, a new one if it has none; None where there are too many."""
        found = self.live.get(name)
        if found is not None and (found.taken or not found.process.is_alive()):
            if found.taken:
                return None
            self.drop(name)
            found = None
        if found is None:
            if len(self.live) >= self.most and not self._drop_idle():
                return None
            found = self.live[name] = self.spare or self._start()
            self.spare = None
        if found.ending is not None:
            found.ending.cancel()
            found.ending = None
        found.taken = True
        return found

    def _start(self) -> Live:
        return start(self.words, self.compose)

    def _drop_idle(self) -> bool:
        for name, own in list(self.live.items()):
            if not own.taken:
                self.drop(name)
                return True
        return False

    def leave(self, name: str) -> None:
        """A page is closed: its engine pauses, and ends unless it comes back."""
        own = self.live.get(name)
        if own is None:
            return
        own.taken, own.told = False, None
        with suppress(OSError):
            own.pipe.send_bytes(COMMAND + message_of("pause"))
        loop = asyncio.get_running_loop()
        own.ending = loop.call_later(KEPT_SECONDS, self.drop, name)

    def drop(self, name: str) -> None:
        """End an engine."""
        own = self.live.pop(name, None)
        if own is None:
            return
        if own.ending is not None:
            own.ending.cancel()
        own.end()

    def end(self) -> None:
        """End all."""
        if self.spare is not None:
            self.spare.end()
        for name in list(self.live):
            self.drop(name)


def message_of(action: str) -> bytes:
    """A command without more."""
    return f'{{"do": "{action}"}}'.encode()


def entrance(token: str) -> Callable[[Request], Awaitable[Response]]:
    """What asks for the token, and leads to the page of whoever gives it."""
    door = asyncio.Lock()

    async def enter(request: Request) -> Response:
        given = request.query_params.get("token", "").strip().lower()
        right = _allowed(given, token)
        if given and not right:
            async with door:  # one after another, so that nobody tries many
                await asyncio.sleep(WRONG_TOKEN)
        if right:
            return RedirectResponse(f"/{token}/", 303, HEADERS)
        page = entrance_page(request.headers.get("accept-language", ""), wrong=bool(given))
        return HTMLResponse(page, headers=OF_THE_ENTRANCE)

    return enter


def make_app(
    sessions: Sessions, token: str, origins: Callable[[], Sequence[str]], *, asks: bool = False
) -> Starlette:
    """The application; `origins` are the addresses at which its page is at home.

    `asks`: an address without a token asks for it, as where others come from other machines.
    """

    async def file(request: Request) -> Response:
        name = request.path_params.get("name", "page.html")
        if not _allowed(request.path_params["token"], token) or name not in FILES:
            return PlainTextResponse("not found", 404, HEADERS)
        content = (files("mlp_lab.play") / "page" / name).read_bytes()
        return Response(content, media_type=FILES[name], headers=HEADERS)

    async def table(request: Request) -> Response:
        own = request.headers.get("origin", "")
        if not _allowed(request.path_params["token"], token) or own not in origins():
            return PlainTextResponse("not found", 404, HEADERS)
        live = sessions.live.get(request.query_params.get("session", ""))
        if live is None:
            return PlainTextResponse("not found", 404, HEADERS)
        try:
            name = plain_name(request.query_params.get("name", ""))
            path = await asyncio.to_thread(kept, sessions.folder, name, await _body(request))
        except UserError as error:
            return PlainTextResponse(str(error), 415, HEADERS)
        await asyncio.to_thread(live.pipe.send_bytes, FILE + str(path).encode())
        return Response(status_code=204, headers=HEADERS)

    async def socket(websocket: WebSocket) -> None:
        own = websocket.headers.get("origin", "")
        if not _allowed(websocket.path_params["token"], token) or own not in origins():
            await websocket.close(4403)
            return
        await websocket.accept()
        name = websocket.query_params.get("session", "")[:40] or secrets.token_hex(8)
        live = await _taken(sessions, name)
        if live is None:
            text = f"{sessions.most} pages are open already, or this one twice: close another"
            await websocket.send_text(message("failed", line=text))
            await websocket.close(4409)
            return
        try:
            await _carry(websocket, live)
        finally:
            sessions.leave(name)
            with suppress(RuntimeError, WebSocketDisconnect):  # it is closed already
                await websocket.close()

    return Starlette(
        routes=[
            *([Route("/", entrance(token), methods=["GET"])] if asks else []),
            Route("/{token}/", file, methods=["GET"]),
            Route("/{token}/{name}", file, methods=["GET"]),
            Route("/{token}/table", table, methods=["POST"]),
            WebSocketRoute("/{token}/live", socket),
        ]
    )


async def _body(request: Request) -> bytes:
    """What is sent; more than a page may send is not read to its end.

    Raises:
        UserError: it is more.
    """
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        require_size(size)
        parts.append(part)
    return b"".join(parts)


async def _taken(sessions: Sessions, name: str) -> Live | None:
    """The engine of a page; after a reload the former socket may still be on its way out."""
    for _ in range(40):
        live = sessions.take(name)
        if live is not None:
            return live
        await asyncio.sleep(0.05)
    return None


def _allowed(given: str, token: str) -> bool:
    """Whether it is the token, in a time that says nothing about how much of it was right."""
    return hmac.compare_digest(given.encode(), token.encode())


async def _carry(websocket: WebSocket, live: Live) -> None:
    """Pass messages on between a page and its engine until either is gone."""
    loop, heard = asyncio.get_running_loop(), asyncio.Queue[bytes]()
    live.hear(lambda content: loop.call_soon_threadsafe(heard.put_nowait, content))
    ways = (_down(websocket, heard), _up(websocket, live))
    tasks = [asyncio.create_task(own) for own in ways]
    _, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    for task in tasks:
        with suppress(WebSocketDisconnect, OSError, RuntimeError, asyncio.CancelledError):
            await task


async def _up(websocket: WebSocket, live: Live) -> None:
    """From the page to the engine."""
    while True:
        text = await websocket.receive_text()
        if len(text) > LONGEST:
            await websocket.close(1009)
            return
        await asyncio.to_thread(
            live.pipe.send_bytes, COMMAND + text.encode()
        )  # a full pipe must not block


async def _down(websocket: WebSocket, heard: asyncio.Queue[bytes]) -> None:
    """From the engine to the page, until the engine has ended."""
    while content := await heard.get():
        if content[:1] == b"t":
            await websocket.send_text(content[1:].decode())
        else:
            await websocket.send_bytes(content[1:])

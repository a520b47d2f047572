"""A port of this machine at which the page is served."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from uvicorn import Config, Server

from mlp_lab.play.app import Sessions, make_app
from mlp_lab.play.lineup import Compose, begin
from mlp_lab.play.protocol import LONGEST
from mlp_lab.play.session import Session
from mlp_lab.play.settings import COPIES
from mlp_lab.serving.server import listen

LEAVE = 2
"""Seconds in which pages are told that the server ends."""


def play(words: Sequence[str], compose: Compose, port: int, say: Callable[[str], None]) -> None:
    """Serve a page that begins with some settings, to this machine alone, until Ctrl-C.

    Raises:
        UserError: a setting cannot be, which is said before anything listens; or the port is taken.
    """
    words = begin(words, compose)
    Session.of(words, compose)
    with listen("127.0.0.1", port) as listening:
        serve(words, compose, listening, say)


def serve(
    words: Sequence[str], compose: Compose, listening: socket.socket, say: Callable[[str], None]
) -> None:
    """Serve the page until Ctrl-C; `say` is given its address, which holds the token."""
    host, port = listening.getsockname()[:2]
    token = secrets.token_urlsafe(16)
    place = f"[{host}]" if ":" in host else host
    names = [place, "localhost"] if host in ("127.0.0.1", "::1") else [place]
    origins = [f"http://{name}:{port}" for name in names]
    with TemporaryDirectory(prefix=COPIES) as folder:
        sessions = Sessions(words, compose, Path(folder))
        sessions.prepare()
        config = Config(
            make_app(sessions, token, lambda: origins),
            log_level="warning",
            access_log=False,
            lifespan="off",
            ws="websockets-sansio",
            ws_max_size=LONGEST,
            ws_per_message_deflate=False,
            timeout_graceful_shutdown=LEAVE,
            server_header=False,
        )
        say(f"{origins[0]}/{token}/")
        try:
            with suppress(KeyboardInterrupt):
                Server(config).run(sockets=[listening])
        finally:
            sessions.end()

"""A port of this machine at which the page is served."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from uvicorn import Config, Server

from mlp_lab.play.app import MOST_SESSIONS, Sessions, make_app
from mlp_lab.play.lineup import Compose, begin
from mlp_lab.play.protocol import LONGEST
from mlp_lab.play.session import Session
from mlp_lab.play.settings import COPIES
from mlp_lab.serving.server import listen

LOOPBACK = "127.0.0.1"
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104  only where somebody asks for it
ELSEWHERE = "192.0.2.1"
"""An address that no machine has (RFC 5737)."""

HTTP = 80
"""The port that an address does not say."""

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Of a token that is typed: none looks like another."""

LEAVE = 2
"""Seconds in which pages are told that the server ends."""


@dataclass(frozen=True, slots=True)
class Opened:
    """To whom a page is served: this machine alone, unless others reach `host`."""

    host: str = LOOPBACK
    port: int = 0
    pages: int = MOST_SESSIONS
    """Engines at the same time."""

    @property
    def to_others(self) -> bool:
        """Whether other machines reach it."""
        return self.host not in (LOOPBACK, "::1", "localhost")


ALONE = Opened()
"""This machine alone, at any port."""


def play(
    words: Sequence[str], compose: Compose, opened: Opened, say: Callable[[str, str], None]
) -> None:
    """Serve a page that begins with some settings until Ctrl-C.

    Raises:
        UserError: a setting cannot be, which is said before anything listens; or the port is taken.
    """
    words = begin(words, compose)
    Session.of(words, compose)
    with listen(opened.host, opened.port) as listening:
        serve(words, compose, listening, say, opened)


def names_of(host: str) -> list[str]:
    """What a browser may call a server that listens at an address: the likeliest first."""
    if host in (LOOPBACK, "::1"):
        return [_bracketed(host), "localhost"]
    if host not in EVERYWHERE:
        return [_bracketed(host)]
    name = socket.gethostname().lower()  # as browsers write it
    found = [_outward(), LOOPBACK, "localhost", name, f"{name}.local"]
    with suppress(OSError):
        found += [_bracketed(str(own[4][0])) for own in socket.getaddrinfo(name, None)]
    return list(dict.fromkeys(found))


def origins_of(host: str, port: int) -> list[str]:
    """Where pages of a server are at home, as browsers say it: port 80 by nothing."""
    own = "" if port == HTTP else f":{port}"
    return [f"http://{name}{own}" for name in names_of(host)]


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _outward() -> str:
    """The address of this machine in its network; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, suppress(OSError):
        probe.connect((ELSEWHERE, 9))
        return str(probe.getsockname()[0])
    return LOOPBACK


def typed_token() -> str:
    """A token that can be read from a board and typed: 59 bits.

    >>> len(typed_token())
    14
    """
    letters = [secrets.choice(LETTERS) for _ in range(12)]
    return "-".join("".join(letters[k : k + 4]) for k in (0, 4, 8))


def serve(
    words: Sequence[str],
    compose: Compose,
    listening: socket.socket,
    say: Callable[[str, str], None],
    opened: Opened = ALONE,
) -> None:
    """Serve the page until Ctrl-C; `say` is given its address and the token that this ends with."""
    host, port = listening.getsockname()[:2]
    token = typed_token() if opened.to_others else secrets.token_urlsafe(16)
    origins = origins_of(host, port)
    with TemporaryDirectory(prefix=COPIES) as folder:
        sessions = Sessions(words, compose, Path(folder), opened.pages)
        sessions.prepare()
        config = Config(
            make_app(sessions, token, lambda: origins, asks=opened.to_others),
            log_level="warning",
            access_log=False,
            lifespan="off",
            ws="websockets-sansio",
            ws_max_size=LONGEST,
            ws_per_message_deflate=False,
            timeout_graceful_shutdown=LEAVE,
            server_header=False,
        )
        say(f"{origins[0]}/{token}/", token)
        try:
            with suppress(KeyboardInterrupt):
                Server(config).run(sockets=[listening])
        finally:
            sessions.end()

"""The page in a notebook: a widget whose messages go to an engine in a process of its own."""

from __future__ import annotations

import asyncio
import atexit
import json
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol, cast

from mlp_lab.errors import UserError, require_extra
from mlp_lab.play.engine import COMMAND, FILE
from mlp_lab.play.lineup import Compose
from mlp_lab.play.process import start
from mlp_lab.play.protocol import LONGEST, message
from mlp_lab.play.session import Session
from mlp_lab.play.uploads import kept

Sent = Callable[[object, object, Sequence[bytes]], None]
"""What hears a widget: the widget, what was sent, and the bytes beside it."""


class Widget(Protocol):
    """What is used of a widget of anywidget."""

    def send(self, content: object, buffers: Sequence[bytes] | None = None) -> None:
        """Tell the page."""

    def on_msg(self, callback: Sent) -> None:
        """Hear the page."""

    def close(self) -> None:
        """Take the page away."""

    def _repr_mimebundle_(self, **options: object) -> object: ...


def make_widget() -> Widget:
    """A widget that shows the page.

    Raises:
        UserError: anywidget is not installed.
    """
    require_extra("notebook", "the live page in a notebook", "anywidget")
    from anywidget import AnyWidget  # noqa: PLC0415  optional

    script = (files("mlp_lab.play") / "page" / "widget.js").read_text(encoding="utf-8")
    return cast(Widget, type("LiveWidget", (AnyWidget,), {"_esm": script})())


class LivePage:
    """A live page in a notebook; it is shown where it is the value of a cell."""

    def __init__(
        self, words: Sequence[str], compose: Compose, folder: TemporaryDirectory[str]
    ) -> None:
        """Begin with some settings; `folder` is for tables, and is removed with the page.

        Raises:
            UserError: a setting cannot be, or there is no notebook.
        """
        try:
            self._loop = asyncio.get_running_loop()
        except RuntimeError as error:
            text = "mlp_lab.play shows its page in a notebook; elsewhere there is mlp-lab play"
            raise UserError(text) from error
        Session.of(words, compose)  # what cannot be is said by the cell
        self._folder = folder
        atexit.register(folder.cleanup)  # of a page that nobody closes
        self._widget = make_widget()
        self._live = start(words, compose)
        self._widget.on_msg(self._hear)
        self._live.hear(self._pass_on)

    def _repr_mimebundle_(self, **options: object) -> object:
        return self._widget._repr_mimebundle_(**options)

    def close(self) -> None:
        """End the engine, and take the page away."""
        self._live.process.terminate()  # whereupon the thread that reads ends
        self._widget.close()
        self._folder.cleanup()

    def _pass_on(self, content: bytes) -> None:
        """From the thread that reads to the kernel's, which sends; an end is said when asked."""
        if content:
            self._loop.call_soon_threadsafe(self._tell, content)

    def _tell(self, content: bytes) -> None:
        if content[:1] == b"t":
            self._widget.send(content[1:].decode())
        else:
            self._widget.send({}, [content[1:]])

    def _hear(self, _: object, content: object, buffers: Sequence[bytes]) -> None:
        """Pass on what the page sends; the engine refuses what it does not know."""
        try:
            if isinstance(content, dict) and "file" in content and buffers:
                path = kept(Path(self._folder.name), str(content["file"]), bytes(buffers[0]))
                self._put(FILE + str(path).encode())
            else:
                text = json.dumps(content)
                if len(text) <= LONGEST:
                    self._put(COMMAND + text.encode())
        except UserError as error:
            self._widget.send(message("refused", line=str(error)))

    def _put(self, content: bytes) -> None:
        try:
            self._live.pipe.send_bytes(content)
        except OSError:
            gone = "the engine has ended: call mlp_lab.play again"
            self._widget.send(message("failed", line=gone))

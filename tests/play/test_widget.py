"""The page in a notebook, without one: what goes to the engine, and what comes from it."""

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from played import SMALL, compose

from mlp_lab.errors import UserError
from mlp_lab.play import widget
from mlp_lab.play.process import Live
from mlp_lab.play.uploads import MEGABYTES
from mlp_lab.play.widget import LivePage, Sent


class Shown:
    """What a widget is told, and what a test lets its page say."""

    def __init__(self) -> None:
        self.told: list[tuple[object, list[bytes]]] = []
        self.say: Sent = lambda widget, content, buffers: None
        self.closed = False

    def send(self, content: object, buffers: Sequence[bytes] | None = None) -> None:
        """Keep what the page is told."""
        self.told.append((content, list(buffers or [])))

    def on_msg(self, callback: Sent) -> None:
        """Keep who hears the page."""
        self.say = callback

    def close(self) -> None:
        """Keep that it is gone."""
        self.closed = True

    def _repr_mimebundle_(self, **options: object) -> object:
        return {"text/plain": "a page"}


class Process:
    """An engine's process that is ended by ending its pipe."""

    def __init__(self, pipe: Connection) -> None:
        self.terminate = pipe.close


@contextmanager
def shown(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Shown, LivePage]]:
    """A page whose engine is the other end of a pipe, which is ended with the block."""
    page = Shown()
    here, there = Pipe()
    monkeypatch.setattr(widget, "make_widget", lambda: page)
    process = Process(there)
    monkeypatch.setattr(widget, "start", lambda words, compose: Live(process, here))  # type: ignore[arg-type]
    holder = TemporaryDirectory(dir=folder)
    page_of = LivePage(SMALL, compose, holder)
    page.engine = there  # type: ignore[attr-defined]
    yield page, page_of
    page_of.close()
    assert page.closed
    assert list(folder.iterdir()) == []


def in_a_notebook(
    folder: Path, monkeypatch: pytest.MonkeyPatch, act: Callable[[Shown, Connection], object]
) -> None:
    """Do something where a loop is running, as in a notebook."""

    async def cell() -> None:
        with shown(folder, monkeypatch) as (page, live):
            assert live._repr_mimebundle_() == {"text/plain": "a page"}
            found = act(page, page.engine)  # type: ignore[attr-defined]
            if asyncio.iscoroutine(found):
                await found

    asyncio.run(cell())


def test_commands_and_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command as it is; a table is put into a file of which the engine is told."""

    def act(page: Shown, engine: Connection) -> None:
        page.say(page, {"do": "play"}, [])
        assert engine.recv_bytes() == b'c{"do": "play"}'
        page.say(page, {"file": "../../My survey.CSV"}, [memoryview(b"a,b\n1,2\n")])  # type: ignore[list-item]
        told = engine.recv_bytes()
        path = Path(told[1:].decode())
        assert told[:1] == b"f"
        assert (path.name, path.parent.parent.parent) == ("My-survey.csv", tmp_path)
        assert path.read_bytes() == b"a,b\n1,2\n"

    in_a_notebook(tmp_path, monkeypatch, act)


def test_what_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one line each; nothing reaches the engine."""

    def act(page: Shown, engine: Connection) -> None:
        page.say(page, {"file": "run.sh"}, [b"x"])
        page.say(page, {"file": "rows.csv"}, [b"x" * (MEGABYTES * 10**6 + 1)])
        page.say(page, {"do": "words", "values": ["x" * 5000]}, [])
        lines = [json.loads(str(content))["line"] for content, _ in page.told]
        assert lines[0].startswith("no table: its name must end with one of .csv")
        assert lines[1:] == ["a table must have at most 16 MB"]
        assert not engine.poll()

    in_a_notebook(tmp_path, monkeypatch, act)


def test_what_the_engine_sends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Words as text and frames as bytes, in their order, by the notebook's own thread."""

    async def act(page: Shown, engine: Connection) -> None:
        engine.send_bytes(b't{"kind": "state"}')
        engine.send_bytes(b"bframe")
        while len(page.told) < 2:
            await asyncio.sleep(0.001)
        assert page.told == [('{"kind": "state"}', []), ({}, [b"frame"])]

    in_a_notebook(tmp_path, monkeypatch, act)


def test_an_engine_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def act(page: Shown, engine: Connection) -> None:
        engine.close()
        page.say(page, {"do": "play"}, [])
        (told,) = page.told
        assert "the engine has ended" in str(told)

    in_a_notebook(tmp_path, monkeypatch, act)


def test_outside_of_a_notebook(tmp_path: Path) -> None:
    with (
        TemporaryDirectory(dir=tmp_path) as folder,
        pytest.raises(UserError, match="in a notebook; elsewhere there is mlp-lab play"),
    ):
        LivePage(SMALL, compose, folder)  # type: ignore[arg-type]

"""An engine in a process of its own, and who hears it."""

import json
import queue
from multiprocessing import Pipe
from multiprocessing.connection import Connection

import pytest
from played import SMALL

from mlp_lab.commands.composing import composed
from mlp_lab.play.engine import COMMAND
from mlp_lab.play.frames import unpack
from mlp_lab.play.process import Live, start

SECONDS = 60


class Process:
    """An engine's process that is ended by ending its end of the pipe."""

    def __init__(self, pipe: Connection) -> None:
        self.terminate = pipe.close


def sham() -> tuple[Live, Connection]:
    """An engine that is the other end of a pipe."""
    here, there = Pipe()
    return Live(Process(there), here), there  # type: ignore[arg-type]


@pytest.mark.slow
def test_an_engine_answers_until_it_is_ended() -> None:
    live = start(SMALL, composed)
    live.pipe.send_bytes(COMMAND + json.dumps({"do": "hello"}).encode())
    assert live.process.is_alive()
    content = live.pipe.recv_bytes()
    assert content[:1] == b"b"
    assert unpack(content[1:])[0]["sizes"] == [2, 3, 1]
    live.end()
    live.process.join()
    assert not live.process.is_alive()


def test_what_it_sends_is_heard_in_its_order() -> None:
    """By whoever is there; its end is said as nothing, to whoever comes later, too."""
    live, engine = sham()
    heard: queue.Queue[bytes] = queue.Queue()
    engine.send_bytes(b"tbefore")  # waits for the first who hears
    live.hear(heard.put)
    engine.send_bytes(b"bframe")
    assert [heard.get(timeout=SECONDS) for _ in range(2)] == [b"tbefore", b"bframe"]
    live.end()
    assert heard.get(timeout=SECONDS) == b""
    later: queue.Queue[bytes] = queue.Queue()
    live.hear(later.put)
    assert later.get(timeout=SECONDS) == b""
    assert heard.empty()


def test_between_two_pages_nobody_hears_it() -> None:
    """What it says then is let go, and never holds it up; the next page hears what follows."""
    live, engine = sham()
    first: queue.Queue[bytes] = queue.Queue()
    live.hear(first.put)
    live.told = None
    for _ in range(100):
        engine.send_bytes(b"b" * 10_000)  # more than a pipe holds
    second: queue.Queue[bytes] = queue.Queue()
    live.hear(second.put)
    engine.send_bytes(b"tlast")
    while second.get(timeout=SECONDS) != b"tlast":
        pass  # those that were still in the pipe
    assert first.empty()
    live.end()


def test_a_page_whose_loop_is_closed() -> None:
    """The thread ends, and raises nothing where nobody sees it."""
    live, engine = sham()
    heard: queue.Queue[bytes] = queue.Queue()

    def closed(content: bytes) -> None:
        heard.put(content)
        raise RuntimeError("Event loop is closed")

    live.hear(closed)
    engine.send_bytes(b"tnow")
    assert [heard.get(timeout=SECONDS) for _ in range(2)] == [b"tnow", b""]
    live.end()

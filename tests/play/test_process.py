"""An engine in a process of its own."""

import json

import pytest
from played import SMALL

from mlp_lab.commands.composing import composed
from mlp_lab.play.engine import COMMAND
from mlp_lab.play.frames import unpack
from mlp_lab.play.process import start


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

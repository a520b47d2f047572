"""A live page that this process serves, looked at in a browser, and where things are on it."""

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("uvicorn")

from chromium import CHROMIUM, Browser, browsing

from mlp_lab.commands.composing import composed
from mlp_lab.play.server import serve
from mlp_lab.play.settings import begun
from mlp_lab.serving.server import listen

IN_A_BROWSER = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="no signals between threads"),
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium here"),
]
"""Marks of what looks at a page."""

PLAY = ".transport button:nth-child(1)"
STEP = ".transport button:nth-child(2)"
EPOCH = ".transport button:nth-child(3)"
COUNTER = "document.querySelector('.counter').textContent"
NOTICE = "document.querySelector('.notice').textContent"
RUNNING = f"document.querySelector('{PLAY}').getAttribute('aria-pressed') === 'true'"
BEGUN = f"{COUNTER} === '0' && document.querySelectorAll('.layer').length > 0"


def with_page(folder: Path, words: list[str], look: Callable[[Browser, str], None]) -> None:
    """Serve a page in this process, and look at it in a browser until `look` returns."""
    wrong: list[BaseException] = []

    def watch(address: str) -> None:
        try:
            with browsing(folder) as browser:
                look(browser, address)
        except BaseException as error:
            wrong.append(error)
        finally:
            os.kill(os.getpid(), signal.SIGINT)

    def say(address: str, _: str) -> None:
        threading.Thread(target=watch, args=(address,)).start()

    with listen("127.0.0.1", 0) as listening:
        serve(begun(words), composed, listening, say)
    if wrong:
        raise wrong[0]


def value(browser: Browser, key: str) -> object:
    """What a field shows."""
    return browser.run(f"document.getElementById('field-{key.replace('.', '-')}').value")


def epochs(browser: Browser) -> int:
    """Where the network stands, in whole epochs."""
    return int(str(browser.run(COUNTER)).split(" ")[0].replace(",", ""))

"""The live page at length: two browsers at once, memory that does not grow, values side by side."""

import os
import sys
import time
from multiprocessing import active_children
from pathlib import Path
from typing import cast

import pytest
from chromium import Browser, browsing
from live_page import (
    BEGUN,
    COUNTER,
    EPOCH,
    IN_A_BROWSER,
    NOTICE,
    PLAY,
    RUNNING,
    epochs,
    value,
    with_page,
)
from waiting import until

from mlp_lab.play import app

pytestmark = IN_A_BROWSER

WARM, WATCHED = 15, 60
"""Seconds at full speed before memory is looked at, and between two looks."""

MB = 2**20


def test_two_browsers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has networks of its own; one that is closed frees its process, the other goes on."""

    def look(first: Browser, address: str) -> None:
        first.open(address)
        first.wait(BEGUN)
        with browsing(tmp_path / "second") as second:
            second.open(address)
            second.wait(BEGUN)
            assert len(active_children()) == 2
            second.click(PLAY)
            first.write("#field-optimizer-lr", "0.003")
            first.wait(f"{NOTICE} === 'Changed while it trains.'")
            until(lambda: epochs(second) >= 3)
            assert epochs(first) == 0
            assert value(second, "optimizer.lr") == "0.01"
            monkeypatch.setattr(app, "KEPT_SECONDS", 0.0)
            assert second.complaints() == []
        until(lambda: len(active_children()) == 1)
        first.click(EPOCH)
        first.wait(f"{COUNTER} === '1'")
        assert first.complaints() == []

    with_page(tmp_path / "first", ["data=moons", "data.rows=60"], look)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_does_not_grow(tmp_path: Path) -> None:
    """A minute at full speed: an epoch leaves its row of curves here and there, a frame nothing."""

    def look(browser: Browser, address: str) -> None:
        browser.call("Network.disable")  # else this process keeps all that is sent
        browser.open(address)
        browser.wait(BEGUN)
        browser.click(PLAY)
        browser.wait(RUNNING)
        time.sleep(WARM)
        before, begin = memory(browser), epochs(browser)
        time.sleep(WATCHED)
        after, end = memory(browser), epochs(browser)
        assert browser.run(RUNNING), browser.run(NOTICE)
        assert end - begin > WATCHED  # it has trained meanwhile
        engine, page = (now - then for now, then in zip(after, before, strict=True))
        assert engine < 8 * MB + 10_000 * (end - begin)
        assert page < 2 * MB + 500 * (end - begin)

    with_page(tmp_path / "browser", ["epochs=20000"], look)


def memory(browser: Browser) -> tuple[float, float]:
    """Bytes that the engine has resident, and those that the page's scripts hold."""
    (engine,) = active_children()
    pages = int(Path(f"/proc/{engine.pid}/statm").read_text().split()[1])
    browser.call("HeapProfiler.collectGarbage")
    held = cast(dict[str, float], browser.call("Runtime.getHeapUsage"))
    resident = pages * os.sysconf("SC_PAGE_SIZE")
    return resident, held["usedSize"] + held.get("backingStorageSize", 0)


ACROSS = "document.querySelector('.across')"
LABEL = f"{ACROSS}.querySelector('canvas').getAttribute('aria-label')"
CHOSEN = "document.querySelector('.networks .chip[aria-pressed=true]').textContent"


def test_values_side_by_side(tmp_path: Path) -> None:
    """Widths have a curve of their own, and a slider that looks at one after another."""

    def look(browser: Browser, address: str) -> None:
        browser.open(address)
        browser.wait(f"{BEGUN} && !{ACROSS}.hidden")
        browser.click(EPOCH)
        browser.wait(f"/^Loss by model.width, validation: 1: [.0-9]+, 2: [.0-9]+/.test({LABEL})")
        browser.run(f"{ACROSS}.querySelector('input').focus()")
        browser.press("ArrowRight")
        browser.wait(f"{CHOSEN} === '2'")
        assert browser.run(f"{ACROSS}.querySelector('label').textContent") == "model.width = 2"
        browser.click(".networks .chip:nth-child(3)")
        browser.wait(f"{ACROSS}.querySelector('input').value === '2'")
        browser.click(".group .bar .quiet")  # one network
        browser.wait(f"{ACROSS}.hidden")
        assert browser.complaints() == []

    with_page(tmp_path / "browser", ["data=moons", "model.width=1,2,4"], look)

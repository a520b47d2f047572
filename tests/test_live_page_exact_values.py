"""Exact values on the live page, by mouse and by keys alone; a map of what is decided."""

import re
from pathlib import Path
from typing import cast

from chromium import Browser
from live_page import BEGUN, COUNTER, EPOCH, IN_A_BROWSER, with_page

pytestmark = IN_A_BROWSER

TIPS = "document.querySelectorAll('.tip')"
OF_THE_NETWORK, OF_THE_MAP = f"{TIPS}[0]", f"{TIPS}[1]"
ANY = r"[-.\d]+(e[-+]\d+)?"


def said(browser: Browser, tip: str, pattern: str) -> str:
    """What a tip says, once it is as expected."""
    script = f"!{tip}.hidden && /^{pattern}$/.test({tip}.textContent) && {tip}.textContent"
    return str(browser.wait(script))


def colours(browser: Browser) -> int:
    """How many colours the map has, without marks of rows."""
    script = """(() => {
      const canvas = document.querySelector('.plane canvas');
      const copy = new OffscreenCanvas(canvas.width, canvas.height);
      const context = copy.getContext('2d', { willReadFrequently: true });
      context.drawImage(canvas, 0, 0);
      const own = context.getImageData(60, 20, canvas.width - 90, 200).data;
      const found = new Set();
      for (let k = 0; k < own.length; k += 4) found.add(own.slice(k, k + 3).join());
      return found.size;
    })()"""
    return int(cast(float, browser.run(script)))


def test_values_by_mouse_and_by_keys(tmp_path: Path) -> None:
    """Of a unit, of a weight, and of the output anywhere; then the map of what is decided."""

    def look(browser: Browser, address: str) -> None:
        browser.size(1400, 900)
        browser.open(address)
        browser.wait(BEGUN)
        browser.click(EPOCH)
        browser.wait(f"{COUNTER} === '1'")
        by_keys(browser)
        over_the_map(browser)
        assert browser.complaints() == []

    with_page(tmp_path / "browser", ["data=moons", "model.width=3"], look)


def by_keys(browser: Browser) -> None:
    """Unit by unit, weight by weight; Escape ends it."""
    browser.run("document.querySelector('.net canvas').focus()")
    browser.press("ArrowRight")
    assert said(browser, OF_THE_NETWORK, "x_1") == "x_1"
    browser.press("ArrowRight")
    said(browser, OF_THE_NETWORK, rf"h1\[1\] = tanh[^]*β = {ANY}[^]*")
    browser.press("ArrowDown")
    said(browser, OF_THE_NETWORK, r"h1\[2\][^]*")
    for name in (r"Ω0\[1, 2\]", r"Ω0\[2, 2\]", r"Ω0\[1, 2\]"):
        browser.press("Enter")
        said(browser, OF_THE_NETWORK, f"{name} = {ANY}")
    browser.press("Escape")
    browser.wait(f"{OF_THE_NETWORK}.hidden")


def over_the_map(browser: Browser) -> None:
    """By mouse and by keys the same numbers at the same place; then two colours alone."""
    for part in ("train", "val"):
        browser.click(f"#show-{part}")
    script = """(() => { const own = document.querySelector('.plane canvas');
      own.scrollIntoView({ block: 'center' }); const r = own.getBoundingClientRect();
      return [r.x + 44 + (r.width - 52) / 2, r.y + 8 + (r.height - 42) / 2]; })()"""
    x, y = cast(list[float], browser.run(script))
    browser.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
    pattern = rf"x_1 = {ANY}\nx_2 = {ANY}\np\(1\) = [01]\.\d\d"
    by_mouse = said(browser, OF_THE_MAP, pattern)
    browser.call("Input.dispatchMouseEvent", type="mouseMoved", x=5, y=5)
    browser.wait(f"{OF_THE_MAP}.hidden")
    browser.run("document.querySelector('.plane canvas').focus()")
    browser.press("ArrowRight")
    assert said(browser, OF_THE_MAP, pattern) == by_mouse
    browser.press("ArrowUp")
    browser.wait(f"{OF_THE_MAP}.textContent !== {by_mouse!r}")
    assert re.fullmatch(pattern, said(browser, OF_THE_MAP, pattern))
    browser.press("Escape")
    browser.wait(f"{OF_THE_MAP}.hidden")
    many = colours(browser)
    browser.click("#discrete")
    browser.wait("document.querySelector('#discrete').checked")
    assert colours(browser) < many / 2

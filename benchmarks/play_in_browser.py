"""The live page in a browser, from the press of Pause at full speed to the counter that stands.

`python benchmarks/play_in_browser.py`, where chromium is installed: it is driven by what the tests
drive it by. Time begins with the event of the mouse and ends with the first picture after the page
knows that nothing trains; that the counter stands is looked at afterwards.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, cast

from race import QUICK, machine

if TYPE_CHECKING:
    from chromium import Browser

ROUNDS, SECONDS, STILL = (1, 0.2, 0.2) if QUICK else (20, 1.0, 0.5)
"""Presses, how long it trains before each, and how long the counter is looked at after it."""

WORDS = ["epochs=20000"]
"""What a page begins with: two spirals, two layers of eight units, batches of 16."""

WATCH = """window.stopped = new Promise((done) => {
  const play = document.querySelector('.transport button');
  let pressed = 0;
  const note = (event) => { pressed = event.timeStamp; };
  play.addEventListener('click', note, { capture: true, once: true });
  const watch = new MutationObserver(() => {
    if (!pressed || play.getAttribute('aria-pressed') === 'true') return;
    watch.disconnect();
    requestAnimationFrame(() => setTimeout(() => {
      done([performance.now() - pressed, document.querySelector('.counter').textContent]);
    }));
  });
  watch.observe(play, { attributes: true });
}), true"""


def pauses(browser: "Browser", play: str, running: str, counter: str) -> list[float]:
    """Milliseconds of each press."""
    taken = []
    for _ in range(ROUNDS):
        browser.click(play)
        browser.wait(running)
        time.sleep(SECONDS)
        browser.run(WATCH)
        browser.click(play)
        milliseconds, seen = cast(tuple[float, str], browser.run("window.stopped"))
        time.sleep(STILL)
        assert browser.run(counter) == seen, "it went on"
        taken.append(milliseconds)
    return taken


def main() -> None:
    """Measure one page."""
    tests = str(Path(__file__).parents[1] / "tests")
    if tests not in sys.path:
        sys.path.append(tests)
    from chromium import CHROMIUM  # noqa: PLC0415 of the tests
    from live_page import BEGUN, COUNTER, PLAY, RUNNING, with_page  # noqa: PLC0415

    if CHROMIUM is None:
        print("no chromium here: nothing is measured")
        return

    def look(browser: "Browser", address: str) -> None:
        browser.call("Network.disable")  # else this process keeps all that is sent
        browser.size(1400, 900)
        browser.open(address)
        browser.wait(BEGUN)
        taken = pauses(browser, PLAY, RUNNING, COUNTER)
        middle, worst = statistics.median(taken), max(taken)
        print(f"ms from the press of Pause to the stopped counter  {middle:8.1f}, most {worst:.1f}")

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        with_page(Path(folder) / "browser", WORDS, look)
    print(machine())


if __name__ == "__main__":
    main()

"""The live page in a real browser: done by clicks, and seen where a reader sees it."""

import json
from multiprocessing import active_children
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import pytest
from chromium import Browser
from live_page import COUNTER, EPOCH, IN_A_BROWSER, NOTICE, PLAY, RUNNING, STEP, value, with_page
from waiting import until

from mlp_lab.play import app

pytestmark = IN_A_BROWSER

SURVEY = "age,income,voted\\n" + "\\n".join(
    f"{age},{income},{'yes' if age + income > 70 else 'no'}"
    for age, income in ((20 + k % 50, 10 + k * 7 % 45) for k in range(60))
)
DROP = f"""(() => {{
  const held = new DataTransfer();
  held.items.add(new File(["{SURVEY}"], "survey.csv"));
  document.dispatchEvent(new DragEvent("drop", {{ dataTransfer: held, cancelable: true }}));
}})()"""

ACCURACY = "Number(document.querySelectorAll('.reading .train')[1].textContent.split(' ')[1])"


def test_other_languages(tmp_path: Path) -> None:
    """Chosen on the page, it stays with the browser; words a screen reader hears, too."""

    def look(browser: Browser, address: str) -> None:
        browser.open(address)
        begins = "document.querySelector('.transport button')?.textContent"
        for name, word, counter in (("de", "Start", "Epoche"), ("it", "Avvia", "Epoca")):
            browser.wait("document.getElementById('language')")
            browser.choose("#language", name)
            browser.wait(f"document.documentElement.lang === '{name}' && {begins} === '{word}'")
            label = "document.querySelector('.counter').getAttribute('aria-label')"
            assert browser.run(label) == counter
        assert browser.complaints() == []
        browser.open("about:blank")
        browser.open(address)
        browser.wait(f"{begins} === 'Avvia'")

    with_page(tmp_path, ["data=moons"], look)


def test_spirals_and_a_survey(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Train to 97 percent, pause, step, other settings, a reload, a table; then the page goes."""

    def look(browser: Browser, address: str) -> None:
        browser.size(1400, 900)
        browser.open(address)
        browser.wait(f"{COUNTER} === '0' && document.querySelectorAll('.layer').length === 2")
        train(browser)
        change(browser)
        reload(browser)
        backpropagate(browser)
        type_a_function(browser)
        drop(browser)
        draw_points(browser)
        keep(browser)
        fits_a_phone(browser)
        by_hand(browser)
        assert browser.complaints() == []
        place = urlsplit(address)
        for asked in browser.asked():
            assert asked.startswith("data:") or urlsplit(asked).netloc == place.netloc, asked
        assert active_children()
        monkeypatch.setattr(app, "KEPT_SECONDS", 0.0)
        browser.open("about:blank")
        until(lambda: not active_children())  # the engine is gone with its page

    with_page(tmp_path / "browser", ["epochs=20000"], look)


def train(browser: Browser) -> None:
    """By one click, and a second one to pause; then one step, and the rest of its epoch."""
    browser.click(PLAY)
    browser.wait(RUNNING)
    browser.wait(f"{ACCURACY} >= 0.97")
    browser.click(PLAY)
    browser.wait(f"!({RUNNING})")
    browser.drawn()  # the last frame came before the word that it is paused
    seen = str(browser.run(COUNTER))
    browser.click(STEP)
    browser.wait(f"{COUNTER} === '{seen} + 1'")
    browser.click(EPOCH)
    after = f"{int(seen.replace(',', '')) + 1:,}"
    browser.wait(f"{COUNTER} === '{after}'")


def change(browser: Browser) -> None:
    """A rate that can be, and one that cannot."""
    seen = browser.run(COUNTER)
    browser.write("#field-optimizer-lr", "0.003")
    browser.wait(f"{NOTICE} === 'Changed while it trains.'")
    assert browser.run(COUNTER) == seen
    browser.write("#field-optimizer-lr", "-1")
    browser.wait(f"{NOTICE} === 'optimizer.lr must be positive, got -1.0'")
    assert value(browser, "optimizer.lr") == "0.003"
    assert browser.run(COUNTER) == seen


def reload(browser: Browser) -> None:
    """The page comes back to where it stood, with its settings and curves."""
    seen = browser.run(COUNTER)
    browser.run("document.body.dataset.old = 'yes'")
    browser.call("Page.reload")
    browser.wait(f"!document.body.dataset.old && {COUNTER} === '{seen}'")
    assert value(browser, "optimizer.lr") == "0.003"
    assert float(str(browser.wait(ACCURACY))) > 0.9


STEP_TEXT = "document.querySelector('.passes .step').textContent"
SAID = "document.querySelector('.passes .said').textContent"
BESIDE = "document.querySelector('.passes').hidden"


def backpropagate(browser: Browser) -> None:
    """Both passes by keys, and a quiz: a wrong number, then the right one, which is counted."""
    browser.press("b")
    browser.wait(f"{BESIDE} === false && {STEP_TEXT}.includes('Next')")
    browser.press("ArrowRight")
    first = str(browser.wait(f"{STEP_TEXT}.startsWith('forward passf_0[1] = ') && {STEP_TEXT}"))
    value = first.rpartition("= ")[2]
    browser.press("ArrowLeft")
    browser.click("#quiz")
    browser.wait(f"{STEP_TEXT}.endsWith('= ?')")
    browser.write(".passes form input", value)
    browser.wait(f"{SAID} === 'Right: f_0[1] = {value}'")
    browser.write(".passes form input", "1e9")
    browser.wait(f"{SAID}.startsWith('Not 1e9: f_0[2] = ')")
    assert "1 of 2 right" in str(browser.run("document.querySelector('.passes').textContent"))
    browser.click(".passes .bar button:last-child")
    browser.wait(BESIDE)


FORMULA = "document.querySelector('#formula').value"


def type_a_function(browser: Browser) -> None:
    """It is learnt; one that is none is refused, and the field has the former again."""
    browser.write("#formula", "y = sin(3 x)")
    browser.wait(f"{FORMULA} === 'sin(3 x)' && {COUNTER} === '0'")
    assert value(browser, "data") == "function"
    browser.write("#formula", "sin(3 x")
    browser.wait(f"{NOTICE}.endsWith('a ) is missing for the ( at letter 4')")
    assert browser.run(FORMULA) == "sin(3 x)"
    assert "data.formula%3Dsin(3%20x)" in str(browser.run("location.hash"))
    browser.click(EPOCH)
    browser.wait(f"{COUNTER} === '1'")


def drop(browser: Browser) -> None:
    """A table is read here, asked for its target, and learnt."""
    browser.run(DROP)
    browser.wait("document.querySelectorAll('#target option').length === 4")
    browser.choose("#target", "voted")
    browser.wait("document.querySelector('details pre').textContent.includes('income')")
    browser.wait(f"{COUNTER} === '0'")
    browser.click(PLAY)
    browser.wait(f"{ACCURACY} >= 0.9")


CANVAS = "document.querySelector('.points canvas')"
COUNTED = "document.querySelector('.points output').textContent"


def draw_points(browser: Browser) -> None:
    """A stroke of one class by mouse, one of another by keys; both are learnt, and can be saved."""
    browser.run("document.activeElement.blur()")
    browser.press("d")
    browser.wait("!document.querySelector('.points').hidden")
    browser.run(f"{CANVAS}.scrollIntoView({{ block: 'center' }})")
    place = (
        f"(() => {{ const r = {CANVAS}.getBoundingClientRect(); return [r.x, r.y, r.width]; }})()"
    )
    left, top, side = cast(list[float], browser.run(place))
    for k in range(12):
        kind = "mouseMoved" if k else "mousePressed"
        x, y = left + side * (0.1 + 0.06 * k), top + side * 0.2
        browser.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=1)
    browser.call("Input.dispatchMouseEvent", type="mouseReleased", x=x, y=y, button="left")
    browser.wait(f"{COUNTED} === '12 points'")
    browser.click(".points .primary")
    browser.wait(f"{COUNTED} === 'Draw points of two classes.'")
    browser.run(f"{CANVAS}.focus()")
    for key in ("2", *["ArrowDown", "Enter"] * 13, "Backspace"):
        browser.press(key)
    browser.wait(f"{COUNTED} === '24 points'")
    browser.click(".points .primary")
    browser.wait(f"{COUNTER} === '0' && document.querySelector('.notice').hidden")
    browser.click(PLAY)
    browser.wait(f"{ACCURACY} === 1")
    browser.click(PLAY)
    browser.wait(f"!({RUNNING})")
    browser.click(".tools button:last-child")
    browser.wait(f"{NOTICE}.includes('data.path=points.csv data.target=class ')")
    assert "Save as CSV" in str(browser.run(NOTICE))


BEGINS = "[...new Uint8Array(await new Response(kept[{n}]).arrayBuffer())].slice(0, 4).join()"
FILES = ("26,69,223,163", "137,80,78,71", "80,75,3,4")
"""How a WebM film, a PNG picture and a ZIP file begin."""


def fits_a_phone(browser: Browser) -> None:
    """Two lines of buttons at most, one in landscape; nothing beyond the edge."""
    for width, height, most in ((320, 640, 100), (844, 390, 60), (390, 844, 100)):
        browser.size(width, height)
        browser.wait("getComputedStyle(document.querySelector('.tools')).display === 'none'")
        browser.wait(f"document.querySelector('header').offsetHeight < {most}")
        browser.wait(f"document.documentElement.scrollWidth === {width}")
    browser.click("button.more")
    browser.wait("getComputedStyle(document.querySelector('.tools')).display === 'flex'")
    browser.click(".tools .hand")
    browser.wait("!document.querySelector('.byhand').hidden")
    browser.press("h")
    browser.size(1400, 900)


def keep(browser: Browser) -> None:
    """A film of an epoch, a picture and the run's folder are files of their kinds."""
    browser.run(
        "window.kept = []; URL.createObjectURL = (own) => { kept.push(own); return 'data:,' }"
    )
    places = [f".pair button:nth-child({n})" for n in (2, 1)]
    browser.click(places[0])
    browser.wait(f"document.querySelector('{places[0]}').getAttribute('aria-pressed') === 'true'")
    seen = browser.run(COUNTER)
    browser.click(EPOCH)
    browser.wait(f"{COUNTER} !== {json.dumps(seen)}")
    browser.wait("new Promise((done) => setTimeout(() => done(true), 2000))")  # of film
    for n, selector in enumerate((*places, ":has(> .pair) > button"), start=1):
        browser.click(selector)
        browser.wait(f"kept.length === {n}")
        found = browser.run(f"(async () => {BEGINS.format(n=n - 1)})()")
        assert found == FILES[n - 1]


ENTRIES = "document.querySelectorAll('.entry').length"
LOSS = "document.querySelector('.byhand .loss').textContent"


def by_hand(browser: Browser) -> None:
    """Three units and a curve: a number that is typed has a loss, and training begins there."""
    browser.run("document.activeElement.blur()")
    browser.press("h")
    browser.click(".byhand .bar button")
    browser.wait(f"{ENTRIES} === 10 && {COUNTER} === '0' && {LOSS}")
    before = browser.run(LOSS)
    browser.write("fieldset:last-child input.short", "3")
    browser.wait(f"{LOSS} && {LOSS} !== {json.dumps(before)}")
    browser.click(".byhand .primary")
    browser.wait(f"{COUNTER} !== '0' && {RUNNING}")
    browser.click(PLAY)
    browser.wait(f"!({RUNNING})")

"""The lecture that docs/play.md walks through, by the names and to the numbers that it says."""

import json
import re
import time
from pathlib import Path

import pytest
from chromium import Browser
from lab import ROOT
from live_page import BEGUN, COUNTER, IN_A_BROWSER, NOTICE, RUNNING, with_page

pytestmark = IN_A_BROWSER

PAGE = (ROOT / "docs" / "play.md").read_text("utf-8")
WALK = PAGE.partition("## A lecture of fifteen minutes")[2].partition("\n## ")[0]
NAMED = re.compile(r"(?<!\*)\*([^*\n]+)\*(?!\*)")
MESSAGES = (ROOT / "frontend" / "src" / "messages.ts").read_text("utf-8")

Numbers = dict[str, list[float]]

ASKED = "document.querySelector('.asked').textContent"
CHOSEN = "document.querySelector('.networks .chip[aria-pressed=true]')?.textContent"
LOSSES = (
    "[...document.querySelectorAll('.reading')[0].children].slice(0, 2)"
    ".map((own) => Number(own.textContent.split(' ')[1]))"
)
NORMS = "[...document.querySelectorAll('.norms b')].map((own) => Number(own.textContent))"
STEP_TEXT = "document.querySelector('.passes .step').innerText"
SAID = "document.querySelector('.passes .said').textContent"


def tables() -> Numbers:
    """The first cell of each row of the walk's tables -> the numbers of the others."""
    found: Numbers = {}
    for line in WALK.splitlines():
        first, *others = (cell.strip(" `") for cell in line.strip("|").split("|"))
        numbers = [float(cell) for cell in others if re.fullmatch(r"-?[\d.]+(e-?\d+)?", cell)]
        if numbers:
            found[first] = numbers
    return found


def press(browser: Browser, text: str) -> None:
    """Click on the button that says so."""
    found = "[...document.querySelectorAll('button')].find"
    button = f"{found}((own) => own.textContent === {json.dumps(text)} && own.offsetParent)"
    browser.wait(button + " && true")
    browser.run(f"{button}.dataset.pressed = 'yes'")
    browser.click("[data-pressed]")
    browser.run("document.querySelector('[data-pressed]')?.removeAttribute('data-pressed')")


def example(browser: Browser, title: str, question: str) -> None:
    """Begin with one of *Examples …*, whose question is shown."""
    options = "[...document.querySelector('[aria-label=\"Examples …\"]').options]"
    chosen = browser.run(f"{options}.find((own) => own.textContent === {json.dumps(title)}).value")
    browser.choose('[aria-label="Examples …"]', str(chosen))
    browser.wait(f"{COUNTER} === '0' && {ASKED}.startsWith({json.dumps(question)})")


def train_to(browser: Browser, epochs: int) -> None:
    """Let *Epochs, at most* be so many, and train until there."""
    field = "document.getElementById('field-epochs')"
    browser.run(f"{field}.closest('details').open = true")
    browser.write("#field-epochs", str(epochs))
    browser.wait(f"{NOTICE} === 'Changed while it trains.'")
    press(browser, "Play")


def look_at(browser: Browser, text: str, numbers: str) -> list[float]:
    """Numbers that are shown of one of the networks side by side."""
    press(browser, text)
    browser.wait(f"{CHOSEN} === {json.dumps(text)} && {numbers}.length")
    found = browser.run(numbers)
    assert isinstance(found, list)
    return found


def fitting(browser: Browser) -> Numbers:
    """Three widths, and a training that is stopped early."""
    title = "Underfitting and overfitting"
    example(browser, title, "Which width cannot follow the sine")
    train_to(browser, 400)
    browser.wait(f"{NOTICE}.startsWith('all of 400 epochs trained')")
    found = {width: look_at(browser, width, LOSSES) for width in ("1", "4", "256")}
    example(browser, "Early stopping", "It pauses where patience would stop it")
    train_to(browser, 300)
    browser.wait(f"{NOTICE}.startsWith('early stopping: ')")
    found["where it pauses"] = at(browser)
    press(browser, "Play")
    browser.wait(f"{NOTICE}.startsWith('all of 300 epochs trained') && {COUNTER} === '300'")
    found["at the end"] = at(browser)
    return found


def at(browser: Browser) -> list[float]:
    """The epoch, and both losses, once they stay: the word that it has ended may come first."""
    script = f"[Number({COUNTER}.replace(',', '')), ...{LOSSES}]"
    found, before = browser.run(script), None
    while found != before:
        time.sleep(1.0)
        found, before = browser.run(script), found
    assert isinstance(found, list)
    return found


def passing(browser: Browser) -> Numbers:
    """All numbers of both passes; one of them is asked for, and predicted."""
    example(browser, "Joints of a shallow network", "Each unit bends the fit once")
    press(browser, "Backpropagation")
    browser.wait(f"{STEP_TEXT}.includes('Next')")
    found: Numbers = {}
    where = "document.querySelector('.passes .where').textContent"
    while not (seen := re.fullmatch(r"(\d+) of \1 numbers.*", str(browser.run(where)))):
        press(browser, "Next")
        text = str(browser.run(STEP_TEXT))
        name = text.split("\n", 1)[1].strip().partition(" = ")[0]
        found[name] = [float(text.rpartition("= ")[2])]
    found["numbers in all"] = [float(seen[1])]
    press(browser, "Start")
    browser.click("#quiz")
    while not str(browser.run(STEP_TEXT)).split("\n", 1)[1].strip().startswith("dL/dy"):
        press(browser, "Next")
    browser.write(".passes form input", str(found["dL/dy"][0]))
    browser.wait(f"{SAID}.startsWith('Right: dL/dy = ')")
    press(browser, "Step")
    browser.wait(f"{COUNTER} === '0 + 1' && {where}.endsWith('epoch 0 + 1')")
    browser.click(".passes .bar button:last-child")
    return found


def vanishing(browser: Browser) -> Numbers:
    """Norms of the first and the last layer after an epoch, by activation."""
    example(browser, "Vanishing gradients", "Compare the gradient norms")
    press(browser, "Epoch")
    browser.wait(f"{COUNTER} === '1'")
    found = {own: look_at(browser, own, NORMS) for own in ("sigmoid", "tanh", "relu")}
    return {own: [norms[0], norms[-1]] for own, norms in found.items()}


def test_names_are_those_of_the_page() -> None:
    """Every one that stands in italics."""
    names = NAMED.findall(WALK)
    assert len(names) > 10
    for name in names:
        assert f'"{name}"' in MESSAGES, name


def test_the_walk(tmp_path: Path) -> None:
    """Step by step; numbers may be three tenths off, as on another machine."""

    def look(browser: Browser, address: str) -> None:
        browser.size(1400, 900)
        browser.open(address)
        browser.wait(BEGUN)
        found = fitting(browser) | passing(browser) | vanishing(browser)
        assert not browser.run(RUNNING)
        assert browser.complaints() == []
        said = tables()
        shown = {name: found[name] for name in said}
        assert len(said) > 10
        for name, numbers in said.items():
            assert numbers == pytest.approx(found[name], rel=0.3), (name, shown)

    with_page(tmp_path / "browser", [], look)

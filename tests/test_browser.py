"""The pages of a run and of a sweep in a real browser: they render, and ask for nothing more."""

import json
import shutil
import subprocess
from html import unescape
from pathlib import Path

import pytest
from chromium import browsing
from lab import command

CHROMIUM = shutil.which("chromium")
OPTIONS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--no-first-run"),
)
DARK = "--blink-settings=preferredColorScheme=0"

WATCH = """
<script>
  const said = [];
  addEventListener("error", (event) => said.push(event.message || event.target.src), true);
  addEventListener("load", () => {
    const all = (selector) => [...document.querySelectorAll(selector)];
    const drawn = all(".chart > .plot").filter((each) => each.querySelector("canvas"));
    const still = all("svg[role=img]");
    const text = (picture) => picture.alt ?? picture.getAttribute("aria-label");
    const pictures = [...document.images];
    const folded = all("details").map((each) => each.open);
    const edge = document.documentElement.clientWidth;
    const cut = [...pictures, ...drawn].filter((each) => !each.closest(".wide"));
    const asked = performance.getEntriesByType("resource").map((entry) => entry.name.slice(0, 40));
    const levels = all("h1, h2, h3, h4").map((heading) => Number(heading.tagName[1]));
    document.title = JSON.stringify({
      errors: said,
      outside: asked.filter((name) => !name.startsWith("data:")),
      broken: pictures.filter((picture) => !picture.complete || picture.naturalWidth < 100).length,
      pictures: pictures.length,
      panels: drawn.filter((each) => each.getBoundingClientRect().height > 100).length,
      still: still.filter((each) => each.getBoundingClientRect().height).length,
      silent: [...pictures, ...drawn, ...still].filter((each) => text(each).length < 40).length,
      cut: cut.filter((each) => each.getBoundingClientRect().right > edge).length,
      beside: new Set(drawn.map((each) => each.getBoundingClientRect().top)).size,
      open: folded.filter(Boolean).length,
      folded: folded.length,
      wide: document.documentElement.scrollWidth > innerWidth,
      unscoped: all("th").filter((cell) => !cell.scope || !cell.textContent.trim()).length,
      levels: levels.every((level, i) => level <= (i ? levels[i - 1] : 0) + 1),
      ink: getComputedStyle(document.body).color,
    });
  });
</script>
"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The page of a run, and that of a sweep of many jobs, which have none of their own."""
    here = tmp_path_factory.mktemp("pages")
    done = command(["data=moons", "epochs=3", "quiet=true", "hydra.run.dir=run"], here)
    assert (done.returncode, done.stderr) == (0, "")
    swept = ("model.width=4,8", "optimizer.lr=0.001,0.01", "model.dropout=0,0.1,0.2")
    words = ("-m", *swept, "data=iris", "model=shallow", "epochs=2", "quiet=true")
    done = command([*words, "tracking.tensorboard=false", "hydra.sweep.dir=sweep"], here)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(list(here.glob("sweep/*/result.json"))) == 12
    assert [*here.glob("sweep/*/*.png"), *here.glob("sweep/*/report.html")] == []
    return {"run": here / "run" / "report.html", "sweep": here / "sweep" / "summary.html"}


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium here")
@pytest.mark.parametrize(("name", "shown"), [("run", (5, 2)), ("sweep", (3, 1))])
@pytest.mark.parametrize("dark", [False, True])
def test_a_page_in_a_browser(
    name: str, shown: tuple[int, int], dark: bool, pages: dict[str, Path], tmp_path: Path
) -> None:
    """On a wide screen, and on a phone in dark mode: all pictures drawn, nothing cut off."""
    width = 390 if dark else 1200
    pictures, panels = shown
    watched = tmp_path / "watched.html"
    watched.write_text(pages[name].read_text().replace("<title>", WATCH + "<title>", 1))
    assert CHROMIUM is not None
    done = subprocess.run(
        [
            *(CHROMIUM, *OPTIONS, f"--user-data-dir={tmp_path / 'user'}", *([DARK] * dark)),
            *(f"--window-size={width},900", "--virtual-time-budget=5000", "--dump-dom"),
            watched.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=240,
        check=True,
    ).stdout
    title = unescape(done.partition("<title>")[2].partition("</title>")[0])
    assert json.loads(title) == {
        "errors": [],
        "outside": [],
        "broken": 0,
        "pictures": pictures,
        "panels": panels,
        "still": 0,  # the script draws them: they are for print, and where there is none
        "silent": 0,
        "cut": 0,
        "beside": panels if dark else 1,  # on a phone one below the other
        "open": 0,
        "folded": 2,
        "wide": False,
        "unscoped": 0,
        "levels": True,
        "ink": "rgb(231, 235, 239)" if dark else "rgb(27, 32, 38)",
    }


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium here")
def test_curves_are_read_off_zoomed_and_switched(pages: dict[str, Path], tmp_path: Path) -> None:
    """By keys and by the mouse; print has the static picture."""
    still = "getComputedStyle(document.querySelector('.chart > :is(svg, img)')).display"
    plot = "getComputedStyle(document.querySelector('.chart > .plot')).display"
    reading = "document.querySelector('.chart > .reading').textContent"
    with browsing(tmp_path / "browser") as browser:
        for name, words in (("run", "epoch 2, training 0."), ("sweep", "epoch 2, best: ")):
            browser.open(pages[name].as_uri())
            browser.wait(f"{plot} === 'block'")
            browser.wait(f"{still} === 'none' && {reading}.includes('drag to zoom')")
            browser.run("document.querySelector('.chart > .plot').focus()")
            for key in ("ArrowRight", "ArrowRight"):
                browser.press(key)
            browser.wait(f"{reading}.startsWith({json.dumps(words)})")
            browser.click(".chart .switches button")
            switch = (
                "document.querySelector('.chart .switches button').getAttribute('aria-pressed')"
            )
            browser.wait(f"{switch} === 'false'")
            browser.call("Emulation.setEmulatedMedia", media="print")
            browser.wait(f"{still} === 'block' && {plot} === 'none'")
            browser.call("Emulation.setEmulatedMedia", media="")
        assert browser.complaints() == []


SHADE = """(() => {
    const canvas = document.querySelector('.chart canvas');
    const context = canvas.getContext('2d');
    const line = context.getImageData(0, 20, canvas.width, 1).data;
    const colour = (at) => line.slice(4 * Math.round(canvas.width * at)).slice(0, 4).join();
    return colour(0.3) !== colour(0.9);
})()"""


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium here")
def test_plateaus_are_shaded_and_said(pages: dict[str, Path], tmp_path: Path) -> None:
    """Grey from one epoch to another, in the words for whoever reads off, too."""
    text = pages["run"].read_text("utf-8").replace('"plateaus": []', '"plateaus": [[1, 2]]', 1)
    page = tmp_path / "run.html"
    page.write_text(text, "utf-8")
    reading = "document.querySelector('.chart > .reading').textContent"
    with browsing(tmp_path / "browser") as browser:
        browser.open(page.as_uri())
        browser.wait(f"{reading}.endsWith('Grey: the training loss is on a plateau.')")
        assert browser.run(SHADE)
        browser.run("document.querySelector('.chart > .plot').focus()")
        for rests in (True, True, False):
            browser.press("ArrowRight")
            browser.wait(f"{reading}.endsWith('on a plateau') === {json.dumps(rests)}")
        assert browser.complaints() == []

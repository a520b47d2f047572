"""report.html in a real browser: it renders, and asks for nothing beyond itself."""

import shutil
import subprocess
from pathlib import Path

import pytest
from lab import command

CHROMIUM = shutil.which("chromium")
OPTIONS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--no-first-run"),
)

WATCH = """
<script>
  const said = [];
  addEventListener("error", (event) => said.push(event.message || event.target.src), true);
  addEventListener("load", () => {
    const pictures = [...document.images];
    const asked = performance.getEntriesByType("resource").map((entry) => entry.name.slice(0, 40));
    const outside = asked.filter((name) => !name.startsWith("data:"));
    document.title = JSON.stringify({
      errors: said, outside: outside,
      drawn: pictures.filter((picture) => picture.complete && picture.naturalWidth > 100).length,
      pictures: pictures.length,
      wide: document.documentElement.scrollWidth > innerWidth,
    });
  });
</script>
"""


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium here")
@pytest.mark.parametrize("width", [1200, 390])
def test_the_report_in_a_browser(width: int, tmp_path: Path) -> None:
    """On a wide screen and on a phone: every picture is drawn, and nothing is cut off."""
    done = command(["data=moons", "epochs=3", "quiet=true", "hydra.run.dir=run"], tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    page = (tmp_path / "run" / "report.html").read_text()
    watched = tmp_path / "watched.html"
    watched.write_text(page.replace("<title>", WATCH + "<title>", 1))
    assert CHROMIUM is not None
    shown = subprocess.run(
        [
            *(CHROMIUM, *OPTIONS, f"--user-data-dir={tmp_path / 'user'}"),
            *(f"--window-size={width},900", "--virtual-time-budget=5000", "--dump-dom"),
            watched.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    title = shown.partition("<title>")[2].partition("</title>")[0]
    assert title == ('{"errors":[],"outside":[],"drawn":5,"pictures":5,"wide":false}'), title

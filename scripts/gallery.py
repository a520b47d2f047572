"""Make what docs/gallery.md shows: the pages and pictures of lessons, and pictures of notebooks.

python scripts/gallery.py lessons FOLDER    # all, in full: some ten minutes on two idle cores
python scripts/gallery.py lessons FOLDER embeddings  # of these lessons only
python scripts/gallery.py notebooks FOLDER  # executes each: four minutes
python scripts/gallery.py report RUN_FOLDER  # the picture of a report in README.md; needs chromium

FOLDER keeps what lessons measured and what notebooks printed; what is there is not made again,
also if it is a lesson's quick form (`mlp-lab lesson NAME quick=true folder=FOLDER/NAME`).
"""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import nbclient
import nbformat
import pandas as pd
from PIL import Image

from mlp_lab.drawing import save
from mlp_lab.lessons.catalogue import LESSONS
from mlp_lab.lessons.figures import figure_of
from mlp_lab.lessons.overview import on_all_lessons
from mlp_lab.lessons.panels import Panel

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "docs" / "lessons"
PICTURES = ROOT / "docs" / "images"

PANEL = {"embeddings": 2, "momentum_and_rates": 1, "universal_approximation": 1, "why_deep": 2}
"""Lesson -> which panel its card shows, if not the first."""

SHOWN = {
    "deep": (0, 2 / 3, 1),
    "double_descent": (2, 0, 1),
    "grid_search": (1, 0, 1),
    "learning_curves": (0, 2 / 3, 1),
    "optimizers": (0, 1 / 3, 2 / 3),
    "perceptron_to_shallow": (2, 3 / 4, 1),
}
"""Notebook -> which of its pictures the card shows, and from where to where of its width."""

COLORS = (96, 64, 48)
"""Enough for lines and the bands around them, a third of the bytes; fewer where they are many."""

LARGEST = 60_000
"""Bytes of a picture."""

WIDEST = 900
"""Pixels of a picture; names and numbers can still be read."""


WINDOW = (1000, 1330)
"""Pixels of the browser in which a page is shown."""


def lesson(name: str, folder: Path) -> None:
    """Give a lesson in full, and keep its page, its figure, and one panel of it."""
    if not (folder / "page.md").exists():
        command = [sys.executable, "-m", "mlp_lab", "lesson", name, f"folder={folder}"]
        subprocess.run(command, check=True)  # noqa: S603
    given = LESSONS[name]
    tables = {path.stem: pd.read_csv(path) for path in folder.glob("*.csv")}
    panels = given.panels(tables)
    shown = panels[PANEL.get(name, 0)]
    draw([shown], PICTURES / "lessons" / f"{name}.png", columns=1, size=4.8)
    draw(panels, PAGES / f"{name}.png", columns=given.columns, size=given.panel_size)
    (PAGES / f"{name}.md").write_text(page(name, folder), encoding="utf-8")


def draw(panels: Sequence[Panel], path: Path, *, columns: int, size: float) -> None:
    """Draw panels into a small file."""
    with tempfile.TemporaryDirectory() as folder:
        drawn = Path(folder) / "drawn.png"
        save(figure_of(panels, columns=columns, size=size), drawn)
        keep(Image.open(drawn), path)


def keep(picture: Image.Image, path: Path) -> None:
    """Write a picture with few colours."""
    path.parent.mkdir(parents=True, exist_ok=True)
    small = picture.convert("RGB")
    small.thumbnail((WIDEST, WIDEST), Image.Resampling.LANCZOS)
    for colors in COLORS:
        few = small.quantize(colors, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        few.save(path, optimize=True)
        if path.stat().st_size <= LARGEST:
            break


def page(name: str, folder: Path) -> str:
    """A lesson's own page, which names files that stay in its folder, and what it ran with."""
    text = (folder / "page.md").read_text(encoding="utf-8")
    text = re.sub(r"(?<!!)\[(\S+)\]\(\1\)", r"`\1`", text).replace("(figure.png)", f"({name}.png)")
    ran = json.loads((folder / "measurements.json").read_text(encoding="utf-8"))["environment"]
    programs = ", ".join(f"{key} {ran[key]}" for key in ("mlp_lab", "python", "torch", "numpy"))
    return f"{text}\nIt ran with {programs}, kernel={ran['kernel']}, on {ran['cpus']} cores.\n"


def notebook(name: str, folder: Path) -> None:
    """Execute a notebook, and keep one of the pictures that it draws."""
    executed = folder / f"{name}.ipynb"
    if not executed.exists():
        folder.mkdir(parents=True, exist_ok=True)
        book = nbformat.read(ROOT / "notebooks" / executed.name, as_version=4)
        with tempfile.TemporaryDirectory() as work:
            where = {"metadata": {"path": work}}
            nbclient.NotebookClient(book, timeout=300, resources=where).execute()
        nbformat.write(book, executed)
    outputs = [
        output.get("data", {})
        for cell in nbformat.read(executed, as_version=4).cells
        for output in cell.get("outputs", [])
    ]
    plots = [data["image/png"] for data in outputs if "image/png" in data]
    number, left, right = SHOWN.get(name, (0, 0, 1))
    picture = Image.open(BytesIO(base64.b64decode(plots[number])))
    width, height = picture.size
    part = picture.crop((round(left * width), 0, round(right * width), height))
    keep(part, PICTURES / "notebooks" / f"{name}.png")


def report(folder: Path) -> None:
    """Keep the upper part of a run's page, as a browser shows it."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        sys.exit("a picture of a page needs chromium")
    page = (folder / "report.html").resolve().as_uri()
    with tempfile.TemporaryDirectory() as work:
        shown = Path(work) / "shown.png"
        options = [f"--user-data-dir={work}/profile", "--hide-scrollbars", "--no-first-run"]
        size = f"--window-size={WINDOW[0]},{WINDOW[1]}"
        command = [browser, "--headless", "--no-sandbox", "--disable-gpu", *options, size]
        subprocess.run([*command, f"--screenshot={shown}", page], check=True)  # noqa: S603
        few = Image.open(shown).convert("RGB").quantize(128, dither=Image.Dither.NONE)
        few.save(PICTURES / "report.png", optimize=True)


def main() -> None:
    """`python scripts/gallery.py KIND FOLDER [NAME ...]`."""
    kind, folder = sys.argv[1], Path(sys.argv[2])
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    if kind == "lessons":
        for name in sys.argv[3:] or LESSONS:
            lesson(name, folder / name)
        found = {
            path.parent.name: json.loads(path.read_text(encoding="utf-8"))
            for path in sorted(folder.glob("*/measurements.json"))
        }
        print(on_all_lessons(found))
    elif kind == "report":
        report(folder)
    else:
        for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
            notebook(path.stem, folder)


if __name__ == "__main__":
    main()

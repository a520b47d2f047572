"""docs/gallery.md shows every lesson and every notebook, with small pictures that are there."""

import json
import re
from pathlib import Path

import pytest
from lab import ROOT

from mlp_lab.lessons.catalogue import LESSONS

DOCS = ROOT / "docs"
GALLERY = (DOCS / "gallery.md").read_text(encoding="utf-8")
CARD = re.compile(
    r"^- \[!\[(?P<name>[^\]]+)\]\((?P<picture>\S+)\)\]\((?P<page>\S+)\)\n"
    r"  \*\*\[(?P=name)\]\((?P=page)\)\*\*: (?P<words>.+)$",
    re.MULTILINE,
)
CARDS = {f"{Path(card['page'])}": card for card in CARD.finditer(GALLERY)}
LARGEST = 60_000
"""Bytes of a picture."""


def test_nothing_is_missing() -> None:
    """A card for each lesson, in the order of the course, and for each notebook."""
    notebooks = {f"../notebooks/{path.name}" for path in ROOT.glob("notebooks/*.ipynb")}
    lessons = [f"lessons/{name}.md" for name in LESSONS]
    assert list(CARDS)[: len(lessons)] == lessons
    assert set(CARDS) == {*lessons, *notebooks}
    assert GALLERY.count("![") == len(CARDS)


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson(name: str) -> None:
    """Its question, and a page of that lesson as it is given now: the claims are the lesson's."""
    card = CARDS[f"lessons/{name}.md"]
    page = (DOCS / card["page"]).read_text(encoding="utf-8")
    claims = re.findall(r"^\*\*(.+)\*\* \w", page, re.MULTILINE)
    assert page.startswith(f"# {card['name']}\n")
    assert card["words"] == LESSONS[name].question
    assert claims == [claim.text for claim in LESSONS[name].claims.values()]
    assert LESSONS[name].method in page


@pytest.mark.parametrize("page", [page for page in CARDS if page.endswith(".ipynb")])
def test_a_notebook(page: str) -> None:
    """Named by its title."""
    first = json.loads((DOCS / page).read_text(encoding="utf-8"))["cells"][0]
    assert first["source"][0].strip() == f"# {CARDS[page]['name']}"


def test_pictures_are_small() -> None:
    """A site and a checkout stay so."""
    pictures = [DOCS / card["picture"] for card in CARDS.values()]
    pictures += [DOCS / "lessons" / f"{name}.png" for name in LESSONS]
    assert [path.name for path in pictures if path.stat().st_size > LARGEST] == []

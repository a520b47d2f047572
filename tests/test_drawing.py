"""Names of data in pictures: letter by letter, in a font that has them."""

import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib import font_manager
from matplotlib.text import Text

from mlp_lab import drawing
from mlp_lab.drawing import LONGEST, blank_figure, fallbacks, missing_letters_named, save, shown

DOLLARS = "$10% to $20%"


@pytest.fixture
def square_font(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An installed font that has one letter, a square."""
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    for corner in ((0, 700), (700, 700), (700, 0)):
        pen.lineTo(corner)
    pen.closePath()
    square = pen.glyph()
    font = FontBuilder(1000, isTTF=True)
    font.setupGlyphOrder([".notdef", "square"])
    font.setupCharacterMap({0x4E2D: "square"})
    font.setupGlyf({".notdef": square, "square": square})
    font.setupHorizontalMetrics(dict.fromkeys((".notdef", "square"), (800, 0)))
    font.setupHorizontalHeader(ascent=800, descent=-200)
    font.setupNameTable({"familyName": "Square", "styleName": "Regular"})
    font.setupOS2()
    font.setupPost()
    font.save(tmp_path / "square.ttf")
    manager = font_manager.fontManager
    monkeypatch.setattr(manager, "ttflist", list(manager.ttflist))
    manager.addfont(tmp_path / "square.ttf")
    drawing._others.cache_clear()
    yield "Square"
    drawing._others.cache_clear()


def test_dollars_are_no_mathematics(tmp_path: Path) -> None:
    """In a title, on an axis, at a tick and in a legend; powers of ten stay as they are."""
    figure = blank_figure(4, 3, 80)
    axis = figure.subplots()
    axis.plot([0, 1], [1, 1e6], label=DOLLARS)
    axis.set_yscale("log")
    axis.set_title(f"{DOLLARS}\x1b")
    axis.set_xlabel(f"$\\frac{DOLLARS}")
    axis.set_xticks([0, 1], [DOLLARS, "x$^$\u202e"])
    axis.legend()
    save(figure, tmp_path / "x.png")
    assert axis.get_title() == f"{DOLLARS}\\x1b"
    assert [label.get_text() for label in axis.get_xticklabels()] == [DOLLARS, "x$^$\\u202e"]
    powers = [label for label in axis.get_yticklabels() if "10^" in label.get_text()]
    assert powers
    assert all(label.get_parse_math() for label in powers)
    others = [
        text for text in figure.findobj(Text) if isinstance(text, Text) and text.get_visible()
    ]
    assert not any(text.get_parse_math() for text in others if DOLLARS in text.get_text())


def test_a_long_name_is_cut() -> None:
    assert shown("x" * 5000) == "x" * (LONGEST - 1) + "…"


def test_a_font_that_has_the_letters_is_found(square_font: str, tmp_path: Path) -> None:
    """And nothing is said."""
    assert fallbacks("中") == [square_font]
    assert fallbacks("é") == []
    figure = blank_figure(4, 3, 80)
    figure.subplots().set_title("中")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        save(figure, tmp_path / "x.png")


def test_missing_letters_are_named_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In one line for all pictures."""
    with missing_letters_named(Path("report.html")):
        for title in ("中文", "\U0001faf8 中"):
            figure = blank_figure(4, 3, 80)
            figure.subplots().set_title(title)
            save(figure, tmp_path / "x.png")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("report.html: no installed font has ")

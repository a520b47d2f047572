"""Figures with names that come from data: shown letter by letter, in fonts that have them."""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mlp_lab.files import whole_file
from mlp_lab.formatting import GROUPED_FROM, LARGEST_WRITTEN_OUT, visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure
    from matplotlib.text import Text
    from matplotlib.ticker import Formatter

LONGEST = 300
"""Letters of a name that a picture shows: a wider picture cannot be drawn."""

PREFERRED = (
    *("Noto Sans", "Noto Sans CJK", "Source Han Sans", "WenQuanYi", "IPA", "Droid Sans"),
    *("Microsoft YaHei", "Yu Gothic", "Malgun Gothic", "Segoe UI"),  # of Windows
    *("PingFang", "Hiragino", "Apple SD Gothic", "Arial Unicode MS", "Symbola"),  # of macOS
)
"""Beginnings of the names of fonts that have many letters."""

GLYPH = re.compile(r"Glyph (\d+) .*missing from")
"""How matplotlib warns of a letter that it draws as a box."""


def blank_figure(
    width: float, height: float, dpi: float, *, layout: Literal["constrained"] | None = None
) -> Figure:
    """A figure of some inches, for a file."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415  slow
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(width, height), dpi=dpi, layout=layout)
    FigureCanvasAgg(figure)
    return figure


def whole_ticks(axis: Axis) -> None:
    """Ticks at whole numbers that a person would choose: 0, 10, 20, of what can be counted."""
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415

    axis.set_major_locator(MaxNLocator("auto", integer=True, steps=[1, 2, 5, 10]))


def legend_above(axes: Axes, columns: int = 4, *, size: float = 8) -> int:
    """A legend above the axes, where it covers no data; how many lines it has."""
    count = len(axes.get_legend_handles_labels()[1])
    if count == 0:
        return 0
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=columns,
        fontsize=size,
        frameon=False,
        borderaxespad=0.2,
        handlelength=1.5,
        columnspacing=1.2,
    )
    return -(-count // columns)


def legend_within(axes: Axes, *, size: float = 8) -> None:
    """A legend where it covers least of the data, which shows through it."""
    axes.legend(loc="best", fontsize=size, framealpha=0.7, edgecolor="none", handlelength=1.5)


def save(figure: Figure, path: Path, *, tight: bool = False) -> None:
    """Draw a figure into a PNG file; its words stand for themselves, a `$` too.

    `tight`: without the empty space around it.

    Raises:
        OSError: it cannot be written.
    """
    from matplotlib.text import Text  # noqa: PLC0415

    _set_thousands_apart(figure)
    fixed = _name_ticks(figure)
    texts = [text for text in figure.findobj(Text) if isinstance(text, Text)]
    numbers = _made_by_ticks(figure) - fixed
    for text in texts:
        if text not in numbers:
            text.set_parse_math(False)
            text.set_text(shown(text.get_text()))
    letters = {letter for text in texts for letter in text.get_text() if not letter.isascii()}
    if families := fallbacks(letters):
        for text in texts:
            text.set_fontfamily([*text.get_fontfamily(), *families])
    with whole_file(path) as file:
        figure.savefig(file, format="png", bbox_inches="tight" if tight else None)


def shown(text: str) -> str:
    """A text as a picture has room for it, its control characters shown."""
    text = visible(text).replace("\t", "\\t")
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _set_thousands_apart(figure: Figure) -> None:
    """Numbers from 10,000 on a linear axis are written out, with a comma."""
    from matplotlib.ticker import ScalarFormatter, StrMethodFormatter  # noqa: PLC0415

    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            if type(axis.get_major_formatter()) is not ScalarFormatter:
                continue
            largest = max(map(abs, axis.get_majorticklocs().tolist()), default=0)
            if GROUPED_FROM <= largest < LARGEST_WRITTEN_OUT:
                axis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))


def _name_ticks(figure: Figure) -> set[Text]:
    """Labels of ticks that are given names, not numbers that matplotlib writes."""
    from matplotlib.ticker import FixedFormatter, FuncFormatter  # noqa: PLC0415

    found: set[Text] = set()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            names = axis.get_major_formatter()
            if isinstance(names, FixedFormatter | FuncFormatter):
                axis.set_major_formatter(FuncFormatter(partial(_name, names)))
                found.update(axis.get_ticklabels())
    return found


def _name(names: Formatter, value: float, place: int | None) -> str:
    return shown(names(value, place))


def _made_by_ticks(figure: Figure) -> set[Text]:
    """Labels of all ticks, with powers of ten as matplotlib has them."""
    found: set[Text] = set()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            found.add(axis.get_offset_text())
            for tick in [*axis.get_major_ticks(), *axis.get_minor_ticks()]:
                found |= {tick.label1, tick.label2}
    return found


def fallbacks(letters: Iterable[str]) -> list[str]:
    """Installed fonts that have what matplotlib's own lacks, as few as a greedy choice needs."""
    missing = set(map(ord, letters))
    if missing:
        missing -= _letters_of_own_font()
    families = []
    for family, path in _others() if missing else ():
        found = missing & _letters(path)
        if found and _drawable(path, min(found)):
            families.append(family)
            missing -= found
        if not missing:
            break
    return families


@cache
def _letters_of_own_font() -> frozenset[int]:
    from matplotlib.font_manager import FontProperties, findfont  # noqa: PLC0415

    return _letters(findfont(FontProperties()))


@cache
def _others() -> list[tuple[str, str]]:
    """Name and file of every installed font in an upright, ordinary face; the likeliest first."""
    from matplotlib.font_manager import fontManager  # noqa: PLC0415

    def rank(name: str) -> tuple[int, str]:
        places = [i for i, known in enumerate(PREFERRED) if name.startswith(known)]
        return (max(places, key=lambda i: len(PREFERRED[i])) if places else len(PREFERRED), name)

    ordinary = [
        (entry.name, entry.fname)
        for entry in fontManager.ttflist
        if entry.style == "normal"
        and entry.weight in (400, "normal", "regular", "book")
        and not entry.name.startswith("Last Resort")  # boxes for every letter
    ]
    return sorted(dict(ordinary).items(), key=lambda entry: rank(entry[0]))


@cache
def _letters(path: str) -> frozenset[int]:
    """Letters that a font has; none if it cannot be read."""
    from matplotlib.font_manager import get_font  # noqa: PLC0415

    try:
        return frozenset(get_font(path).get_charmap())
    except (RuntimeError, OSError, ValueError):  # of FreeType
        return frozenset()


def _drawable(path: str, letter: int) -> bool:
    """Whether matplotlib can draw a letter of a font: it cannot where glyphs are pictures."""
    from matplotlib.font_manager import get_font  # noqa: PLC0415

    try:
        font = get_font(path)
        font.set_size(10, 100)
        font.load_char(letter)
    except (RuntimeError, OSError, ValueError):
        return False
    return True


@contextmanager
def missing_letters_named(where: Path) -> Iterator[None]:
    """Say in one line which letters of the pictures in a folder no installed font has."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.filterwarnings("always", "Glyph .* missing from")
        yield
    letters = dict.fromkeys(
        chr(int(found[1])) for each in caught if (found := GLYPH.match(str(each.message)))
    )
    for each in caught:
        if not GLYPH.match(str(each.message)):
            warnings.warn_explicit(each.message, each.category, each.filename, each.lineno)
    if letters:
        some = " ".join(list(letters)[:20]) + " ..." * (len(letters) > 20)
        print(
            f"{where}: no installed font has {some}: pictures show boxes in their place",
            file=sys.stderr,
        )

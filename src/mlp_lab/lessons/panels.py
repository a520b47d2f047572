"""What a figure shows, as data: panels, and what is drawn in each.

Colours are places in the palette (`figures.COLORS`), shades of grey such as "0.55", or None: the
next place that the panel has not used.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from mlp_lab.data.arrays import Floats
from mlp_lab.lessons.claims import ANYTHING
from mlp_lab.lessons.tables import Table, by_seed, levels

GREY = "0.55"

Color = int | str | None
Place = Literal["best", "upper left", "upper center", "upper right", "lower left", "lower right"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Means over seeds at every x with their 95 % intervals, of values (x, seeds).

    Without a `line` the intervals are bars at separate points.
    """

    x: ArrayLike
    values: Floats
    label: str
    color: Color = None
    line: str = "-"
    marker: str | None = "o"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A curve without a spread, or, with a `marker` and no `line`, points."""

    x: ArrayLike
    y: ArrayLike
    label: str | None = None
    color: Color = None
    line: str = "-"
    marker: str | None = None
    size: float = 6
    width: float = 1.1
    alpha: float = 1
    below: bool = False  # everything else


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A straight line across the panel, at an x or at a y."""

    x: float | None = None
    y: float | None = None
    label: str | None = None
    color: Color = GREY
    line: str = ":"


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """What lies between two curves."""

    x: ArrayLike
    low: ArrayLike
    high: ArrayLike
    label: str
    color: Color = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contours:
    """Lines of equal height, of heights (y, x)."""

    x: ArrayLike
    y: ArrayLike
    heights: Floats
    shown: Sequence[float]


Drawn = Band | Line | Mark | Area | Contours


@dataclass(frozen=True, slots=True)
class Panel:
    """One pair of axes.

    Intervals of bands end at what a number can be `within` (claims.SHARE and its neighbours).
    """

    title: str
    x: str  # the axes' names
    y: str
    drawn: Sequence[Drawn]
    _: KW_ONLY
    within: tuple[float, float] = ANYTHING
    log: str = ""  # the logarithmic axes: x, y or xy
    x_limits: tuple[float | None, float | None] = (None, None)
    y_limits: tuple[float | None, float | None] = (None, None)
    ticks: Mapping[float, str] | None = None  # of x, with their words
    tilted: bool = False  # where the words of the ticks need the room
    legend_columns: int = 1  # 0 leaves the legend out
    legend_size: float = 8
    legend_place: Place = "best"


def band(
    table: Table,
    x: str,
    y: str,
    label: str,
    *,
    color: Color = None,
    line: str = "-",
    marker: str | None = "o",
) -> Band:
    """A column of a table against another, wherever every seed has a finite number."""
    values = by_seed(table, y, x)
    known = np.isfinite(values).all(axis=1)
    at = np.array(levels(table, x))[known]
    return Band(x=at, values=values[known], label=label, color=color, line=line, marker=marker)


def bands(
    table: Table, x: str, y: str, by: str, label: str = "{}", *, marker: str | None = "o"
) -> list[Band]:
    """A band for each level of the column `by`, which stands for {} in its label."""
    parts = table.groupby(by, sort=False)
    return [band(own, x, y, label.format(level), marker=marker) for level, own in parts]


def beside(
    table: Table, x: str, by: Sequence[str], label: str, gap: float = 0.12
) -> Iterator[tuple[str, Table]]:
    """A part for each combination of the columns `by`, moved along x so that none hides another.

    Its label names the levels in place of each {}.
    """
    parts = list(table.groupby(list(by), sort=False))
    for place, (own, part) in enumerate(parts):
        yield label.format(*own), part.assign(**{x: part[x] + gap * (place - (len(parts) - 1) / 2)})

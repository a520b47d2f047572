"""What is drawn is what panels say."""

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import to_hex, to_rgba
from matplotlib.contour import ContourSet

from mlp_lab.lessons.claims import POSITIVE, SHARE, t_interval
from mlp_lab.lessons.figures import COLORS, figure_of
from mlp_lab.lessons.panels import Area, Band, Contours, Drawn, Line, Mark, Panel

X = (1, 10, 100)
VALUES = np.random.default_rng(0).uniform(1, 2, (3, 5))


def axes(*drawn: Drawn) -> Axes:
    """Of a figure of one panel."""
    return figure_of([Panel("Title", "across", "up", drawn)], columns=3, size=4).axes[0]


def test_a_band_is_means_and_their_intervals() -> None:
    axis = axes(Band(x=X, values=VALUES, label="words"))
    (line,), (area,) = axis.lines, axis.collections
    assert np.asarray(line.get_ydata()) == pytest.approx(VALUES.mean(axis=1))
    assert isinstance(area, PolyCollection)
    heights = set(np.asarray(area.get_paths()[0].vertices)[:, 1].tolist())
    for values in VALUES:
        assert set(t_interval(values)) <= heights


def test_on_a_logarithmic_axis_a_band_is_that_of_the_logarithms() -> None:
    """So that it does not fall to the floor where seeds differ by powers of ten."""
    values = np.array([[1e-4, 1e-2, 1.0], [1e-3, 1e-1, 10.0], [1.0, 2.0, 3.0]])
    panel = Panel("Title", "across", "up", [Band(x=X, values=values, label="words")], log="y")
    axis = figure_of([panel], columns=1, size=4).axes[0]
    assert np.asarray(axis.lines[0].get_ydata()) == pytest.approx(np.exp(np.log(values).mean(1)))
    (area,) = axis.collections
    heights = np.asarray(area.get_paths()[0].vertices)[:, 1]
    wanted = [bound for row in values for bound in np.exp(t_interval(np.log(row)))]
    assert set(np.round(heights, 9)) >= set(np.round(wanted, 9))
    assert heights.min() > 0
    assert t_interval(values[1])[0] < 0


def test_a_band_with_a_zero_ends_above_the_floor_of_a_logarithmic_axis() -> None:
    """At the least number that is not zero; not as a block down to the axis."""
    values = np.array([[1e-4, 1e-2, 1.0], [0.0, 1e-1, 10.0], [1.0, 2.0, 3.0]])
    panel = Panel("Title", "across", "up", [Band(x=X, values=values, label="words")], log="y")
    (area,) = figure_of([panel], columns=1, size=4).axes[0].collections
    heights = np.asarray(area.get_paths()[0].vertices)[:, 1]
    assert heights.min() == 1e-4
    assert t_interval(values[1])[0] < 0


def test_a_band_without_a_line_has_bars() -> None:
    axis = axes(Band(x=X, values=VALUES, label="words", line="", marker="D"))
    (bars,) = axis.collections
    assert isinstance(bars, LineCollection)
    assert [segment[:, 1].tolist() for segment in bars.get_segments()] == [
        list(t_interval(values)) for values in VALUES
    ]
    assert (axis.lines[0].get_linestyle(), axis.lines[0].get_marker()) == ("None", "D")


def test_one_seed_has_no_interval() -> None:
    assert not axes(Band(x=X, values=VALUES[:, :1], label="words")).collections


def test_colours_are_the_next_ones_or_as_said() -> None:
    lines = [Line(x=X, y=X), Line(x=X, y=X, color=5), Line(x=X, y=X, color="0.5"), Line(x=X, y=X)]
    expected = [COLORS[0], COLORS[5], to_hex("0.5"), COLORS[1]]
    assert [to_hex(line.get_color()) for line in axes(*lines).lines] == expected


def test_marks_go_across() -> None:
    down, across = axes(Mark(x=2.0, label="here"), Mark(y=0, line="--")).lines
    assert np.asarray(down.get_xdata()).tolist() == [2, 2]
    assert np.asarray(across.get_ydata()).tolist() == [0, 0]
    assert (down.get_label(), across.get_linestyle()) == ("here", "--")


def test_areas_and_contours() -> None:
    axis = axes(
        Area(x=X, low=(0, 0, 0), high=X, label="all of it", color=2),
        Contours(x=X, y=X, heights=np.outer(X, X).astype(float), shown=[50, 500]),
    )
    area, contours = axis.collections
    assert np.asarray(area.get_facecolor())[0] == pytest.approx(to_rgba(COLORS[2], 0.5))
    assert isinstance(contours, ContourSet)
    assert np.asarray(contours.levels).tolist() == [50, 500]


def test_axes_are_as_the_panel_says() -> None:
    panel = Panel(
        *("Title", "across", "up"),
        [Line(x=X, y=X, label="words")],
        log="xy",
        y_limits=(0.5, 200),
        ticks={1: "one", 100: "hundred"},
        tilted=True,
        legend_columns=0,
    )
    axis = figure_of([panel], columns=1, size=4).axes[0]
    assert (axis.get_title(), axis.get_xlabel(), axis.get_ylabel()) == ("Title", "across", "up")
    assert (axis.get_xscale(), axis.get_yscale(), axis.get_ylim()) == ("log", "log", (0.5, 200))
    assert [(t.get_text(), t.get_rotation()) for t in axis.get_xticklabels()] == [
        ("one", 60),
        ("hundred", 60),
    ]
    assert axis.get_legend() is None


def test_panels_go_row_by_row() -> None:
    panels = [Panel(str(place), "x", "y", [Line(x=X, y=X)]) for place in range(5)]
    figure = figure_of(panels, columns=2, size=4)
    assert [axis.get_title() for axis in figure.axes] == list("01234")
    specs = [axis.get_subplotspec() for axis in figure.axes]
    assert [spec.get_geometry()[:3] for spec in specs if spec] == [(3, 2, n) for n in range(5)]


@pytest.mark.parametrize(("line", "within"), [("-", SHARE), ("", SHARE), ("-", POSITIVE)])
def test_intervals_end_at_what_is_possible(line: str, within: tuple[float, float]) -> None:
    """Three seeds of an accuracy near 1 have an interval beyond it, of an error one below 0."""
    values = np.array([[0.99, 0.9, 1.0], [0.0, 0.1, 0.01]])
    drawn = Band(x=(1, 2), values=values, label="words", line=line)
    panel = Panel("Title", "across", "up", [drawn], within=within)
    (area,) = figure_of([panel], columns=1, size=4).axes[0].collections
    heights = np.concatenate([np.asarray(path.vertices)[:, 1] for path in area.get_paths()])
    assert heights.min() == 0
    assert heights.max() == pytest.approx(min(within[1], t_interval(values[0])[1]))
    assert t_interval(values[1])[0] < 0
    assert t_interval(values[0])[1] > 1


def test_a_legend_that_would_cover_data_is_below_the_axes() -> None:
    """There it is no wider than they are; where there is room, it stays within."""
    everywhere = Band(x=X, values=np.array([[0.0, 1.0]] * 3), label="a long name " * 3)
    for drawn, inside in ((everywhere, False), (Line(x=(0, 1), y=(0, 1), label="words"), True)):
        own = axes(drawn, Line(x=[], y=[], label="others"))
        legend = own.get_legend()
        assert legend is not None
        place, box = legend.get_window_extent(), own.get_window_extent()
        assert (place.y0 >= box.y0) == inside
        assert inside or (place.y1 < box.y0 and place.width <= box.width)

"""Pictures of a ranking: scores against one key, two keys, or many; curves of some of its runs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING

from mlp_lab.compare.ranking import Ranking
from mlp_lab.compare.records import RunRecord
from mlp_lab.compare.settings import Setting
from mlp_lab.compare.statistics import main_effect
from mlp_lab.compare.values import as_number
from mlp_lab.drawing import blank_figure, legend_above, save, whole_ticks
from mlp_lab.errors import UserError
from mlp_lab.formatting import (
    GROUPED_FROM,
    four_digits,
    listed,
    percent,
    score_written,
    significant,
)
from mlp_lab.report.charts import Chart, Series
from mlp_lab.report.headline import is_share, named
from mlp_lab.report.learning_curve import plateaus, shade
from mlp_lab.tracking.curves import CURVES, Row, read_curves

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DPI = 120

PAPER = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}
"""Behind labels that lie on lines."""

BLUE, ORANGE, GREY = "#0072b2", "#d55e00", "0.6"
ENDS = {"best": ORANGE, "median": BLUE, "worst": GREY}
GREY_OF_A_PAGE = "#8b939e"
WIDE = 30.0
"""Ratio of the largest value of a key to the smallest, from which its axis is logarithmic."""

TICKS = 12
"""Values of a key, up to which a logarithmic axis names each."""

LARGEST = 2000
"""Cells of a heatmap that somebody can still read."""

PARALLEL = 200
"""Settings drawn as lines: more hide each other."""

FEW = 6
"""Values of a key, up to which a linear axis names each."""

RESTING = "the training loss of the best setting"
"""What is on a plateau where curves are grey."""

MOST_RUNS = 20
"""Runs of a setting whose curves are drawn."""

ERRORS = ("rmse", "mae", "loss", "log_loss", "brier", "calibration_error", "rank_mae")
"""Scores that are no less than 0."""

BROAD = 8.0
"""Inches from which a picture needs the whole page."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture in its file; the alternative text is for those who cannot see it."""

    path: Path
    heading: str
    caption: str
    alt_text: str
    broad: bool
    chart: Chart | None = None


def draw(ranking: Ranking, folder: Path) -> list[Drawn]:
    """Draw what fits the number of swept keys."""
    pictures = []
    settings = [setting for setting in ranking.settings if setting.scores]
    if len(ranking.keys) == 1 and len(settings) > 1:
        pictures.append(_validation_curve(ranking, settings, folder / "validation_curve.png"))
    elif len(ranking.keys) == 2 and fills_a_table(ranking.keys, settings):
        pictures.append(_heatmap(ranking, settings, folder / "heatmap.png"))
    elif len(ranking.keys) > 1:
        pictures.append(_parallel(ranking, settings, folder / "parallel_coordinates.png"))
        pictures.append(_importance(ranking, settings, folder / "importance.png"))
    pictures.append(_curves(ranking, settings, folder / "learning_curves.png"))
    return pictures


def fills_a_table(keys: Sequence[str], settings: Sequence[Setting]) -> bool:
    """Whether values of two keys meet often enough for a heatmap, as those of a search do not."""
    rows, columns = (len({setting.values[key] for setting in settings}) for key in keys)
    return rows * columns <= min(LARGEST, 4 * len(settings))


def blank_axes(width: float, height: float) -> tuple[Figure, Axes]:
    """A figure of some inches, and its axes."""
    figure = blank_figure(width, height, DPI)
    return figure, figure.subplots()


def _save(figure: Figure, path: Path, heading: str, caption: str, alt_text: str) -> Drawn:
    save(figure, path, tight=True)
    return Drawn(path, heading, caption, alt_text, broad=figure.get_figwidth() > BROAD)


def _extremes(ranking: Ranking, settings: Sequence[Setting]) -> str:
    """The best and the worst setting, in words."""
    sign = 1 if ranking.higher_is_better else -1
    best, worst = ranking.best, min(settings, key=lambda setting: sign * setting.mean)
    ends = [score_written(ranking.score, setting.mean) for setting in (best, worst)]
    return (
        f"Validation {ranking.score}: {ends[0]} with {best.label} is the best,"
        f" {ends[1]} with {worst.label} the worst."
    )


def axis_positions(values: Sequence[str]) -> tuple[list[float], list[str], bool]:
    """Where a key's values lie on an axis, their labels, and whether the axis is logarithmic.

    It is where they span more than a decade, or each is the same multiple of the one before.
    """
    levels = list(dict.fromkeys(values))
    numbers = [as_number(level) for level in levels]
    known = sorted(number for number in numbers if number is not None)
    if len(known) == len(levels):
        log = known[0] > 0 and (known[-1] > WIDE * known[0] or _multiples(known))
        return [float(value) for value in values], [], log
    return [float(levels.index(value)) for value in values], levels, False


def _multiples(numbers: Sequence[float]) -> bool:
    """Whether three or more rising numbers are in one ratio, as 8, 16, 32."""
    ratios = [after / before for before, after in pairwise(numbers)]
    return len(ratios) > 1 and max(ratios) < min(ratios) * (1 + 1e-6)


def _validation_curve(ranking: Ranking, settings: Sequence[Setting], path: Path) -> Drawn:
    (key,) = ranking.keys
    x, labels, log = axis_positions([setting.values[key] for setting in settings])
    figure, axis = blank_axes(6, 3.8)
    _draw_means(axis, ranking, sorted(zip(x, settings, strict=True), key=itemgetter(0)), labels)
    if log:
        axis.set_xscale("log")
    if labels:
        axis.set_xticks(range(len(labels)), labels)
    elif len(x) <= (TICKS if log else FEW):
        axis.minorticks_off()
        axis.set_xticks(x, [_tick(setting.values[key]) for setting in settings])
    elif not log and all(value.is_integer() for value in x):
        whole_ticks(axis.xaxis)
    axis.set(xlabel=key, ylabel=f"validation {named(ranking.score)}")
    axis.grid(alpha=0.3)
    legend_above(axis, 3)
    caption = f"Validation {named(ranking.score)} against {key}."
    return _save(figure, path, "Validation curve", caption, _extremes(ranking, settings))


def _draw_means(
    axis: Axes, ranking: Ranking, placed: Sequence[tuple[float, Setting]], labels: Sequence[str]
) -> None:
    """Every run as a dot, and means with their standard errors, as far as a score can be."""
    low, high = bounds_of(ranking.score)
    x, means = [place for place, _ in placed], [setting.mean for _, setting in placed]
    errors = [setting.error for _, setting in placed]
    ends = [
        (
            max(0.0, mean - max(low, mean - (error or 0.0))),  # a file may say what cannot be
            max(0.0, min(high, mean + (error or 0.0)) - mean),
        )
        for mean, error in zip(means, errors, strict=True)
    ]
    several = any(error is not None for error in errors)
    if several:
        dots = [(place, score) for place, own in placed for score in own.scores.values()]
        axis.plot(*zip(*dots, strict=True), ".", color=GREY, label="each run", zorder=1)
    axis.errorbar(
        *(x, means, list(zip(*ends, strict=True))),
        color=BLUE,
        marker="o",
        capsize=3,
        linestyle="" if labels else "-",
        label="mean ± standard error" if several else "each setting",
    )
    best = next(place for place, setting in placed if setting is ranking.best)
    (dot,) = axis.plot([best], [ranking.best.mean], "o", color=ORANGE, label="best")
    dot.set_zorder(3)  # above the line with its errors


def _tick(value: str) -> str:
    """A value as typed; a large whole number with a comma: 80,000."""
    return f"{int(value):,}" if value.isdecimal() and int(value) >= GROUPED_FROM else value


def bounds_of(score: str) -> tuple[float, float]:
    """What a score can be at the least and at the most.

    >>> bounds_of("val_accuracy"), bounds_of("rmse"), bounds_of("r2")
    ((0.0, 1.0), (0.0, inf), (-inf, 1.0))
    """
    if is_share(score):
        return 0.0, 1.0
    return (-math.inf, 1.0) if score == "r2" else (0.0 if score in ERRORS else -math.inf, math.inf)


def _heatmap(ranking: Ranking, settings: Sequence[Setting], path: Path) -> Drawn:
    down, across = ranking.keys
    rows, columns = (
        _ordered({setting.values[key] for setting in settings}) for key in (down, across)
    )
    cells = {(setting.values[down], setting.values[across]): setting.mean for setting in settings}
    table = [[cells.get((a, b), math.nan) for b in columns] for a in rows]
    figure, axis = blank_axes(2.2 + 0.8 * len(columns), 1.6 + 0.5 * len(rows))
    colors = "viridis" if ranking.higher_is_better else "viridis_r"
    image = axis.imshow(table, aspect="auto", cmap=colors)
    figure.colorbar(image, label=f"validation {ranking.score}")
    axis.set_xticks(range(len(columns)), columns)
    axis.set_yticks(range(len(rows)), rows)
    axis.set(xlabel=across, ylabel=down)
    if len(cells) <= 150:
        low, high = image.get_clim()
        for i, row in enumerate(table):
            for j, value in enumerate(row):
                bright = high > low and (value - low) / (high - low) > 0.5
                dark_text = bright if ranking.higher_is_better else not bright
                color = "black" if dark_text else "white"
                text = significant(value, 3)
                axis.text(j, i, text, ha="center", va="center", color=color, fontsize=8)
    caption = f"Mean validation {ranking.score} by {down} and {across}."
    return _save(figure, path, "Heatmap", caption, _extremes(ranking, settings))


def _ordered(values: set[str]) -> list[str]:
    """Numbers by size, then words."""
    return sorted(values, key=lambda text: (as_number(text) is None, as_number(text) or 0.0, text))


def _parallel(ranking: Ranking, settings: Sequence[Setting], path: Path) -> Drawn:
    shown = settings[:: -(-len(settings) // PARALLEL)]
    columns = [_heights(ranking, shown, key) for key in ranking.keys]
    means = [setting.mean for setting in shown]
    low, high, heights = min(means), max(means), _scaled(means)
    figure, axis = blank_axes(2.2 * (len(columns) + 1), 4)
    for i in reversed(range(len(shown))):
        share = heights[i] if ranking.higher_is_better else 1 - heights[i]
        line = [*(column[0][i] for column in columns), heights[i]]
        best = shown[i] is ranking.best
        color = ORANGE if best else BLUE
        axis.plot(line, color=color, alpha=1.0 if best else 0.1 + 0.6 * share**2, linewidth=2)
    ends = [(0.0, four_digits(low)), (1.0, four_digits(high))]
    for place, ticks in enumerate([*(ticks for _, ticks in columns), ends]):
        axis.axvline(place, color=GREY, linewidth=1)
        for height, text in ticks:
            axis.text(place + 0.02, height, text, fontsize=8, va="center", bbox=PAPER)
    names = [*ranking.keys, f"validation {ranking.score}"]
    axis.set_xticks(range(len(names)), names)
    axis.set_yticks([])
    caption = f"A line for each setting; the best in orange, good {ranking.score} in dark blue."
    return _save(figure, path, "Parallel coordinates", caption, _extremes(ranking, settings))


def _scaled(values: Sequence[float]) -> list[float]:
    low, high = min(values), max(values)
    return [(value - low) / (high - low) if high > low else 0.5 for value in values]


def _heights(
    ranking: Ranking, settings: Sequence[Setting], key: str
) -> tuple[list[float], list[tuple[float, str]]]:
    """Heights in [0, 1] of a key's values, and labels at some of them."""
    values = [setting.values[key] for setting in settings]
    x, _, log = axis_positions(values)
    if log:
        x = [math.log(value) for value in x]
    heights = _scaled(x)
    ticks = sorted(set(zip(heights, values, strict=True)))
    return heights, ticks[:: max(1, len(ticks) // 8)]


def _importance(ranking: Ranking, settings: Sequence[Setting], path: Path) -> Drawn:
    means = [setting.mean for setting in settings]
    effects = [main_effect([s.values[key] for s in settings], means) for key in ranking.keys]
    shares = sorted(zip(effects, ranking.keys, strict=True))
    figure, axis = blank_axes(6, 1 + 0.4 * len(shares))
    places = range(len(shares))
    axis.barh(places, [share for share, _ in shares], color=BLUE)
    axis.set_yticks(places, [key for _, key in shares])
    score = f"validation {ranking.score}"
    axis.set(xlim=(0, 1), xlabel=f"share of the variance of {score} (main effect)")
    caption = f"Share of the variance of {score} that a key's means explain alone."
    listed = ", ".join(f"{key} {percent(share)}" for share, key in reversed(shares))
    return _save(figure, path, "Main effects of the keys", caption, f"Main effects: {listed}.")


def _curves(ranking: Ranking, settings: Sequence[Setting], path: Path) -> Drawn:
    """All runs of the best, the median and the worst setting, and their means."""
    settings = [setting for setting in settings if setting.whole] or settings
    chosen = {"best": settings[0], "worst": settings[-1], "median": settings[len(settings) // 2]}
    drawn = [run for setting in chosen.values() for run in finished(setting)[:MOST_RUNS]]
    rows_of = {run.folder: read_curves(run.folder / CURVES) for run in drawn}
    score = _score_by_epoch(ranking.score, rows_of.values())
    names = ["best", "median", "worst"] if len(settings) > 2 else list(chosen)[: len(settings)]
    ends: list[str] = []
    series: list[Series] = []
    several = False
    figure, axis = blank_axes(6, 3.8)
    shaded = _plateaus([rows_of[run.folder] for run in finished(settings[0])[:MOST_RUNS]])
    shade(axis, shaded, "training plateau of the best")
    for name in reversed(names):  # the best above the others
        setting = chosen[name]
        runs = finished(setting)[:MOST_RUNS]
        curves = [_curve(rows_of[run.folder], run.folder, f"val_{score}") for run in runs]
        mean = [sum(values) / len(values) for values in zip(*curves, strict=False)]
        label = f"{name}: {setting.label}" if setting.label else name
        if len(curves) > 1:
            several = True
            for curve in curves:
                axis.plot(range(1, len(curve) + 1), curve, color=ENDS[name], lw=0.8, alpha=0.4)
        axis.plot(range(1, len(mean) + 1), mean, color=ENDS[name], label=label, linewidth=2)
        colour = GREY_OF_A_PAGE if ENDS[name] == GREY else ENDS[name]
        each = curves if len(curves) > 1 else []
        series = [
            *(Series(label, own, colour, thin=True) for own in each),
            Series(label, mean, colour),
            *series,
        ]
        ends.insert(0, f"{label} ends at {four_digits(mean[-1])}")
    whole_ticks(axis.xaxis)
    axis.set(xlabel="epoch", ylabel=f"validation {named(score)}")
    axis.grid(alpha=0.3)
    handles, labels = axis.get_legend_handles_labels()
    legend = axis.legend(handles[::-1], labels[::-1], fontsize=8, frameon=False, loc="upper left")
    legend.set_bbox_to_anchor((0, -0.15), transform=axis.transAxes)
    caption = f"Validation {named(score)} by epoch: {listed(names)} setting"
    caption += ", mean over runs (thick) and each run (thin)." if several else "."
    alt_text = f"Validation {named(score)} by epoch: {'; '.join(ends)}."
    found = _save(figure, path, "Learning curves", caption, alt_text)
    chart = Chart(f"validation {named(score)}", series, plateaus=shaded, resting=RESTING)
    return replace(found, chart=chart)


def _plateaus(curves: Sequence[Sequence[Row]]) -> list[tuple[int, int]]:
    """Where the training loss of a setting rests: its runs' mean, while all of them train."""
    if not all("train_loss" in row for rows in curves for row in rows[:1]):
        return []
    means = [
        sum(row["train_loss"] for row in rows) / len(rows) for rows in zip(*curves, strict=False)
    ]
    return plateaus([{"epoch": k, "train_loss": mean} for k, mean in enumerate(means, start=1)])


def _score_by_epoch(score: str, curves: Iterable[Sequence[Row]]) -> str:
    """The score that settings were ranked by, or the loss where epochs of a run do not have it."""
    return score if all(f"val_{score}" in row for rows in curves for row in rows[:1]) else "loss"


def finished(setting: Setting) -> list[RunRecord]:
    """Runs of a setting that have scores."""
    return [run for run in setting.runs if not run.reason]


def _curve(rows: Sequence[Row], folder: Path, column: str) -> list[float]:
    """A column of the curves in a run's folder.

    Raises:
        UserError: there is none.
    """
    if not rows or column not in rows[0]:
        raise UserError(f"{folder / CURVES} has no {column}, by which its run is compared")
    return [row[column] for row in rows]

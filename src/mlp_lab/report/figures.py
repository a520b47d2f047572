"""Pictures of a run as PNG files, with a heading, and what they show in words."""

from functools import partial
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mlp_lab.drawing import blank_figure, legend_above, save
from mlp_lab.formatting import counted, listed, one_line, percent, rows_written, significant
from mlp_lab.metrics.classification import BINS
from mlp_lab.report.effect_words import predicted_words, sentence
from mlp_lab.report.headline import PART, named
from mlp_lab.report.pictures import (
    Calibration,
    Confusion,
    Effects,
    Fit,
    Importance,
    Observed,
    Picture,
    Plane,
)

COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#f0e442", "#999999")
"""Told apart with any colour vision (Okabe and Ito, 2008)."""

COLUMNS = 4
"""Names beside each other in a legend."""

SHOWN = 20
"""Columns in the picture of permutation importance."""

NUMBERED = 12
"""Classes up to which a confusion matrix has its counts written in."""

HEADINGS: dict[type[Picture], str] = {
    Confusion: "Confusion matrix",
    Observed: "Predicted against observed",
    Calibration: "Calibration",
    Fit: "Fitted function",
    Importance: "Permutation importance",
    Effects: "What columns do",
}


def heading(picture: Picture, *, several: bool = False) -> str:
    """The heading above a picture, with its target where there are several."""
    if several and not isinstance(picture, Importance):
        return f"{heading(picture)}: {picture.target}"
    if isinstance(picture, Plane):
        return "Decision regions" if picture.classes else "Fitted surface"
    return HEADINGS[type(picture)]


def caption(picture: Picture) -> str:
    """What there is to know of a picture's marks, and of which rows it is."""
    match picture:
        case Confusion():
            return f"{PART[picture.part]} rows"
        case Observed():
            return f"{counted(len(picture.observed), f'{PART[picture.part]} row')}"
        case Calibration():
            return f"{PART[picture.part]} rows by bin, with 95 % intervals (Wilson)"
        case Fit() | Plane():
            return "with training rows as points"
        case Importance():
            rows = counted(picture.rows, "validation row")
            return (
                f"bars: mean over {picture.shuffles} shuffles of {rows};"
                f" lines: 95 % interval over shuffles and {_units(picture)}"
            )
        case Effects():
            said = [sentence(picture.target, own) for own in picture.columns]
            rows = counted(picture.rows, f"{PART[picture.part]} row")
            said.append(
                f"Mean prediction of {rows}, all with the same value of a column (partial"
                f" dependence), with 95 % intervals over {_units(picture)}; it says what the"
                " network does, not what causes what."
            )
            return " ".join(said)


def _units(picture: Importance | Effects) -> str:
    """What intervals resample."""
    return f"clusters of {one_line(picture.cluster)}" if picture.cluster else "rows"


def draw(picture: Picture, path: Path) -> str:
    """Draw a picture into a PNG file; its alternative text, for those who cannot see it."""
    figure = blank_figure(5.4, 4.2, 110)
    match picture:
        case Confusion():
            words = _confusion(figure.subplots(), picture)
        case Observed():
            words = _observed(figure.subplots(), picture)
        case Calibration():
            words = _calibration(figure, picture)
        case Fit():
            words = _fit(figure.subplots(), picture)
        case Plane():
            words = _plane(figure.subplots(), picture)
        case Importance():
            words = _importance(figure, picture)
        case Effects():
            words = _effects(figure, picture)
            save(figure, path)
            return words
    legend = figure.axes[0].get_legend()
    lines = 0 if legend is None else -(-len(legend.get_texts()) // COLUMNS)
    width, height = figure.get_size_inches()
    left = 1.8 if isinstance(picture, Importance) else 0.85
    figure.subplots_adjust(  # in inches; matplotlib's own layouts draw everything twice
        left=left / width, right=0.96, bottom=0.6 / height, top=1 - (0.15 + 0.2 * lines) / height
    )
    save(figure, path)
    return words


def _confusion(axes: Axes, picture: Confusion) -> str:
    counts = np.array(picture.counts)
    rows = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, rows, out=np.zeros_like(counts), where=rows > 0)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    names = [short_name(name) for name in picture.classes]
    places = range(len(names))
    axes.set_xticks(places, names, rotation=45 if len("".join(names)) > 30 else 0)
    axes.set_yticks(places, names)
    for i, j in np.ndindex(counts.shape) if len(names) <= NUMBERED else ():
        color = "white" if shares[i, j] > 0.5 else "0.2"
        text = rows_written(float(counts[i, j])) if counts[i, j] else ""
        axes.text(j, i, text, ha="center", va="center", color=color, fontsize=9)
    part = PART[picture.part]
    axes.set(xlabel=f"predicted class ({part} rows)", ylabel="true class")
    right = np.trace(counts) / counts.sum()
    off = counts - np.diag(np.diag(counts))
    i, j = np.unravel_index(off.argmax(), off.shape)
    words = f"Confusion matrix{_of(picture)} of the {part} rows: accuracy {percent(right)}"
    if off.any():
        true, predicted = picture.classes[i], picture.classes[j]
        words += f"; the most frequent error: {true} predicted as {predicted}"
    return f"{words}."


def _of(picture: Confusion | Calibration) -> str:
    """Of which of several targets a picture is."""
    return f" of {picture.target}" if picture.target else ""


def _observed(axes: Axes, picture: Observed) -> str:
    observed, predicted = np.array(picture.observed), np.array(picture.predicted)
    low, high = min(observed.min(), predicted.min()), max(observed.max(), predicted.max())
    axes.plot([low, high], [low, high], color="0.6", linewidth=1, label="perfect prediction")
    axes.plot(
        observed, predicted, ".", color=COLORS[0], alpha=0.5, label=f"{PART[picture.part]} rows"
    )
    axes.set(xlabel=f"observed {picture.target}", ylabel=f"predicted {picture.target}")
    legend_above(axes, COLUMNS)
    error = float(np.abs(predicted - observed).mean())
    return (
        f"Predicted against observed {picture.target} of {len(observed)} {PART[picture.part]} rows;"
        f" the mean absolute error is {significant(error, 3)}."
    )


def _calibration(figure: Figure, picture: Calibration) -> str:
    """Accuracy of the rows in each bin, and below it how many there are."""
    axes, below = figure.subplots(
        *(2, 1), sharex=True, gridspec_kw={"height_ratios": [3, 1], "hspace": 0.08}
    )
    part = PART[picture.part]
    axes.plot([0, 1], [0, 1], color="0.6", linewidth=1, label="perfect calibration")
    axes.vlines(picture.confidence, picture.low, picture.high, color=COLORS[0], linewidth=1.5)
    axes.plot(
        picture.confidence, picture.accuracy, "o", color=COLORS[0], label="network, 95 % interval"
    )
    axes.set(xlim=(0, 1.02), ylim=(0, 1.03), ylabel=f"accuracy, {part} rows")
    axes.grid(alpha=0.3)
    legend_above(axes, COLUMNS)
    middles = [(min(int(value * BINS), BINS - 1) + 0.5) / BINS for value in picture.confidence]
    bars = below.bar(middles, picture.rows, width=0.9 / BINS, color=COLORS[0], alpha=0.6)
    below.bar_label(bars, [f"{count:,}" for count in picture.rows], fontsize=8, padding=1)
    below.set(ylim=(0, 1.35 * max(picture.rows)), ylabel="rows", yticks=[])
    below.set_xlabel("confidence: probability of the predicted class")
    gap = np.average(
        np.abs(np.subtract(picture.accuracy, picture.confidence)), weights=picture.weight
    )
    return (
        f"Calibration{_of(picture)} on the {part} rows: accuracy against the probability of the"
        f" predicted class, with 95 % intervals and the rows of each of {len(picture.rows)} bins;"
        f" the calibration error is {percent(gap)}."
    )


def _fit(axes: Axes, picture: Fit) -> str:
    axes.plot(*picture.points, ".", color="0.6", markersize=4, label="training rows")
    axes.plot(picture.x, picture.y, color=COLORS[1], linewidth=2, label="network")
    axes.set(xlabel=picture.input, ylabel=picture.target)
    legend_above(axes, COLUMNS)
    return f"The network's {picture.target} as a function of {picture.input}, with training rows."


def _plane(axes: Axes, picture: Plane) -> str:
    extent = (picture.x[0], picture.x[-1], picture.y[0], picture.y[-1])
    values = np.array(picture.predicted)
    x, y, truth = (np.array(entry) for entry in picture.points)
    image = partial(axes.imshow, values, extent=extent, origin="lower", aspect="auto")
    if picture.classes:
        most = len(picture.classes)
        colors = [COLORS[i % len(COLORS)] for i in range(most)]
        regions = image(vmin=-0.5, vmax=most - 0.5, alpha=0.3, interpolation="nearest")
        regions.set_cmap(ListedColormap(colors))
        for i, name in enumerate(picture.classes):
            axes.plot(x[truth == i], y[truth == i], ".", color=colors[i], label=short_name(name))
        legend_above(axes, COLUMNS)
        words = "The predicted class"
    else:
        shown = image(vmin=float(truth.min()), vmax=float(truth.max()), cmap="viridis")
        axes.scatter(x, y, 12, truth, cmap="viridis", edgecolors="white", linewidths=0.3)
        axes.figure.colorbar(shown, ax=axes, label=picture.target)
        words = f"The predicted {picture.target}"
    first, second = picture.inputs
    axes.set(xlabel=first, ylabel=second)
    return f"{words} over {first} and {second}, with training rows."


def _importance(figure: Figure, picture: Importance) -> str:
    columns, losses = picture.columns[:SHOWN], picture.losses[:SHOWN]
    figure.set_figheight(max(2.4, 1.2 + 0.24 * len(columns)))
    axes, places = figure.subplots(), range(len(columns))
    axes.barh(places, losses, color=COLORS[0], alpha=0.6)
    axes.hlines(places, picture.low[:SHOWN], picture.high[:SHOWN], color="0.15", linewidth=1.2)
    axes.set_yticks(places, [short_name(name) for name in columns], fontsize=8)
    axes.invert_yaxis()
    axes.axvline(0, color="0.6", linewidth=1)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    cut = f" ({len(columns)} of {len(picture.columns)} columns)" * (len(picture.columns) > SHOWN)
    mean = "mean " if picture.several else ""
    axes.set_xlabel(f"{mean}{named(picture.score)} lost when shuffled{cut}")
    highest = [
        f"{name} {significant(loss, 2)} ({significant(low, 2)} to {significant(high, 2)})"
        for name, loss, low, high in zip(
            *(columns[:3], losses, picture.low, picture.high), strict=False
        )
    ]
    return (
        f"Permutation importance for {picture.target}: {mean}{named(picture.score)} lost when a"
        f" column is shuffled, with 95 % intervals; highest of {listed(highest)}."
    )


def _effects(figure: Figure, picture: Effects) -> str:
    """A panel for each column, all with the same axis of predictions where they show the same."""
    count = len(picture.columns)
    columns, rows = min(count, 2), -(-count // 2)
    figure.set_figheight(0.3 + 2.2 * rows)
    width, height = figure.get_size_inches()
    alike = len({own.predicted for own in picture.columns}) == 1
    panels = figure.subplots(rows, columns, squeeze=False, sharey=alike).flatten()
    least = min(min(own.low) for own in picture.columns)
    most = max(max(own.high) for own in picture.columns)
    margin = 0.05 * (most - least)
    for axes, own in zip(panels, picture.columns, strict=False):
        if own.levels:
            axes.vlines(own.values, own.low, own.high, color=COLORS[0], linewidth=1.5)
            axes.plot(own.values, own.mean, "o", color=COLORS[0], markersize=5)
            names = [short_name(name, 10) for name in own.levels]
            axes.set_xticks(own.values, names, rotation=30 if len("".join(names)) > 24 else 0)
            axes.set_xlim(-0.5, len(names) - 0.5)
        else:
            axes.fill_between(own.values, own.low, own.high, color=COLORS[0], alpha=0.2, lw=0)
            axes.plot(own.values, own.mean, color=COLORS[0], linewidth=1.8)
            whole = all(value.is_integer() for value in own.values)
            axes.xaxis.set_major_locator(MaxNLocator(4, integer=whole))
        axes.set_xlabel(short_name(own.column), fontsize=9)
        if not alike:
            axes.set_ylabel(short_name(own.predicted, 16), fontsize=8)
        elif most > least:
            axes.set_ylim(least - margin, most + margin)
        axes.tick_params(labelsize=8)
        axes.grid(alpha=0.3)
    for axes in panels[count:]:
        axes.set_visible(False)
    words = predicted_words(picture.target, picture.columns[0])
    if alike:
        figure.supylabel(short_name(words, 34 * rows), fontsize=9, x=0.01)
    figure.subplots_adjust(
        *(0.75 / width, 0.6 / height, 0.97, 1 - 0.12 / height),
        wspace=0.1 if alike else 0.35,
        hspace=0.45,
    )
    shown = listed([one_line(own.column) for own in picture.columns])
    return f"The {words if alike else 'predicted probabilities'} by {shown}, with 95 % intervals."


def short_name(name: str, most: int = 24) -> str:
    """A name that fits beside an axis."""
    name = one_line(name)
    return name if len(name) <= most else f"{name[: most - 1]}…"

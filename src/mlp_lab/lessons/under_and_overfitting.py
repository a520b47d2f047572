"""Under- and overfitting: what width, depth, epochs and rows do to the error on unseen rows.

After "Neural networks and the bias/variance dilemma" (Geman, Bienenstock and Doursat, 1992).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mlp_lab.data.arrays import Floats
from mlp_lab.data.synthetic import FunctionConfig
from mlp_lab.lessons.old.lesson import (
    Claim,
    Evidence,
    Lesson,
    Row,
    Tables,
    column,
    levels,
    rank_correlation,
)

if TYPE_CHECKING:
    from mlp_lab.lessons.old.bench import Bench
    from mlp_lab.lessons.old.figures import Axes, Figure
    from mlp_lab.lessons.trained import Trained

SETS = 10
"""Training sets of each seed, over which bias and variance are taken."""

WIDTHS = (1, 2, 4, 8, 16, 32, 64, 128)
DEPTHS = (1, 2, 3, 4, 5)
ROW_COUNTS = (10, 15, 30, 60, 120, 240, 480)
WIDE = 32
"""Units of a layer where depth or rows vary."""

FEW = 3
"""Training sets of each seed where depth or rows vary."""

GRID = np.linspace(-1, 1, 201)

CLAIMS = {
    "bias": Claim(
        text="The bias falls as the network grows.",
        measure="rank correlation of width and squared bias",
        below=-0.8,
    ),
    "variance": Claim(
        text="The variance rises as the network grows.",
        measure="rank correlation of width and variance",
        above=0.8,
    ),
    "sum": Claim(
        text="Squared bias, variance and noise add up to the error on unseen rows.",
        measure="|their sum / the squared error on validation rows - 1|, the mean over widths",
        below=0.15,
    ),
    "width": Claim(
        text="The widest network is worse than the best one.",
        measure="squared error on test rows, widest / the width of the smallest mean",
        above=1.1,
    ),
    "depth": Claim(
        text="Too many layers overfit as too many units do.",
        measure="squared error on test rows, deepest / shallow",
        above=1.1,
    ),
    "epochs": Claim(
        text="Trained for too long, a wide network gets worse.",
        measure="squared error on validation rows, last epoch / the epoch of the smallest mean, at"
        " the greatest width",
        above=1.1,
    ),
    "rows": Claim(
        text="More rows are the cure: the gap between unseen and training rows closes.",
        measure="(test - training) squared error, most rows / fewest rows",
        below=0.25,
    ),
    "flattery": Claim(
        text="Validation rows flatter the network that they chose.",
        measure="squared error on test rows - on validation rows, of the width that a training"
        " set's own validation rows prefer",
        above=0.0,
    ),
}


def measure(bench: Bench) -> Evidence:
    """Train networks on many training sets for each width, and on some for each depth and size."""
    quick = bench.quick
    sets, few = (3, 1) if quick else (SETS, FEW)
    widths = WIDTHS[::3] if quick else WIDTHS
    plan = [(["model.depth=1", f"model.width={width}"], sets) for width in widths]
    deep = DEPTHS[:2] if quick else DEPTHS
    plan += [([f"model.depth={depth}", f"model.width={WIDE}"], few) for depth in deep]
    counts = ROW_COUNTS[:2] if quick else ROW_COUNTS
    plan += [([f"model.width={WIDE}", f"data.train_rows={rows}"], few) for rows in counts]
    base = ["experiment=under_and_overfitting", *(["epochs=20"] if quick else [])]
    trials = [
        [*base, *own, *bench.seed(seed * SETS + number)]
        for own, repeats in plan
        for seed in bench.seeds
        for number in range(repeats)
    ]
    trained = bench.train(trials)
    rows = [_row(network) for network in trained]
    first = len(widths) * len(bench.seeds) * sets
    second = first + len(deep) * len(bench.seeds) * few
    tables = {
        "widths": rows[:first],
        "depths": rows[first:second],
        "rows": rows[second:],
        "epochs": _by_epoch(trained[:first], max(widths)),
        "decomposition": _decomposed(trained[:first], sets),
    }
    return Evidence(_values(tables, bench.seeds), tables, _notes(tables))


def _row(network: Trained) -> Row:
    test = network.problem.encoded.test
    truth = network.problem.encoded.schema.target.decode(test.targets)
    return {
        "width": network.sizes[1],
        "depth": network.config.model.depth,
        "rows": network.problem.rows["train"],
        "seed": network.config.seed // SETS,
        "set": network.config.seed % SETS,
        "train": network.last("train_rmse") ** 2,
        "val": network.last("val_rmse") ** 2,
        "test": float(np.mean((network.predicted(test.inputs) - truth) ** 2)),
    }


def _by_epoch(trained: Sequence[Trained], width: int) -> list[Row]:
    """Squared errors of the widest networks at about 40 epochs, means over a seed's sets."""
    own = [network for network in trained if network.sizes[1] == width]
    epochs = np.unique(np.geomspace(1, own[0].config.epochs, 40).round().astype(int)).tolist()
    rows: list[Row] = []
    for seed in sorted({network.config.seed // SETS for network in own}):
        of_seed = [network for network in own if network.config.seed // SETS == seed]
        curves = {
            part: np.mean([network.curve(f"{part}_rmse") ** 2 for network in of_seed], axis=0)
            for part in ("train", "val")
        }
        rows += [
            {
                "width": width,
                "seed": seed,
                "epoch": epoch,
                "train": float(curves["train"][epoch - 1]),
                "val": float(curves["val"][epoch - 1]),
            }
            for epoch in epochs
        ]
    return rows


def _decomposed(trained: Sequence[Trained], sets: int) -> list[Row]:
    """Squared bias and variance of each width, over the training sets of each seed."""
    rows: list[Row] = []
    for start in range(0, len(trained), sets):
        group = trained[start : start + sets]
        data = group[0].config.data
        assert isinstance(data, FunctionConfig)
        fits = np.array([network.predicted(GRID[:, None]) for network in group])
        bias, variance = bias_and_variance(fits, data.values(GRID))
        rows.append(
            {
                "width": group[0].sizes[1],
                "seed": group[0].config.seed // SETS,
                "bias": bias,
                "variance": variance,
                "noise": data.noise**2,
            }
        )
    return rows


def bias_and_variance(fits: Floats, truth: Floats) -> tuple[float, float]:
    """Mean squared bias and mean variance over points, of fits to several training sets.

    The mean of n fits still varies by a share 1 / n of their variance, which is taken off the
    square of its distance from the truth.

    Shape:
        - fits: (sets, points); truth: (points,)
    """
    variance = float(fits.var(axis=0, ddof=1).mean())
    distance = float(np.mean((fits.mean(axis=0) - truth) ** 2))
    return distance - variance / len(fits), variance


def _means(table: Sequence[Row], quantity: str, key: str, level: int) -> list[float]:
    """Of each seed, over its training sets."""
    return [
        float(np.mean(column(table, quantity, **{key: level, "seed": seed})))
        for seed in levels(table, "seed")
    ]


def _by_level(table: Sequence[Row], quantity: str, key: str) -> Floats:
    """(levels, seeds)."""
    return np.array([_means(table, quantity, key, level) for level in levels(table, key)])


def _values(tables: Tables, seeds: Sequence[int]) -> dict[str, Sequence[float]]:
    parts, networks = tables["decomposition"], tables["widths"]
    test = _by_level(networks, "test", "width")
    deep = _by_level(tables["depths"], "test", "depth")
    counts = tables["rows"]
    gap = _by_level(counts, "test", "rows") - _by_level(counts, "train", "rows")
    by_epoch = _by_level(tables["epochs"], "val", "epoch")
    sums = sum(_by_level(parts, name, "width") for name in ("bias", "variance", "noise"))
    off = np.abs(sums / _by_level(networks, "val", "width") - 1).mean(axis=0)
    ratios = {
        "sum": off,
        "width": test[-1] / test[test.mean(axis=1).argmin()],
        "depth": deep[-1] / deep[0],
        "epochs": by_epoch[-1] / by_epoch[by_epoch.mean(axis=1).argmin()],
        "rows": gap[-1] / gap[0],
    }
    return {
        **{
            name: [rank_correlation(column(parts, name, seed=seed)) for seed in seeds]
            for name in ("bias", "variance")
        },
        **{name: [float(value) for value in found] for name, found in ratios.items()},
        "flattery": [_flattery(networks, seed) for seed in seeds],
    }


def _flattery(networks: Sequence[Row], seed: int) -> float:
    """Mean over a seed's training sets of test - validation error of the preferred width."""
    found = []
    for number in levels(networks, "set"):
        own = [row for row in networks if row["seed"] == seed and row["set"] == number]
        best = min(own, key=lambda row: float(row["val"]))
        found.append(float(best["test"]) - float(best["val"]))
    return float(np.mean(found))


def _notes(tables: Tables) -> list[str]:
    networks = tables["widths"]
    test = _by_level(networks, "test", "width").mean(axis=1)
    widths = levels(networks, "width")
    by_epoch = _by_level(tables["epochs"], "val", "epoch").mean(axis=1)
    best = levels(tables["epochs"], "epoch")[int(by_epoch.argmin())]
    noise = float(tables["decomposition"][0]["noise"])
    errors = ", ".join(f"{value:.3f}" for value in test)
    return [
        f"Squared error on test rows: {errors} at widths {', '.join(map(str, widths))}; the noise"
        f" alone is {noise:.3f}.",
        "Variance is over training sets and initial weights together: narrow networks that learn"
        " the same rows from other weights end apart, too.",
        f"With {widths[-1]} units the validation error is least after epoch {best}:"
        f" {by_epoch.min():.3f}; after the last epoch it is {by_epoch[-1]:.3f}.",
    ]


PARTS = {"train": "training rows", "val": "validation rows", "test": "test rows"}


def draw(tables: Tables) -> Figure:
    """Errors against width, depth, epochs and rows; bias and variance; their sum."""
    from mlp_lab.lessons.old.figures import panels

    figure, (width, parts, sums, depth, epochs, rows) = panels(6, columns=3)
    _draw_errors(width, tables["widths"], "width", "hidden units")
    _draw_parts(parts, tables["decomposition"])
    _draw_sum(sums, tables)
    _draw_errors(depth, tables["depths"], "depth", f"hidden layers of {WIDE} units")
    _draw_errors(epochs, tables["epochs"], "epoch", "epoch")
    _draw_errors(rows, tables["rows"], "rows", "training rows")
    return figure


def _draw_errors(axis: Axes, table: Sequence[Row], key: str, label: str) -> None:
    from mlp_lab.lessons.old.figures import COLORS, band, name

    for (part, words), color in zip(PARTS.items(), COLORS, strict=False):
        if part in table[0]:
            by_seed = _by_level(table, part, key).tolist()
            marker = None if key == "epoch" else "o"
            band(axis, levels(table, key), by_seed, label=words, color=color, marker=marker)
    where = f", {int(table[0]['width'])} units" if key in ("epoch", "rows") else ""
    log = "" if key == "depth" else "xy"
    name(axis, f"Error against {label}{where}", label, "squared error", log=log)


def _draw_parts(axis: Axes, table: Sequence[Row]) -> None:
    from mlp_lab.lessons.old.figures import COLORS, band, name

    for (part, words), color in zip(
        {"bias": "squared bias", "variance": "variance", "noise": "noise"}.items(),
        COLORS[3:],
        strict=False,
    ):
        by_seed = _by_level(table, part, "width").tolist()
        band(axis, levels(table, "width"), by_seed, label=words, color=color)
    name(axis, "Bias and variance", "hidden units", "squared units of y", log="x")


def _draw_sum(axis: Axes, tables: Tables) -> None:
    from mlp_lab.lessons.old.figures import COLORS, band, name

    parts, networks = tables["decomposition"], tables["widths"]
    sums = sum(_by_level(parts, part, "width") for part in ("bias", "variance", "noise"))
    assert not isinstance(sums, int)
    widths = levels(parts, "width")
    band(axis, widths, sums.tolist(), label="bias + variance + noise", color=COLORS[6])
    measured = _by_level(networks, "val", "width").tolist()
    band(axis, widths, measured, label=PARTS["val"], color=COLORS[1], dashed=True)
    name(axis, "Their sum, and the error itself", "hidden units", "squared error", log="x")


LESSON = Lesson(
    question="What makes a network miss the pattern, and what makes it follow the noise?",
    method=(
        "`experiment=under_and_overfitting`: 30 points of a sine with noise of standard deviation"
        f" 0.3, ReLUs, squared error, Adam at 0.01 for 1,000 epochs. Each seed stands for {SETS}"
        f" training sets ({FEW} where depth or rows vary), each with 200 validation and 200 test"
        " rows of its own; its numbers are means over them. Bias and variance are those of the fits"
        " at 201 points from -1 to 1, against the sine without noise."
    ),
    claims=CLAIMS,
    seeds=8,
    measure=measure,
    draw=draw,
)

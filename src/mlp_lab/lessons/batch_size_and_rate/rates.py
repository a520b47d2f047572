"""Every batch size with every rate.

After "Accurate, large minibatch SGD" (Goyal et al., 2017), "An empirical model of large-batch
training" (McCandlish et al., 2018), "On large-batch training for deep learning" (Keskar et al.,
2017) and "SGDR: Stochastic gradient descent with warm restarts" (Loshchilov and Hutter, 2017).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mlp_lab.data.arrays import Floats
from mlp_lab.lessons.old.lesson import (
    Claim,
    Part,
    Row,
    Tables,
    at_best_for_others,
    best_for_others,
    column,
    grouped,
    levels,
)
from mlp_lab.lessons.old.rates import by_rate, rates_of

if TYPE_CHECKING:
    from mlp_lab.lessons.old.bench import Bench
    from mlp_lab.lessons.old.figures import Axes
    from mlp_lab.lessons.trained import Trained

ROWS = 1024
SIZES = (4, 16, 64, 256, ROWS)
RATES = tuple(0.005 * 2**step for step in range(12))
"""0.005 to 10.2."""

EPOCHS = 20
STEPS = 768
MIDDLE = 16
"""Batch size of which one rate after the other, and schedules, are looked at."""

SMOOTHED = 5
"""Epochs over which validation losses and accuracies are averaged."""

GUESSING = float(np.log(10))
"""Cross-entropy of giving every digit the same probability."""

LOSS = "training loss"

CLAIMS = {
    "low": Claim(
        text="Too low a rate does not arrive.",
        measure=f"{LOSS} after {EPOCHS} epochs, lowest / best rate, batches of {MIDDLE}",
        above=1.5,
    ),
    "high": Claim(
        text="Too high a rate diverges, and the best one lies not far below: within a factor of 8.",
        measure=f"log2 of the lowest rate that ends worse than guessing / the best, batches of"
        f" {MIDDLE}",
        below=3.0,
    ),
    "grows": Claim(
        text="The larger the batch, the higher its best rate.",
        measure=f"rate of the least {LOSS} after {EPOCHS} epochs, largest / smallest batches",
        above=2.0,
    ),
    "linear": Claim(
        text="The best rate grows in proportion to the batch size.",
        measure="slope of log best rate on log batch size",
        above=0.75,
    ),
    "root": Claim(
        text="The best rate grows as the square root of the batch size.",
        measure="|slope of log best rate on log batch size - 1/2|",
        below=0.15,
    ),
    "epochs": Claim(
        text="At equal epochs small batches learn more, since they take more steps.",
        measure=f"{LOSS} after {EPOCHS} epochs, smallest / largest batches, each at its best rate",
        below=1.0,
    ),
    "steps": Claim(
        text="At equal steps large batches learn more, since their steps are better.",
        measure=f"{LOSS} after {STEPS} steps, largest / smallest batches, each at its best rate",
        below=1.0,
    ),
    "generalise": Claim(
        text="Small batches generalise better.",
        measure="accuracy on unseen rows, smallest - largest batches, each at its best rate and"
        f" epoch (means over {SMOOTHED} epochs)",
        above=0.0,
    ),
    "cosine": Claim(
        text="A rate that falls to zero ends lower than a constant one.",
        measure=f"{LOSS} after {EPOCHS} epochs, cosine / constant, each at its best rate, batches"
        f" of {MIDDLE}",
        below=1.0,
    ),
}


def measure(bench: Bench) -> tuple[Part, list[Trained]]:
    """Train all; also returns each seed's network of the middle batch size at its best rate."""
    sizes = SIZES[1:] if bench.quick else SIZES
    rates = RATES[2:10:3] if bench.quick else RATES
    epochs, steps = (4, 64) if bench.quick else (EPOCHS, STEPS)
    constant = {}
    for size in sizes:
        enough = max(epochs, -(-steps * size // ROWS))  # for equal epochs and for equal steps
        constant[size] = _train(bench, rates, [f"batch_size={size}", f"epochs={enough}"])
    words = [f"batch_size={MIDDLE}", f"epochs={epochs}", "schedule=cosine"]
    falling = _train(bench, rates, words)
    table = [_row(network, epochs, steps) for networks in constant.values() for network in networks]
    cosine = [_row(network, epochs, steps) for network in falling]
    tables: dict[str, Sequence[Row]] = {
        "rates": table,
        "schedules": [
            {"schedule": name, **row}
            for name, rows in (("constant", table), ("cosine", cosine))
            for row in rows
            if row["batch_size"] == MIDDLE
        ],
        "generalisation": [
            row
            for networks in constant.values()
            for row in _at_best_epochs(grouped(networks, len(bench.seeds)))
        ],
    }
    _, at_best = at_best_rates(table, "after_epochs", batch_size=MIDDLE)
    best = dict(zip(bench.seeds, at_best, strict=True))
    chosen = [
        network
        for network in constant[MIDDLE]
        if network.config.optimizer.lr == best[network.config.seed]
    ]
    return (_values(tables), tables, _notes(tables)), chosen


def _train(bench: Bench, rates: Sequence[float], words: Sequence[str]) -> list[Trained]:
    base = ["experiment=batch_size_and_rate", f"data.train_rows={ROWS}", *words]
    return bench.train(
        [
            [*base, f"optimizer.lr={rate}", *bench.seed(seed)]
            for rate in rates
            for seed in bench.seeds
        ]
    )


def _row(network: Trained, epochs: int, steps: int) -> Row:
    size = network.config.batch_size
    assert isinstance(size, int)
    losses = network.curve("train_loss")
    return {
        "batch_size": size,
        "rate": network.config.optimizer.lr,
        "seed": network.config.seed,
        "after_epochs": float(losses[epochs - 1]),
        "after_steps": float(losses[max(1, steps * size // ROWS) - 1]),
    }


def _at_best_epochs(networks: Sequence[Sequence[Trained]]) -> list[Row]:
    """Of (rates, seeds): each at the rate and epoch whose validation loss is best for others.

    Losses and accuracies are means over a few epochs: at a high rate they jump from one to the
    next, and the best of thousands of single ones would be best by luck.
    """
    epochs = networks[0][0].config.epochs
    window = min(SMOOTHED, epochs)
    places = epochs - window + 1
    losses, accuracies = (
        np.concatenate(
            [np.array([smooth(n.curve(name), window) for n in row]).T for row in networks]
        )
        for name in ("val_loss", "val_accuracy")
    )
    size = networks[0][0].config.batch_size
    assert isinstance(size, int)
    return [
        {
            "batch_size": size,
            "seed": networks[0][seed].config.seed,
            "rate": networks[choice // places][0].config.optimizer.lr,
            "epoch": choice % places + 1 + window // 2,
            "accuracy": float(accuracies[choice, seed]),
        }
        for seed, choice in enumerate(best_for_others(losses))
    ]


def smooth(curve: Floats, window: int) -> Floats:
    """Means over every `window` neighbours, (epochs,) -> (epochs - window + 1,)."""
    means: Floats = np.lib.stride_tricks.sliding_window_view(curve, window).mean(axis=1)
    return means


def at_best_rates(
    table: Sequence[Row], quantity: str, **where: float | str
) -> tuple[Floats, Floats]:
    """For each seed its loss at the rate that is best for the others, and that rate, (seeds,)."""
    losses, rates = (by_rate(table, name, **where) for name in (quantity, "rate"))
    return at_best_for_others(losses, losses), at_best_for_others(rates, losses)


def lowest_point(rates: Sequence[float], losses: Floats) -> float:
    """The rate at which a curve of losses over a geometric grid of rates is least.

    Between the grid's points it is the vertex of the parabola through the least one and its
    neighbours, on logarithmic axes.
    """
    known = np.where(np.isnan(losses), np.inf, losses)
    least = int(known.argmin())
    around = known[max(0, least - 1) : least + 2]
    if len(around) < 3 or not np.isfinite(around).all():
        return float(rates[least])
    left, middle, right = np.log(around)
    shift = 0.5 * (left - right) / (left - 2 * middle + right)
    return float(rates[least] * (rates[1] / rates[0]) ** shift)


def best_rates(table: Sequence[Row], size: int) -> list[float]:
    """The rate of each seed's own least loss after equal epochs."""
    rates = rates_of(table, batch_size=size)
    return [lowest_point(rates, own) for own in by_rate(table, "after_epochs", batch_size=size).T]


def _slope(x: Sequence[float], y: Sequence[float]) -> float:
    """Of log y on log x, by least squares."""
    return float(np.polyfit(np.log(x), np.log(y), 1)[0])


def _values(tables: Tables) -> dict[str, Sequence[float]]:
    table = tables["rates"]
    sizes = levels(table, "batch_size")
    smallest, largest = sizes[0], sizes[-1]
    losses = by_rate(table, "after_epochs", batch_size=MIDDLE)
    middle, middle_rates = at_best_rates(table, "after_epochs", batch_size=MIDDLE)
    best = list(zip(*(best_rates(table, size) for size in sizes), strict=True))
    slopes = np.array([_slope(sizes, own) for own in best])

    def ends(quantity: str, size: int) -> Floats:
        return at_best_rates(table, quantity, batch_size=size)[0]

    unseen = {
        size: np.array(column(tables["generalisation"], "accuracy", batch_size=size))
        for size in sizes
    }
    cosine, _ = at_best_rates(tables["schedules"], "after_epochs", schedule="cosine")
    found = {
        "low": losses[0] / middle,
        "high": np.log2(_diverging(rates_of(table, batch_size=MIDDLE), losses) / middle_rates),
        "grows": np.array([own[-1] / own[0] for own in best]),
        "linear": slopes,
        "root": np.abs(slopes - 0.5),
        "epochs": ends("after_epochs", smallest) / ends("after_epochs", largest),
        "steps": ends("after_steps", largest) / ends("after_steps", smallest),
        "generalise": unseen[smallest] - unseen[largest],
        "cosine": cosine / middle,
    }
    return {name: values.tolist() for name, values in found.items()}


def _diverging(rates: Sequence[float], losses: Floats) -> Floats:
    """For each seed the lowest rate that ends worse than guessing; infinite for none, (seeds,)."""
    worse = np.where(np.isnan(losses), np.inf, losses) > GUESSING
    first = np.array(rates)[worse.argmax(axis=0)]
    return np.where(worse.any(axis=0), first, np.inf)


def _notes(tables: Tables) -> list[str]:
    table = tables["rates"]
    sizes = levels(table, "batch_size")
    best = [float(np.exp(np.mean(np.log(best_rates(table, size))))) for size in sizes]
    middle = len(sizes) // 2
    small, large = (
        _slope(sizes[: middle + 1], best[: middle + 1]),
        _slope(sizes[middle:], best[middle:]),
    )
    rates = ", ".join(f"{rate:.3g}" for rate in best)
    words = ", ".join(map(str, sizes))

    def means(quantity: str) -> str:
        found = (at_best_rates(table, quantity, batch_size=size)[0] for size in sizes)
        return ", ".join(f"{loss.mean():.3f}" for loss in found)

    unseen = tables["generalisation"]
    accuracy = ", ".join(
        f"{np.mean(column(unseen, 'accuracy', batch_size=size)):.4f}" for size in sizes
    )
    return [
        f"Best rates at equal epochs: {rates} for batches of {words}. From {sizes[0]} to"
        f" {sizes[middle]} rows their slope is {small:.2f}, nearly in proportion if near 1; from"
        f" there to {sizes[-1]} it is {large:.2f}. A single slope hides such a bend.",
        f"Training loss at equal epochs: {means('after_epochs')}; at equal steps, for which the"
        f" largest batches have read {sizes[-1] // sizes[0]} times as many rows as the smallest:"
        f" {means('after_steps')}; accuracy on unseen rows at best: {accuracy}.",
    ]


def draw(tables: Tables, axes: Sequence[Axes]) -> None:
    """Loss against rate; best rate, loss and accuracy against batch size; schedules."""
    from mlp_lab.lessons.old.figures import COLORS, name

    table = tables["rates"]
    sizes = levels(table, "batch_size")
    for size, color in zip(sizes, COLORS, strict=False):
        _draw_losses(axes[0], table, f"batches of {size}", color, batch_size=size)
    axes[0].axhline(GUESSING, color="0.55", linestyle=":", label="guessing")
    name(axes[0], "Rates, at equal epochs", "learning rate", LOSS, log="xy")
    _cut(axes[0])
    _draw_best(axes[1], table, sizes)
    _draw_equal(axes[2], table, sizes)
    _draw_unseen(axes[3], tables["generalisation"], sizes)
    for schedule, color in zip(("constant", "cosine"), COLORS, strict=False):
        _draw_losses(axes[4], tables["schedules"], schedule, color, schedule=schedule)
    name(axes[4], f"Schedules, batches of {MIDDLE}", "highest learning rate", LOSS, log="xy")
    _cut(axes[4])


def _cut(axis: Axes) -> None:
    """Leave out how far above guessing a divergence has come."""
    axis.set_ylim(0.008, 3 * GUESSING)  # the legend below


def _draw_losses(
    axis: Axes, table: Sequence[Row], label: str, color: str, **where: float | str
) -> None:
    """Rates at which a seed diverged to no number are left out."""
    from mlp_lab.lessons.old.figures import band

    rates, losses = np.array(rates_of(table, **where)), by_rate(table, "after_epochs", **where)
    finite = np.isfinite(losses).all(axis=1)
    band(axis, rates[finite].tolist(), losses[finite].tolist(), label=label, color=color)


def _draw_best(axis: Axes, table: Sequence[Row], sizes: Sequence[int]) -> None:
    from mlp_lab.lessons.old.figures import COLORS, GREY, band, name

    found = [best_rates(table, size) for size in sizes]
    band(axis, sizes, found, label="best rate at equal epochs", color=COLORS[0])
    start = float(np.mean(found[0]))
    for power, style, words in ((1.0, "--", "in proportion"), (0.5, ":", "square root")):
        line = [start * (size / sizes[0]) ** power for size in sizes]
        axis.plot(sizes, line, style, color=GREY, label=words)
    name(axis, "The best rate", "batch size", "learning rate", log="xy")


def _draw_equal(axis: Axes, table: Sequence[Row], sizes: Sequence[int]) -> None:
    from mlp_lab.lessons.old.figures import COLORS, band, name

    lines = {"after_epochs": "equal epochs", "after_steps": "equal steps"}
    for (quantity, words), color in zip(lines.items(), COLORS, strict=False):
        found = [at_best_rates(table, quantity, batch_size=size)[0].tolist() for size in sizes]
        band(axis, sizes, found, label=words, color=color)
    name(axis, "Each at its best rate", "batch size", LOSS, log="xy")


def _draw_unseen(axis: Axes, table: Sequence[Row], sizes: Sequence[int]) -> None:
    from mlp_lab.lessons.old.figures import COLORS, band, name

    found = [column(table, "accuracy", batch_size=size) for size in sizes]
    band(axis, sizes, found, label="best rate and epoch", color=COLORS[0])
    name(axis, "Unseen rows", "batch size", "accuracy", log="x")

"""Every batch size with every rate.

After "Accurate, large minibatch SGD" (Goyal et al., 2017), "An empirical model of large-batch
training" (McCandlish et al., 2018), "On large-batch training for deep learning" (Keskar et al.,
2017) and "SGDR: Stochastic gradient descent with warm restarts" (Loshchilov and Hutter, 2017).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from mlp_lab.data.arrays import Floats
from mlp_lab.lessons.bench import Bench
from mlp_lab.lessons.claims import DIFFERENCE, POSITIVE, SHARE, Claim
from mlp_lab.lessons.panels import GREY, Band, Drawn, Line, Mark, Panel, band, bands
from mlp_lab.lessons.study import grid, varied
from mlp_lab.lessons.tables import Columns, Table, Tables, at_best, by_seed, levels, listed, where
from mlp_lab.lessons.trained import Trained, chosen, measured

ROWS = 1024
BASE = ("experiment=batch_size_and_rate", f"data.train_rows={ROWS}")
SIZES = (4, 16, 64, 256, ROWS)
RATES = tuple(0.005 * 2**step for step in range(12))  # 0.005 to 10.2
EPOCHS, STEPS = 20, 768
MIDDLE = 16  # batch size of which single rates and schedules are compared
SMOOTHED = 5  # epochs over which validation losses and accuracies are averaged
LOSS = "training loss"
GUESSING = float(np.log(10))  # cross-entropy of giving every digit the same probability


def measure(bench: Bench) -> tuple[Tables, list[Trained]]:
    """Train all; also returns each seed's network of the middle batch size at its best rate."""
    sizes, rates = (SIZES[1:], RATES[2:10:3]) if bench.quick else (SIZES, RATES)
    epochs, steps = (4, 64) if bench.quick else (EPOCHS, STEPS)
    passes = {size: steps * size // ROWS for size in sizes}  # epochs of equally many steps

    def losses(network: Trained) -> Columns:
        loss, size = network.curve("train_loss"), int(network.labels["batch_size"])
        return {"after_epochs": loss[epochs - 1], "after_steps": loss[passes[size] - 1]}

    networks: list[Trained] = []
    for schedule, size in [*(("constant", size) for size in sizes), ("cosine", MIDDLE)]:
        words = [*BASE, f"epochs={max(epochs, passes[size])}"]
        how, of_size = varied("schedule", [schedule]), varied("batch_size", [size])
        by_rate = varied("optimizer.lr", rates)
        study = grid(words, bench.seeds, schedule=how, batch_size=of_size, rate=by_rate)
        networks += bench.train(study)[0]
    table, unseen = measured(networks, losses), measured(networks, smoothed)
    constant, unseen = (where(own, schedule="constant") for own in (table, unseen))
    tables = {
        "rates": constant,
        "schedules": where(table, batch_size=MIDDLE),
        "generalisation": at_best(unseen, ["rate", "epoch"], "loss", each=["batch_size"]),
    }
    best = at_best(where(constant, batch_size=MIDDLE), "rate", "after_epochs")
    return tables, chosen(networks, best)


def smoothed(network: Trained) -> Columns:
    """Loss and accuracy on unseen rows, means over neighbouring epochs.

    At a high rate they jump from one epoch to the next: the best single one is best by luck.
    """
    window = min(SMOOTHED, network.epochs)
    curves = [network.curve(name) for name in ("val_loss", "val_accuracy")]
    loss, accuracy = np.lib.stride_tricks.sliding_window_view(curves, window, axis=1).mean(axis=2)
    return {"epoch": np.arange(len(loss)) + 1 + window // 2, "loss": loss, "accuracy": accuracy}


def lowest_point(rates: Sequence[float], losses: Floats) -> float:
    """The rate at which a curve of losses over a geometric grid of rates is least.

    Between the grid's points it is the vertex of the parabola through the least one and its
    neighbours, on logarithmic axes.
    """
    known = np.where(np.isnan(losses), np.inf, losses)
    least, shift = int(known.argmin()), 0.0
    around = known[max(0, least - 1) : least + 2]
    if len(around) == 3 and np.isfinite(around).all():
        left, middle, right = np.log(around)
        shift = 0.5 * (left - right) / (left - 2 * middle + right)
    return float(rates[least] * (rates[1] / rates[0]) ** shift)


def best_rates(tables: Tables) -> Floats:
    """The rate of each seed's own least loss at equal epochs, (sizes, seeds)."""
    table = tables["rates"]
    rates, sizes = levels(table, "rate"), levels(table, "batch_size")
    losses = [by_seed(table, "after_epochs", "rate", batch_size=size) for size in sizes]
    return np.array([[lowest_point(rates, own) for own in of_size.T] for of_size in losses])


def log_slope(x: ArrayLike, y: ArrayLike) -> Floats:
    """Slope of log y on log x by least squares, of y (N,) or of every column of (N, seeds)."""
    slope: Floats = np.polyfit(np.log(x), np.log(y), 1)[0]
    return slope


def at_best_rate(table: Table, by: str, loss: str, column: str | None = None) -> Floats:
    """A loss or another column at the rate that is best for the others, (levels of `by`, seeds)."""
    return by_seed(at_best(table, "rate", loss, each=[by]), column or loss, by)


def diverging(tables: Tables) -> Floats:
    """The lowest rate of the middle batch size that ends worse than guessing, or inf, (seeds,)."""
    table = where(tables["rates"], batch_size=MIDDLE)
    rates, losses = np.array(levels(table, "rate")), by_seed(table, "after_epochs", "rate")
    return np.asarray(np.where(losses <= GUESSING, np.inf, rates[:, None]).min(axis=0))


CLAIMS = {
    "low": Claim(
        "Too low a rate does not arrive.",
        f"{LOSS} after {EPOCHS} epochs, lowest / best rate, batches of {MIDDLE}",
        lambda t: (
            by_seed(t["rates"], "after_epochs", "rate", batch_size=MIDDLE)[0]
            / at_best_rate(t["schedules"], "schedule", "after_epochs")[0]
        ),
        above=1.5,
        within=POSITIVE,
    ),
    "high": Claim(
        "Too high a rate diverges, and the best one lies not far below: within a factor of 8.",
        f"log2 of the lowest rate that ends worse than guessing / the best, batches of {MIDDLE}",
        lambda t: np.log2(
            diverging(t) / at_best_rate(t["schedules"], "schedule", "after_epochs", "rate")[0]
        ),
        below=3.0,
    ),
    "grows": Claim(
        "The larger the batch, the higher its best rate.",
        f"rate of the least {LOSS} after {EPOCHS} epochs, largest / smallest batches",
        lambda t: np.divide(*best_rates(t)[[-1, 0]]),
        above=2.0,
        within=POSITIVE,
    ),
    "linear": Claim(
        "The best rate grows in proportion to the batch size.",
        "slope of log best rate on log batch size",
        lambda t: log_slope(levels(t["rates"], "batch_size"), best_rates(t)),
        above=0.75,
    ),
    "root": Claim(
        "The best rate grows as the square root of the batch size.",
        "|slope of log best rate on log batch size - 1/2|",
        lambda t: np.abs(log_slope(levels(t["rates"], "batch_size"), best_rates(t)) - 0.5),
        below=0.15,
        within=POSITIVE,
    ),
    "epochs": Claim(
        "At equal epochs small batches learn more, since they take more steps.",
        f"{LOSS} after {EPOCHS} epochs, smallest / largest batches, each at its best rate",
        lambda t: np.divide(*at_best_rate(t["rates"], "batch_size", "after_epochs")[[0, -1]]),
        below=1.0,
        within=POSITIVE,
    ),
    "steps": Claim(
        "At equal steps large batches learn more, since their steps are better.",
        f"{LOSS} after {STEPS} steps, largest / smallest batches, each at its best rate",
        lambda t: np.divide(*at_best_rate(t["rates"], "batch_size", "after_steps")[[-1, 0]]),
        below=1.0,
        within=POSITIVE,
    ),
    "generalise": Claim(
        "Small batches generalise better.",
        "accuracy on unseen rows, smallest - largest batches, each at its best rate and epoch",
        lambda t: np.subtract(*by_seed(t["generalisation"], "accuracy", "batch_size")[[0, -1]]),
        above=0.0,
        within=DIFFERENCE,
    ),
    "cosine": Claim(
        "A rate that falls to zero ends lower than a constant one.",
        f"{LOSS} after {EPOCHS} epochs, cosine / constant at their best rates, batches of {MIDDLE}",
        lambda t: np.divide(*at_best_rate(t["schedules"], "schedule", "after_epochs")[[1, 0]]),
        below=1.0,
        within=POSITIVE,
    ),
}


def notes(tables: Tables) -> list[str]:
    """Best rates, and what each batch size comes to at its best rate."""
    sizes = levels(tables["rates"], "batch_size")
    best = np.exp(np.log(best_rates(tables)).mean(axis=1))
    bend = len(sizes) // 2
    small = log_slope(sizes[: bend + 1], best[: bend + 1])
    large = log_slope(sizes[bend:], best[bend:])
    epochs, steps = (
        listed(at_best_rate(tables["rates"], "batch_size", f"after_{unit}").mean(axis=1), ".3f")
        for unit in ("epochs", "steps")
    )
    unseen = by_seed(tables["generalisation"], "accuracy", "batch_size").mean(axis=1)
    return [
        f"Best rates at equal epochs: {listed(best, '.3g')} for batches of {listed(sizes)}. From"
        f" {sizes[0]} to {sizes[bend]} rows their slope is {small:.2f} (1 is in proportion), from"
        f" there to {sizes[-1]} it is {large:.2f}: a bend that a single slope hides.",
        f"Training loss at equal epochs: {epochs}; at equal steps, for which the largest batches"
        f" have read {sizes[-1] // sizes[0]} times as many rows as the smallest: {steps}. Accuracy"
        f" on unseen rows at best: {listed(unseen, '.4f')}.",
    ]


def panels(tables: Tables) -> list[Panel]:
    """Loss against rate; best rate, loss and accuracy against batch size; schedules."""
    table, size = tables["rates"], "batch size"
    sizes, best = np.array(levels(table, "batch_size")), best_rates(tables)
    growth, start = sizes / sizes[0], best[0].mean()
    shown = (0.008, 3 * GUESSING)  # not how far above guessing a divergence has come
    by_rate: list[Drawn] = [
        *bands(table, "rate", "after_epochs", "batch_size", "batches of {}"),
        Mark(y=GUESSING, label="guessing"),
    ]
    rates: list[Drawn] = [
        Band(x=sizes, values=best, label="best rate at equal epochs"),
        Line(x=sizes, y=start * growth, label="in proportion", color=GREY, line="--"),
        Line(x=sizes, y=start * growth**0.5, label="square root", color=GREY, line=":"),
    ]
    best_losses = {u: at_best_rate(table, "batch_size", f"after_{u}") for u in ("epochs", "steps")}
    by_size = [Band(x=sizes, values=own, label=f"equal {u}") for u, own in best_losses.items()]
    unseen = band(tables["generalisation"], "batch_size", "accuracy", "best rate and epoch")
    schedules = bands(tables["schedules"], "rate", "after_epochs", "schedule")
    title, x = f"Schedules, batches of {MIDDLE}", "highest learning rate"
    return [
        Panel("Rates, at equal epochs", "learning rate", LOSS, by_rate, log="xy", y_limits=shown),
        Panel("The best rate", size, "learning rate", rates, log="xy"),
        Panel("Each at its best rate", size, LOSS, by_size, log="xy"),
        Panel("Unseen rows", size, "accuracy", [unseen], log="x", within=SHARE),
        Panel(title, x, LOSS, schedules, log="xy", y_limits=shown),
    ]

"""Every batch size with every rate.

After "Accurate, large minibatch SGD" (Goyal et al., 2017), "An empirical model of large-batch
training" (McCandlish et al., 2018), "On large-batch training for deep learning" (Keskar et al.,
2017) and "SGDR: Stochastic gradient descent with warm restarts" (Loshchilov and Hutter, 2017).
"""

from collections.abc import Sequence
from itertools import chain

import numpy as np
from numpy.typing import ArrayLike

from mlp_lab.data.arrays import Floats
from mlp_lab.lessons.bench import Bench
from mlp_lab.lessons.claims import Claim
from mlp_lab.lessons.study import grid, varied
from mlp_lab.lessons.tables import Columns, Table, Tables, at_best, by_seed, levels, where
from mlp_lab.lessons.trained import Trained, chosen, measured

ROWS = 1024
BASE = ("experiment=batch_size_and_rate", f"data.train_rows={ROWS}")
SIZES = (4, 16, 64, 256, ROWS)
RATES = tuple(0.005 * 2**step for step in range(12))
"""0.005 to 10.2."""

EPOCHS = 20
STEPS = 768
MIDDLE = 16
"""Batch size of which single rates and schedules are compared."""

SMOOTHED = 5
"""Epochs over which validation losses and accuracies are averaged."""

GUESSING = float(np.log(10))
"""Cross-entropy of giving every digit the same probability."""


def measure(bench: Bench) -> tuple[Tables, list[Trained]]:
    """Train all; also returns each seed's network of the middle batch size at its best rate."""
    sizes, rates = (SIZES[1:], RATES[2:10:3]) if bench.quick else (SIZES, RATES)
    epochs, steps = (4, 64) if bench.quick else (EPOCHS, STEPS)

    def trained(schedule: str, size: int) -> list[Trained]:
        """A network for each rate and seed, long enough for equal epochs and for equal steps."""
        enough = max(epochs, -(-steps * size // ROWS))
        networks = grid(
            [*BASE, f"epochs={enough}"],
            bench.seeds,
            schedule=varied("schedule", [schedule]),
            batch_size=varied("batch_size", [size]),
            rate=varied("optimizer.lr", rates),
        )
        return bench.train(networks)[0]

    def losses(network: Trained) -> Columns:
        """Training losses at equal epochs and at equal steps."""
        loss, size = network.curve("train_loss"), int(network.labels["batch_size"])
        equal_steps = max(1, steps * size // ROWS)
        return {"after_epochs": loss[epochs - 1], "after_steps": loss[equal_steps - 1]}

    constant = {size: trained("constant", size) for size in sizes}
    networks = list(chain(*constant.values()))
    schedules = measured([*constant[MIDDLE], *trained("cosine", MIDDLE)], losses)
    best = at_best(where(schedules, schedule="constant"), "rate", "after_epochs")
    unseen = at_best(measured(networks, smoothed), ["rate", "epoch"], "loss", each=["batch_size"])
    tables = {"rates": measured(networks, losses), "schedules": schedules, "generalisation": unseen}
    return tables, chosen(constant[MIDDLE], best)


def smoothed(network: Trained) -> Columns:
    """Loss and accuracy on unseen rows, means over a few epochs.

    At a high rate they jump from one epoch to the next, and the best of thousands of single ones
    would be best by luck.
    """
    window = min(SMOOTHED, network.config.epochs)
    loss, accuracy = (smooth(network.curve(f"val_{name}"), window) for name in ("loss", "accuracy"))
    return {"epoch": np.arange(len(loss)) + 1 + window // 2, "loss": loss, "accuracy": accuracy}


def smooth(curve: Floats, window: int) -> Floats:
    """Means over every `window` neighbours, (epochs,) -> (epochs - window + 1,)."""
    means: Floats = np.lib.stride_tricks.sliding_window_view(curve, window).mean(axis=1)
    return means


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


def best_rates(table: Table) -> Floats:
    """The rate of each seed's own least loss at equal epochs, (sizes, seeds)."""
    rates = levels(table, "rate")
    sizes = (where(table, batch_size=size) for size in levels(table, "batch_size"))
    losses = (by_seed(own, "after_epochs", "rate") for own in sizes)
    return np.array([[lowest_point(rates, own) for own in of_size.T] for of_size in losses])


def log_slope(x: ArrayLike, y: ArrayLike) -> float:
    """Slope of log y on log x, by least squares."""
    return float(np.polyfit(np.log(x), np.log(y), 1)[0])


def slopes(tables: Tables) -> Floats:
    """Slope of log best rate on log batch size, (seeds,)."""
    sizes = levels(tables["rates"], "batch_size")
    return np.array([log_slope(sizes, own) for own in best_rates(tables["rates"]).T])


def losses_at_best(tables: Tables, loss: str) -> Floats:
    """Each seed's loss at the rate that is best for the others, (sizes, seeds)."""
    best = at_best(tables["rates"], "rate", loss, each=["batch_size"])
    return by_seed(best, loss, "batch_size")


def accuracies(tables: Tables) -> Floats:
    """On unseen rows, at best rate and epoch, (sizes, seeds)."""
    return by_seed(tables["generalisation"], "accuracy", "batch_size")


def middle_at_best(tables: Tables, column: str, schedule: str = "constant") -> Floats:
    """A column of the middle batch size at the rate that is best for the others, (seeds,)."""
    best = at_best(where(tables["schedules"], schedule=schedule), "rate", "after_epochs")
    return by_seed(best, column)


def diverging(table: Table) -> Floats:
    """Each seed's lowest rate that ends worse than guessing; infinite for none, (seeds,)."""
    worse = ~(by_seed(table, "after_epochs", "rate") <= GUESSING)
    found: Floats = np.where(worse, np.array(levels(table, "rate"))[:, None], np.inf).min(axis=0)
    return found


LOSS = "training loss"
ENDS, REVERSED = [0, -1], [-1, 0]

CLAIMS = {
    "low": Claim(
        "Too low a rate does not arrive.",
        f"{LOSS} after {EPOCHS} epochs, lowest / best rate, batches of {MIDDLE}",
        lambda tables: (
            by_seed(tables["rates"], "after_epochs", "rate", batch_size=MIDDLE)[0]
            / middle_at_best(tables, "after_epochs")
        ),
        above=1.5,
    ),
    "high": Claim(
        "Too high a rate diverges, and the best one lies not far below: within a factor of 8.",
        f"log2 of the lowest rate that ends worse than guessing / the best, batches of {MIDDLE}",
        lambda tables: np.log2(
            diverging(where(tables["rates"], batch_size=MIDDLE)) / middle_at_best(tables, "rate")
        ),
        below=3.0,
    ),
    "grows": Claim(
        "The larger the batch, the higher its best rate.",
        f"rate of the least {LOSS} after {EPOCHS} epochs, largest / smallest batches",
        lambda tables: np.divide(*best_rates(tables["rates"])[REVERSED]),
        above=2.0,
    ),
    "linear": Claim(
        "The best rate grows in proportion to the batch size.",
        "slope of log best rate on log batch size",
        slopes,
        above=0.75,
    ),
    "root": Claim(
        "The best rate grows as the square root of the batch size.",
        "|slope of log best rate on log batch size - 1/2|",
        lambda tables: np.abs(slopes(tables) - 0.5),
        below=0.15,
    ),
    "epochs": Claim(
        "At equal epochs small batches learn more, since they take more steps.",
        f"{LOSS} after {EPOCHS} epochs, smallest / largest batches, each at its best rate",
        lambda tables: np.divide(*losses_at_best(tables, "after_epochs")[ENDS]),
        below=1.0,
    ),
    "steps": Claim(
        "At equal steps large batches learn more, since their steps are better.",
        f"{LOSS} after {STEPS} steps, largest / smallest batches, each at its best rate",
        lambda tables: np.divide(*losses_at_best(tables, "after_steps")[REVERSED]),
        below=1.0,
    ),
    "generalise": Claim(
        "Small batches generalise better.",
        "accuracy on unseen rows, smallest - largest batches, each at its best rate and epoch"
        f" (means over {SMOOTHED} epochs)",
        lambda tables: np.subtract(*accuracies(tables)[ENDS]),
        above=0.0,
    ),
    "cosine": Claim(
        "A rate that falls to zero ends lower than a constant one.",
        f"{LOSS} after {EPOCHS} epochs, cosine / constant, each at its best rate, batches of"
        f" {MIDDLE}",
        lambda tables: (
            middle_at_best(tables, "after_epochs", "cosine")
            / middle_at_best(tables, "after_epochs")
        ),
        below=1.0,
    ),
}

"""What the page says and shows of every batch size with every rate."""

import numpy as np

from mlp_lab.lessons.batch_size_and_rate.rates import (
    GUESSING,
    LOSS,
    MIDDLE,
    accuracies,
    best_rates,
    log_slope,
    losses_at_best,
)
from mlp_lab.lessons.panels import GREY, Band, Line, Mark, Panel, bands
from mlp_lab.lessons.tables import Tables, levels, listed


def notes(tables: Tables) -> list[str]:
    """Best rates, and what each batch size comes to at its best rate."""
    sizes = levels(tables["rates"], "batch_size")
    best = np.exp(np.log(best_rates(tables["rates"])).mean(axis=1))
    middle = len(sizes) // 2
    small, large = (
        log_slope(sizes[part], best[part]) for part in (slice(middle + 1), slice(middle, None))
    )
    epochs, steps = (
        listed(losses_at_best(tables, f"after_{unit}").mean(axis=1), ".3f")
        for unit in ("epochs", "steps")
    )
    return [
        f"Best rates at equal epochs: {listed(best, '.3g')} for batches of {listed(sizes)}. From"
        f" {sizes[0]} to {sizes[middle]} rows their slope is {small:.2f}, nearly in proportion if"
        f" near 1; from there to {sizes[-1]} it is {large:.2f}. A single slope hides such a bend.",
        f"Training loss at equal epochs: {epochs}; at equal steps, for which the largest batches"
        f" have read {sizes[-1] // sizes[0]} times as many rows as the smallest: {steps}; accuracy"
        f" on unseen rows at best: {listed(accuracies(tables).mean(axis=1), '.4f')}.",
    ]


def panels(tables: Tables) -> list[Panel]:
    """Loss against rate; best rate, loss and accuracy against batch size; schedules."""
    table, size = tables["rates"], "batch size"
    sizes, best = np.array(levels(table, "batch_size")), best_rates(table)
    shown = (0.008, 3 * GUESSING)  # not how far above guessing a divergence has come
    growth, start = sizes / sizes[0], best[0].mean()
    by_rate = bands(table, "rate", "after_epochs", "batch_size", "batches of {}")
    return [
        Panel(
            *("Rates, at equal epochs", "learning rate", LOSS),
            [*by_rate, Mark(y=GUESSING, label="guessing")],
            log="xy",
            y_limits=shown,
        ),
        Panel(
            *("The best rate", size, "learning rate"),
            [
                Band(x=sizes, values=best, label="best rate at equal epochs"),
                Line(x=sizes, y=start * growth, label="in proportion", color=GREY, line="--"),
                Line(x=sizes, y=start * growth**0.5, label="square root", color=GREY, line=":"),
            ],
            log="xy",
        ),
        Panel(
            *("Each at its best rate", size, LOSS),
            [
                Band(x=sizes, values=losses_at_best(tables, f"after_{unit}"), label=f"equal {unit}")
                for unit in ("epochs", "steps")
            ],
            log="xy",
        ),
        Panel(
            *("Unseen rows", size, "accuracy"),
            [Band(x=sizes, values=accuracies(tables), label="best rate and epoch")],
            log="x",
        ),
        Panel(
            *(f"Schedules, batches of {MIDDLE}", "highest learning rate", LOSS),
            bands(tables["schedules"], "rate", "after_epochs", "schedule"),
            log="xy",
            y_limits=shown,
        ),
    ]

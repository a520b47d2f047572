"""Best rates, and what is said and shown of them, by hand; losses by the engine's own curves."""

from dataclasses import replace

import numpy as np
import pytest
from given import evidence, networks

from mlp_lab.lessons.batch_size_and_rate import rates
from mlp_lab.lessons.panels import Band, Line
from mlp_lab.lessons.tables import Tables, by_seed, table_of, where

NAME = "batch_size_and_rate"


def test_the_lowest_point_is_that_of_a_parabola() -> None:
    """On logarithmic axes; at an end, or beside a divergence, it is the grid's own."""
    grid = np.array(rates.RATES)
    for place in (0.03, 0.1, 0.7):
        losses = np.exp(0.3 * np.log(grid / place) ** 2 - 1)
        assert rates.lowest_point(rates.RATES, losses) == pytest.approx(place)
    assert rates.lowest_point(rates.RATES, grid) == grid[0]
    losses = np.where(grid > 0.1, np.nan, 1 / grid)
    assert rates.lowest_point(rates.RATES, losses) == grid[grid <= 0.1].max()


def test_a_rate_diverges_where_it_is_worse_than_guessing_or_no_number() -> None:
    table = table_of(
        {"batch_size": rates.MIDDLE, "rate": rate, "seed": seed, "after_epochs": loss}
        for seed, losses in enumerate([(1, 3, np.nan), (1, np.nan, 2), (1, 2, 0.1)])
        for rate, loss in zip((0.1, 0.2, 0.4), losses, strict=True)
    )
    assert rates.diverging({"rates": table}).tolist() == [0.2, 0.2, np.inf]


def test_values_follow_from_the_tables() -> None:
    found = evidence(NAME)
    table = found.tables["rates"]

    def judged(quantity: str, size: int, seed: int) -> float:
        """With two seeds, the other one chooses."""
        own = where(table, batch_size=size).to_dict("records")
        others = [row for row in own if row["seed"] != seed]
        rate = min(others, key=lambda row: float(row[quantity]))["rate"]
        (loss,) = (r[quantity] for r in own if (r["seed"], r["rate"]) == (seed, rate))
        return float(loss)

    for seed in range(2):
        ratio = judged("after_epochs", 16, seed) / judged("after_epochs", 1024, seed)
        assert found.findings["epochs"].values[seed] == pytest.approx(ratio)
        ratio = judged("after_steps", 1024, seed) / judged("after_steps", 16, seed)
        assert found.findings["steps"].values[seed] == pytest.approx(ratio)


def test_curves_are_averaged_over_neighbours() -> None:
    """Where one is no number, so is the mean."""
    (network,) = networks([f"experiment={NAME}", "data.train_rows=64", "epochs=8"])
    loss, accuracy = (network.curve(name) for name in ("val_loss", "val_accuracy"))
    loss[7] = np.nan
    curves = {"val_loss": loss, "val_accuracy": accuracy}
    found = rates.smoothed(replace(network, outcome=replace(network.outcome, curves=curves)))
    assert np.asarray(found["epoch"]).tolist() == [3, 4, 5, 6]
    expected = [loss[start : start + 5].mean() for start in range(4)]
    assert found["loss"] == pytest.approx(expected, nan_ok=True)
    assert np.isnan(expected).tolist() == [False, False, False, True]
    expected = [accuracy[start : start + 5].mean() for start in range(4)]
    assert found["accuracy"] == pytest.approx(expected)


def test_rows_of_the_table_are_the_engines_losses() -> None:
    """At 64 steps of batches of 256, 16 epochs, and at 4 epochs."""
    words = [f"experiment={NAME}", "batch_size=256", "epochs=16", "seed=1", "data.split_seed=1"]
    rate = rates.RATES[2]
    (network,) = networks([*words, f"optimizer.lr={rate}"])
    own = where(evidence(NAME).tables["rates"], batch_size=256, seed=1, rate=rate)
    losses = network.curve("train_loss")
    assert by_seed(own, "after_steps") == pytest.approx([losses[15]], rel=1e-3)
    assert by_seed(own, "after_epochs") == pytest.approx([losses[3]], rel=1e-3)


def parabolas(power: float) -> Tables:
    """Losses whose best rate grows as a power of the batch size, from 0.02 on."""
    grid = np.array(rates.RATES)
    table = table_of(
        {
            "batch_size": size,
            "rate": grid,
            "seed": seed,
            "after_epochs": np.exp(np.log(grid / (0.02 * (size / 4) ** power)) ** 2),
            "after_steps": np.exp(np.log(grid) ** 2),
        }
        for size in (4, 16, 64)
        for seed in range(3)
    )
    unseen = table_of(
        {"batch_size": size, "seed": seed, "accuracy": 0.9}
        for size in (4, 16, 64)
        for seed in range(3)
    )
    return {
        "rates": table,
        "schedules": table[table["batch_size"] == 16].assign(schedule="constant"),
        "generalisation": unseen,
    }


def test_notes_name_rates_and_their_slopes() -> None:
    first, second = rates.notes(parabolas(1.0))
    assert "0.02, 0.08, 0.32 for batches of 4, 16, 64." in first
    assert (
        "From 4 to 16 rows their slope is 1.00 (1 is in proportion), from there to 64 it is 1.00"
        in first
    )
    assert "have read 16 times as many rows" in second
    assert "Accuracy on unseen rows at best: 0.9000, 0.9000, 0.9000." in second


def test_lines_of_growth_begin_at_the_smallest_batches_best_rate() -> None:
    growth = rates.panels(parabolas(0.5))[1]
    best, proportion, root = growth.drawn
    assert isinstance(best, Band)
    assert isinstance(proportion, Line)
    assert isinstance(root, Line)
    assert np.asarray(root.y) == pytest.approx(best.values.mean(axis=1))
    assert np.asarray(proportion.y) == pytest.approx([0.02, 0.08, 0.32])

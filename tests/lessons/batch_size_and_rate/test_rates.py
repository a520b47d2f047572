"""Best rates by hand, and losses by the engine's own curves."""

import numpy as np
import pytest
from given import evidence, networks

from mlp_lab.lessons.batch_size_and_rate import rates
from mlp_lab.lessons.tables import by_seed, table_of, where

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
        {"rate": rate, "seed": seed, "after_epochs": loss}
        for seed, losses in enumerate([(1, 3, np.nan), (1, np.nan, 2), (1, 2, 0.1)])
        for rate, loss in zip((0.1, 0.2, 0.4), losses, strict=True)
    )
    assert rates.diverging(table).tolist() == [0.2, 0.2, np.inf]


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
    found = rates.smooth(np.array([1.0, 2.0, 6.0, np.nan, 3.0, 3.0]), 2)
    np.testing.assert_array_equal(found, [1.5, 4.0, np.nan, np.nan, 3.0])


def test_rows_of_the_table_are_the_engines_losses() -> None:
    """At 64 steps of batches of 256, 16 epochs, and at 4 epochs."""
    words = [f"experiment={NAME}", "batch_size=256", "epochs=16", "seed=1", "data.split_seed=1"]
    rate = rates.RATES[2]
    (network,) = networks([*words, f"optimizer.lr={rate}"])
    own = where(evidence(NAME).tables["rates"], batch_size=256, seed=1, rate=rate)
    losses = network.curve("train_loss")
    assert by_seed(own, "after_steps") == pytest.approx([losses[15]], rel=1e-3)
    assert by_seed(own, "after_epochs") == pytest.approx([losses[3]], rel=1e-3)

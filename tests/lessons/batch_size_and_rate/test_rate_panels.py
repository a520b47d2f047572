"""What is said and shown of rates, by hand from small tables."""

import numpy as np
import pytest

from mlp_lab.lessons.batch_size_and_rate.rate_panels import notes, panels
from mlp_lab.lessons.panels import Band, Line
from mlp_lab.lessons.tables import Tables, table_of

SIZES = (4, 16, 64)


def parabolas(power: float) -> Tables:
    """Losses whose best rate grows as a power of the batch size, from 0.02 on."""
    rates = 0.005 * 2.0 ** np.arange(12)
    table = table_of(
        {
            "batch_size": size,
            "rate": rates,
            "seed": seed,
            "after_epochs": np.exp(np.log(rates / (0.02 * (size / 4) ** power)) ** 2),
            "after_steps": np.exp(np.log(rates) ** 2),
        }
        for size in SIZES
        for seed in range(3)
    )
    unseen = table_of(
        {"batch_size": size, "seed": seed, "accuracy": 0.9} for size in SIZES for seed in range(3)
    )
    return {
        "rates": table,
        "schedules": table[table["batch_size"] == 16].assign(schedule="constant"),
        "generalisation": unseen,
    }


def test_notes_name_rates_and_their_slopes() -> None:
    first, second = notes(parabolas(1.0))
    assert "0.02, 0.08, 0.32 for batches of 4, 16, 64." in first
    assert "From 4 to 16 rows their slope is 1.00" in first
    assert "have read 16 times as many rows" in second
    assert "at best: 0.9000, 0.9000, 0.9000." in second


def test_lines_of_growth_begin_at_the_smallest_batches_best_rate() -> None:
    growth = panels(parabolas(0.5))[1]
    best, proportion, root = growth.drawn
    assert isinstance(best, Band)
    assert isinstance(proportion, Line)
    assert isinstance(root, Line)
    assert np.asarray(root.y) == pytest.approx(best.values.mean(axis=1))
    assert np.asarray(proportion.y) == pytest.approx([0.02, 0.08, 0.32])

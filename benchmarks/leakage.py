"""How often target leakage is found, and suspected wrongly: `python benchmarks/leakage.py`.

Tables are drawn in which columns give the target away, or are strong and honest; for each kind and
number of rows, the share of draws in which exactly the columns that leak are named.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from race import QUICK

from mlp_lab.data.arrays import Floats
from mlp_lab.data.columns import Column, classified, numeric
from mlp_lab.data.rows import RawData
from mlp_lab.data.tables.leakage import leaks

DRAWS = 2 if QUICK else 200
ROWS = (100,) if QUICK else (100, 500, 2000)
COLUMNS = 8

Make = Callable[[Floats, Floats], tuple[Floats, NDArray[Any], int]]
"""Columns and noise, normal -> inputs, target and the number of its classes, 0 of a number."""

LEAKS: Mapping[str, tuple[int, Make]] = {
    "one threshold parts two classes": (1, lambda x, e: (x, x[:, 0] > 0.2, 2)),
    "... of which one has a tenth": (1, lambda x, e: (x, x[:, 0] > 1.28, 2)),
    "two thresholds, three classes": (1, lambda x, e: (x, np.digitize(x[:, 0], [-0.5, 0.5]), 3)),
    "the target and 5 % noise": (1, lambda x, e: (x, x[:, 0] + 0.05 * e, 0)),
    "its logarithm": (1, lambda x, e: (x, np.exp(3 * x[:, 0]), 0)),
    "the sum of two columns": (2, lambda x, e: (x, x[:, 0] + x[:, 1], 0)),
    "their difference": (2, lambda x, e: (x, x[:, 0] - 3 * x[:, 1], 0)),
    "... and 5 % noise": (2, lambda x, e: (x, x[:, 0] - 3 * x[:, 1] + 0.05 * e, 0)),
    "a threshold of a sum": (2, lambda x, e: (x, x[:, 0] + x[:, 1] > 0.5, 2)),
    "a sum of five items": (5, lambda x, e: (np.round(2 * x), np.round(2 * x)[:, :5].sum(1), 0)),
}
"""Kind -> how many of the first columns leak, and how it is made."""


def column(share: float, classes: int = 0) -> Make:
    """One column that explains a share of the variance; classes are cut at 0."""

    def made(x: Floats, e: Floats) -> tuple[Floats, NDArray[Any], int]:
        target = np.sqrt(share) * x[:, 0] + np.sqrt(1 - share) * e
        return x, target > 0 if classes else target, classes

    return made


def flipped(share: float) -> Make:
    """A threshold, and a share of the constant's errors that it makes, too."""
    return lambda x, e: (x, (x[:, 0] > 0) ^ (np.abs(e) < 0.6745 * share), 2)


def sum_of(columns: int, share: float) -> Make:
    """A sum of columns that explains a share of the variance."""
    return lambda x, e: (
        x,
        np.sqrt(share / columns) * x[:, :columns].sum(1) + np.sqrt(1 - share) * e,
        0,
    )


HONEST: Mapping[str, Make] = {
    "a column that explains 90 %": column(0.9),
    "a column that explains 95 %": column(0.95),
    "two classes, 90 % of a number behind": column(0.9, 2),
    "two classes, 95 % of a number behind": column(0.95, 2),
    "a threshold with a tenth of the errors": flipped(0.1),
    "a threshold with a twentieth": flipped(0.05),
    "a sum of two that explains 98 %": sum_of(2, 0.98),
    "a linear model that explains 99 %": sum_of(COLUMNS, 0.99),
    "nothing but noise": lambda x, e: (x, e > 0, 2),
}


def main() -> None:
    """Draw, look, count."""
    print(f"{DRAWS} draws each of {ROWS} rows")
    for name, (count, make) in LEAKS.items():
        print(f"{name:42s}" + shares(make, count) + "  found")
    for name, make in HONEST.items():
        print(f"{name:42s}" + shares(make, 0) + "  suspected of nothing")


def shares(make: Make, count: int) -> str:
    """By the number of rows, how often just these columns are named."""
    wanted = [[f"x{i}" for i in range(count)]] if count else []
    return "".join(
        f" {np.mean([named(make, rows, seed) == wanted for seed in range(DRAWS)]):7.1%}"
        for rows in ROWS
    )


def named(make: Make, rows: int, seed: int) -> list[list[str]]:
    """What is suspected in one draw."""
    draw = np.random.default_rng(seed)
    x, target, classes = make(draw.normal(size=(rows, COLUMNS)), draw.normal(size=rows))
    names = numeric([f"x{i}" for i in range(COLUMNS)])
    kinds = list(map(str, range(classes)))
    target_column = classified("y", kinds) if kinds else Column(name="y")
    raw = RawData(x, np.asarray(target, float), names, [target_column])
    return leaks(raw, np.arange(rows))


if __name__ == "__main__":
    main()

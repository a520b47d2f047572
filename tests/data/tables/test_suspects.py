"""Which numbers of a column are suspected of meaning no answer, and which never are."""

import numpy as np
import pytest

from mlp_lab.data.arrays import Floats
from mlp_lab.data.tables.suspects import suspects

ROWS = 200
DRAW = np.random.default_rng(0)
AGES = DRAW.integers(18, 94, ROWS).astype(float)
INCOMES = np.minimum(DRAW.lognormal(7, 0.5, ROWS).round(), 5000)
AGREE = DRAW.integers(1, 6, ROWS).astype(float)
TEN = DRAW.integers(0, 11, ROWS).astype(float)
YEARS = DRAW.integers(1930, 2005, ROWS).astype(float)
DEGREES = DRAW.normal(8, 7, ROWS).round(1)


def among(values: Floats, *codes: float, times: int = 5) -> Floats:
    """Values, and codes of no answer."""
    return np.concatenate([values, np.repeat(codes, times)])


def found_in(values: Floats) -> list[float]:
    """Codes that are suspected."""
    found = suspects(values)
    return [] if found is None else list(found.counts)


@pytest.mark.parametrize(
    ("values", "codes"),
    [
        (TEN, (77, 88, 99)),
        (TEN, (-9,)),
        (AGREE, (7, 8, 9)),
        (AGREE, (9,)),
        (AGREE, (-9, -8, -1)),
        (AGREE, (-99, 99)),
        (AGREE % 2, (9,)),
        (AGREE % 2 + 1, (99,)),
        (AGES, (-9,)),
        (AGES, (999,)),
        (INCOMES, (9999,)),
        (INCOMES, (7777, 8888, 9999)),
        (INCOMES + 0.25, (99999,)),
        (YEARS, (0,)),
        (YEARS, (9999,)),
        (DEGREES, (-99.9,)),
        (DEGREES, (-999, 999)),
        (DEGREES, (32767,)),
        (DEGREES, (1e20,)),
        (np.abs(DEGREES) + 1, (-200,)),
        (np.abs(DEGREES) + 1, (-999.25,)),
        (np.abs(DEGREES), (-1,)),
    ],
)
def test_codes(values: Floats, codes: tuple[float, ...]) -> None:
    """Repeated, and beyond a gap: counted, with the range of the others."""
    found = suspects(among(values, *codes))
    assert found is not None
    assert found.counts == dict.fromkeys(codes, 5)
    assert (found.least, found.most) == (values.min(), values.max())


def test_a_peak_beyond_a_short_gap() -> None:
    """99 in twelve rows, where ages end at 93; a single -9 among ages is enough, too."""
    assert found_in(among(AGES, 99, times=12)) == [99]
    assert found_in(among(AGES, 99, times=1)) == []
    assert found_in(among(AGES, -9, times=1)) == [-9]
    assert found_in(among(TEN, 9999, times=1)) == [9999]


@pytest.mark.parametrize(
    "values",
    [
        np.tile(np.arange(18.0, 100), 3),  # ages that run up to 99
        np.tile(np.arange(1.0, 10), 20),
        np.tile(np.arange(-3.0, 4), 20),
        np.tile([-3.0, -2, -1, 1, 2, 3], 20),
        np.tile([0.0, 1, -1], 20),
        np.repeat([4.0, 3, 5, 6, 8], [199, 4, 3, 83, 103]),  # cylinders
        np.repeat([0.0, 1, 2, 3, 4, 5, 8], [608, 209, 28, 16, 18, 5, 7]),  # brothers and sisters
        np.repeat([0.0, 1, 2, 3, 4, 5, 7], [80, 60, 40, 12, 5, 2, 1]),
        np.tile([4.99, 9.99, 19.99, 49.99, 99.99], 20),  # prices
        np.tile([19.0, 29, 49, 99, 199, 999], 20),
        among(np.zeros(150), *np.arange(20000.0, 50000, 300)),
        among(DEGREES * 30, -999, times=1),
        np.array([1.0, 99]),
        np.array([]),
        np.full(30, 9.0),
        np.full(30, np.nan),
    ],
)
def test_ordinary_values(values: Floats) -> None:
    """Whole scales, counts with a gap in their tail, and prices."""
    assert found_in(values) == []


def test_random_columns() -> None:
    """Counts, ages, grades, measurements and changes of many kinds hold no code."""
    for seed in range(30):
        draw = np.random.default_rng(seed)
        for values in (
            *(draw.poisson(mean, ROWS) for mean in (0.5, 1, 2, 3, 5, 8)),
            -draw.poisson(3, ROWS),
            draw.geometric(0.1, ROWS),
            draw.negative_binomial(1, 0.2, ROWS),
            draw.normal(45, 17, ROWS).round().clip(18, 99),
            draw.normal(80, 15, 60).round().clip(0, 100),
            draw.normal(0, 4, ROWS).round(),
            draw.poisson(1, ROWS) - draw.poisson(1, ROWS),
            draw.lognormal(3, 1, ROWS).round(),
            (draw.pareto(1, ROWS) * 10).round(),
            draw.standard_cauchy(ROWS).round(),
        ):
            assert found_in(values.astype(float)) == [], (seed, values)

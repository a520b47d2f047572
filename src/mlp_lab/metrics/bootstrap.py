"""Intervals of metrics by resampling rows: a thousand resamples are one matrix product.

A metric is a function of weighted sums over rows, so what each row adds is multiplied with how
often each row was drawn. A row of weight 0 counts as absent: the estimate and every resample run
through the same function.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import nan

import numpy as np

from mlp_lab.data.arrays import Floats
from mlp_lab.data.survey_design import SurveyDesign

Intervals = dict[str, tuple[float, float]]
"""Metric -> bounds of its 95 % interval."""

Values = dict[str, Floats]
"""Metric -> its value in every resample, (R,)."""

WeightedMetrics = Callable[[Floats], Values]
"""From the weights of all rows in every resample, (N, R)."""

REPLICATES = 1000
FEWEST_REPLICATES = 200
DRAWN_ROWS = 5 * 10**7
CHUNK_NUMBERS = 2**17
"""Drawn rows held at once: 1 MB, so that the cache holds them while metrics read them."""

CACHED_NUMBERS = 10**6
"""Drawn rows that are kept for the next model: 8 MB."""

BOUNDS = (0.025, 0.975)

# A diverged network's outputs may be infinite: its metrics are then inf or NaN, without a warning.
quiet = np.errstate(invalid="ignore", over="ignore")


@dataclass(frozen=True, slots=True)
class Metrics:
    """Metrics of a model on some rows, each of which counts 1 unless weights (N,) are given."""

    of_weights: WeightedMetrics
    rows: int
    weights: Floats | None

    @quiet
    def estimate(self) -> dict[str, float]:
        """Each metric on all rows."""
        if self.rows == 0:
            return {}
        given = np.ones(self.rows) if self.weights is None else self.weights
        return {name: float(values[0]) for name, values in self.of_weights(given[:, None]).items()}

    @quiet
    def intervals(
        self, *, replicates: int = REPLICATES, seed: int = 0, design: SurveyDesign | None = None
    ) -> Intervals:
        """Percentiles 2.5 and 97.5 of each metric over resamples of the rows.

        Rows are drawn with replacement and keep their weights; many rows fewer times (at least
        200), so that no more than 5e7 are drawn. Resamples in which a metric is NaN do not count
        for it. By a `design` clusters are drawn in the place of rows, within strata. Source: Efron
        and Tibshirani, An Introduction to the Bootstrap, 1993, section 13.3.
        """
        if self.rows == 0:
            return {}
        found: dict[str, list[Floats]] = {}
        for counts in resamples(self.rows, replicates, seed, design):
            given = counts if self.weights is None else counts * self.weights[:, None]
            for name, values in self.of_weights(given).items():
                found.setdefault(name, []).append(values)
        return _intervals({name: np.concatenate(values) for name, values in found.items()})


def resamples(
    rows: int, replicates: int, seed: int, design: SurveyDesign | None = None
) -> Iterable[Floats]:
    """How often each row was drawn in each replicate, in chunks (N, R).

    Rows are drawn of one cluster alone, too, of which nothing says how others differ from it.
    """
    if design is not None and not design.is_alone:
        replicates = min(replicates, max(FEWEST_REPLICATES, DRAWN_ROWS // rows))
        return design.resamples(replicates, seed, max(1, CHUNK_NUMBERS // rows))
    few = rows * replicates <= CACHED_NUMBERS
    return _cached_resamples(rows, replicates, seed) if few else _drawn(rows, replicates, seed)


def drawn_rows(rows: int, draws: int, design: SurveyDesign | None) -> Floats:
    """How often each of few rows is drawn in each of so many draws, (N, R), all at once."""
    if design is not None and not design.is_alone:
        (counts,) = design.resamples(draws, 0, draws)
        return counts
    generator = np.random.default_rng(0)
    return generator.multinomial(rows, np.full(rows, 1 / rows), size=draws).T.astype(np.float64)


@lru_cache(maxsize=1)
def _cached_resamples(rows: int, replicates: int, seed: int) -> tuple[Floats, ...]:
    """Models that are judged on equally many rows are judged on the same resamples."""
    return tuple(_drawn(rows, replicates, seed))


def _drawn(rows: int, replicates: int, seed: int) -> Iterator[Floats]:
    generator = np.random.default_rng(seed)
    remaining = min(replicates, max(FEWEST_REPLICATES, DRAWN_ROWS // rows))
    most = max(1, CHUNK_NUMBERS // rows)
    while remaining > 0:
        count = min(remaining, most)
        cells = generator.integers(rows, size=(rows, count)) * count + np.arange(count)
        drawn = np.bincount(cells.ravel(), minlength=rows * count)
        yield drawn.reshape(rows, count).astype(np.float64)
        remaining -= count


def _intervals(found: Values) -> Intervals:
    """One call for all metrics that are known in every resample: a call costs 0.1 ms."""
    whole = [name for name, values in found.items() if not np.isnan(values).any()]
    bounds = {name: _interval(found[name]) for name in found.keys() - set(whole)}
    if whole:
        lows, highs = np.quantile(np.stack([found[name] for name in whole]), BOUNDS, axis=1)
        bounds |= {whole[i]: (float(lows[i]), float(highs[i])) for i in range(len(whole))}
    return {name: bounds[name] for name in found}


def _interval(values: Floats) -> tuple[float, float]:
    known = values[~np.isnan(values)]
    low, high = np.quantile(known, BOUNDS) if len(known) else (nan, nan)
    return (float(low), float(high))


def ratio(above: Floats, below: Floats) -> Floats:
    """above / below, NaN where below is 0."""
    quotient: Floats = np.full(below.shape, nan)
    np.divide(above, below, out=quotient, where=below > 0)
    return quotient


def mean_of_known(values: Floats) -> Floats:
    """Mean over the first axis of what is not NaN; NaN if nothing is."""
    known = ~np.isnan(values)
    return ratio(np.where(known, values, 0).sum(0), known.sum(0).astype(np.float64))

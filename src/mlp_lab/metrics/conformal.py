"""Prediction intervals around a number, from what a network was off by on rows it did not learn.

Split conformal prediction (Lei et al., Distribution-Free Predictive Inference for Regression,
2018): of n rows that a network was not trained on, the interval of a new one reaches as far to
both sides as the ceil((n + 1) level)-th of their absolute residuals. If the new row comes from
where they came, it holds the truth with at least that probability, whatever the network and the
distribution are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mlp_lab.data.arrays import Floats
from mlp_lab.errors import UserError, require, require_real
from mlp_lab.metrics.temperature import equal_rows

MOST_KEPT = 1000
"""Residuals that are kept; of more, so many evenly over all, which makes an interval wider by a
thousandth of its level at most."""

ROUNDING = 1e-9
"""Of shares that are sums of weights."""


@dataclass(frozen=True, slots=True)
class Residuals:
    """Absolute residuals of one target, ascending, in the network's own units.

    So an interval of a logarithm is one of factors, and never below what the target can be.
    `shares`: of the rows, by weight, that are off by no more than each; `rows`: equal ones that
    tell as much as the weighted ones.
    """

    sizes: list[float]
    shares: list[float]
    rows: float

    @classmethod
    def of(cls, residuals: Floats, weights: Floats | None) -> Residuals:
        """Of residuals, (N,), of rows that have weights, (N,); those of no weight are left out.

        >>> Residuals.of(np.array([-3.0, 1.0, 2.0, -4.0]), None)
        Residuals(sizes=[1.0, 2.0, 3.0, 4.0], shares=[0.25, 0.5, 0.75, 1.0], rows=4.0)
        """
        counts = np.ones(len(residuals)) if weights is None else weights
        sizes = np.abs(np.where(np.isnan(residuals), np.inf, residuals))
        sizes, counts = sizes[counts > 0], counts[counts > 0]
        order = np.argsort(sizes, kind="stable")
        sizes, shares = sizes[order], counts[order].cumsum()
        if len(sizes):
            shares = shares / shares[-1]
        last = np.flatnonzero(np.append(sizes[1:] > sizes[:-1], True))[
            : len(sizes)
        ]  # of equal ones
        kept = last[np.isfinite(sizes[last])]
        if len(kept) > MOST_KEPT:
            kept = kept[np.linspace(0, len(kept) - 1, MOST_KEPT).round().astype(int)]
        return cls(sizes[kept].tolist(), shares[kept].tolist(), equal_rows(counts))

    def half_width(self, level: float) -> float:
        """How far an interval reaches to both sides of a prediction, in the network's own units.

        A new row counts as much as one of the `rows`.

        >>> Residuals.of(np.arange(1.0, 20.0), None).half_width(0.9)
        18.0

        Raises:
            UserError: there are too few rows for such a level.
        """
        require_level(level)
        needed = level * (1 + 1 / self.rows) if self.rows else math.inf
        place = int(np.searchsorted(self.shares, needed - ROUNDING))
        if place >= len(self.sizes):
            least = math.ceil(level / (1 - level) - ROUNDING)
            raise UserError(
                f"an interval of {level:g} needs {least} validation rows or more, all with a finite"
                f" prediction, and the run had {self.rows:.0f}"
            )
        return self.sizes[place]


def require_level(level: float) -> None:
    """Raise unless an interval can hold such a share of new rows.

    Raises:
        UserError: it cannot.
    """
    require_real(level, "interval")
    require(0 < level < 1, "interval", "above 0 and below 1, as 0.9", level)

"""Metrics of predicted numbers, weighted, with bootstrap intervals; quantiles of the residuals."""

from functools import reduce

import numpy as np

from mlp_lab.data.arrays import Floats
from mlp_lab.metrics.bootstrap import Metrics, Values, quiet, ratio

QUANTILES = (0, 0.05, 0.25, 0.5, 0.75, 0.95, 1)

BLOCK = 1 << 20
"""Rows whose terms are held at once, 40 MB of them."""


@quiet
def regression_metrics(predictions: Floats, targets: Floats, weights: Floats | None) -> Metrics:
    """rmse, mae and r2 of predictions (N,); r2 is NaN for constant targets.

    >>> predictions, targets = np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 6.0])
    >>> regression_metrics(predictions, targets, None).estimate()["mae"]
    1.0
    """
    errors = predictions - targets
    # Sums of squares far from 0 would cancel; the median, unlike the mean, ignores outliers.
    centred = targets - (np.median(targets) if len(targets) else 0)

    def terms(block: slice) -> Floats:
        error, centre = errors[block], centred[block]
        return np.stack([np.ones(len(error)), error**2, np.abs(error), centre, centre**2])

    blocks = [slice(start, start + BLOCK) for start in range(0, max(1, len(targets)), BLOCK)]
    kept = [terms(block) for block in blocks] if len(blocks) == 1 else None

    def metrics(counts: Floats) -> Values:
        each = kept or map(terms, blocks)
        sums = (own @ counts[block] for own, block in zip(each, blocks, strict=True))
        total, squared, absolute, first, second = reduce(np.add, sums)
        spread = second - ratio(first**2, total)
        # What is left of the spread of equal targets is rounding.
        spread[spread <= 1e-12 * second] = 0
        return {
            "rmse": np.sqrt(ratio(squared, total)),
            "mae": ratio(absolute, total),
            "r2": 1 - ratio(squared, spread),
        }

    return Metrics(metrics, len(targets), weights)


def residual_quantiles(
    predictions: Floats, targets: Floats, weights: Floats | None
) -> dict[str, float]:
    """Mean, standard deviation and quantiles of prediction minus target, (N,) each."""
    residuals = predictions - targets
    mean = float(np.average(residuals, weights=weights))
    deviation = float(np.sqrt(np.average((residuals - mean) ** 2, weights=weights)))
    # The least residual that a share of the rows does not exceed: a weight is a number of rows.
    found = np.quantile(residuals, QUANTILES, weights=weights, method="inverted_cdf")
    quantiles = zip(QUANTILES, found.tolist(), strict=True)
    named = {f"quantile {share:g}": value for share, value in quantiles}
    return {"mean": mean, "deviation": deviation, **named}

"""By how many equal rows, drawn one by one, a mean over weighted and clustered rows is as known."""

import numpy as np

from mlp_lab.data.arrays import Floats
from mlp_lab.data.survey_design import SurveyDesign


def effective_rows(values: Floats, weights: Floats, design: SurveyDesign | None) -> float:
    """Rows that know a mean of values, (N,), as well as those with weights, (N,), of a design.

    (sum w)^2 / sum w^2, divided by the design effect of clusters within strata, if that is more
    than 1 (Kish, Survey Sampling, 1965, sections 8.2 and 11.7). Of values that are all the same,
    which show no effect, each cluster counts as one row.

    >>> ones = np.ones(6)
    >>> effective_rows(np.array([0, 1, 0, 1, 1, 0.0]), ones, None)
    6.0
    >>> pairs = SurveyDesign(np.array([0, 0, 1, 1, 2, 2]), None)
    >>> round(effective_rows(np.array([0, 0, 1, 1, 0, 0.0]), ones, pairs), 9), round(
    ...     effective_rows(ones, ones, pairs), 9
    ... )
    (2.4, 3.0)
    """
    kish = float(weights.sum() ** 2 / (weights @ weights))
    if design is None:
        return kish
    deviations = weights * (values - np.average(values, weights=weights))
    by_rows = float(deviations @ deviations) * len(values) / max(1, len(values) - 1)
    by_design = design.variance_of_total(deviations)
    if by_rows <= 0 or by_design is None:
        own = design.numbered()[0]
        asked = own if design.asked is None else own[design.asked]
        return min(kish, float(len(np.unique(asked))))
    return kish / max(1.0, by_design / by_rows)

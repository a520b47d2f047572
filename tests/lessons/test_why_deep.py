"""Values, words and panels from the tables."""

import numpy as np
import pytest
from given import evidence

from mlp_lab.lessons.depths import DEEP, DIGITS, FOLDS
from mlp_lab.lessons.page import figure
from mlp_lab.lessons.tables import Columns, by_seed, table_of
from mlp_lab.lessons.why_deep import LESSON, rates_in_words

NAME = "why_deep"


def test_values_follow_from_the_tables() -> None:
    found = evidence(NAME)
    tables = found.tables
    values = {name: finding.values for name, finding in found.findings.items()}
    shallow, deep = (by_seed(tables["functions"], "error", task=FOLDS, depth=d) for d in (1, DEEP))
    assert values["folds"] == pytest.approx((shallow - deep).tolist())
    solved = by_seed(tables["least_squares"], "error", task=FOLDS)
    assert values["could"] == pytest.approx((shallow - solved).tolist())
    few, many = (by_seed(tables["functions"], "regions", task=FOLDS, depth=d) for d in (1, DEEP))
    assert values["regions"] == pytest.approx(np.log2(many / few).tolist())
    assert values["units"] == pytest.approx((many / 50).tolist())
    assert values["training"] == pytest.approx(np.log2(many / 2).tolist())  # He's draw 0 alone
    few, many = (by_seed(tables["untrained"], "regions", init="torch", depth=d) for d in (1, DEEP))
    assert values["untrained_regions"] == pytest.approx(np.log2(many / few).tolist())
    shallow, deep = (by_seed(tables["digits"], "accuracy", depth=d) for d in (1, DEEP))
    assert values["digits"] == pytest.approx((deep - shallow).tolist())


def test_ends_of_what_was_tried_are_named() -> None:
    own: Columns = {"task": DIGITS, "init": "he", "seed": [0, 1]}
    best = {1: 0.01, 2: 0.03, 5: 0.003}
    tables = {
        "digits": table_of({**own, "depth": depth, "rate": rate} for depth, rate in best.items()),
        "rates": table_of([{"rate": [0.003, 0.01, 0.03]}]),
    }
    assert rates_in_words(tables, DIGITS) == (
        "Best rates (initial weights), digits: 0.01 (he), 0.03 (he), 0.003 (he) with 1, 2, 5"
        " layers; an end of what was tried at 2, 5."
    )


def test_the_figure_draws_the_tables() -> None:
    tables = evidence(NAME).tables
    errors, *_, regions, _ = figure(LESSON, tables).axes
    for axis, column, label in ((errors, "error", FOLDS), (regions, "regions", "after training")):
        (line,) = [line for line in axis.lines if line.get_label() == label]
        own = by_seed(tables["functions"], column, "depth", task=FOLDS)
        log = axis.get_yscale() == "log"
        means = np.exp(np.log(own).mean(axis=1)) if log else own.mean(axis=1)
        assert np.asarray(line.get_ydata()) == pytest.approx(means)

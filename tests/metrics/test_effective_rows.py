"""How many equal rows tell as much as those of a sample."""

import numpy as np
import pytest

from mlp_lab.data.survey_design import SurveyDesign
from mlp_lab.metrics.effective_rows import effective_rows

CHANCE = np.random.default_rng(0)


def test_rows_drawn_one_by_one() -> None:
    """As many as there are; weights leave fewer, whatever their scale."""
    values = CHANCE.normal(size=50)
    assert effective_rows(values, np.full(50, 3.0), None) == pytest.approx(50)
    weights = np.repeat([1.0, 9.0], 25)
    assert effective_rows(values, weights, None) == pytest.approx(250**2 / (25 + 25 * 81))
    assert effective_rows(values, weights * 7, None) == pytest.approx(250**2 / (25 + 25 * 81))


@pytest.mark.parametrize("size", [2, 5, 10])
def test_copies_of_a_row_are_one(size: int) -> None:
    """Clusters whose rows are the same count as about one row each."""
    own = CHANCE.integers(0, 2, 40) * 1.0
    values, clusters = np.repeat(own, size), np.repeat(np.arange(40), size)
    found = effective_rows(values, np.ones(40 * size), SurveyDesign(clusters, None))
    assert found == pytest.approx(40, rel=0.05)


def test_strata_do_not_add_rows() -> None:
    """What they gain is not counted on, nor clusters that differ less than rows."""
    values = np.tile([0.0, 1.0], 30)
    pairs = SurveyDesign(np.repeat(np.arange(30), 2), None)
    assert effective_rows(values, np.ones(60), pairs) == 60
    strata = SurveyDesign(None, np.tile([0, 1], 30))
    assert effective_rows(values, np.ones(60), strata) == 60


def test_values_that_are_all_the_same() -> None:
    """Show no effect: clusters are counted, of those rows that are asked for."""
    clusters = np.repeat(np.arange(12), 5)
    design = SurveyDesign(clusters, None)
    assert effective_rows(np.ones(60), np.ones(60), design) == 12
    asked = np.arange(60) < 20
    assert effective_rows(np.ones(20), np.ones(20), design.some(asked)) == 4
    alone = SurveyDesign(np.zeros(20, np.int64), None)
    assert effective_rows(CHANCE.normal(size=20), np.ones(20), alone) == 1
    assert effective_rows(np.ones(1), np.ones(1), SurveyDesign(np.zeros(1, np.int64), None)) == 1

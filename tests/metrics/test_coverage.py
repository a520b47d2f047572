"""How many rows intervals hold, in words; their numbers are tested with the validation record."""

import pytest

from mlp_lab.data.column_encoding import Scaling
from mlp_lab.data.columns import Column
from mlp_lab.data.schema import Target, Targets
from mlp_lab.errors import UserError
from mlp_lab.metrics.conformal import Residuals
from mlp_lab.metrics.coverage import Coverage, TargetCoverage, half_widths
from mlp_lab.plain import read_as

WAGE = Target(Column(name="wage"), "regression", None, 1, "none", Scaling(20.0, 4.0, []))
RENT = Target(Column(name="rent"), "regression", None, 1, "log", Scaling(2.0, 0.5, []))
KEPT = [Residuals([1.0, 2.0], [0.5, 1.0], 99.0), Residuals([1.0], [1.0], 99.0)]


def test_half_widths_are_in_the_targets_units() -> None:
    """Of a logarithm there is none, as it would be a factor."""
    assert half_widths(KEPT, Targets([WAGE, RENT]), 0.9) == {"wage": 8.0, "rent": None}
    assert half_widths(KEPT[:1], WAGE, 0.4) == {"wage": 4.0}
    with pytest.raises(UserError, match="needs 999 validation rows"):
        half_widths(KEPT[:1], WAGE, 0.999)


def test_words() -> None:
    """Of one target, of one without a width, and of several, each with its own."""
    wage, rent = TargetCoverage(0.9, 16.0, 8.0), TargetCoverage(0.885, None, None)
    one, other = (Coverage(0.8, 99.0, {own: each}) for own, each in (("w", wage), ("r", rent)))
    begin = "from 99 validation rows hold"
    assert one.in_words("7 rows") == (
        f"intervals of 0.8, w ± 8, {begin} 90 % of 7 rows, with a mean width of 16"
    )
    assert other.in_words("7 rows") == f"intervals of 0.8 {begin} 88.5 % of 7 rows"
    assert Coverage(0.8, 99.0, {"w": wage, "r": rent}).in_words("7 rows") == (
        f"intervals of 0.8, w ± 8, {begin} of 7 rows: w 90 %, with a mean width of 16; r 88.5 %"
    )


def test_plain_data_comes_back() -> None:
    """As result.json has it."""
    found = Coverage(0.9, 30.0, {"w": TargetCoverage(0.5, None, 8.0)})
    assert read_as(Coverage, found.to_dict()) == found

"""The words of a page."""

import math

from mlp_lab.lessons.claims import Claim, Finding
from mlp_lab.lessons.page import in_numbers

ABOVE = Claim("It grows.", "growth", lambda tables: [0.0], above=1.0)


def test_a_finding_in_numbers() -> None:
    """No seed's missing number is passed over, and rounding is no finding."""
    assert in_numbers(Finding(ABOVE, [1.0, 2.0, 3.0])) == (
        "2 over 3 seeds, 95 % interval -0.484 to 4.48"
    )
    assert in_numbers(Finding(ABOVE, [1e-16, -3e-16])) == "0 over 2 seeds, 95 % interval 0 to 0"
    for missing in (math.inf, math.nan):
        words = in_numbers(Finding(ABOVE, [1.0, missing, 3.0]))
        assert words.startswith("no number from 1 of 3 seeds")

"""The words of a page."""

import math

from mlp_lab.lessons.claims import Claim, Finding
from mlp_lab.lessons.lesson import Evidence, Lesson
from mlp_lab.lessons.page import Given, in_numbers, markdown

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


def test_a_verdict_begins_with_a_capital_and_names_keep_theirs() -> None:
    lesson = Lesson(
        question="Does it?",
        method="By hand.",
        seeds=3,
        measure=lambda bench: {},
        claims={"grows": ABOVE},
        notes=lambda tables: [],
        panels=lambda tables: [],
    )
    evidence = Evidence({}, {"grows": Finding(ABOVE, [3.0, 3.1, 3.2])}, [])
    given = Given("small", "mlp-lab lesson small", range(100, 103), False, 1.0, {})
    page = markdown(lesson, evidence, given)
    assert "**It grows.** Holds (also after Holm's correction).\n" in page

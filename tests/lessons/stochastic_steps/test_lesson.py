"""All parts of the lesson, put together."""

from given import evidence

from mlp_lab.lessons.page import figure
from mlp_lab.lessons.stochastic_steps.lesson import LESSON

NAME = "stochastic_steps"


def test_every_part_has_its_tables_and_claims() -> None:
    found = evidence(NAME)
    assert list(found.tables) == ["left", "starts", "gabor_heights", "gabor_ways", "cost"]
    assert len(found.findings) == 9
    assert len(found.notes) == 4


def test_the_figure_draws_a_panel_of_each() -> None:
    assert len(figure(LESSON, evidence(NAME).tables).axes) == 4

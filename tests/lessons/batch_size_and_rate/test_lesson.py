"""All parts of the lesson, put together."""

import numpy as np
import pytest
from given import evidence

from mlp_lab.lessons.batch_size_and_rate.lesson import LESSON
from mlp_lab.lessons.page import figure
from mlp_lab.lessons.tables import by_seed

NAME = "batch_size_and_rate"


def test_every_part_has_its_tables_and_claims() -> None:
    found = evidence(NAME)
    tables = ["rates", "schedules", "generalisation", "noise", "seconds", "stability"]
    assert list(found.tables) == tables
    assert len(found.findings) == 15
    assert len(found.notes) == 6


def test_the_figure_draws_the_tables() -> None:
    tables = evidence(NAME).tables
    axes = figure(LESSON, tables).axes
    assert len(axes) == 9
    (line,) = axes[3].lines
    means = by_seed(tables["generalisation"], "accuracy", "batch_size").mean(axis=1)
    assert np.asarray(line.get_ydata()) == pytest.approx(means)

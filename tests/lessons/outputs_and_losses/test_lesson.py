"""Three experiments as one lesson."""

import numpy as np
import pytest
from given import evidence

from mlp_lab.lessons.outputs_and_losses.lesson import LESSON, PARTS
from mlp_lab.lessons.page import figure
from mlp_lab.lessons.tables import where


def test_no_part_hides_another() -> None:
    """Tables, claims and notes of all parts are there."""
    found = evidence("outputs_and_losses")
    assert len(LESSON.claims) == sum(len(part.CLAIMS) for part in PARTS) == len(found.findings)
    names = "calibration reliability outliers outlier_fits outlier_rows losses gradients"
    assert " ".join(found.tables) == names
    assert len(found.notes) == 7


def test_the_figure_draws_the_tables() -> None:
    tables = evidence("outputs_and_losses").tables
    axes = figure(LESSON, tables).axes
    assert len(axes) == 9
    (line,) = [line for line in axes[0].lines if line.get_label() == "mean confidence"]
    own = where(tables["calibration"], network="large", output="softmax", epoch=10)
    assert np.asarray(line.get_ydata())[-1] == pytest.approx(own["confidence"].mean())

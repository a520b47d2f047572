"""What is drawn, by the tables it is drawn from."""

from collections.abc import Mapping

import numpy as np
import pytest
from given import evidence
from matplotlib.axes import Axes

from mlp_lab.lessons.optimizer_panels import panels, rates_panel
from mlp_lab.lessons.optimizer_runs import RULES
from mlp_lab.lessons.optimizers import LESSON
from mlp_lab.lessons.page import figure
from mlp_lab.lessons.panels import Line
from mlp_lab.lessons.tables import by_seed, where

NAME = "optimizers"


def lines(axis: Axes) -> Mapping[str, np.ndarray]:
    """(points, 2) of each line of a panel, by the first words of its label."""
    return {
        str(line.get_label()).partition(",")[0]: np.asarray(line.get_xydata())
        for line in axis.lines
    }


def test_the_figure_draws_the_tables() -> None:
    tables = evidence(NAME).tables
    axes = figure(LESSON, tables).axes
    assert len(axes) == len(panels(tables)) == 9
    curve = where(tables["curves"], problem="digits", rule="adam")
    assert lines(axes[0])["adam"].tolist() == curve[["epoch", "loss"]].to_numpy().tolist()
    epochs = [
        np.exp(
            np.log(by_seed(tables["best_runs"], "capped_epochs", problem="sine", rule=rule)).mean()
        )
        for rule in RULES
    ]
    assert lines(axes[2])["sine"][:, 1] == pytest.approx(np.array(epochs))
    path = where(tables["paths"], valley="along an axis", batches="full", rule="momentum")
    assert lines(axes[6])["momentum"].tolist() == path[["a", "b"]].to_numpy().tolist()


def test_rates_are_drawn_relative_to_the_best() -> None:
    """Each line goes through (1, 1), and nothing lies below it."""
    for line in rates_panel(evidence(NAME).tables, "digits").drawn:
        assert isinstance(line, Line)
        x, y = np.asarray(line.x, dtype=float), np.asarray(line.y, dtype=float)
        assert (x[y.argmin()], y.min()) == (1, 1)

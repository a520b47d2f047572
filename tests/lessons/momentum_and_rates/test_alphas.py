"""What momentum's alpha does, by the tables of the quick form."""

import numpy as np
import pytest
from given import evidence
from lab import configure

from mlp_lab.lessons.momentum_and_rates import alphas
from mlp_lab.lessons.momentum_and_rates.lesson import LESSON
from mlp_lab.lessons.page import figure
from mlp_lab.lessons.tables import where
from mlp_lab.lessons.trajectories import ROWS, VALLEYS, Valley, descend

NAME = "momentum_and_rates"


def test_alpha_0_is_gradient_descent() -> None:
    """The first path is that of plain steps, whose heights are drawn."""
    found = evidence(NAME).tables
    own = where(found["alpha_paths"], batches="full", alpha=0.0)
    rate = float(where(found["alphas"], batches="full", alpha=0.0, seed=0)["rate"].iloc[0])
    valley = Valley(*VALLEYS[alphas.VALLEY], 0)
    gd = configure("optimizer=gd", f"optimizer.lr={rate}").optimizer
    ((path,),) = descend([valley], [gd], ROWS, 100)
    assert own["height"].to_numpy() == pytest.approx(valley.heights(path))


def test_every_alpha_has_a_best_rate() -> None:
    """And claims compare those of .99 and .9."""
    found = evidence(NAME)
    table = found.tables["alphas"]
    assert len(table) == 2 * len(alphas.ALPHAS) * 2
    steps = {
        alpha: where(table, batches="full", alpha=alpha)["capped_steps"].to_numpy()
        for alpha in (0.9, 0.99)
    }
    assert found.findings["later"].values == pytest.approx((steps[0.99] / steps[0.9]).tolist())
    network = found.tables["alpha_networks"]
    assert np.isfinite(network["epochs"]).all()
    assert len(network) == len(alphas.ALPHAS) * 2


def test_the_lesson_has_all_parts() -> None:
    found = evidence(NAME)
    assert len(found.findings) == 13
    assert len(figure(LESSON, found.tables).axes) == 6

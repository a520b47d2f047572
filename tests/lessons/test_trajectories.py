"""Every update rule on its way through two valleys."""

import numpy as np
from lab import configure

from mlp_lab.lessons.trajectories import STEPS, VALLEYS, walks_of


def test_exact_gradients_are_walked_by_gd_and_mini_batches_by_sgd() -> None:
    """For every valley, rate and seed a row; with exact gradients sgd would be gd again."""
    rules = {name: configure(f"optimizer={name}").optimizer for name in ("gd", "sgd", "adam")}
    tables = walks_of(rules, range(2), quick=True)
    walks = tables["walks"]
    tried = {(row["batches"], row["rule"]) for row in walks}
    assert tried == {("full", "gd"), ("full", "adam"), ("mini", "sgd"), ("mini", "adam")}
    assert {row["valley"] for row in walks} == set(VALLEYS)
    assert {row["seed"] for row in walks} == {0, 1}
    steps = np.array([row["steps"] for row in walks], dtype=float)
    assert ((steps <= STEPS) | np.isinf(steps)).all()
    assert np.isfinite(steps).any()

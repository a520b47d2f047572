"""Claims, computed again from the runs of each seed."""

import math

import numpy as np
import pytest
from given import evidence

from mlp_lab.lessons.optimizer_runs import GOALS
from mlp_lab.lessons.optimizers import each_rule
from mlp_lab.lessons.tables import table_of, where

NAME = "optimizers"


def test_a_speedup_is_judged_at_the_rate_that_is_best_for_the_other_seed() -> None:
    found = evidence(NAME)
    for seed in range(2):
        logs = []
        for problem in GOALS:
            epochs = {}
            for rule in ("sgd", "adam"):
                runs = where(found.tables["runs"], problem=problem, rule=rule)
                own, other = where(runs, seed=seed), where(runs, seed=1 - seed)
                best = other.sort_values(["capped_epochs", "rate"]).iloc[0]["rate"]
                epochs[rule] = where(own, rate=best).iloc[0]["capped_epochs"]
            logs.append(math.log(epochs["sgd"] / epochs["adam"]))
        value = found.findings["adam_faster"].values[seed]
        assert value == pytest.approx(math.exp(np.mean(logs)))


def test_other_values_follow_from_the_best_runs() -> None:
    found = evidence(NAME)
    values = {name: finding.values for name, finding in found.findings.items()}
    for seed in range(2):
        runs = where(found.tables["best_runs"], seed=seed)
        rises = runs.groupby("rule")["rises"].mean()
        assert values["noise"][seed] == pytest.approx(rises["sgd"] - rises["gd"])
        decades = runs.groupby("rule")["decades"].mean()
        assert values["adam_rate"][seed] == pytest.approx(decades["adam"] - decades["sgd"])
        digits = where(runs, problem="digits").set_index("rule")["unseen"]
        assert values["unseen"][seed] == pytest.approx(digits["momentum"] - digits["adam"])
        paths = where(found.tables["best_trajectories"], seed=seed, batches="full")
        steps = where(paths, valley="askew").set_index("rule")["capped_steps"]
        assert values["adam_askew"][seed] == pytest.approx(steps["gd"] / steps["adam"])
        turns = paths.groupby("rule")["turn"].mean()
        assert values["momentum_path"][seed] == pytest.approx(turns["momentum"] - turns["gd"])


def test_means_of_rules_in_words() -> None:
    table = table_of(
        {"rule": rule, "seed": seed, "seconds": seconds}
        for rule, each in {"sgd": (0.1, 0.3), "adam": (0.01, 0.02)}.items()
        for seed, seconds in enumerate(each)
    )
    assert each_rule(table, "seconds", ".2f") == "sgd 0.20, adam 0.01"

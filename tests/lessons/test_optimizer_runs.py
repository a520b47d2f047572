"""Epochs to a loss in the curve of a network trained again, and rates counted by hand."""

import math
from itertools import pairwise

import pytest
from given import bench, evidence, networks

from mlp_lab.lessons.optimizer_runs import ADAPTIVE, GOALS, PLAIN, RULES, sensitivity
from mlp_lab.lessons.tables import table_of, where
from mlp_lab.network.optimizers import OPTIMIZERS

NAME = "optimizers"


def test_every_optimizer_is_tried() -> None:
    assert {"gd", *PLAIN, *ADAPTIVE} == set(OPTIMIZERS)
    assert set(RULES) == {*OPTIMIZERS, "gd + momentum"}
    full = bench().stack(["experiment=optimizers", *RULES["gd + momentum"]])
    assert full.batches.steps == [1]


def test_an_epoch_is_the_first_that_came_to_the_loss() -> None:
    """In the curve of the same network, trained again."""
    runs = where(evidence(NAME).tables["runs"], seed=1)
    reached = runs[(runs["epochs"] != math.inf) & (runs["rule"] != "gd")]
    row = reached.iloc[0]
    words = ["experiment=optimizers", f"data={row['problem']}", *RULES[row["rule"]], "epochs=8"]
    words += [f"optimizer.lr={row['rate']}", "seed=1", "data.split_seed=1"]
    (network,) = networks(words)
    losses = network.curve("train_loss").tolist()
    first = next(epoch for epoch, loss in enumerate(losses, 1) if loss <= GOALS[row["problem"]])
    assert (row["epochs"], row["capped_epochs"], row["limit"]) == (first, first, 8)
    rises = sum(later > loss for loss, later in pairwise(losses))
    assert row["rises"] == pytest.approx(rises / 7)


def test_what_a_wrong_rate_costs() -> None:
    """Three of five come within twice the best; the other problem's best rate takes 9 epochs."""
    epochs = {"digits": (math.inf, 8.0, 4.0, 5.0, 9.0), "sine": (20.0, 19.0, 18.0, 17.0, 16.0)}

    runs = table_of(
        {"problem": problem, "rule": "r", "rate": 10.0**place, "seed": seed, "epochs": own}
        for problem, each in epochs.items()
        for place, own in enumerate(each)
        for seed in range(2)
    )
    runs["capped_epochs"] = runs["epochs"].clip(upper=20)
    found = sensitivity(runs, "digits", "r")
    assert found["decades"] == pytest.approx([3.0, 3.0])
    assert found["capped_elsewhere"] == pytest.approx([9.0, 9.0])
    nowhere = sensitivity(runs.assign(epochs=math.inf), "digits", "r")
    assert nowhere["decades"] == pytest.approx([0.0, 0.0])


def test_curves_are_those_of_the_first_seed_at_its_best_rate() -> None:
    tables = evidence(NAME).tables
    for own in where(tables["best_runs"], seed=0).to_dict("records"):
        curve = where(tables["curves"], problem=own["problem"], rule=own["rule"])
        assert set(curve["rate"]) == {own["rate"]}
        assert set(curve["seed"]) == {0}
        assert curve["loss"].iloc[-1] == own["last_loss"]

"""Rates of single weights: those that the update rules really use."""

import numpy as np
import pytest
import torch
from given import evidence, small_stack

from mlp_lab.lessons.momentum_and_rates import weight_rates
from mlp_lab.lessons.momentum_and_rates.weight_rates import RULES
from mlp_lab.lessons.tables import where

NAME = "momentum_and_rates"


@pytest.mark.parametrize("rule", RULES)
def test_rates_are_what_a_step_multiplies_by(rule: str) -> None:
    """The step from the same moments: AdaGrad's and RMSProp's gradient, Adam's average of it."""
    stack = small_stack("optimizers", f"optimizer={rule}", "model.width=4", "model.depth=1")
    stack.train_epoch()
    steps = np.array([-(-64 // 16)])
    before = torch.cat([tensor.flatten(1) for tensor in stack.network.layers.tensors], 1)
    optimizer, config = stack.optimizer, stack.members[0].optimizer
    optimizer.begin_epoch(torch.tensor([[config.lr]], dtype=torch.float64), steps.tolist())
    optimizer.step(1)
    after = torch.cat([tensor.flatten(1) for tensor in stack.network.layers.tensors], 1)
    second = weight_rates.second_moments(stack)["second"]
    known = (second > 0)[0]
    rates = weight_rates.own_rates(config, second.numpy(), steps + 1.0)[0]
    gradient = torch.cat([t.flatten(1) for t in stack.gradients.tensors], 1)
    if rule == "adam":
        moment = torch.cat([t.flatten(1) for t in optimizer.moments[0].tensors], 1)
        gradient = moment / (1 - 0.9 ** float(steps[0] + 1))
    moved = (before - after)[0][known]
    expected = torch.as_tensor(rates)[known] * gradient[0][known]
    np.testing.assert_allclose(moved.numpy(), expected.numpy(), rtol=1e-9, atol=1e-15)


def test_adagrads_rates_fall() -> None:
    """All of them, in every epoch; quantiles are in order."""
    tables = evidence(NAME).tables
    assert (where(tables["single_rates"], rule="adagrad")["risen"] == 0).all()
    table = tables["rates"]
    quantiles = table[["q10", "q25", "q50", "q75", "q90"]].to_numpy()
    assert (np.diff(quantiles, axis=1) >= 0).all()
    for seed in table["seed"].unique():
        own = where(table, rule="adagrad", seed=seed)
        assert (np.diff(own["q50"]) <= 0).all()


def test_spread_is_of_the_last_epoch() -> None:
    found = evidence(NAME)
    own = where(found.tables["rates"], rule="adam", epoch=6)
    assert found.findings["adam_twofold"].values == pytest.approx(
        (own["q90"] / own["q10"]).tolist()
    )

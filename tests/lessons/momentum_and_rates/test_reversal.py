"""How rules answer a gradient that turns round, held against torch's and against arithmetic."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from given import bench, evidence

from mlp_lab.lessons.momentum_and_rates import reversal
from mlp_lab.lessons.momentum_and_rates.reversal import BEFORE, RULES
from mlp_lab.network.optimizers import OptimizerConfig

TORCH: dict[str, Callable[[list[torch.Tensor], float], torch.optim.Optimizer]] = {
    "adagrad": lambda p, lr: torch.optim.Adagrad(p, lr=lr),
    "adadelta": lambda p, lr: torch.optim.Adadelta(p, lr=lr, rho=0.9, eps=1e-6),
    "rmsprop": lambda p, lr: torch.optim.RMSprop(p, lr=lr),
    "adam": lambda p, lr: torch.optim.Adam(p, lr=lr),
}


def config(rule: str) -> OptimizerConfig:
    """The default of a rule."""
    return bench().stack(["data=xor", f"optimizer={rule}"]).members[0].optimizer


@pytest.mark.parametrize("rule", TORCH)
def test_moves_are_those_of_torch(rule: str) -> None:
    """One weight, the same gradients; torch's AdaDelta is started with our numbers."""
    own = config(rule)
    (found,) = reversal.responses(own, [4])
    drawn = np.random.default_rng(4).random(len(found))
    sizes = reversal.SMALLEST + (reversal.LARGEST - reversal.SMALLEST) * drawn
    sizes[BEFORE:] *= -1
    weight = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    optimizer = TORCH[rule]([weight], own.lr)
    if rule == "adadelta":
        group = optimizer.param_groups[0]
        group["rho"], group["eps"] = (getattr(own, key) for key in ("rho", "eps"))
    places = [0.0]
    for size in sizes:
        weight.grad = torch.tensor([size], dtype=torch.float64)
        optimizer.step()
        places.append(float(weight.detach()))
    np.testing.assert_allclose(found, -np.diff(places), atol=1e-9)


def test_momentum_goes_on_as_long_as_its_average() -> None:
    """Of equal gradients the average is positive while 1 - 2 (1 - alpha^n) is, n = 7 at 0.9."""
    alpha, steps = 0.9, 1
    while 1 - 2 * (1 - alpha**steps) > 0:
        steps += 1
    assert steps == 7
    moves = np.array([1.0] * BEFORE + [1 - 2 * (1 - alpha**n) for n in range(1, 30)])
    assert reversal.still(moves) == steps - 1
    assert reversal.still(np.ones(BEFORE + reversal.AFTER)) == reversal.AFTER


def test_what_is_claimed() -> None:
    """Steps by the rule that the words name."""
    found = evidence("momentum_and_rates")
    table = found.tables["reversal"]
    assert sorted(table["rule"].unique()) == sorted(RULES)
    assert found.findings["momentum_goes_on"].values == pytest.approx(
        table[table["rule"] == "momentum"]["still"].tolist()
    )
    for rule in ("adagrad", "adadelta", "rmsprop"):
        assert (table[table["rule"] == rule]["still"] == 0).all()

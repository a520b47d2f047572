"""The constant prediction of which a loss is least, of weighted rows."""

import numpy as np
import pytest
import torch
from objectives import OBJECTIVES
from torch import Tensor

from mlp_lab.network.losses import Objective
from mlp_lab.runs.constant_prediction import (
    constant_pre_activation,
    focal_probabilities,
    huber_location,
    weighted_quantile,
)

TINY = torch.finfo(torch.float64).tiny
NUMBERS_OF = [each for each in OBJECTIVES if each.output in ("linear", "exponential")]
COUNTED = [each for each in NUMBERS_OF if each.output == "linear" or each.loss == "poisson"]
ENTROPIES = [each for each in OBJECTIVES if each.loss in ("bce", "cce", "focal", "ordinal")]


def weighted(rows: int) -> tuple[Tensor, Tensor]:
    """Skewed numbers of 0 or more, (rows, 1), and weights."""
    generator = torch.Generator().manual_seed(2)
    targets = torch.randn(rows, 1, generator=generator, dtype=torch.float64).exp()
    return targets, torch.rand(rows, generator=generator, dtype=torch.float64)


def no_better_near(objective: Objective, targets: Tensor, weights: Tensor) -> None:
    """Steps in any direction from the constant raise the loss."""
    constant = constant_pre_activation(targets, weights, objective, TINY)

    def loss(f: Tensor) -> float:
        return float(weights @ objective.rows(f.expand(len(targets), -1), targets))

    generator = torch.Generator().manual_seed(3)
    for size in (1.0, 0.1, 1e-3):
        for _ in range(20):
            step = torch.randn(constant.shape, generator=generator, dtype=torch.float64)
            assert loss(constant) <= loss(constant + size * step)


@pytest.mark.parametrize("objective", COUNTED, ids=lambda o: o.loss)
def test_no_constant_number_is_better(objective: Objective) -> None:
    no_better_near(objective, *weighted(101))


@pytest.mark.parametrize("objective", ENTROPIES, ids=lambda o: f"{o.output}-{o.loss}")
def test_no_constant_probabilities_are_better(objective: Objective) -> None:
    """Of uneven classes."""
    _, weights = weighted(60)
    label = torch.tensor([0] * 40 + [1] * 15 + [2] * 5)
    targets = torch.nn.functional.one_hot(label, 3).double()
    no_better_near(objective, targets[:, :1] if objective.output == "sigmoid" else targets, weights)


@pytest.mark.parametrize("share", [0.05, 0.5, 0.9])
def test_quantiles(share: float) -> None:
    """A weight is a number of rows; of equal ones they are numpy's."""
    targets, _ = weighted(101)
    numbers = targets.numpy()[:, 0]
    found = weighted_quantile(targets, torch.ones(101, dtype=torch.float64), share)
    assert found.item() == np.quantile(numbers, share, method="inverted_cdf")
    counts = torch.arange(101).remainder(3)
    repeated = weighted_quantile(targets, counts.double(), share)
    expected = np.quantile(numbers.repeat(counts.numpy()), share, method="averaged_inverted_cdf")
    assert repeated.item() == pytest.approx(expected, rel=1e-12)


def test_huber_lies_between_median_and_mean() -> None:
    """And is one or the other at either end."""
    targets, weights = weighted(101)
    mean = (weights @ targets / weights.sum()).item()
    median = weighted_quantile(targets, weights, 0.5).item()
    assert huber_location(targets, weights, 1e6).item() == pytest.approx(mean, rel=1e-12)
    assert huber_location(targets, weights, 1e-6).item() == pytest.approx(median, abs=1e-5)
    assert median < huber_location(targets, weights, 0.5).item() < mean


def test_focal_probabilities_are_less_certain_than_shares() -> None:
    """Shares themselves without gamma; a class that is not there has none."""
    shares = torch.tensor([0.7, 0.25, 0.05, 0.0], dtype=torch.float64)
    torch.testing.assert_close(focal_probabilities(shares, 0.0), shares)
    found = focal_probabilities(shares, 2.0)
    assert found.sum().item() == pytest.approx(1)
    assert shares[0] > found[0] > found[1] > found[2] > shares[2]
    assert found[3] == 0
    alone = torch.tensor([0.0, 1.0], dtype=torch.float64)
    assert focal_probabilities(alone, 2.0).tolist() == [0, 1]

"""Curvatures by eigenvalues of whole Hessians, and rates that hold."""

import numpy as np
import pytest
import torch
from given import networks, small_stack

from mlp_lab.lessons.batch_size_and_rate import stability
from mlp_lab.lessons.tables import table_of

NAME = "batch_size_and_rate"


@pytest.mark.parametrize("words", stability.MODELS.values(), ids=stability.MODELS)
def test_the_largest_curvature_is_the_hessians_largest_eigenvalue(words: list[str]) -> None:
    """Of the whole matrix, second derivatives one by one, by torch's eigenvalue solver."""
    stack = small_stack(NAME, *words, "seed=1")
    part, plain = stack.members[0].dataset.train, stack.network.member(0)
    parameters, y = list(plain.parameters()), plain(part.inputs)
    if "model.output=linear" in words:
        loss = torch.nn.functional.mse_loss(y, part.targets)
    else:
        loss = -(y.log() * part.targets).sum(1).mean()
    slopes = torch.autograd.grad(loss, parameters, create_graph=True)
    rows = [
        torch.autograd.grad(slope, parameters, retain_graph=True, materialize_grads=True)
        for slope in torch.cat([slope.flatten() for slope in slopes])
    ]
    hessian = torch.stack([torch.cat([part.flatten() for part in row]) for row in rows])
    largest = float(torch.linalg.eigvalsh(hessian)[-1])
    assert stability.largest_curvature(stack) == pytest.approx(largest, rel=1e-3)


def test_gradient_descent_holds_just_below_the_limit_and_not_above() -> None:
    """A linear model's curvature is 2 / 10 of the largest eigenvalue of its inputs' products."""
    words = [f"experiment={NAME}", *stability.MODELS["linear"], "batch_size=full", "epochs=150"]
    words += ["data.train_rows=200"]
    (network,) = networks([*words, "optimizer.lr=1e-3"])
    x = network.problem.encoded.train.inputs.astype(float)
    x = np.concatenate([x, np.ones((len(x), 1))], axis=1)
    limit = 2 / (2 / 10 * np.linalg.eigvalsh(x.T @ x / len(x))[-1])
    below, above = networks(
        *([*words, f"optimizer.lr={factor * limit}"] for factor in (0.95, 1.05))
    )
    assert below.last("train_loss") < stability.WORSE["linear"]
    assert above.outcome.diverged or above.last("train_loss") > 1e3


def test_the_highest_rate_is_below_the_first_that_does_not_hold() -> None:
    table = table_of(
        {"model": "network", "seed": seed, "factor": 2.0**k, "holds": holds}
        for seed, held in enumerate([(1, 1, 0, 1), (0, 1, 1, 1), (1, 1, 1, 1)])
        for k, holds in enumerate(held)
    )
    assert stability.highest({"stability": table}, "network").tolist() == [2.0, 0.0, 8.0]
    assert stability.octaves(np.array([0.5, 1, 4, 0])).tolist() == [1, 0, 2, np.inf]

"""Gradients by autograd, noise by the variance of samples."""

import numpy as np
import pytest
import torch
from given import evidence, small_stack

from mlp_lab.lessons.batch_size_and_rate import noise, rates
from mlp_lab.lessons.tables import by_seed, table_of, where

NAME = "batch_size_and_rate"
NAMES = ("hidden_0.weight", "hidden_0.bias", "output.weight", "output.bias")


def test_gradients_of_rows_are_autograds() -> None:
    """Of each row alone, in a plain torch network."""
    stack = small_stack(NAME, "seed=3")
    part, plain = stack.members[0].dataset.train, stack.network.member(0)
    found = noise.gradients(stack)
    parameters = [plain.get_parameter(name) for name in NAMES]
    for row in (0, 7, 63):
        f = part.inputs[row : row + 1]
        for layer in list(plain)[:-1]:  # without the softmax
            f = layer(f)
        loss = torch.nn.functional.cross_entropy(f, part.targets[row : row + 1].argmax(1))
        gradients = torch.autograd.grad(loss, parameters)
        expected = torch.cat([g.t().flatten() if g.dim() == 2 else g for g in gradients])
        np.testing.assert_allclose(found[row], expected.numpy(), atol=1e-12)


def test_noise_is_that_of_samples_without_replacement() -> None:
    """S^2 / B times (N - B) / (N - 1), S^2 the sum of all variances (Cochran, 1977, theorem 2.2).

    Within the spread that is left of 200 batches.
    """
    by_row = np.random.default_rng(0).normal(size=(rates.ROWS, 30)) * np.linspace(1, 3, 30)
    single = by_row.var(axis=0).sum()
    table = table_of([{"state": "untrained", "seed": 0, **noise.of_batches(by_row, 1)}])
    sizes, variances = (table[name].to_numpy() for name in ("batch_size", "variance"))
    expected = single / sizes * (rates.ROWS - sizes) / (rates.ROWS - 1)
    assert variances == pytest.approx(expected, rel=0.1)
    whole = (by_row.mean(axis=0) ** 2).sum()
    assert noise.noise_scale(table, "untrained") == pytest.approx([single / whole], rel=0.1)


def test_seconds_are_compared_seed_by_seed() -> None:
    found = evidence(NAME)
    seconds = found.tables["seconds"]
    assert set(seconds["kernel"]) == {"torch", "auto"}
    seconds = where(seconds, kernel="torch")
    slow, quick = (by_seed(seconds, "seconds", batch_size=size) for size in (4, 1024))
    assert found.findings["quicker"].values == pytest.approx((quick / slow).tolist())

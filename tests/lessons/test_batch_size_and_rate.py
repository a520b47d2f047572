"""Rates by hand, gradients by autograd, curvatures by eigenvalues of whole Hessians."""

import numpy as np
import pytest
import torch
from given import old_bench as bench
from given import old_evidence as evidence
from given import old_lesson
from lab import configure, stack_of

from mlp_lab.engine.device import prepare_torch
from mlp_lab.engine.stack import Stack
from mlp_lab.lessons.batch_size_and_rate import noise, rates, stability
from mlp_lab.lessons.old.lesson import Row, column

NAME = "batch_size_and_rate"


def small_stack(*words: str) -> Stack:
    """Few parameters in double precision, so that whole Hessians fit."""
    small = ["data.train_rows=64", "batch_size=16", "dtype=float64", "model.width=4"]
    config = configure(f"experiment={NAME}", *small, *words)
    prepare_torch(
        device=config.device, threads=config.threads
    )  # one thread: two are slower by far on cores that others use
    return stack_of(config)


def test_the_lowest_point_is_that_of_a_parabola() -> None:
    """On logarithmic axes; at an end, or beside a divergence, it is the grid's own."""
    grid = np.array(rates.RATES)
    for place in (0.03, 0.1, 0.7):
        losses = np.exp(0.3 * np.log(grid / place) ** 2 - 1)
        assert rates.lowest_point(rates.RATES, losses) == pytest.approx(place)
    assert rates.lowest_point(rates.RATES, grid) == grid[0]
    losses = np.where(grid > 0.1, np.nan, 1 / grid)
    assert rates.lowest_point(rates.RATES, losses) == grid[grid <= 0.1].max()


def test_gradients_of_rows_are_autograds() -> None:
    """Of each row alone, in a plain torch network."""
    stack = small_stack("seed=3")
    part, plain = stack.members[0].dataset.train, stack.network.member(0)
    found = noise.gradients(
        stack.network, stack.shared.objective, part.inputs.numpy(), part.targets.numpy()
    )
    parameters = [plain.get_parameter(name) for name in NAMES]
    for row in (0, 7, 63):
        f = part.inputs[row : row + 1]
        for layer in list(plain)[:-1]:  # without the softmax
            f = layer(f)
        loss = torch.nn.functional.cross_entropy(f, part.targets[row : row + 1].argmax(1))
        gradients = torch.autograd.grad(loss, parameters)
        expected = torch.cat([g.t().flatten() if g.dim() == 2 else g for g in gradients])
        np.testing.assert_allclose(found[row], expected.numpy(), atol=1e-12)


NAMES = ("hidden_0.weight", "hidden_0.bias", "output.weight", "output.bias")


def test_noise_is_that_of_samples_without_replacement() -> None:
    """S^2 / B times (N - B) / (N - 1), S^2 the sum of all variances (Cochran, 1977, theorem 2.2).

    Within the spread that is left of 200 batches.
    """
    by_row = np.random.default_rng(0).normal(size=(rates.ROWS, 30)) * np.linspace(1, 3, 30)
    single = by_row.var(axis=0).sum()
    table = [{"state": "untrained", "seed": 0, **row} for row in noise.of_batches(by_row, 1)]
    sizes, variances = (np.array(column(table, n)) for n in ("batch_size", "variance"))
    expected = single / sizes * (rates.ROWS - sizes) / (rates.ROWS - 1)
    assert variances == pytest.approx(expected, rel=0.1)
    whole = (by_row.mean(axis=0) ** 2).sum()
    assert noise.noise_scale(table, "untrained", 0) == pytest.approx(single / whole, rel=0.1)


@pytest.mark.parametrize("words", stability.MODELS.values(), ids=stability.MODELS)
def test_the_largest_curvature_is_the_hessians_largest_eigenvalue(words: list[str]) -> None:
    """Of the whole matrix, second derivatives one by one, by torch's eigenvalue solver."""
    stack = small_stack(*words, "seed=1")
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
    found = stability.largest_curvature(
        stack.network, stack.shared.objective, part.inputs.numpy(), part.targets.numpy()
    )
    assert found == pytest.approx(largest, rel=1e-3)


def test_gradient_descent_holds_just_below_the_limit_and_not_above() -> None:
    """A linear model's curvature is 2 / 10 of the largest eigenvalue of its inputs' products."""
    words = [f"experiment={NAME}", *stability.MODELS["linear"], "batch_size=full", "epochs=150"]
    words += ["data.train_rows=200"]
    (network,) = bench().train([[*words, "optimizer.lr=1e-3"]])
    x = network.problem.encoded.train.inputs.astype(float)
    x = np.concatenate([x, np.ones((len(x), 1))], axis=1)
    limit = 2 / (2 / 10 * np.linalg.eigvalsh(x.T @ x / len(x))[-1])
    below, above = bench().train(
        [[*words, f"optimizer.lr={factor * limit}"] for factor in (0.95, 1.05)]
    )
    assert below.last("train_loss") < stability.WORSE["linear"]
    assert above.outcome.diverged or above.last("train_loss") > 1e3


def test_the_highest_rate_is_below_the_first_that_does_not_hold() -> None:
    held = [1, 1, 0, 1]
    table: list[Row] = [
        {"model": "network", "seed": 0, "factor": 2.0**k, "holds": h} for k, h in enumerate(held)
    ]
    assert stability.highest(table, "network", 0) == 2.0
    assert stability.highest(table[2:], "network", 0) == 0.0


def test_values_follow_from_the_tables() -> None:
    found = evidence(NAME)
    table = found.tables["rates"]

    def judged(quantity: str, size: int, seed: int) -> float:
        """With two seeds, the other one chooses."""
        own = [row for row in table if row["batch_size"] == size and row["seed"] != seed]
        rate = min(own, key=lambda row: float(row[quantity]))["rate"]
        (loss,) = column(table, quantity, batch_size=size, seed=seed, rate=rate)
        return loss

    for seed in range(2):
        ratio = judged("after_epochs", 16, seed) / judged("after_epochs", 1024, seed)
        assert found.values["epochs"][seed] == pytest.approx(ratio)
        ratio = judged("after_steps", 1024, seed) / judged("after_steps", 16, seed)
        assert found.values["steps"][seed] == pytest.approx(ratio)
    seconds = found.tables["seconds"]
    slow, quick = (column(seconds, "seconds", batch_size=size) for size in (4, 1024))
    assert found.values["quicker"] == pytest.approx(np.divide(quick, slow).tolist())


def test_curves_are_averaged_over_neighbours() -> None:
    found = rates.smooth(np.array([1.0, 2.0, 6.0, np.nan, 3.0, 3.0]), 2)
    np.testing.assert_array_equal(found, [1.5, 4.0, np.nan, np.nan, 3.0])


def test_rows_of_the_table_are_the_engines_losses() -> None:
    """At 64 steps of batches of 256, 16 epochs, and at 4 epochs."""
    words = [f"experiment={NAME}", "batch_size=256", "epochs=16", "seed=1", "data.split_seed=1"]
    rate = rates.RATES[2]
    (network,) = bench().train([[*words, f"optimizer.lr={rate}"]])
    own = {"batch_size": 256, "seed": 1, "rate": rate}
    table = evidence(NAME).tables["rates"]
    losses = network.curve("train_loss")
    assert column(table, "after_steps", **own) == pytest.approx([losses[15]], rel=1e-3)
    assert column(table, "after_epochs", **own) == pytest.approx([losses[3]], rel=1e-3)


def test_the_figure_draws_the_tables() -> None:
    tables = evidence(NAME).tables
    axes = old_lesson(NAME).draw(tables).axes
    assert len(axes) == 9
    (line,) = axes[3].lines
    unseen = tables["generalisation"]
    means = [np.mean(column(unseen, "accuracy", batch_size=size)) for size in (16, 64, 256, 1024)]
    assert np.asarray(line.get_ydata()) == pytest.approx(means)

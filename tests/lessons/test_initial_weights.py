"""Initial weights as they are said to be, first steps by autograd, symmetry by hand."""

import numpy as np
import pytest
import torch
from given import bench, evidence

from mlp_lab.lessons.initial_weights import (
    CHANGES,
    DEEP,
    DRAWS,
    INITS,
    SHALLOW,
    Settings,
    result,
    study,
    train,
)
from mlp_lab.lessons.study import Words
from mlp_lab.lessons.tables import Level, by_seed, where
from mlp_lab.lessons.trained import measured


def words(weights: str, seed: int = 0, draw: int = 0) -> Words:
    """Settings of a shallow network."""
    (trial,) = study(bench(range(seed, seed + 1)), [Settings(weights, SHALLOW, draw=draw)])
    return trial.words


@pytest.mark.parametrize("weights", INITS)
def test_a_first_step_is_autograds(weights: str) -> None:
    """Every number of every layer, of a plain torch network over the same rows."""
    stack = bench().stack(words(weights, seed=1), CHANGES.get(weights))
    part = stack.members[0].dataset.train
    plain = list(stack.network.member(0).double())[:-1]  # without the softmax
    h, f = part.inputs.double(), []
    for layer in plain:
        h = layer(h)
        if isinstance(layer, torch.nn.Linear):
            f.append(h)
    loss = torch.nn.functional.cross_entropy(h, part.targets.argmax(1), reduction="sum")
    omegas = [layer.weight for layer in plain if isinstance(layer, torch.nn.Linear)]
    d_f = torch.autograd.grad(loss, f, retain_graph=True)
    d_weights = torch.autograd.grad(loss / len(part), omegas)
    table = where(evidence("initialisation").tables["first_step"], weights=weights, depth=SHALLOW)
    expected = {
        "signal": [float((of.detach() ** 2).mean()) for of in f],
        "distinct": [float(of.detach().var(0, correction=0).mean()) for of in f],
        "gradient": [float((of**2).mean()) for of in d_f],
        "norm": [float(of.norm()) for of in d_weights],
    }
    for column, values in expected.items():
        assert where(table, seed=1)[column].tolist() == pytest.approx(values, rel=1e-3)


@pytest.mark.parametrize(("weights", "share"), [("half", 0.5), ("double", 2.0)])
def test_changed_weights_are_hes_times_a_number(weights: str, share: float) -> None:
    changed, he = bench().stack(words(weights), CHANGES[weights]), bench().stack(words("he"))
    assert torch.equal(changed.network.layers.flat_weights, share * he.network.layers.flat_weights)
    assert torch.equal(changed.best.flat, changed.network.layers.flat)


def test_training_begins_at_changed_weights() -> None:
    """A rate of next to nothing leaves them there."""
    own = bench(range(1))
    settings = [Settings("equal", SHALLOW, rate=1e-12, width=width) for width in (64, 3)]
    for network in train(own, settings):
        for omega, beta in network.outcome.layers:
            assert omega == pytest.approx(np.full_like(omega, 1 / len(omega)), abs=1e-6)
            assert beta == pytest.approx(np.zeros_like(beta), abs=1e-6)


def test_units_that_begin_equal_compute_the_same() -> None:
    """After training, for rows that it has not seen; drawn ones do not."""
    own = bench(range(1))
    alike, drawn = train(own, [Settings(weights, SHALLOW) for weights in ("equal", "he")])
    assert [network.labels["weights"] for network in (alike, drawn)] == ["equal", "he"]
    spreads = []
    for network in (alike, drawn):
        omega, beta = network.outcome.layers[0]
        h = np.maximum(network.problem.encoded.val.inputs @ omega + beta, 0)
        spreads.append(np.ptp(h, axis=1).max() / h.max())
    equal, unequal = measured([alike, drawn], result)["asymmetry"]
    assert max(spreads[0], equal) < 1e-3
    assert min(spreads[1], unequal) > 0.5


def test_draws_share_rows_and_nothing_else() -> None:
    stacks = [bench().stack(words("he", seed=3, draw=draw)) for draw in (0, 1)]
    first, second = (stack.members[0].dataset.train.inputs for stack in stacks)
    assert torch.equal(first, second)
    assert not torch.equal(*(stack.network.layers.flat_weights for stack in stacks))
    seeds = [setting for seed in range(3) for setting in words("he", seed, DRAWS - 1)]
    assert {f"seed={DRAWS * seed + DRAWS - 1}" for seed in range(3)} < set(seeds)


def test_the_best_rate_has_the_least_training_loss() -> None:
    """The mean over seeds; what is drawn again and again has that rate too."""
    tables = evidence("initialisation").tables
    own: dict[str, Level] = {"weights": "he", "depth": DEEP, "optimizer": "sgd"}
    means = where(tables["trained"], **own).groupby("rate")["train_loss"].mean()
    for table in (tables["best"], tables["draws"], tables["epochs"]):
        assert set(where(table, **own)["rate"]) == {means.idxmin()}
    ends = by_seed(where(tables["epochs"], epoch=1, weights="he"), "accuracy")
    assert ends.tolist() == by_seed(where(tables["best"], **own), "accuracy").tolist()

"""First weights as they are said to be, first steps by autograd, symmetry by hand."""

import math

import numpy as np
import pytest
import torch
from given import old_bench as bench
from given import old_evidence as evidence
from given import old_lesson

from mlp_lab.lessons.initial_weights import CHANGES, STARTS, equal
from mlp_lab.lessons.initialisation import (
    DEEP,
    DIVERGES,
    SHALLOW,
    Trial,
    _accuracies_in_words,
    asymmetry,
    at_best,
    best_rates,
    factor,
)
from mlp_lab.lessons.old.lesson import Row, column

NAME = "initialisation"


@pytest.mark.parametrize("start", STARTS)
def test_a_first_step_is_autograds(start: str) -> None:
    """Every number of every layer, of a plain torch network over the same rows."""
    stack = bench().stack([Trial(start, 1, SHALLOW).words()], CHANGES.get(start))
    part = stack.members[0].dataset.train
    plain = list(stack.network.member(0).double())[:-1]  # without the softmax
    h, f = part.inputs.double(), []
    for layer in plain:
        h = layer(h)
        if isinstance(layer, torch.nn.Linear):
            f.append(h)
    loss = torch.nn.functional.cross_entropy(h, part.targets.argmax(1), reduction="sum")
    weights = [layer.weight for layer in plain if isinstance(layer, torch.nn.Linear)]
    d_f = torch.autograd.grad(loss, f, retain_graph=True)
    d_weights = torch.autograd.grad(loss / len(part), weights)
    table = evidence(NAME).tables["first_step"]
    own: dict[str, float | str] = {"start": start, "depth": SHALLOW, "seed": 1}
    expected = {
        "signal": [float((of.detach() ** 2).mean()) for of in f],
        "distinct": [float(of.detach().var(0, correction=0).mean()) for of in f],
        "gradient": [float((of**2).mean()) for of in d_f],
        "norm": [float(of.norm()) for of in d_weights],
    }
    for quantity, values in expected.items():
        assert column(table, quantity, **own) == pytest.approx(values, rel=1e-3)


@pytest.mark.parametrize(("start", "share"), [("half", 0.5), ("double", 2.0)])
def test_a_changed_start_is_hes_times_a_number(start: str, share: float) -> None:
    words = [Trial(name, 0).words() for name in (start, "he")]
    changed, he = bench().stack(words[:1], CHANGES[start]), bench().stack(words[1:])
    assert torch.equal(changed.network.layers.flat_weights, share * he.network.layers.flat_weights)
    assert torch.equal(changed.best.flat, changed.network.layers.flat)


def test_a_changed_start_is_where_training_begins() -> None:
    """A rate of next to nothing leaves the weights there."""
    words = [*Trial("equal", 0, SHALLOW, rate=1e-12).words(), "epochs=1"]
    narrow = [*Trial("equal", 0, SHALLOW, rate=1e-12, width=3).words(), "epochs=1"]
    for network in bench().train([words, narrow], start=equal):
        for omega, beta in network.outcome.layers:
            assert omega == pytest.approx(np.full_like(omega, 1 / len(omega)), abs=1e-6)
            assert beta == pytest.approx(np.zeros_like(beta), abs=1e-6)


def test_units_that_begin_equal_compute_the_same() -> None:
    """After training, for rows that it has not seen; drawn ones do not."""
    words = {
        start: [*Trial(start, 0, SHALLOW, rate=0.1).words(), "epochs=3"]
        for start in ("equal", "he")
    }
    (alike,) = bench().train([words["equal"]], start=equal)
    (drawn,) = bench().train([words["he"]])
    rows = alike.problem.encoded.val.inputs
    spread = {}
    for network in (alike, drawn):
        omega, beta = network.outcome.layers[0]
        h = np.maximum(rows @ omega + beta, 0)
        spread[asymmetry(network)] = np.ptp(h, axis=1).max() / h.max()
    assert max(spread[asymmetry(alike)], asymmetry(alike)) < 1e-3
    assert min(spread[asymmetry(drawn)], asymmetry(drawn)) > 0.5


def test_the_factor_of_layers_that_double() -> None:
    """A geometric row of hidden layers; the output layer does not count."""
    own: Row = {"start": "he", "depth": DEEP, "seed": 0}
    table: list[Row] = [{**own, "layer": k, "signal": 2.0**k} for k in range(DEEP)]
    table.append({**own, "layer": DEEP, "signal": 1e9})
    assert factor(table, "signal", "he", 0) == pytest.approx(2)


def test_the_best_rate_is_finite_and_least() -> None:
    table: list[Row] = []
    for rate, losses in {0.1: (1.0, 1.2), 0.2: (0.0, math.nan), 0.3: (1.3, 1.0)}.items():
        own: Row = {"start": "he", "depth": DEEP, "optimizer": "sgd", "width": 64, "rate": rate}
        table += [
            {**own, "seed": seed, "train_loss": loss, "accuracy": 10 * rate + seed}
            for seed, loss in enumerate(losses)
        ]
    assert best_rates(table) == {("he", DEEP, "sgd", 64): 0.1}
    assert at_best(table, "he", DEEP).tolist() == [1, 2]


def test_values_follow_from_the_tables() -> None:
    found = evidence(NAME)
    first, ends = found.tables["first_step"], found.tables["trained"]
    signal = column(first, "signal", start="he", depth=DEEP, seed=1)
    assert len(signal) == DEEP + 1
    per_layer = abs(math.log2(signal[DEEP - 1] / signal[0])) / (DEEP - 1)
    assert found.values["he_forward"][1] == pytest.approx(per_layer)
    half, he = (column(first, "norm", start=start, depth=DEEP, layer=0) for start in ("half", "he"))
    assert found.values["small"] == pytest.approx(np.log10(np.divide(half, he)).tolist())
    adam = [at_best(ends, start, DEEP, optimizer="adam") for start in ("he", "half")]
    assert found.values["adam"] == pytest.approx((adam[0] - adam[1]).tolist())
    draws = column(found.tables["draws"], "accuracy", start="he", depth=DEEP, seed=0)
    assert found.values["draws"][0] == pytest.approx(np.std(draws, ddof=1))


def test_draws_share_rows_and_nothing_else() -> None:
    stacks = [bench().stack([Trial("he", 3, SHALLOW, draw=draw).words()]) for draw in (0, 1)]
    first, second = (stack.members[0].dataset.train.inputs for stack in stacks)
    assert torch.equal(first, second)
    weights = [stack.network.layers.flat_weights for stack in stacks]
    assert not torch.equal(*weights)


def test_the_figure_draws_the_tables() -> None:
    tables = evidence(NAME).tables
    signal, *_ = old_lesson(NAME).draw(tables).axes
    for line, start in zip(signal.lines, STARTS, strict=True):
        means = [
            np.mean(
                np.log10(column(tables["first_step"], "signal", start=start, depth=DEEP, layer=k))
            )
            for k in range(DEEP)
        ]
        assert np.asarray(line.get_ydata()) == pytest.approx(means)


def test_a_start_that_always_diverges_is_said_to() -> None:
    tables = dict(evidence(NAME).tables)
    tables["trained"] = [
        {**row, "train_loss": math.nan, "accuracy": math.nan}
        if (row["start"], row["depth"], row["optimizer"]) == ("double", DEEP, "sgd")
        else row
        for row in tables["trained"]
    ]
    rates = old_lesson(NAME).draw(tables).axes[2]
    assert f"double: {DIVERGES}" in rates.get_legend_handles_labels()[1]
    said = [_accuracies_in_words(tables["trained"], DEEP, name) for name in ("sgd", "adam")]
    assert [f"double {DIVERGES}" in words for words in said] == [True, False]

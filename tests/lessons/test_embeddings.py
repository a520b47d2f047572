"""Fits by the engine's own predictions, R2 by hand, parameters by counting tensors."""

import numpy as np
import pytest
import torch
from given import bench, evidence, networks
from lab import configure, stack_of

from mlp_lab.lessons.embeddings import (
    EMBEDDINGS,
    FAST,
    FUNCTIONS,
    LESSON,
    NOISY,
    OTHERS,
    PLAIN,
    POINTS,
    fit,
    gain,
    on_points,
    study,
)
from mlp_lab.lessons.page import figure
from mlp_lab.lessons.tables import by_seed, where

NAME = "embeddings"


@pytest.mark.parametrize("embedding", EMBEDDINGS)
def test_a_fit_is_what_plain_torch_layers_predict(embedding: str) -> None:
    """Before the first step, of the network as it is exported."""
    stack = stack_of(configure("experiment=embeddings", "dtype=float64", *EMBEDDINGS[embedding]))
    x = torch.as_tensor(POINTS[:, None])
    with torch.no_grad():
        expected = stack.network.member(0)(x)[:, 0]
    found = on_points(stack)["outputs"]
    assert found.shape == (1, len(POINTS))
    assert found[0].numpy() == pytest.approx(expected.numpy())


def test_a_fit_is_in_the_units_of_its_function() -> None:
    """Without an embedding, the network that its layers make says the same."""
    trials = study([1], ["sine"], [2], "epochs=2", "dtype=float64")
    plain = next(trial for trial in trials if trial.labels["embedding"] == PLAIN)
    ((network,),) = bench().train([plain], probe=on_points)
    found, expected = fit(network), network.fit(POINTS)
    for column in ("x", "truth", "fit"):
        assert np.asarray(found[column]) == pytest.approx(expected[column]), column


def test_the_preset_is_the_fastest_sine() -> None:
    """`experiment=embeddings` trains one of the lesson's networks."""
    alone = configure("experiment=embeddings")
    labels = {"function": "sine", "embedding": "piecewise, 64 bins", "periods": FAST, "seed": 0}
    (trial,) = [t for t in study([0], FUNCTIONS, [FAST]) if t.labels == labels]
    assert configure(*trial.words) == alone
    assert configure("experiment=embeddings", *NOISY).data.val_fraction == 0.95


def test_ten_times_the_steps_are_ten_times_the_epochs() -> None:
    """Nothing else differs."""
    fewer, more = (configure("experiment=embeddings", *words) for words in [*OTHERS.values()][:2])
    assert more.epochs == 10 * fewer.last_epoch
    assert configure("experiment=embeddings", *OTHERS["plain, steps"], "epochs=1000") == more


def test_an_embedding_learns_waves_that_a_plain_network_does_not() -> None:
    """In far fewer epochs than the lesson takes."""
    words = ["experiment=embeddings", "epochs=40", "seed=3"]
    plain, piecewise, periodic = networks(
        *([*words, *EMBEDDINGS[name]] for name in (PLAIN, "piecewise, 64 bins", "periodic"))
    )
    assert plain.last("val_r2") < 0.3
    assert piecewise.last("val_r2") > 0.6
    assert periodic.last("val_r2") > 0.8


def test_values_follow_from_the_tables() -> None:
    found = evidence(NAME)
    scores = where(found.tables["scores"], periods=FAST, function="sawtooth")
    means = {name: by_seed(scores, "r2", embedding=name) for name in EMBEDDINGS}
    worse = np.minimum(means["piecewise, 64 bins"], means["periodic"]) - means[PLAIN]
    assert found.findings["jumps"].values == pytest.approx(worse.tolist())
    assert gain(found.tables, [PLAIN], FAST, "sine").tolist() == [[0.0, 0.0]]
    noisy = found.tables["noisy"]
    plain, many = (by_seed(noisy, "r2", embedding=n) for n in (PLAIN, "piecewise, 64 bins"))
    assert found.findings["overfits"].values == pytest.approx((plain - many).tolist())


def test_parameters_are_counted_with_the_embedding() -> None:
    """Two hidden layers of 64 units on x, or on 16 numbers that 65 bins and a bias make of it."""
    sizes = evidence(NAME).tables["sizes"].set_index("embedding")["parameters"]
    rest = 64 + 64 * 64 + 64 + 64 + 1
    assert sizes[PLAIN] == 64 + rest
    assert sizes["piecewise, 64 bins"] == 16 * (1 + 64) + 16 + 16 * 64 + rest


def test_the_figure_draws_the_tables() -> None:
    tables = evidence(NAME).tables
    axes = figure(LESSON, tables).axes
    for axis, function in zip(axes[:2], FUNCTIONS, strict=True):
        own = where(tables["scores"], function=function)
        for line, name in zip(axis.lines, EMBEDDINGS, strict=True):
            means = by_seed(own, "r2", "periods", embedding=name).mean(axis=1)
            assert np.asarray(line.get_ydata()) == pytest.approx(means)
    assert [axis.get_title().partition(" ")[0] for axis in axes[2:]] == list(FUNCTIONS)


def test_the_fits_are_those_of_the_first_seed() -> None:
    """And of the networks whose R2 are drawn beside them."""
    fits = evidence(NAME).tables["fits"]
    assert set(fits["seed"]) == {0}
    assert set(fits["periods"]) == {FAST}
    assert len(fits) == len(FUNCTIONS) * len(EMBEDDINGS) * len(POINTS)

"""Values, words and panels from the tables."""

import math

import numpy as np
import pytest
from given import evidence

from mlp_lab.lessons.initial_weights import DEEP, INITS
from mlp_lab.lessons.initialisation import DIVERGES, LESSON, accuracies_in_words, factor
from mlp_lab.lessons.page import figure
from mlp_lab.lessons.tables import Columns, by_seed, table_of, where

NAME = "initialisation"


def test_the_factor_of_layers_that_double() -> None:
    """A geometric row of hidden layers; the output layer does not count."""
    signal = [2.0**k for k in range(DEEP)] + [1e9]
    own: Columns = {"weights": "he", "depth": DEEP, "seed": 0}
    tables = {"first_step": table_of([{**own, "layer": range(DEEP + 1), "signal": signal}])}
    assert factor(tables, "signal", "he") == pytest.approx([2])


def test_values_follow_from_the_tables() -> None:
    found = evidence(NAME)
    values = {name: finding.values for name, finding in found.findings.items()}
    first, best = (where(found.tables[name], depth=DEEP) for name in ("first_step", "best"))
    signal = where(first, weights="he", seed=1)["signal"].tolist()
    assert len(signal) == DEEP + 1
    per_layer = abs(math.log2(signal[DEEP - 1] / signal[0])) / (DEEP - 1)
    assert values["he_forward"][1] == pytest.approx(per_layer)
    half, he = (where(first, weights=own, layer=0)["norm"].to_numpy() for own in ("half", "he"))
    assert values["small"] == pytest.approx(np.log10(half / he).tolist())
    half, he = (by_seed(best, "accuracy", weights=own, optimizer="adam") for own in ("half", "he"))
    assert values["adam"] == pytest.approx((he - half).tolist())
    draws = where(found.tables["draws"], weights="he", depth=DEEP, seed=0)["accuracy"]
    assert values["draws"][0] == pytest.approx(np.std(draws, ddof=1))
    shallow = where(found.tables["best"], depth=2, optimizer="sgd", width=64)
    means = shallow[shallow["weights"].isin(INITS)].groupby("weights")["accuracy"].mean()
    assert np.mean(values["shallow"]) == pytest.approx(means["he"] - means.drop("he").min())


def test_the_figure_draws_the_tables() -> None:
    tables = evidence(NAME).tables
    signal, _, _, at_best, *_ = figure(LESSON, tables).axes
    for line, weights in zip(signal.lines, INITS, strict=True):
        table = where(tables["first_step"], weights=weights, depth=DEEP)
        means = np.log10(by_seed(table, "signal", "layer")[:DEEP]).mean(axis=1)
        assert np.asarray(line.get_ydata()) == pytest.approx(means)
    *_, (label, line) = [(line.get_label(), line) for line in at_best.lines]
    own = where(tables["best"], depth=DEEP, optimizer="adam")
    means = [by_seed(own, "accuracy", weights=weights).mean() for weights in INITS]
    assert label == f"{DEEP} layers, adam"
    assert np.asarray(line.get_ydata()) == pytest.approx(means)
    assert np.asarray(line.get_xdata()) == pytest.approx(np.arange(5) + 0.18)


def test_weights_that_always_diverge_are_said_to() -> None:
    tables = dict(evidence(NAME).tables)
    for name in ("trained", "best"):
        table = tables[name].copy()
        own = (table["weights"] == "double") & (table["optimizer"] == "sgd")
        table.loc[own & (table["depth"] == DEEP), ["train_loss", "accuracy"]] = math.nan
        tables[name] = table
    rates = figure(LESSON, tables).axes[2]
    assert f"double: {DIVERGES}" in rates.get_legend_handles_labels()[1]
    said = [accuracies_in_words(tables, DEEP, name) for name in ("sgd", "adam")]
    assert [f"double {DIVERGES}" in words for words in said] == [True, False]

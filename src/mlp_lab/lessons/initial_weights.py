"""Initial weights, drawn by `model.init` or changed, and what networks that begin with them do."""

from collections.abc import Iterable
from functools import partial
from itertools import chain, groupby, product, starmap
from typing import NamedTuple

import numpy as np

from mlp_lab.engine.stack import Stack
from mlp_lab.lessons.bench import Bench
from mlp_lab.lessons.gradient_flow import by_layer
from mlp_lab.lessons.study import Trial
from mlp_lab.lessons.tables import Columns, Tables, at_best, best_for_all, levels, table_of, where
from mlp_lab.lessons.trained import Trained, chosen, measured
from mlp_lab.lessons.training import Change

DEPTHS = SHALLOW, DEEP = 2, 12
WIDTH = 64
RATES = {
    "sgd": (1e-5, 1e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1.0),
    "adam": (1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03),
}
DRAWS = 5
"""Networks that learn from the same rows and begin with other weights."""

INITS = {"he": "he", "glorot": "glorot", "torch": "torch", "half": "he", "double": "he"}
"""Initial weights that differ, and the `model.init` that draws them."""


class Settings(NamedTuple):
    """What tells networks from others; `draw` adds other weights and batches to a seed's rows."""

    weights: str
    depth: int
    optimizer: str = "sgd"
    rate: float = 0.1
    width: int = WIDTH
    draw: float = 0.0


def scaled(factor: float, stack: Stack) -> None:
    """Weights so many times as large; biases stay."""
    stack.network.layers.flat_weights.mul_(factor)


def equal(stack: Stack) -> None:
    """All weights of a layer 1 / inputs, so that a unit passes on the mean of what it reads."""
    layers = stack.network.layers
    for k, sizes in enumerate(stack.network.member_sizes):
        for weight, inputs, outputs in zip(layers.weights, sizes[:-1], sizes[1:], strict=True):
            weight[k, :inputs, :outputs] = 1 / inputs
    for bias in layers.biases:
        bias.zero_()


CHANGES: dict[str, Change] = {
    "half": partial(scaled, 0.5),
    "double": partial(scaled, 2),
    "equal": equal,
}


def change(trial: Trial) -> Change | None:
    """What is made of the weights that were drawn."""
    return CHANGES.get(str(trial.labels["weights"]))


def study(bench: Bench, settings: Iterable[Settings]) -> list[Trial]:
    """Networks with some settings."""
    base = ["experiment=initialisation", *(["epochs=1"] if bench.quick else [])]
    trials = []
    for own, seed in product(settings, bench.seeds):
        init, drawn = INITS.get(own.weights, "he"), seed * DRAWS + int(own.draw)
        words = [f"model.init={init}", f"model.depth={own.depth}", f"model.width={own.width}"]
        words += [f"optimizer={own.optimizer}", f"optimizer.lr={own.rate}"]
        words += [f"seed={drawn}", f"data.split_seed={seed}"]
        trials.append(Trial({**own._asdict(), "seed": seed}, [*base, *words]))
    return trials


def train(bench: Bench, settings: Iterable[Settings]) -> list[Trained]:
    """All networks; neighbours whose weights are changed alike train together."""
    grouped = groupby(study(bench, settings), change)
    return [*chain(*(bench.train([*own], change=made)[0] for made, own in grouped))]


def measure(bench: Bench) -> Tables:
    """Look at first steps, train every network at every rate, then some again and again."""
    rates = {name: (own[0], own[-3]) if bench.quick else own for name, own in RATES.items()}
    settings = [
        Settings(weights, depth, name, rate)
        for weights, depth, name in product(INITS, DEPTHS, RATES)
        for rate in rates[name]
    ]
    alike = product((WIDTH, 1), rates["sgd"])
    settings += [Settings("equal", SHALLOW, rate=rate, width=width) for width, rate in alike]
    networks = train(bench, settings)
    table, columns = measured(networks, result), ["weights", "depth", "optimizer", "width"]
    best = at_best(table, "rate", "train_loss", each=columns, choose=best_for_all)
    sgd = where(best, optimizer="sgd", width=WIDTH)
    again = [
        Settings(weights, depth, rate=rate, draw=float(draw))
        for weights, depth in product(("he", "torch"), DEPTHS)
        for rate in levels(where(sgd, weights=weights, depth=depth), "rate")
        for draw in range(2 if bench.quick else DRAWS)
    ]
    return {
        "first_step": table_of(
            {**trial.labels, **by_layer(bench.stack(trial.words, change(trial)))}
            for trial in study(bench, starmap(Settings, product(INITS, DEPTHS)))
        ),
        "trained": table,
        "best": best,
        "epochs": measured(chosen(networks, where(sgd, depth=DEEP)), accuracies),
        "draws": measured(train(bench, again), result),
    }


def accuracies(network: Trained) -> Columns:
    """The accuracy on unseen rows after each epoch."""
    accuracy = network.curve("val_accuracy")
    return {"epoch": range(1, len(accuracy) + 1), "accuracy": accuracy}


def result(network: Trained) -> Columns:
    """Loss, accuracy, and how far units of the first layer are from having the same weights."""
    omega, _ = network.outcome.layers[0]
    return {
        "train_loss": network.last("train_loss"),
        "accuracy": network.last("val_accuracy"),
        # the largest difference between two units' weights of one input / the largest weight
        "asymmetry": np.ptp(omega, axis=1).max() / np.abs(omega).max(),
    }

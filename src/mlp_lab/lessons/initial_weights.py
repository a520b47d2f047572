"""Initial weights, drawn by `model.init` or changed, and what networks that begin with them do."""

from collections.abc import Iterable
from itertools import groupby, product

import numpy as np

from mlp_lab.engine.stack import Stack
from mlp_lab.lessons.bench import Bench
from mlp_lab.lessons.gradient_flow import by_layer
from mlp_lab.lessons.study import Study, grid, varied
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

REPEATED = ("he", "torch")


def halved(stack: Stack) -> None:
    """Weights half as large; biases stay."""
    stack.network.layers.flat_weights.mul_(0.5)


def doubled(stack: Stack) -> None:
    """Weights twice as large; biases stay."""
    stack.network.layers.flat_weights.mul_(2)


def equal(stack: Stack) -> None:
    """All weights of a layer 1 / inputs, so that a unit passes on the mean of what it reads."""
    layers = stack.network.layers
    for k, sizes in enumerate(stack.network.member_sizes):
        for weight, inputs, outputs in zip(layers.weights, sizes[:-1], sizes[1:], strict=True):
            weight[k, :inputs, :outputs] = 1 / inputs
    for bias in layers.biases:
        bias.zero_()


INITS = {"he": "he", "glorot": "glorot", "torch": "torch", "half": "he", "double": "he"}
"""Initial weights that differ, and the `model.init` that draws them."""

CHANGES: dict[str, Change] = {"half": halved, "double": doubled, "equal": equal}
"""What is made of the weights that were drawn."""


def study(
    bench: Bench,
    weights: str,
    depth: int,
    *,
    optimizer: str = "sgd",
    rates: Iterable[float] = (0.1,),
    width: int = WIDTH,
    draw: int = 0,
) -> Study:
    """Networks at some rates. Rows are those of a seed; `draw` adds other weights and batches."""
    words = ["experiment=initialisation", f"model.init={INITS.get(weights, 'he')}"]
    return grid(
        [*words, *(["epochs=1"] if bench.quick else [])],
        bench.seeds,
        lambda seed: [f"seed={seed * DRAWS + draw}", f"data.split_seed={seed}"],
        weights={weights: ()},
        depth=varied("model.depth", [depth]),
        optimizer=varied("optimizer", [optimizer]),
        rate=varied("optimizer.lr", rates),
        width=varied("model.width", [width]),
        draw={float(draw): ()},
    )


def train(bench: Bench, studies: Iterable[Study]) -> list[Trained]:
    """All networks; neighbours whose weights are changed alike train together."""
    grouped = groupby(studies, lambda study: CHANGES.get(str(study[0].labels["weights"])))
    trained = [bench.train(*own, change=change) for change, own in grouped]
    return [network for group in trained for networks in group for network in networks]


def measure(bench: Bench) -> Tables:
    """Look at first steps, train every network at every rate, then some again and again."""
    rates = {name: (own[0], own[-3]) if bench.quick else own for name, own in RATES.items()}
    networks = train(
        bench,
        [
            *(
                study(bench, weights, depth, optimizer=name, rates=rates[name])
                for weights, depth, name in product(INITS, DEPTHS, RATES)
            ),
            *(study(bench, "equal", SHALLOW, rates=rates["sgd"], width=n) for n in (WIDTH, 1)),
        ],
    )
    table, columns = measured(networks, result), ["weights", "depth", "optimizer", "width"]
    best = at_best(table, "rate", "train_loss", each=columns, choose=best_for_all)
    sgd = where(best, optimizer="sgd", width=WIDTH)
    again = [
        study(bench, weights, depth, rates=levels(own, "rate"), draw=draw)
        for weights, depth in product(REPEATED, DEPTHS)
        for own in [where(sgd, weights=weights, depth=depth)]
        for draw in range(2 if bench.quick else DRAWS)
    ]
    return {
        "first_step": table_of(
            {**trial.labels, **by_layer(bench.stack(trial.words, CHANGES.get(weights)))}
            for weights, depth in product(INITS, DEPTHS)
            for trial in study(bench, weights, depth)
        ),
        "trained": table,
        "best": best,
        "epochs": measured(chosen(networks, where(sgd, depth=DEEP)), accuracies),
        "draws": measured(train(bench, again), result),
    }


def result(network: Trained) -> Columns:
    """What a network has come to."""
    return {
        "train_loss": network.last("train_loss"),
        "accuracy": network.last("val_accuracy"),
        "asymmetry": asymmetry(network),
    }


def accuracies(network: Trained) -> Columns:
    """The accuracy on unseen rows after each epoch."""
    accuracy = network.curve("val_accuracy")
    return {"epoch": np.arange(1, len(accuracy) + 1), "accuracy": accuracy}


def asymmetry(network: Trained) -> float:
    """How far units of the first layer differ: 0 where all have the same weights.

    The largest difference between two units' weights of one input, over the largest weight.
    """
    omega, _ = network.outcome.layers[0]
    return float(np.ptp(omega, axis=1).max() / np.abs(omega).max())

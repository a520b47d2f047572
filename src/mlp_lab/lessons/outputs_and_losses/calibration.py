"""Are outputs probabilities? Of classes whose true probabilities are known.

After "On calibration of modern neural networks" (Guo et al., 2017).
"""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from mlp_lab.data.arrays import Array, Floats
from mlp_lab.data.synthetic import GaussiansConfig
from mlp_lab.engine.stack import Stack
from mlp_lab.lessons.bench import Bench
from mlp_lab.lessons.claims import Claim
from mlp_lab.lessons.panels import GREY, Line, Panel, band
from mlp_lab.lessons.study import grid
from mlp_lab.lessons.tables import Columns, Table, Tables, at_best, by_seed, table_of, where
from mlp_lab.lessons.trained import Trained, log_spaced_epochs, measured

BINS = 10  # of the confidence, equally wide
FEW = 0.005
"""Share of rows below which a bin is not drawn: a handful of rows says little of a share."""

SIZES = {"small": ("model.depth=1", "model.width=4"), "large": ("model.depth=3", "model.width=64")}
OUTPUTS = {"softmax": (), "sigmoid": ("model.output=sigmoid", "loss=mse")}
"""A sigmoid for each class is trained by squared error, a proper scoring rule, too."""


def measure(bench: Bench) -> Tables:
    """Train a small and a large network of either output."""
    quick = ["epochs=10", "data.rows=1150", "data.val_fraction=0.8"] if bench.quick else []
    base = ["experiment=outputs_and_losses", *quick]
    trials = grid(base, bench.seeds, network=SIZES, output=OUTPUTS)
    (networks,) = bench.train(trials, probe=binned)
    best = at_best(measured(networks, losses), "epoch", "loss", each=["network", "output"])
    stopped = list(zip(networks, best["epoch"].tolist(), strict=True))
    return {
        "calibration": table_of(
            {**network.labels, **by_epoch(network, stop)} for network, stop in stopped
        ),
        "reliability": table_of(
            {**network.labels, "when": when, **reliability(network, epoch)}
            for network, stop in stopped
            if network.labels["output"] == "softmax"
            for when, epoch in (("stopped", stop), ("last", network.config.epochs))
        ),
    }


def losses(network: Trained) -> Columns:
    """The validation loss after every epoch."""
    return {"epoch": np.arange(network.config.epochs) + 1, "loss": network.curve("val_loss")}


def binned(stack: Stack) -> Mapping[str, Tensor]:
    """Of every member's validation rows: each bin's share of them, its confidence and right ones.

    All three are divided by the number of rows, so that their sums over bins are 1, the mean
    confidence and the accuracy. `off` is the mean distance of the outputs' sum from 1.
    """
    with torch.inference_mode():
        (rows,) = stack.val.chunks(max(stack.val.counts))
        y = stack.shared.objective.predict(stack.network.pre_activation(rows.inputs)).double()
        confidence, predicted = y.max(-1)
        right = (predicted == rows.targets.argmax(-1)).double()
        bins = (confidence * BINS).ceil().long().clamp(1, BINS) - 1
        found = {"off": (y.sum(-1) - 1).abs().mean(1)}
        for place in range(BINS):
            own = (bins == place).double()
            found[f"rows_{place}"] = own.mean(1)
            found[f"confidence_{place}"] = (own * confidence).mean(1)
            found[f"right_{place}"] = (own * right).mean(1)
    return found


def bins(network: Trained, quantity: str) -> Floats:
    """(1 + epochs, BINS) of what `binned` measured."""
    return np.stack([network.outcome.probes[f"{quantity}_{place}"] for place in range(BINS)], 1)


def by_epoch(network: Trained, stop: int) -> Columns:
    """Confidence, accuracy and calibration error at about 40 epochs and where it is stopped."""
    epochs = np.union1d(log_spaced_epochs(network.config.epochs), stop)
    confidence, right = (bins(network, name)[epochs] for name in ("confidence", "right"))
    return {
        "epoch": epochs,
        "stop": stop,
        "confidence": confidence.sum(axis=1),
        "accuracy": right.sum(axis=1),
        "overconfidence": confidence.sum(axis=1) - right.sum(axis=1),
        "calibration_error": np.abs(confidence - right).sum(axis=1),
        "loss": network.curve("val_loss")[epochs - 1],
        "train_accuracy": network.curve("train_accuracy")[epochs - 1],
        "sum_off": network.outcome.probes["off"][epochs],
        "bayes_accuracy": bayes_accuracy(network),
    }


def reliability(network: Trained, epoch: int) -> Columns:
    """The confidence of each bin that holds rows, and the share of its rows that is right."""
    rows, confidence, right = (
        bins(network, name)[epoch] for name in ("rows", "confidence", "right")
    )
    own = np.flatnonzero(rows)
    shares = {"confidence": confidence[own] / rows[own], "right": right[own] / rows[own]}
    return {"bin": own, "rows": rows[own], **shares}


def bayes_accuracy(network: Trained) -> float:
    """Accuracy on validation rows of the Bayes classifier, which knows the true probabilities."""
    data, val = network.config.data, network.problem.encoded.val
    assert isinstance(data, GaussiansConfig)
    return float((posterior(data, val.inputs).argmax(1) == val.targets.argmax(1)).mean())


def posterior(data: GaussiansConfig, points: Array) -> Floats:
    """The true probability of each class at each point, (N, 2) -> (N, classes)."""
    turn = 2 * np.pi * np.arange(data.classes) / data.classes
    centers = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    squares = ((points[:, None, :].astype(float) - centers) ** 2).sum(axis=2)
    odds = np.exp(-(squares - squares.min(axis=1, keepdims=True)) / (2 * data.noise**2))
    shares: Floats = odds / odds.sum(axis=1, keepdims=True)
    return shares


def at(tables: Tables, when: str, value: str, network: str, output: str = "softmax") -> Floats:
    """A column after the `first` or `last` epoch, or where the network is `stopped`, (seeds,)."""
    table = tables["calibration"]
    epoch = {"first": 1, "stopped": table["stop"], "last": table["epoch"].max()}[when]
    return by_seed(table[table["epoch"] == epoch], value, network=network, output=output)


ERROR = (
    "calibration error on unseen rows: |confidence - share that is right|, mean over rows in ten"
    " bins of confidence"
)

CLAIMS = {
    "small": Claim(
        "A softmax output is a probability: of the rows for which a small network says 0.8,"
        " about 80 % are right.",
        f"{ERROR}, after the last epoch",
        lambda tables: at(tables, "last", "calibration_error", "small"),
        below=0.05,
    ),
    "underconfident": Claim(
        "At the start of training a network is underconfident.",
        "mean confidence - accuracy, on unseen rows, large network, after the first epoch",
        lambda tables: at(tables, "first", "overconfidence", "large"),
        below=0.0,
    ),
    "overconfident": Claim(
        "A network that has memorised its training rows is overconfident.",
        "mean confidence - accuracy, on unseen rows, large network, after the last epoch",
        lambda tables: at(tables, "last", "overconfidence", "large"),
        above=0.1,
    ),
    "stopped": Claim(
        "Stopped where the validation loss is least, the same network gives probabilities.",
        f"{ERROR}, large network, at the epoch that is best for other seeds",
        lambda tables: at(tables, "stopped", "calibration_error", "large"),
        below=0.05,
    ),
    "sums": Claim(
        "Sigmoid outputs, one for each class, do not add up to one as softmax outputs do.",
        "mean |sum of the outputs - 1| on unseen rows, large network, after the last epoch",
        lambda tables: at(tables, "last", "sum_off", "large", "sigmoid"),
        above=0.05,
    ),
}


def notes(tables: Tables) -> list[str]:
    """Accuracy and confidence where the large network is stopped and at the end; sums."""
    names = ("epoch", "accuracy", "confidence", "train_accuracy", "bayes_accuracy")
    stopped, end = (
        {name: at(tables, when, name, "large").mean() for name in names}
        for when in ("stopped", "last")
    )
    small, large = (at(tables, "last", "sum_off", size, "sigmoid").mean() for size in SIZES)
    exact = where(tables["calibration"], output="softmax")["sum_off"].max()
    return [
        f"Classes overlap: the Bayes classifier's accuracy on unseen rows is"
        f" {end['bayes_accuracy']:.3f}. The large network's is {stopped['accuracy']:.3f} when"
        f" stopped (after {stopped['epoch']:.0f} epochs on average), its mean confidence"
        f" {stopped['confidence']:.3f}; after {end['epoch']:.0f} epochs, with a training accuracy"
        f" of {end['train_accuracy']:.3f}, they are {end['accuracy']:.3f} and"
        f" {end['confidence']:.3f}.",
        f"Sums of sigmoid outputs are off one by {small:.3f} (small network) and {large:.3f} (large"
        f" one) on average; those of softmax outputs by {exact:.1g} at most, rounding.",
    ]


def panels(tables: Tables) -> list[Panel]:
    """Confidence and accuracy by epoch; reliability; sums of sigmoid outputs."""
    table = tables["calibration"]
    large = where(table, network="large", output="softmax")
    sums = [
        band(
            where(table, network=size, output=output),
            *("epoch", "sum_off", f"{size}, {output}"),
            color=color,
            line="--" if output == "softmax" else "-",
            marker=None,
        )
        for color, size in enumerate(SIZES)
        for output in OUTPUTS
    ]
    return [
        Panel(
            *("A large network, softmax", "epoch", "share of rows, or mean confidence"),
            [
                band(large, "epoch", "confidence", "mean confidence", color=1, marker=None),
                band(large, "epoch", "accuracy", "accuracy, unseen", color=2, marker=None),
                band(large, "epoch", "train_accuracy", "accuracy, training", color=3, marker=None),
            ],
            log="x",
        ),
        Panel(
            *(f"Reliability (bins of {FEW:.1%} or more)", "confidence", "share that is right"),
            [
                Line(x=[0, 1], y=[0, 1], label="perfect calibration", color=GREY, line="--"),
                reliability_line(tables["reliability"], "small", "last", 0, "o"),
                reliability_line(tables["reliability"], "large", "stopped", 1, "s"),
                reliability_line(tables["reliability"], "large", "last", 2, "D"),
            ],
        ),
        Panel("Sums of the outputs", "epoch", "mean |sum - 1|, unseen rows", sums, log="x"),
    ]


def reliability_line(table: Table, network: str, when: str, color: int, marker: str) -> Line:
    """Means over the rows of all seeds, of bins that hold enough of them."""
    shown = [
        [np.average(own[name], weights=own["rows"]) for name in ("confidence", "right")]
        for _, own in where(table, network=network, when=when).groupby("bin")
        if own["rows"].sum() > FEW * table["seed"].nunique()
    ]
    x, y = zip(*shown, strict=True)
    words = "last epoch" if when == "last" else "stopped early"
    return Line(x=x, y=y, label=f"{network}, {words}", color=color, marker=marker, width=1.5)

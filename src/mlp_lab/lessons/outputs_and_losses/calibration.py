"""Are outputs probabilities? Of classes whose true probabilities are known.

After "On calibration of modern neural networks" (Guo et al., 2017).
"""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from mlp_lab.data.arrays import Floats
from mlp_lab.data.synthetic import GaussiansConfig
from mlp_lab.engine.stack import Stack
from mlp_lab.lessons.bench import Bench
from mlp_lab.lessons.claims import DIFFERENCE, POSITIVE, SHARE, Claim
from mlp_lab.lessons.panels import GREY, Line, Panel, band, bands
from mlp_lab.lessons.study import grid
from mlp_lab.lessons.tables import Columns, Table, Tables, at_best, by_seed, table_of, where
from mlp_lab.lessons.trained import Trained, log_spaced_epochs, measured

BINS = 10  # of the confidence, equally wide
FEW = 0.005  # share of rows below which a bin is not drawn: a handful says little of a share

SIZES = {"small": ("model.depth=1", "model.width=4"), "large": ("model.depth=3", "model.width=64")}
OUTPUTS = {"softmax": (), "sigmoid": ("model.output=sigmoid", "loss=mse")}
"""A sigmoid for each class is trained by squared error, a proper scoring rule, too."""

CURVES = {
    "confidence": "mean confidence",
    "accuracy": "accuracy, unseen",
    "train_accuracy": "accuracy, training",
}


def measure(bench: Bench) -> Tables:
    """Train a small and a large network of either output."""
    quick = ["epochs=10", "data.rows=1150", "data.val_fraction=0.8"] if bench.quick else []
    base = ["experiment=outputs_and_losses", *quick]
    (networks,) = bench.train(grid(base, bench.seeds, network=SIZES, output=OUTPUTS), probe=binned)
    epochs = np.arange(networks[0].epochs) + 1
    losses = measured(networks, lambda own: {"epoch": epochs, "loss": own.curve("val_loss")})
    best = at_best(losses, "epoch", "loss", each=["network", "output"])
    stopped = list(zip(networks, best["epoch"].tolist(), strict=True))
    return {
        "calibration": table_of({**own.labels, **by_epoch(own, stop)} for own, stop in stopped),
        "reliability": table_of(
            {**own.labels, "when": when, **reliability(own, epoch)}
            for own, stop in stopped
            if own.labels["output"] == "softmax"
            for when, epoch in (("stopped", stop), ("last", own.epochs))
        ),
    }


def binned(stack: Stack) -> Mapping[str, Tensor]:
    """Each bin's share of the validation rows, their confidence and right ones, (K, BINS).

    All three are divided by the number of rows, so that their sums over bins are 1, the mean
    confidence and the accuracy. `off` is the mean distance of the outputs' sum from 1, (K,).
    """
    with torch.inference_mode():
        (rows,) = stack.val.chunks(max(stack.val.counts))
        y = stack.shared.objective.predict(stack.network.pre_activation(rows.inputs)).double()
        confidence, predicted = y.max(-1)
        place = (confidence * BINS).ceil().clamp(1, BINS)
        bins = [(place == number).double() for number in range(1, BINS + 1)]  # (K, rows) each
        right = predicted == rows.targets.argmax(-1)
        parts = {"rows": torch.tensor(1), "confidence": confidence, "right": right}
        shares = {
            name: torch.stack([(own * part).mean(1) for own in bins], dim=1)
            for name, part in parts.items()
        }
        return {**shares, "off": (y.sum(-1) - 1).abs().mean(1)}


def by_epoch(network: Trained, stop: int) -> Columns:
    """Confidence, accuracy and calibration error at about 40 epochs and where it is stopped."""
    epochs = np.union1d(log_spaced_epochs(network.epochs), stop)
    probes = network.outcome.probes
    confidence, right = probes["confidence"][epochs], probes["right"][epochs]
    return {
        "epoch": epochs,
        "stop": stop,
        "confidence": confidence.sum(axis=1),
        "accuracy": right.sum(axis=1),
        "overconfidence": confidence.sum(axis=1) - right.sum(axis=1),
        "calibration_error": np.abs(confidence - right).sum(axis=1),
        "loss": network.curve("val_loss")[epochs - 1],
        "train_accuracy": network.curve("train_accuracy")[epochs - 1],
        "sum_off": probes["off"][epochs],
        "bayes_accuracy": bayes_accuracy(network),
    }


def reliability(network: Trained, epoch: int) -> Columns:
    """The confidence of each bin that holds rows, and the share of its rows that is right."""
    probes = {name: values[epoch] for name, values in network.outcome.probes.items()}
    own = np.flatnonzero(probes["rows"])
    rows = probes["rows"][own]
    shares = {name: probes[name][own] / rows for name in ("confidence", "right")}
    return {"bin": own, "rows": rows, **shares}


def bayes_accuracy(network: Trained) -> float:
    """The Bayes classifier's accuracy on validation rows: it takes the nearest cloud's center."""
    data, val = network.config.data, network.problem.encoded.val
    assert isinstance(data, GaussiansConfig)
    centers = np.exp(2j * np.pi * np.arange(data.classes) / data.classes)
    points = val.inputs @ np.array([1, 1j])
    nearest = np.abs(points[:, None] - centers).argmin(1)
    return float((nearest == val.targets.argmax(1)).mean())


def at(tables: Tables, when: str, value: str, network: str, output: str = "softmax") -> Floats:
    """A column after the `first` or `last` epoch, or where the network is `stopped`, (seeds,)."""
    table = tables["calibration"]
    epoch = {"first": 1, "stopped": table["stop"], "last": table["epoch"].max()}[when]
    return by_seed(table[table["epoch"] == epoch], value, network=network, output=output)


ERROR = "calibration error (mean |confidence - accuracy| in ten bins of confidence) on unseen rows"
GAP = "mean confidence - accuracy on unseen rows, large network"

CLAIMS = {
    "small": Claim(
        "A softmax output is a probability: where a small network says 0.8, about 80 % are right.",
        f"{ERROR}, after the last epoch",
        lambda t: at(t, "last", "calibration_error", "small"),
        below=0.05,
        within=SHARE,
    ),
    "underconfident": Claim(
        "At the start of training a network is underconfident.",
        f"{GAP}, after the first epoch",
        lambda t: at(t, "first", "overconfidence", "large"),
        below=0.0,
        within=DIFFERENCE,
    ),
    "overconfident": Claim(
        "A network that has memorised its training rows is overconfident.",
        f"{GAP}, after the last epoch",
        lambda t: at(t, "last", "overconfidence", "large"),
        above=0.1,
        within=DIFFERENCE,
    ),
    "stopped": Claim(
        "Stopped where the validation loss is least, the same network gives probabilities.",
        f"{ERROR}, large network, at the epoch that is best for other seeds",
        lambda t: at(t, "stopped", "calibration_error", "large"),
        below=0.05,
        within=SHARE,
    ),
    "sums": Claim(
        "Sigmoid outputs, one for each class, do not add up to one as softmax outputs do.",
        "mean |sum of the outputs - 1| on unseen rows, large network, after the last epoch",
        lambda t: at(t, "last", "sum_off", "large", "sigmoid"),
        above=0.05,
    ),
}


def notes(tables: Tables) -> list[str]:
    """Accuracy and confidence where the large network is stopped and at the end; sums."""
    stopped, last = (
        "{:.0f} epochs: mean confidence {:.3f}, accuracy {:.3f} (on training rows {:.3f})".format(
            *(at(tables, when, name, "large").mean() for name in ("epoch", *CURVES))
        )
        for when in ("stopped", "last")
    )
    bayes = at(tables, "last", "bayes_accuracy", "large").mean()
    small, large = (at(tables, "last", "sum_off", size, "sigmoid").mean() for size in SIZES)
    exact = where(tables["calibration"], output="softmax")["sum_off"].max()
    return [
        f"Classes overlap: the Bayes classifier's accuracy on unseen rows is {bayes:.3f}. The large"
        f" network, stopped after (on average) {stopped}; after {last}.",
        f"Sums of sigmoid outputs are off one by {small:.3f} (small network) and {large:.3f} (large"
        f" one) on average; those of softmax outputs by {exact:.1g} at most, rounding.",
    ]


def panels(tables: Tables) -> list[Panel]:
    """Confidence and accuracy by epoch; reliability; sums of sigmoid outputs."""
    table, share = tables["calibration"], "share of rows, or mean confidence"
    large = where(table, network="large", output="softmax")
    curves = [band(large, "epoch", y, label, marker=None) for y, label in CURVES.items()]
    lines = [Line(x=[0, 1], y=[0, 1], label="perfect calibration", color=GREY, line="--")]
    for network, when in (("small", "last"), ("large", "stopped"), ("large", "last")):
        lines.append(reliability_line(tables["reliability"], network, when))
    both = table.assign(both=table["network"] + ", " + table["output"])
    sums = bands(both, "epoch", "sum_off", "both", marker=None)
    return [
        Panel("A large network, softmax", "epoch", share, curves, log="x", within=SHARE),
        Panel(f"Reliability (bins of {FEW:.1%} or more)", "confidence", "accuracy", lines),
        Panel(
            "Sums of the outputs",
            "epoch",
            "mean |sum - 1|, unseen rows",
            sums,
            log="x",
            within=POSITIVE,
        ),
    ]


def reliability_line(table: Table, network: str, when: str) -> Line:
    """Means over the rows of all seeds, of bins that hold enough of them."""
    few, own = FEW * table["seed"].nunique(), where(table, network=network, when=when)
    bins = [part for _, part in own.groupby("bin") if part["rows"].sum() > few]
    x, y = (
        [np.average(part[name], weights=part["rows"]) for part in bins]
        for name in ("confidence", "right")
    )
    label = f"{network}, {'last epoch' if when == 'last' else 'stopped early'}"
    return Line(x=x, y=y, label=label, marker="o", width=1.5)

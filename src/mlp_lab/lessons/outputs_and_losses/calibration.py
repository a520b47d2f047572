"""Are outputs probabilities? Of classes whose true probabilities are known.

After "On calibration of modern neural networks" (Guo et al., 2017).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from mlp_lab.data.arrays import Array, Floats
from mlp_lab.data.synthetic import GaussiansConfig
from mlp_lab.lessons.old.lesson import (
    Claim,
    Part,
    Row,
    Tables,
    best_for_others,
    column,
    grouped,
    levels,
)

if TYPE_CHECKING:
    from torch import Tensor

    from mlp_lab.engine.stack import Stack
    from mlp_lab.lessons.old.bench import Bench
    from mlp_lab.lessons.old.figures import Axes
    from mlp_lab.lessons.trained import Trained

BINS = 10
"""Of the confidence, equally wide."""

FEW = 0.005
"""Share of rows below which a bin is not drawn: a handful of rows says little of a share."""

SIZES: dict[str, Sequence[str]] = {
    "small": ("model.depth=1", "model.width=4"),
    "large": ("model.depth=3", "model.width=64"),
}

OUTPUTS: dict[str, Sequence[str]] = {
    "softmax": (),
    "sigmoid": ("model.output=sigmoid", "loss=mse"),
}
"""A sigmoid for each class is trained by squared error, which likes true probabilities best too."""

CALIBRATION_ERROR = (
    "calibration error on unseen rows: |confidence - share that is right|, mean over rows in ten"
    " bins of confidence"
)

CLAIMS = {
    "small": Claim(
        text="A softmax output is a probability: of the rows for which a small network says 0.8,"
        " about 80 % are right.",
        measure=f"{CALIBRATION_ERROR}, after the last epoch",
        below=0.05,
    ),
    "modest": Claim(
        text="At the start of training outputs are too modest.",
        measure="mean confidence - accuracy, on unseen rows, large network, after the first epoch",
        below=0.0,
    ),
    "sure": Claim(
        text="A network that has learnt its rows by heart is too sure of itself.",
        measure="mean confidence - accuracy, on unseen rows, large network, after the last epoch",
        above=0.1,
    ),
    "stopped": Claim(
        text="Stopped where the validation loss is least, the same network gives probabilities.",
        measure=f"{CALIBRATION_ERROR}, large network, at the epoch that is best for other seeds",
        below=0.05,
    ),
    "sums": Claim(
        text="Sigmoid outputs, one for each class, do not add up to one as softmax outputs do.",
        measure="mean |sum of the outputs - 1| on unseen rows, large network, after the last epoch",
        above=0.05,
    ),
}


def measure(bench: Bench) -> Part:
    """Train a small and a large network of either output."""
    base = ["experiment=outputs_and_losses", *(["epochs=10"] if bench.quick else [])]
    if bench.quick:
        base += ["data.rows=1150", "data.val_fraction=0.8"]
    kinds = [(size, output) for size in SIZES for output in OUTPUTS]
    trained = bench.train(
        [
            [*base, *SIZES[size], *OUTPUTS[output], *bench.seed(seed)]
            for size, output in kinds
            for seed in bench.seeds
        ],
        probe=in_bins,
    )
    by_kind = dict(zip(kinds, grouped(trained, len(bench.seeds)), strict=True))
    stops = {kind: _stops(networks) for kind, networks in by_kind.items()}
    tables = {
        "calibration": [
            row
            for kind, networks in by_kind.items()
            for network, stop in zip(networks, stops[kind], strict=True)
            for row in _epochs(network, *kind, stop)
        ],
        "reliability": [
            row
            for size in SIZES
            for network, stop in zip(by_kind[size, "softmax"], stops[size, "softmax"], strict=True)
            for row in _reliability(network, size, stop)
        ],
    }
    return _values(tables["calibration"]), tables, _notes(tables["calibration"], by_kind[kinds[0]])


def in_bins(stack: Stack) -> Mapping[str, Tensor]:
    """Of every member's validation rows: each bin's share of them, its confidence and right ones.

    All three are divided by the number of rows, so that their sums over bins are 1, the mean
    confidence and the accuracy. `off` is the mean distance of the outputs' sum from 1.
    """
    import torch

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
    """(1 + epochs, BINS) of what `in_bins` measured."""
    return np.stack([network.outcome.probes[f"{quantity}_{place}"] for place in range(BINS)], 1)


def posterior(data: GaussiansConfig, points: Array) -> Floats:
    """The true probability of each class at each point, (N, 2) -> (N, classes)."""
    turn = 2 * np.pi * np.arange(data.classes) / data.classes
    centers = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    squares = ((points[:, None, :].astype(float) - centers) ** 2).sum(axis=2)
    odds = np.exp(-(squares - squares.min(axis=1, keepdims=True)) / (2 * data.noise**2))
    shares: Floats = odds / odds.sum(axis=1, keepdims=True)
    return shares


def _stops(networks: Sequence[Trained]) -> list[int]:
    """For each network the epoch of the least mean validation loss of those of other seeds."""
    losses = np.array([network.curve("val_loss") for network in networks]).T
    return [1 + place for place in best_for_others(losses)]


def _epochs(network: Trained, size: str, output: str, stop: int) -> list[Row]:
    """At about 40 epochs, evenly spaced on a logarithmic axis, and where it would be stopped."""
    last = network.config.epochs
    epochs = np.unique(np.append(np.geomspace(1, last, 40).round().astype(int), stop))
    confidence, right = bins(network, "confidence"), bins(network, "right")
    error = np.abs(confidence - right).sum(axis=1)
    return [
        {
            "network": size,
            "output": output,
            "seed": network.config.seed,
            "epoch": epoch,
            "stop": stop,
            "confidence": float(confidence[epoch].sum()),
            "accuracy": float(right[epoch].sum()),
            "calibration_error": float(error[epoch]),
            "loss": float(network.curve("val_loss")[epoch - 1]),
            "train_accuracy": float(network.curve("train_accuracy")[epoch - 1]),
            "sum_off": float(network.outcome.probes["off"][epoch]),
        }
        for epoch in epochs.tolist()
    ]


def _reliability(network: Trained, size: str, stop: int) -> list[Row]:
    """Each bin that holds rows, where the network would be stopped and after the last epoch."""
    share, confidence, right = (bins(network, name) for name in ("rows", "confidence", "right"))
    return [
        {
            "network": size,
            "when": when,
            "seed": network.config.seed,
            "bin": place,
            "rows": float(share[epoch, place]),
            "confidence": float(confidence[epoch, place] / share[epoch, place]),
            "right": float(right[epoch, place] / share[epoch, place]),
        }
        for when, epoch in (("stopped", stop), ("last", network.config.epochs))
        for place in np.flatnonzero(share[epoch]).tolist()
    ]


def _at(table: Sequence[Row], size: str, output: str, epoch: int | str) -> list[Row]:
    """A row for each seed; `epoch` may be "stop"."""
    return [
        row
        for row in table
        if (row["network"], row["output"]) == (size, output)
        and row["epoch"] == (row["stop"] if epoch == "stop" else epoch)
    ]


def _values(table: Sequence[Row]) -> dict[str, Sequence[float]]:
    last = max(levels(table, "epoch"))
    first, end = (_at(table, "large", "softmax", epoch) for epoch in (1, last))
    return {
        "small": column(_at(table, "small", "softmax", last), "calibration_error"),
        "modest": _excess(first),
        "sure": _excess(end),
        "stopped": column(_at(table, "large", "softmax", "stop"), "calibration_error"),
        "sums": column(_at(table, "large", "sigmoid", last), "sum_off"),
    }


def _excess(rows: Sequence[Row]) -> list[float]:
    confidence, accuracy = column(rows, "confidence"), column(rows, "accuracy")
    return [sure - right for sure, right in zip(confidence, accuracy, strict=True)]


def _notes(table: Sequence[Row], networks: Sequence[Trained]) -> list[str]:
    last = max(levels(table, "epoch"))
    stopped, end = (_at(table, "large", "softmax", when) for when in ("stop", last))

    def mean(rows: Sequence[Row], name: str) -> float:
        return float(np.mean(column(rows, name)))

    truth = float(np.mean([_best_possible(network) for network in networks]))
    small, large = (mean(_at(table, size, "sigmoid", last), "sum_off") for size in SIZES)
    exact = max(column(table, "sum_off", output="softmax"))
    return [
        f"Nobody can be right about more than {truth:.3f} of the unseen rows: the classes overlap."
        f" The large network is right about {mean(stopped, 'accuracy'):.3f} of them when stopped"
        f" (after {mean(stopped, 'epoch'):.0f} epochs on average) and claims"
        f" {mean(stopped, 'confidence'):.3f}; after {last} epochs, with"
        f" {mean(end, 'train_accuracy'):.3f} of its training rows learnt, it is right about"
        f" {mean(end, 'accuracy'):.3f} and claims {mean(end, 'confidence'):.3f}.",
        f"Sums of sigmoid outputs are off one by {small:.3f} (small network) and {large:.3f} (large"
        f" one) on average; those of softmax outputs by {exact:.1g} at most, rounding.",
    ]


def _best_possible(network: Trained) -> float:
    """Accuracy on validation rows of whoever knows the true probabilities."""
    data, val = network.config.data, network.problem.encoded.val
    assert isinstance(data, GaussiansConfig)
    right = posterior(data, val.inputs).argmax(axis=1) == val.targets.argmax(axis=1)
    return float(right.mean())


def draw(tables: Tables, axes: Sequence[Axes]) -> None:
    """Confidence and accuracy by epoch; reliability; sums of sigmoid outputs."""
    _draw_epochs(axes[0], tables["calibration"])
    _draw_reliability(axes[1], tables["reliability"])
    _draw_sums(axes[2], tables["calibration"])


def _by_epoch(table: Sequence[Row], name: str, size: str, output: str) -> dict[int, list[float]]:
    """Of the epochs at which every seed was written down."""
    seeds = len(levels(table, "seed"))
    found = {
        epoch: column(table, name, network=size, output=output, epoch=epoch)
        for epoch in levels(table, "epoch")
    }
    return {epoch: values for epoch, values in found.items() if len(values) == seeds}


def _draw_epochs(axis: Axes, table: Sequence[Row]) -> None:
    from mlp_lab.lessons.old.figures import COLORS, band, name

    lines = {"confidence": "its confidence", "accuracy": "right, unseen rows"}
    lines["train_accuracy"] = "right, training rows"
    for (quantity, label), color in zip(lines.items(), COLORS[1:], strict=False):
        found = _by_epoch(table, quantity, "large", "softmax")
        band(axis, list(found), list(found.values()), label=label, color=color, marker=None)
    name(axis, "A large network, softmax", "epoch", "share of rows, or mean confidence", log="x")


def _draw_reliability(axis: Axes, table: Sequence[Row]) -> None:
    from mlp_lab.lessons.old.figures import COLORS, GREY, MARKERS, name

    axis.plot([0, 1], [0, 1], "--", color=GREY, label="probabilities")
    shown = [("small", "last"), ("large", "stopped"), ("large", "last")]
    for (size, when), color, marker in zip(shown, COLORS, MARKERS, strict=False):
        points = []
        for place in levels(table, "bin"):
            where: dict[str, float | str] = {"network": size, "when": when, "bin": place}
            weights = column(table, "rows", **where)
            if sum(weights) > FEW * len(levels(table, "seed")):
                both = (column(table, quantity, **where) for quantity in ("confidence", "right"))
                points.append([float(np.average(values, weights=weights)) for values in both])
        words = "last epoch" if when == "last" else "stopped in time"
        line = np.array(points)
        axis.plot(line[:, 0], line[:, 1], marker=marker, color=color, label=f"{size}, {words}")
    title = f"How often they are right (bins of {FEW:.1%} or more)"
    name(axis, title, "confidence of the network", "share that is right")


def _draw_sums(axis: Axes, table: Sequence[Row]) -> None:
    from mlp_lab.lessons.old.figures import COLORS, band, name

    for size, color in zip(SIZES, COLORS, strict=False):
        for output in OUTPUTS:
            found = _by_epoch(table, "sum_off", size, output)
            by_seed = list(found.values())
            label, dashed = f"{size}, {output}", output == "softmax"
            band(axis, list(found), by_seed, label=label, color=color, marker=None, dashed=dashed)
    name(axis, "Sums of the outputs", "epoch", "mean |sum - 1|, unseen rows", log="x")

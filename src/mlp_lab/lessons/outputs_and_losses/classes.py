"""Cross-entropy against squared error where the target is a class.

After "Probabilistic interpretation of feedforward classification network outputs" (Bridle, 1990),
"Understanding the difficulty of training deep feedforward neural networks" (Glorot and Bengio,
2010) and "Evaluation of neural architectures trained with square loss vs cross-entropy in
classification tasks" (Hui and Belkin, 2021).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mlp_lab.data.arrays import Floats
from mlp_lab.lessons.gradient_flow import backward
from mlp_lab.lessons.old.lesson import Claim, Part, Row, Tables, at_best_for_others, column
from mlp_lab.lessons.old.rates import by_rate

if TYPE_CHECKING:
    from mlp_lab.engine.stack import Stack
    from mlp_lab.lessons.old.bench import Bench
    from mlp_lab.lessons.old.figures import Axes
    from mlp_lab.lessons.trained import Trained

LOSSES: dict[str, Sequence[str]] = {
    "cross-entropy": ("model.output=softmax", "loss=cce"),
    "squared error": ("model.output=softmax", "loss=mse"),
    "squared error, linear": ("model.output=linear", "loss=mse"),
}

RATES = tuple(0.02 * 2**step for step in range(14))
"""0.02 to 164: the squared error's gradient is small, and its best rate large."""

ACCURACY = 0.95
"""Of unseen rows, that is to be reached."""

WRONG = 10.0
"""Added to the bias of one class: a network that is sure of it whatever it sees."""

BIASES = (0.0, 2.0, 4.0, 6.0, 8.0, WRONG, 12.0)

CLAIMS = {
    "faster": Claim(
        text="Cross-entropy learns classes faster than squared error of the same softmax.",
        measure=f"epochs to {ACCURACY:.0%} accuracy on unseen rows, cross-entropy / squared error,"
        " each at its best rate",
        below=1.0,
    ),
    "better": Claim(
        text="And it ends with more of them right.",
        measure="accuracy on unseen rows after the last epoch, cross-entropy - squared error, each"
        " at its best rate",
        above=0.0,
    ),
    "vanishes": Claim(
        text="Where a softmax is sure and wrong, the gradient of its squared error vanishes.",
        measure=f"log10 of the gradient's norm with {WRONG:g} on one class's bias / without, before"
        " training",
        below=-2.0,
    ),
    "stays": Claim(
        text="That of its cross-entropy does not.",
        measure=f"log10 of the gradient's norm with {WRONG:g} on one class's bias / without, before"
        " training",
        above=-0.5,
    ),
    "stuck": Claim(
        text="So from a start that is sure and wrong, squared error does not get away.",
        measure="accuracy on unseen rows after the last epoch, cross-entropy - squared error, from"
        " such a start, each at its best rate for it",
        above=0.1,
    ),
}

SETTINGS = (
    *("data=digits", "data.test_fraction=0", "data.val_fraction=0.3", "model=shallow"),
    *("model.init=torch", "optimizer=sgd", "batch_size=128", "epochs=80"),
)
"""torch's initial weights leave the outputs nearly equal, so that `WRONG` decides."""


def measure(bench: Bench) -> Part:
    """Train with every loss and rate, from the usual start and from one that is sure and wrong."""
    rates = RATES[5::5] if bench.quick else RATES
    base = [*SETTINGS, *(["epochs=8"] if bench.quick else [])]
    trials = [
        [*base, *words, f"optimizer.lr={rate}", *bench.seed(seed)]
        for words in LOSSES.values()
        for rate in rates
        for seed in bench.seeds
    ]
    usual = bench.train(trials)
    softmax = len(trials) // len(LOSSES) * 2
    misled = bench.train(trials[:softmax], start=sure_and_wrong)
    tables = {
        "losses": [row for start in (usual, misled) for row in _rows(start, start is misled)],
        "gradients": _gradients(bench, base),
    }
    values, notes = _values(tables, len(bench.seeds))
    return values, tables, notes


def sure_and_wrong(stack: Stack) -> None:
    """Let every network take every row for the first class."""
    stack.network.layers.biases[-1][:, 0, 0] += WRONG


def _rows(networks: Sequence[Trained], misled: bool) -> list[Row]:
    loss_names = {
        (words[0].partition("=")[2], words[1].partition("=")[2]): name
        for name, words in LOSSES.items()
    }
    return [
        {
            "loss": loss_names[network.problem.objective.output, network.problem.objective.loss],
            "start": "wrong" if misled else "usual",
            "rate": network.config.optimizer.lr,
            "seed": network.config.seed,
            "epochs": epochs_to(network.curve("val_accuracy"), ACCURACY),
            "most_epochs": network.config.epochs,
            "accuracy": 0.0 if network.outcome.diverged else network.last("val_accuracy"),
        }
        for network in networks
    ]


def epochs_to(accuracy: Floats, wanted: float) -> float:
    """Epochs until a curve first reaches a value, straight between epochs; infinite if never.

    Before its first epoch a curve is taken to be at 0.
    """
    reached = np.flatnonzero(accuracy >= wanted)
    if len(reached) == 0:
        return float("inf")
    place = int(reached[0])
    before = float(accuracy[place - 1]) if place else 0.0
    return place + (wanted - before) / (float(accuracy[place]) - before)


def _gradients(bench: Bench, base: Sequence[str]) -> list[Row]:
    """Norms of the whole gradient of untrained networks, over all training rows."""
    rows: list[Row] = []
    for loss, words in list(LOSSES.items())[:2]:
        for seed in bench.seeds:
            stack = bench.stack([[*base, *words, *bench.seed(seed)]])
            part, objective = stack.members[0].dataset.train, stack.shared.objective
            bias = stack.network.layers.biases[-1]
            start = float(bias[0, 0, 0])
            for added in BIASES:
                bias[0, 0, 0] = start + added
                passes = backward(
                    stack.network, objective, part.inputs.numpy(), part.targets.numpy()
                )
                squares = [float(g.square().sum()) for g in (*passes.d_weights, *passes.d_biases)]
                norm = float(np.sqrt(sum(squares)))
                rows.append({"loss": loss, "seed": seed, "bias": added, "norm": norm})
    return rows


def at_best_rates(
    table: Sequence[Row], quantity: str, loss: str, start: str = "usual"
) -> tuple[Floats, Floats]:
    """For each seed its number at the rate that is best for the others, and that rate, (seeds,)."""
    found, rates = (by_rate(table, name, loss=loss, start=start) for name in (quantity, "rate"))
    most = float(table[0]["most_epochs"])
    # Never is later than ever, and must not hide how many of the other seeds arrive.
    lack = np.where(np.isinf(found), 2 * most, found) if quantity == "epochs" else -found
    return at_best_for_others(found, lack), at_best_for_others(rates, lack)


def _values(tables: Tables, seeds: int) -> tuple[dict[str, Sequence[float]], list[str]]:
    table, gradients = tables["losses"], tables["gradients"]
    entropy, squared, _ = LOSSES
    epochs = {loss: at_best_rates(table, "epochs", loss) for loss in LOSSES}
    ends = {loss: at_best_rates(table, "accuracy", loss) for loss in LOSSES}
    misled = {loss: at_best_rates(table, "accuracy", loss, "wrong") for loss in (entropy, squared)}
    with np.errstate(invalid="ignore"):  # never / never
        faster = epochs[entropy][0] / epochs[squared][0]

    lower = [
        column(table, "accuracy", loss=squared, start="wrong", rate=rate)[seed]
        for seed, rate in enumerate(misled[entropy][1])
    ]

    def fall(loss: str) -> list[float]:
        before, after = (np.array(column(gradients, "norm", loss=loss, bias=b)) for b in (0, WRONG))
        return [float(ratio) for ratio in np.log10(after / before)]

    values: dict[str, Sequence[float]] = {
        "faster": faster.tolist(),
        "better": (ends[entropy][0] - ends[squared][0]).tolist(),
        "vanishes": fall(squared),
        "stays": fall(entropy),
        "stuck": (misled[entropy][0] - misled[squared][0]).tolist(),
    }
    assert all(len(own) == seeds for own in values.values())
    notes = [
        f"Epochs to {ACCURACY:.0%} and accuracy at the end, each at its best rate: "
        + "; ".join(
            f"{loss} {np.mean(epochs[loss][0]):.1f} (rate {_rates(epochs[loss][1])}) and"
            f" {np.mean(ends[loss][0]):.4f} (rate {_rates(ends[loss][1])})"
            for loss in LOSSES
        )
        + ".",
        f"{WRONG:g} on the bias of one class changes the length of the gradient by a factor of"
        f" {10 ** np.mean(fall(squared)):.3g} (squared error) and"
        f" {10 ** np.mean(fall(entropy)):.3g} (cross-entropy).",
        f"Sure and wrong at the start, they end at {np.mean(misled[entropy][0]):.3f}"
        f" (cross-entropy, rate {_rates(misled[entropy][1])}) and"
        f" {np.mean(misled[squared][0]):.3f} (squared error, rate {_rates(misled[squared][1])})."
        f" At the rates that suit cross-entropy, squared error ends at {np.mean(lower):.3f}.",
    ]
    return values, notes


def _rates(chosen: Floats) -> str:
    return " or ".join(f"{rate:g}" for rate in sorted(set(chosen.tolist())))


def draw(tables: Tables, axes: Sequence[Axes]) -> None:
    """Accuracy and epochs against the rate; gradients and accuracy of a wrong start."""
    from mlp_lab.lessons.old.figures import COLORS, band, name

    _draw_rates(axes[0], tables["losses"], "epochs", "usual")
    name(axes[0], f"Epochs to {ACCURACY:.0%} accuracy", "learning rate", "epochs", log="xy")
    _draw_rates(axes[1], tables["losses"], "accuracy", "usual")
    name(
        axes[1], "After training (diverged: 0)", "learning rate", "accuracy on unseen rows", log="x"
    )
    for loss, color in zip(list(LOSSES)[:2], COLORS, strict=False):
        norms = [column(tables["gradients"], "norm", loss=loss, bias=bias) for bias in BIASES]
        logs = [np.log10(values).tolist() for values in norms]
        band(axes[2], BIASES, logs, label=loss, color=color)
    title = "Sure and wrong: the gradient, untrained"
    name(axes[2], title, "added to the bias of one class", "log10 of the gradient's norm")
    _draw_rates(axes[3], tables["losses"], "accuracy", "wrong")
    title = f"After training, {WRONG:g} added at the start"
    name(axes[3], title, "learning rate", "accuracy on unseen rows", log="x")


def _draw_rates(axis: Axes, table: Sequence[Row], quantity: str, start: str) -> None:
    """Only rates at which every seed has a number."""
    from mlp_lab.lessons.old.figures import COLORS, band

    for loss, color in zip(LOSSES, COLORS, strict=False):
        own = {
            rate: column(table, quantity, loss=loss, start=start, rate=rate)
            for rate in sorted(set(column(table, "rate")))
        }
        known = {rate: found for rate, found in own.items() if found and np.isfinite(found).all()}
        if known:
            band(axis, list(known), list(known.values()), label=loss, color=color)

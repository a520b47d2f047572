"""Activations: which of them let a gradient through many layers, and which units fall silent.

After "Learning long-term dependencies with gradient descent is difficult" (Bengio et al., 1994),
"Understanding the difficulty of training deep feedforward neural networks" (Glorot and Bengio,
2010) and "Fast and accurate deep network learning by exponential linear units" (Clevert et al.,
2016).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mlp_lab.data.arrays import Floats
from mlp_lab.lessons.gradient_flow import backward
from mlp_lab.lessons.old.lesson import Claim, Evidence, Lesson, Row, Tables, column

if TYPE_CHECKING:
    from mlp_lab.lessons.old.bench import Bench
    from mlp_lab.lessons.old.figures import Axes, Figure
    from mlp_lab.lessons.trained import Trained

INITS = {"relu": "he", "elu": "he", "tanh": "glorot", "sigmoid": "glorot"}
"""Each activation with the initial weights that are recommended for it."""

DEPTHS = tuple(range(1, 13))
TRAINED_DEPTHS = (1, 2, 4, 8, 12)

RATIO = (
    "log10 of the gradient's norm in the first layer / in the last, before training, at the"
    " greatest depth"
)

CLAIMS = {
    "sigmoid_vanishes": Claim(
        text="In a deep network of sigmoids the gradient vanishes on its way back.",
        measure=RATIO,
        below=-3.0,
    ),
    "relu_keeps": Claim(
        text="In a deep network of ReLUs it does not.",
        measure=RATIO,
        above=-1.0,
    ),
    "tanh_vanishes": Claim(
        text="In a deep network of tanh it vanishes too.",
        measure=RATIO,
        below=-1.0,
    ),
    "relus_die": Claim(
        text="Some ReLUs die: after training no row makes them respond.",
        measure="share of hidden units that are 0 for every training row, at the greatest depth",
        above=0.01,
    ),
    "elus_live": Claim(
        text="ELUs do not die.",
        measure="share of hidden units whose slope is exactly 0 for every training row, at the"
        " greatest depth",
        below=0.001,
    ),
    "relus_rest": Claim(
        text="Half of what a network of ReLUs could learn from a row is exactly zero.",
        measure="share of slopes that are exactly 0, over units and training rows, after training,"
        " at the greatest depth",
        above=0.4,
    ),
    "sigmoid_fails": Claim(
        text="So many layers of sigmoids learn less than as many ReLUs.",
        measure="accuracy on unseen rows, ReLU - sigmoid, at the greatest depth",
        above=0.1,
    ),
    "elu_wins": Claim(
        text="ELUs end better than ReLUs.",
        measure="accuracy on unseen rows, ELU - ReLU, at the greatest depth",
        above=0.0,
    ),
}


def measure(bench: Bench) -> Evidence:
    """Gradients of untrained networks, then what training makes of them."""
    depths = DEPTHS[:3] if bench.quick else DEPTHS
    trained_depths = TRAINED_DEPTHS[:2] if bench.quick else TRAINED_DEPTHS
    start = [row for name in INITS for depth in depths for row in _untrained(bench, name, depth)]
    epochs = ["epochs=2"] if bench.quick else []
    trained = bench.train(
        [
            [*_settings(name, depth), *epochs, *bench.seed(seed)]
            for name in INITS
            for depth in trained_depths
            for seed in bench.seeds
        ]
    )
    ends = [_end(network) for network in trained]
    return Evidence(
        _values(start, ends, bench.seeds),
        {"gradients": start, "trained": ends},
        _notes(start, ends),
    )


def _settings(activation: str, depth: int) -> list[str]:
    return [
        "experiment=activations",
        f"model.activation={activation}",
        f"model.init={INITS[activation]}",
        f"model.depth={depth}",
    ]


def _untrained(bench: Bench, activation: str, depth: int) -> list[Row]:
    """Norms of dL/dOmega of each layer, of a network for each seed, over all training rows."""
    rows: list[Row] = []
    for seed in bench.seeds:
        stack = bench.stack([[*_settings(activation, depth), *bench.seed(seed)]])
        part = stack.members[0].dataset.train
        passes = backward(
            stack.network, stack.shared.objective, part.inputs.numpy(), part.targets.numpy()
        )
        rows += [
            {
                "activation": activation,
                "depth": depth,
                "seed": seed,
                "layer": layer,
                "norm": float(gradient.norm()),
            }
            for layer, gradient in enumerate(passes.d_weights)
        ]
    return rows


def silent(network: Trained) -> tuple[float, float]:
    """Shares of units with slope 0 for every training row, and of all slopes that are 0."""
    part = network.problem.encoded.train
    stack = network.network()
    passes = backward(stack, network.problem.objective, part.inputs, part.targets)
    zero = [
        activation.slope(f, h)[0] == 0
        for activation, f, h in zip(stack.activations, passes.f, passes.h, strict=False)
    ]
    dead = np.concatenate([layer.all(0).numpy() for layer in zero])
    return float(dead.mean()), float(np.mean([layer.numpy().mean() for layer in zero]))


def _end(network: Trained) -> Row:
    dead, zero = silent(network)
    return {
        "activation": str(network.config.model.activation),
        "depth": network.config.model.depth,
        "seed": network.config.seed,
        "accuracy": network.last("val_accuracy"),
        "dead": dead,
        "zero": zero,
    }


def _ratio(start: Sequence[Row], activation: str, depth: int, seed: int) -> float:
    norms = column(start, "norm", activation=activation, depth=depth, seed=seed)
    return float(np.log10(norms[0] / norms[-1]))


def _values(
    start: Sequence[Row], ends: Sequence[Row], seeds: Sequence[int]
) -> dict[str, Sequence[float]]:
    deepest = max(int(row["depth"]) for row in start)
    deep = max(int(row["depth"]) for row in ends)

    def ratios(name: str) -> list[float]:
        return [_ratio(start, name, deepest, seed) for seed in seeds]

    def end(quantity: str, name: str) -> Floats:
        return np.array(column(ends, quantity, activation=name, depth=deep))

    return {
        "sigmoid_vanishes": ratios("sigmoid"),
        "relu_keeps": ratios("relu"),
        "tanh_vanishes": ratios("tanh"),
        "relus_die": end("dead", "relu").tolist(),
        "elus_live": end("dead", "elu").tolist(),
        "relus_rest": end("zero", "relu").tolist(),
        "sigmoid_fails": (end("accuracy", "relu") - end("accuracy", "sigmoid")).tolist(),
        "elu_wins": (end("accuracy", "elu") - end("accuracy", "relu")).tolist(),
    }


def _notes(start: Sequence[Row], ends: Sequence[Row]) -> list[str]:
    deepest = max(int(row["depth"]) for row in start)
    deep = max(int(row["depth"]) for row in ends)
    seeds = sorted({int(row["seed"]) for row in start})
    found = ", ".join(
        f"{name} {10 ** np.mean([_ratio(start, name, deepest, seed) for seed in seeds]):.2g}"
        for name in INITS
    )
    accuracy = ", ".join(
        f"{name} {np.mean(column(ends, 'accuracy', activation=name, depth=deep)):.3f}"
        for name in INITS
    )
    return [
        f"The first layer's gradient in units of the last's at {deepest} hidden layers: {found}.",
        f"Accuracy on unseen rows with {deep} hidden layers: {accuracy}.",
    ]


def draw(tables: Tables) -> Figure:
    """Gradients by layer and by depth; silent units and accuracy by depth."""
    from mlp_lab.lessons.old.figures import panels

    figure, (layers, ratios, quiet, accuracy) = panels(4, columns=2, size=5)
    _draw_layers(layers, tables["gradients"])
    _draw_ratios(ratios, tables["gradients"])
    _draw_silent(quiet, tables["trained"])
    _draw_accuracy(accuracy, tables["trained"])
    return figure


def _draw_layers(axis: Axes, start: Sequence[Row]) -> None:
    from mlp_lab.lessons.old.figures import COLORS, band, name

    deepest = max(int(row["depth"]) for row in start)
    layers = list(range(deepest + 1))
    for activation, color in zip(INITS, COLORS, strict=False):
        norms = [
            np.log10(column(start, "norm", activation=activation, depth=deepest, layer=layer))
            for layer in layers
        ]
        band(axis, layers, [values.tolist() for values in norms], label=activation, color=color)
    title = f"Gradient of each layer, {deepest} hidden layers, untrained"
    name(axis, title, "layer (0 reads the inputs)", "log10 of the gradient's norm")


def _draw_ratios(axis: Axes, start: Sequence[Row]) -> None:
    from mlp_lab.lessons.old.figures import COLORS, band, name

    depths = sorted({int(row["depth"]) for row in start})
    seeds = sorted({int(row["seed"]) for row in start})
    for activation, color in zip(INITS, COLORS, strict=False):
        by_seed = [[_ratio(start, activation, depth, seed) for seed in seeds] for depth in depths]
        band(axis, depths, by_seed, label=activation, color=color)
    name(axis, "First layer against last, untrained", "hidden layers", "log10 of the norms' ratio")


def _draw_silent(axis: Axes, ends: Sequence[Row]) -> None:
    from mlp_lab.lessons.old.figures import COLORS, band, name

    depths = sorted({int(row["depth"]) for row in ends})
    for quantity, label, dashed in (
        ("dead", "silent for all rows", False),
        ("zero", "slopes that are 0", True),
    ):
        for activation, color in zip(("relu", "elu"), COLORS, strict=False):
            shares = [column(ends, quantity, activation=activation, depth=d) for d in depths]
            text = f"{activation}: {label}"
            band(axis, depths, shares, label=text, color=color, dashed=dashed)
    name(axis, "Units without a gradient, trained", "hidden layers", "share")


def _draw_accuracy(axis: Axes, ends: Sequence[Row]) -> None:
    from mlp_lab.lessons.old.figures import COLORS, band, name

    depths = sorted({int(row["depth"]) for row in ends})
    for activation, color in zip(INITS, COLORS, strict=False):
        by_seed = [column(ends, "accuracy", activation=activation, depth=d) for d in depths]
        band(axis, depths, by_seed, label=activation, color=color)
    name(axis, "After training", "hidden layers", "accuracy on unseen rows")


LESSON = Lesson(
    question="Which activations let a gradient through many layers?",
    method=(
        "`experiment=activations`: digits, layers of 64 units, cross-entropy, Adam at 0.001 for 20"
        " epochs. ReLU and ELU start from He's weights, tanh and sigmoid from Glorot's. A seed"
        " draws weights, batches and rows. Gradients are those of the mean loss over all training"
        " rows; a layer's norm is that of its weight matrix. Accuracy is on 539 rows that no"
        " network learns from (validation rows)."
    ),
    claims=CLAIMS,
    seeds=10,
    measure=measure,
    draw=draw,
)

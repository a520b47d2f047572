"""Gradient descent with all rows: up to which rate it holds, and what the curvature says of it.

After "Gradient descent on neural networks typically occurs at the edge of stability" (Cohen et al.,
2021).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mlp_lab.data.arrays import Array
from mlp_lab.lessons.batch_size_and_rate.rates import GUESSING, ROWS
from mlp_lab.lessons.old.lesson import Claim, Part, Row, Tables, column, levels

if TYPE_CHECKING:
    from torch import Tensor

    from mlp_lab.lessons.old.bench import Bench
    from mlp_lab.lessons.old.figures import Axes
    from mlp_lab.lessons.trained import Trained
    from mlp_lab.network.losses import Objective
    from mlp_lab.network.mlp import MLP

MODELS: dict[str, Sequence[str]] = {
    "linear": ("model=perceptron", "model.output=linear", "loss=mse"),
    "network": (),
}
"""A linear model's squared error is a parabola, of the same curvature everywhere."""

WORSE = {"linear": 0.09, "network": GUESSING}
"""Losses of giving every digit the same probability: (0.9^2 + 9 x 0.1^2) / 10, and log 10."""

FACTORS = {
    "linear": tuple(2 ** ((step + 0.5) / 8) for step in range(-6, 6)),
    "network": tuple(2 ** (step / 2) for step in range(-2, 13)),
}
"""Rates in units of 2 / largest curvature at the start."""

EPOCHS = 200
ITERATIONS = 60
"""Of the power method."""

CLAIMS = {
    "parabola": Claim(
        text="Gradient descent holds up to a rate of 2 / largest curvature, where the loss is a"
        " parabola.",
        measure="|log2 of the highest rate that holds x largest curvature / 2|, linear model",
        below=0.125,
    ),
    "network": Claim(
        text="The same rule, with the curvature at the start, tells a network's highest rate.",
        measure="|log2 of the highest rate that holds x largest curvature at the start / 2|",
        below=0.5,
    ),
    "edge": Claim(
        text="Training leads to where the curvature just allows the rate: the edge of stability.",
        measure="|log2 of rate x largest curvature after training / 2|, at the rate that is as high"
        " as the curvature at the start allows",
        below=0.5,
    ),
}


def measure(bench: Bench) -> Part:
    """Train each model at rates around 2 / largest curvature."""
    base = ["experiment=batch_size_and_rate", f"data.train_rows={ROWS}", "batch_size=full"]
    base += [f"epochs={20 if bench.quick else EPOCHS}"]
    starts = {
        (model, seed): _curvature_at_start(bench, [*base, *words, *bench.seed(seed)])
        for model, words in MODELS.items()
        for seed in bench.seeds
    }
    table = []
    for model, words in MODELS.items():
        points = [
            (factor, seed)
            for factor in FACTORS[model][:: 3 if bench.quick else 1]
            for seed in bench.seeds
        ]
        rates = [2 * factor / starts[model, seed] for factor, seed in points]
        trained = bench.train(
            [
                [*base, *words, f"optimizer.lr={rate}", *bench.seed(seed)]
                for rate, (_, seed) in zip(rates, points, strict=True)
            ]
        )
        table += [
            _row(network, model, factor, starts[model, seed])
            for network, (factor, seed) in zip(trained, points, strict=True)
        ]
    return _values(table), {"stability": table}, _notes(table)


def _curvature_at_start(bench: Bench, words: Sequence[str]) -> float:
    stack = bench.stack([[*words, "dtype=float64"]])
    part = stack.members[0].dataset.train
    return largest_curvature(
        stack.network, stack.shared.objective, part.inputs.numpy(), part.targets.numpy()
    )


def largest_curvature(network: MLP, objective: Objective, inputs: Array, targets: Array) -> float:
    """Largest eigenvalue of the Hessian of the mean loss, of a stack of one.

    By the power method: products with the Hessian are gradients of the gradient's inner product
    with a direction, by autograd. It finds the eigenvalue of the greatest absolute value.
    """
    import torch

    x, t = (torch.as_tensor(part).to(network.layers.flat)[None] for part in (inputs, targets))
    parameters = [*network.weights, *network.biases]
    with torch.enable_grad():
        loss = objective.rows(network.pre_activation(x), t).mean()
        slopes = torch.autograd.grad(loss, parameters, create_graph=True)
        generator = torch.Generator().manual_seed(0)
        direction: Sequence[Tensor] = [
            torch.randn(part.shape, generator=generator, dtype=part.dtype) for part in parameters
        ]
        found = 0.0
        for _ in range(ITERATIONS):
            norm = torch.stack([part.square().sum() for part in direction]).sum().sqrt()
            unit = [part / norm for part in direction]
            along = torch.stack([(a * b).sum() for a, b in zip(slopes, unit, strict=True)]).sum()
            direction = torch.autograd.grad(along, parameters, retain_graph=True)
            found = float(sum((a * b).sum() for a, b in zip(direction, unit, strict=True)))
    return found


def _row(network: Trained, model: str, factor: float, start: float) -> Row:
    part, loss = network.problem.encoded.train, network.last("train_loss")
    holds = bool(loss < WORSE[model])
    curvature = float("nan")
    if holds and model == "network":
        curvature = largest_curvature(
            network.network(), network.problem.objective, part.inputs, part.targets
        )
    return {
        "model": model,
        "seed": network.config.seed,
        "rate": network.config.optimizer.lr,
        "factor": factor,
        "curvature_at_start": start,
        "loss": loss,
        "holds": int(holds),
        "curvature_at_end": curvature,
    }


def highest(table: Sequence[Row], model: str, seed: int) -> float:
    """The highest factor up to which every rate of the grid holds; 0 if not even the lowest."""
    own = sorted(
        (float(row["factor"]), row["holds"] == 1)
        for row in table
        if (row["model"], row["seed"]) == (model, seed)
    )
    found = 0.0
    for factor, holds in own:
        if not holds:
            break
        found = factor
    return found


def _at_edge(table: Sequence[Row]) -> list[Row]:
    """Networks whose rate is as high as their curvature at the start allows, or next to it."""
    own = [row for row in table if row["model"] == "network"]
    nearest = min(column(own, "factor"), key=lambda factor: abs(np.log(factor)))
    return [row for row in own if row["factor"] == nearest]


def _values(table: Sequence[Row]) -> dict[str, Sequence[float]]:
    factors: dict[str, Sequence[float]] = {
        "parabola": [highest(table, "linear", seed) for seed in levels(table, "seed")],
        "network": [highest(table, "network", seed) for seed in levels(table, "seed")],
        "edge": [
            float(row["rate"]) * float(row["curvature_at_end"]) / 2 for row in _at_edge(table)
        ],
    }
    with np.errstate(divide="ignore"):  # no rate at all that holds
        return {name: np.abs(np.log2(found)).tolist() for name, found in factors.items()}


def _notes(table: Sequence[Row]) -> list[str]:
    seeds = levels(table, "seed")
    found = {model: [highest(table, model, seed) for seed in seeds] for model in MODELS}
    network = [row for row in table if np.isfinite(float(row["curvature_at_end"]))]
    ends: dict[float, list[float]] = {}
    for row in network:
        product = float(row["rate"]) * float(row["curvature_at_end"]) / 2
        ends.setdefault(float(row["factor"]), []).append(product)
    words = ", ".join(f"{factor:.2g}" for factor in ends)
    reached = ", ".join(f"{np.mean(products):.2f}" for products in ends.values())
    start, end = (
        np.mean(column(_at_edge(table), f"curvature_at_{when}")) for when in ("start", "end")
    )
    return [
        "The highest rate that holds, in units of 2 / largest curvature at the start:"
        f" {np.mean(found['linear']):.2f} (linear model, squared error) and"
        f" {np.mean(found['network']):.1f} (network, cross-entropy). A network's curvature is"
        f" another wherever it goes: at the rate that the start just allows it goes from"
        f" {start:.2f} to {end:.2f}.",
        f"Rate x largest curvature after training / 2, at rates of {words} in the same units:"
        f" {reached}. Near 1 is the edge.",
    ]


def draw(tables: Tables, axes: Sequence[Axes]) -> None:
    """Loss against the rate in units of 2 / curvature; curvature after training."""
    from mlp_lab.lessons.old.figures import COLORS, GREY, band, mark, name

    table = tables["stability"]
    for model, color in zip(MODELS, COLORS, strict=False):
        ratios = {
            factor: [loss / WORSE[model] for loss in losses]
            for factor in sorted(set(column(table, "factor", model=model)))
            if np.isfinite(losses := column(table, "loss", model=model, factor=factor)).all()
        }
        band(axes[0], list(ratios), list(ratios.values()), label=model, color=color)
    mark(axes[0], 1.0, "2 / largest curvature")
    axes[0].axhline(1, color=GREY, linestyle="--", label="guessing")
    title = "Gradient descent with all rows"
    name(axes[0], title, "rate x curvature at the start / 2", "loss / that of guessing", log="xy")
    axes[0].set_ylim(0.005, 10)
    network = {
        factor: ends
        for factor in sorted(set(column(table, "factor", model="network")))
        if np.isfinite(ends := column(table, "curvature_at_end", factor=factor)).all()
    }
    rates = [float(np.mean(column(table, "rate", factor=factor))) for factor in network]
    band(axes[1], rates, list(network.values()), label="after training", color=COLORS[1])
    start = float(np.mean(column(table, "curvature_at_start", model="network")))
    axes[1].axhline(start, color=COLORS[0], label="before training")
    axes[1].plot(rates, [2 / rate for rate in rates], "--", color=GREY, label="2 / rate")
    name(axes[1], "Curvature of the network", "learning rate", "largest curvature", log="xy")

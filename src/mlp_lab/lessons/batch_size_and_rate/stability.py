"""Gradient descent with all rows: up to which rate it holds, and what the curvature says of it.

After "Gradient descent on neural networks typically occurs at the edge of stability" (Cohen et al.,
2021).
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from mlp_lab.data.arrays import Array, Floats
from mlp_lab.engine.stack import Stack
from mlp_lab.lessons.batch_size_and_rate.rates import BASE, GUESSING
from mlp_lab.lessons.bench import Bench
from mlp_lab.lessons.claims import Claim
from mlp_lab.lessons.panels import GREY, Band, Line, Mark, Panel, bands
from mlp_lab.lessons.study import Trial, seed_settings
from mlp_lab.lessons.tables import Columns, Table, Tables, by_seed, levels, listed, where
from mlp_lab.lessons.trained import Trained, measured
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


def measure(bench: Bench) -> Tables:
    """Train each model at rates around 2 / largest curvature."""
    base = [*BASE, "batch_size=full", f"epochs={20 if bench.quick else EPOCHS}"]
    networks: list[Trained] = []
    for model, words in MODELS.items():
        settings = {seed: [*base, *words, *seed_settings(seed)] for seed in bench.seeds}
        curvatures = {
            seed: curvature_of(bench.stack([*own, "dtype=float64"]))
            for seed, own in settings.items()
        }
        study = [
            Trial(
                {"model": model, "factor": factor, "seed": seed, "curvature_at_start": curvature},
                [*settings[seed], f"optimizer.lr={2 * factor / curvature}"],
            )
            for factor in FACTORS[model][:: 3 if bench.quick else 1]
            for seed, curvature in curvatures.items()
        ]
        networks += bench.train(study)[0]
    return {"stability": measured(networks, result)}


def curvature_of(stack: Stack) -> float:
    """The largest one of a stack of one as it stands, over its training rows."""
    part = stack.members[0].dataset.train
    inputs, targets = part.inputs.numpy(), part.targets.numpy()
    return largest_curvature(stack.network, stack.shared.objective, inputs, targets)


def largest_curvature(network: MLP, objective: Objective, inputs: Array, targets: Array) -> float:
    """Largest eigenvalue of the Hessian of the mean loss, of a stack of one.

    By the power method: products with the Hessian are gradients of the gradient's inner product
    with a direction, by autograd. It finds the eigenvalue of the greatest absolute value.
    """
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


def result(network: Trained) -> Columns:
    """Whether the rate holds, and a network's curvature after training if it does."""
    part, model, curvature = network.problem.encoded.train, str(network.labels["model"]), np.nan
    rate, loss = network.config.optimizer.lr, network.last("train_loss")
    holds = loss < WORSE[model]
    if holds and model == "network":
        objective = network.problem.objective
        curvature = largest_curvature(network.network(), objective, part.inputs, part.targets)
    return {
        "rate": rate,
        "loss": loss,
        "relative_loss": loss / WORSE[model],
        "holds": int(holds),
        "curvature_at_end": curvature,
        "relative_curvature": rate * curvature / 2,
    }


def highest(table: Table, model: str) -> Floats:
    """Each seed's highest factor up to which all hold; 0 if not even the lowest, (seeds,)."""
    holds = by_seed(table, "holds", "factor", model=model)
    factors = np.array(levels(where(table, model=model), "factor"))
    found: Floats = (np.minimum.accumulate(holds) * factors[:, None]).max(axis=0)
    return found


def at_edge(tables: Tables, column: str) -> Floats:
    """Of networks at the rate that the curvature at the start just allows, or next to it."""
    own = where(tables["stability"], model="network")
    nearest = min(levels(own, "factor"), key=lambda factor: abs(np.log(factor)))
    return by_seed(own, column, factor=nearest)


def octaves(ratios: Floats) -> Floats:
    """How far ratios lie from 1, on a scale of log2."""
    with np.errstate(divide="ignore"):  # no rate at all that holds
        return np.abs(np.log2(ratios))


CLAIMS = {
    "parabola": Claim(
        "Gradient descent holds up to a rate of 2 / largest curvature, where the loss is a"
        " parabola.",
        "|log2 of the highest rate that holds x largest curvature / 2|, linear model",
        lambda tables: octaves(highest(tables["stability"], "linear")),
        below=0.125,
    ),
    "network": Claim(
        "The same rule, with the curvature at the start, tells a network's highest rate.",
        "|log2 of the highest rate that holds x largest curvature at the start / 2|",
        lambda tables: octaves(highest(tables["stability"], "network")),
        below=0.5,
    ),
    "edge": Claim(
        "Training leads to where the curvature just allows the rate: the edge of stability.",
        "|log2 of rate x largest curvature after training / 2|, at the rate that is as high as the"
        " curvature at the start allows",
        lambda tables: octaves(at_edge(tables, "relative_curvature")),
        below=0.5,
    ),
}


def notes(tables: Tables) -> list[str]:
    """The highest rates, and the curvature after training."""
    table = tables["stability"]
    linear, network = (highest(table, model).mean() for model in MODELS)
    start, end = (at_edge(tables, f"curvature_at_{when}").mean() for when in ("start", "end"))
    reached = table.dropna().groupby("factor")["relative_curvature"].mean()
    return [
        "The highest rate that holds, in units of 2 / largest curvature at the start:"
        f" {linear:.2f} (linear model, squared error) and {network:.1f} (network, cross-entropy). A"
        " network's curvature is another wherever it goes: at the rate that the start just allows"
        f" it goes from {start:.2f} to {end:.2f}.",
        "Rate x largest curvature after training / 2, at rates of"
        f" {listed(reached.index, '.2g')} in the same units: {listed(reached, '.2f')}. Near 1 is"
        " the edge.",
    ]


def panels(tables: Tables) -> list[Panel]:
    """Loss against the rate in units of 2 / curvature; curvature after training."""
    table = tables["stability"]
    own = where(table, model="network")
    start, ends = own["curvature_at_start"].mean(), by_seed(own, "curvature_at_end", "factor")
    known = np.isfinite(ends).all(axis=1)
    rates = by_seed(own, "rate", "factor").mean(axis=1)[known]
    return [
        Panel(
            "Gradient descent with all rows",
            *("rate x curvature at the start / 2", "loss / that of guessing"),
            [
                *bands(table, "factor", "relative_loss", "model"),
                Mark(x=1.0, label="2 / largest curvature"),
                Mark(y=1.0, label="guessing", line="--"),
            ],
            log="xy",
            y_limits=(0.005, 10),
        ),
        Panel(
            *("Curvature of the network", "learning rate", "largest curvature"),
            [
                Band(x=rates, values=ends[known], label="after training", color=1),
                Mark(y=float(start), label="before training", color=0, line="-"),
                Line(x=rates, y=2 / rates, label="2 / rate", color=GREY, line="--"),
            ],
            log="xy",
        ),
    ]

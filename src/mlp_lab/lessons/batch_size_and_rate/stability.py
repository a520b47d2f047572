"""Gradient descent with all rows: up to which rate it holds, and what the curvature says of it.

After "Gradient descent on neural networks typically occurs at the edge of stability" (Cohen et al.,
2021).
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from mlp_lab.data.arrays import Floats
from mlp_lab.engine.stack import Stack
from mlp_lab.lessons.batch_size_and_rate.rates import BASE, GUESSING
from mlp_lab.lessons.bench import Bench
from mlp_lab.lessons.claims import POSITIVE, Claim
from mlp_lab.lessons.gradient_flow import with_rows
from mlp_lab.lessons.panels import GREY, Drawn, Line, Mark, Panel, band, bands
from mlp_lab.lessons.study import Trial, seed_settings
from mlp_lab.lessons.tables import Columns, Tables, by_seed, levels, listed, where
from mlp_lab.lessons.trained import Trained, measured

MODELS = {"linear": ("model=perceptron", "model.output=linear", "loss=mse"), "network": ()}
"""A linear model's squared error is a parabola, of the same curvature everywhere."""

WORSE = {"linear": 0.09, "network": GUESSING}
"""Losses of giving every digit the same probability: (0.9^2 + 9 x 0.1^2) / 10, and log 10."""

FACTORS = {
    "linear": [2 ** ((step + 0.5) / 8) for step in range(-6, 6)],
    "network": [2 ** (step / 2) for step in range(-2, 13)],
}
"""Rates in units of 2 / largest curvature at the start."""

EPOCHS = 200
ITERATIONS = 60  # of the power method


def measure(bench: Bench) -> Tables:
    """Train each model at rates around 2 / largest curvature."""
    epochs, every = (20, 3) if bench.quick else (EPOCHS, 1)
    networks: list[Trained] = []
    for model, words in MODELS.items():
        base = [*BASE, "batch_size=full", f"epochs={epochs}", *words]
        starts = {
            seed: largest_curvature(bench.stack([*base, *seed_settings(seed), "dtype=float64"]))
            for seed in bench.seeds
        }
        study = [
            Trial(
                {"model": model, "factor": factor, "seed": seed, "curvature_at_start": start},
                [*base, *seed_settings(seed), f"optimizer.lr={2 * factor / start}"],
            )
            for factor in FACTORS[model][::every]
            for seed, start in starts.items()
        ]
        networks += bench.train(study)[0]
    return {"stability": measured(networks, result)}


def largest_curvature(of: Stack | Trained) -> float:
    """Largest eigenvalue of the Hessian of the mean loss over all training rows.

    By the power method: products with the Hessian are gradients of the gradient's inner product
    with a direction, by autograd. It finds the eigenvalue of the greatest absolute value.
    """
    network, objective, batch = with_rows(of)
    parameters = [*network.weights, *network.biases]
    loss = objective.rows(network.pre_activation(batch.inputs), batch.targets).mean()
    slopes = torch.autograd.grad(loss, parameters, create_graph=True)
    generator, found = torch.Generator().manual_seed(0), 0.0
    direction: Sequence[Tensor] = [
        torch.randn(part.shape, generator=generator, dtype=part.dtype) for part in parameters
    ]
    for _ in range(ITERATIONS):
        norm = inner_product(direction, direction).sqrt()
        unit = [part / norm for part in direction]
        along = inner_product(slopes, unit)
        direction = torch.autograd.grad(along, parameters, retain_graph=True)
        found = float(inner_product(direction, unit))
    return found


def inner_product(a: Sequence[Tensor], b: Sequence[Tensor]) -> Tensor:
    """Of two directions over all parameters."""
    return torch.stack([(u * v).sum() for u, v in zip(a, b, strict=True)]).sum()


def result(network: Trained) -> Columns:
    """Whether the rate holds, and a network's curvature after training if it does."""
    model, rate = str(network.labels["model"]), network.config.optimizer.lr
    loss, worse = network.last("train_loss"), WORSE[model]
    curved = loss < worse and model == "network"
    curvature = largest_curvature(network) if curved else np.nan
    losses = {"loss": loss, "relative_loss": loss / worse, "holds": int(loss < worse)}
    curvatures = {"curvature_at_end": curvature, "relative_curvature": rate * curvature / 2}
    return {"rate": rate, **losses, **curvatures}


def highest(tables: Tables, model: str) -> Floats:
    """Each seed's highest factor up to which all hold; 0 if not even the lowest, (seeds,)."""
    own = where(tables["stability"], model=model)
    factors = np.array(levels(own, "factor"))[:, None]
    held = np.minimum.accumulate(by_seed(own, "holds", "factor"))
    return np.asarray((held * factors).max(axis=0))


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
        "On a parabolic loss, gradient descent holds up to a rate of 2 / largest curvature.",
        "|log2 of the highest rate that holds x largest curvature / 2|, linear model",
        lambda t: octaves(highest(t, "linear")),
        below=0.125,
        within=POSITIVE,
    ),
    "network": Claim(
        "The same rule, with the curvature at the start, tells a network's highest rate.",
        "|log2 of the highest rate that holds x largest curvature at the start / 2|",
        lambda t: octaves(highest(t, "network")),
        below=0.5,
        within=POSITIVE,
    ),
    "edge": Claim(
        "Training leads to where the curvature just allows the rate: the edge of stability.",
        "|log2 of rate x largest curvature after training / 2|, at the rate that the largest"
        " curvature at the start just allows",
        lambda t: octaves(at_edge(t, "relative_curvature")),
        below=0.5,
        within=POSITIVE,
    ),
}


def notes(tables: Tables) -> list[str]:
    """The highest rates, and the curvature after training."""
    linear, network = (highest(tables, model).mean() for model in MODELS)
    start, end = (at_edge(tables, f"curvature_at_{when}").mean() for when in ("start", "end"))
    reached = tables["stability"].dropna().groupby("factor")["relative_curvature"].mean()
    return [
        f"The highest rate that holds, in units of 2 / largest curvature at the start: {linear:.2f}"
        f" (linear model, squared error) and {network:.1f} (network, cross-entropy). A network's"
        " curvature changes as it trains: at the rate that the start just allows, from"
        f" {start:.2f} to {end:.2f}.",
        f"Rate x largest curvature after training / 2, at rates of {listed(reached.index, '.2g')}"
        f" in the same units: {listed(reached, '.2f')}. Near 1 is the edge.",
    ]


def panels(tables: Tables) -> list[Panel]:
    """Loss against the rate in units of 2 / curvature; curvature after training."""
    own = where(tables["stability"], model="network")
    own = own.assign(rate=own.groupby("factor")["rate"].transform("mean"))
    after = band(own, "rate", "curvature_at_end", "after training", color=1)
    start = float(own["curvature_at_start"].mean())
    losses: list[Drawn] = [
        *bands(tables["stability"], "factor", "relative_loss", "model"),
        Mark(x=1.0, label="2 / largest curvature"),
        Mark(y=1.0, label="guessing", line="--"),
    ]
    curvatures: list[Drawn] = [
        after,
        Mark(y=start, label="before training", color=0, line="-"),
        Line(x=after.x, y=np.divide(2, after.x), label="2 / rate", color=GREY, line="--"),
    ]
    title, x = "Gradient descent with all rows", "rate x curvature at the start / 2"
    curvature = "largest curvature"
    return [
        Panel(title, x, "loss / that of guessing", losses, log="xy", y_limits=(0.005, 10)),
        Panel("Curvature of the network", "learning rate", curvature, curvatures, log="xy"),
    ]

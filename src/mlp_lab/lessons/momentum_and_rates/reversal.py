"""Which rules hold a momentum: how they answer a gradient that turns round.

AdaGrad is of Duchi, Hazan and Singer (2011), AdaDelta of Zeiler (2012), momentum of Polyak (1964),
Adam of Kingma and Ba (2015).
"""

from collections.abc import Sequence

import numpy as np
import torch

from mlp_lab.data.arrays import Floats
from mlp_lab.lessons.bench import Bench
from mlp_lab.lessons.claims import Claim
from mlp_lab.lessons.panels import Drawn, Line, Mark, Panel
from mlp_lab.lessons.tables import Columns, Tables, by_seed, table_of, where
from mlp_lab.network.mlp import MLP
from mlp_lab.network.optimizers import OptimizerConfig
from mlp_lab.network.stack_optimizer import Optimizer

RULES = ("momentum", "adam", "adagrad", "adadelta", "rmsprop")
BEFORE, AFTER = 60, 40  # steps up to the turn, and from it on
SMALLEST, LARGEST = 0.5, 1.5  # of a gradient's size
LINES = dict(zip(RULES, ("-", "--", "-", "--", ":"), strict=True))  # several coincide
SHOWN = 8  # steps before the turn that are drawn


def measure(bench: Bench) -> Tables:
    """Turn the gradient round under every rule; a move is relative to those before the turn."""
    moves, stops = list[Columns](), list[Columns]()
    for rule in RULES:
        config = bench.stack(["data=xor", f"optimizer={rule}"]).members[0].optimizer
        found = responses(config, bench.seeds)
        for seed, own in zip(bench.seeds, found, strict=True):
            labels: Columns = {"rule": rule, "seed": seed}
            stops.append({**labels, "still": still(own)})
            relative = own / own[BEFORE - 10 : BEFORE].mean()
            moves.append({**labels, "step": np.arange(-BEFORE, AFTER), "move": relative})
    return {"reversal": table_of(stops), "moves": table_of(moves)}


def responses(config: OptimizerConfig, seeds: Sequence[int]) -> Floats:
    """How far a weight moves against the first gradients in each step, (seeds, steps)."""
    count = len(seeds)
    network = MLP([[1, 1]] * count, activations=[], output="linear", dtype=torch.float64)
    gradients = network.layers.like()
    optimizer = Optimizer(network.layers, gradients, [config] * count)
    rates = torch.full((1, count), config.lr, dtype=torch.float64)
    optimizer.begin_epoch(rates, [0] * count)
    sizes = np.stack([np.random.default_rng(seed).random(BEFORE + AFTER) for seed in seeds])
    sizes = SMALLEST + (LARGEST - SMALLEST) * sizes
    sizes[:, BEFORE:] *= -1
    weight, places = network.layers.weights[0], [np.zeros(count)]
    for of_step in torch.as_tensor(sizes.T):
        gradients.weights[0].copy_(of_step.view(-1, 1, 1))
        gradients.biases[0].zero_()
        optimizer.step(count)
        places.append(weight.flatten().numpy().copy())
    return -np.diff(np.stack(places, axis=1), axis=1)


def still(moves: Floats) -> int:
    """Steps after the turn until one goes the new way; of moves (steps,)."""
    new = moves[BEFORE:] < 0
    return int(new.argmax()) if new.any() else AFTER


def steps_on(tables: Tables, rule: str) -> Floats:
    """Of each seed."""
    return by_seed(tables["reversal"], "still", rule=rule)


STILL = "steps that still go the old way after the gradient has turned round"

CLAIMS = {
    "momentum_goes_on": Claim(
        "Momentum goes on where it was going when the gradient turns round.",
        f"{STILL}, momentum",
        lambda t: steps_on(t, "momentum"),
        above=3.0,
    ),
    "adam_goes_on": Claim(
        "So does Adam, which holds a momentum, too.",
        f"{STILL}, adam",
        lambda t: steps_on(t, "adam"),
        above=3.0,
    ),
    "none_held": Claim(
        "AdaGrad and AdaDelta hold no momentum: they turn with the gradient.",
        f"{STILL}, momentum - the more of adagrad's and adadelta's",
        lambda t: (
            steps_on(t, "momentum")
            - np.maximum(*(steps_on(t, rule) for rule in ("adagrad", "adadelta")))
        ),
        above=3.0,
    ),
}


def notes(tables: Tables) -> list[str]:
    """Steps of every rule."""
    means = ", ".join(f"{rule} {steps_on(tables, rule).mean():.1f}" for rule in RULES)
    return [
        f"Steps that still go the old way: {means}. AdaGrad, AdaDelta and RMSProp remember how"
        " large gradients were, not where they led."
    ]


def panels(tables: Tables) -> list[Panel]:
    """The moves around the turn."""
    table = tables["moves"]
    shown = table[table["step"] >= -SHOWN]
    moves: list[Drawn] = [
        *(
            Line(x=own["step"], y=own["move"], label=rule, line=line, color=color, width=1.6)
            for (rule, line), color in zip(LINES.items(), (0, 1, 2, 3, 4), strict=True)
            for own in [where(shown, rule=rule, seed=table["seed"].min())]
        ),
        Mark(y=0.0, line="-"),
        Mark(x=0.0, label="the gradient turns"),
    ]
    title = "Steps relative to those before the turn, first seed"
    return [Panel(title, "step after the turn", "way of a step", moves, legend_size=7)]

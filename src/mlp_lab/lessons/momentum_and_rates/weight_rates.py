"""The rate of every single weight, as adaptive rules have it, over weights and epochs.

Rates are those of "Adaptive subgradient methods" (Duchi et al., 2011), RMSProp (Tieleman and
Hinton, 2012) and "Adam" (Kingma and Ba, 2015).
"""

from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor

from mlp_lab.data.arrays import Floats
from mlp_lab.engine.stack import Stack
from mlp_lab.lessons.bench import Bench
from mlp_lab.lessons.claims import DIFFERENCE, POSITIVE, Claim
from mlp_lab.lessons.panels import Area, Drawn, Line, Mark, Panel
from mlp_lab.lessons.study import grid, varied
from mlp_lab.lessons.tables import Columns, Tables, by_seed, listed, where
from mlp_lab.lessons.trained import Trained, measured
from mlp_lab.network.optimizers import AdaGradConfig, AdamConfig, OptimizerConfig, RMSPropConfig

RULES = ("adam", "rmsprop", "adagrad")
BATCH, ROWS, EPOCHS = 32, 500, 40
STEPS = -(-ROWS // BATCH)  # of an epoch
LIMITS = (8e-4, 3)  # of the pictures: from eta to the largest rates
SHARES = (0.1, 0.25, 0.5, 0.75, 0.9)  # quantiles over weights


def measure(bench: Bench) -> Tables:
    """Train by every rule, and look at the second moments after each epoch."""
    epochs = 6 if bench.quick else EPOCHS
    words = ["experiment=optimizers", f"data.train_rows={ROWS}", f"batch_size={BATCH}"]
    study = grid([*words, f"epochs={epochs}"], bench.seeds, rule=varied("optimizer", RULES))
    networks = bench.train(study, probe=second_moments)[0]
    return {"rates": measured(networks, quantiles), "single_rates": measured(networks, changes)}


def second_moments(stack: Stack) -> Mapping[str, Tensor]:
    """What divides the rate, for every weight and bias of every network, (K, P)."""
    place = 1 if isinstance(stack.optimizer.configs[0], AdamConfig) else 0
    tensors = stack.optimizer.moments[place].tensors
    return {"second": torch.cat([tensor.flatten(1) for tensor in tensors], dim=1)}


def own_rates(config: OptimizerConfig, second: Floats, steps: Floats) -> Floats:
    """eta / (sqrt(v) + eps) from second moments (E, P) after some steps (E,)."""
    assert isinstance(config, AdamConfig | RMSPropConfig | AdaGradConfig)
    if isinstance(config, AdamConfig):
        second = second / (1 - config.beta2 ** steps[:, None])
    return np.asarray(config.lr / (np.sqrt(second) + config.eps))


def rates_of(network: Trained) -> Floats:
    """Of every weight that had a gradient at any time, after each epoch, (E, P)."""
    second = network.outcome.probes["second"][1:]
    steps: Floats = STEPS * np.arange(1, len(second) + 1, dtype=np.float64)
    known = (second > 0).all(axis=0)
    return own_rates(network.config.optimizer, second[:, known], steps)


def quantiles(network: Trained) -> Columns:
    """Of the weights' rates after each epoch."""
    found = np.quantile(rates_of(network), SHARES, axis=1)
    epoch = np.arange(found.shape[1]) + 1
    columns = {f"q{share:.0%}".rstrip("%"): own for share, own in zip(SHARES, found, strict=True)}
    return {"epoch": epoch, "eta": network.config.optimizer.lr, **columns}


def changes(network: Trained) -> Columns:
    """How much a single weight's rate changes over epochs, and how many weights' rise."""
    rates = rates_of(network)
    return {
        "weights": rates.shape[1],
        "change": np.median(rates.max(axis=0) / rates.min(axis=0)),
        "risen": (rates[-1] > rates[0]).mean(),
    }


def spread(tables: Tables, rule: str) -> Floats:
    """The rate that a tenth of the weights exceed / that of which a tenth fall short, (seeds,)."""
    table = where(tables["rates"], rule=rule)
    last = int(table["epoch"].max())
    return by_seed(table, "q90", epoch=last) / by_seed(table, "q10", epoch=last)


def over_weights(rule: str, name: str, times: str, bound: float) -> Claim:
    """That a rule's rates differ from weight to weight by more than a factor."""
    return Claim(
        f"{name}'s rates differ from weight to weight, more than {times}.",
        f"rate that a tenth of the weights exceed / that of which a tenth fall short, {rule}, after"
        f" {EPOCHS} epochs",
        lambda t: spread(t, rule),
        above=bound,
    )


CLAIMS = {
    "adam_twofold": over_weights("adam", "Adam", "twofold", 2.0),
    "adam_tenfold": over_weights("adam", "Adam", "tenfold", 10.0),
    "rmsprop_twofold": over_weights("rmsprop", "RMSProp", "twofold", 2.0),
    "rmsprop_tenfold": over_weights("rmsprop", "RMSProp", "tenfold", 10.0),
    "time": Claim(
        "And the rate of a single weight changes as it learns.",
        "largest / smallest rate of a weight over epochs, median over weights, adam",
        lambda t: by_seed(t["single_rates"], "change", rule="adam"),
        above=2.0,
        within=POSITIVE,
    ),
    "adagrad_falls": Claim(
        "AdaGrad's rates only fall; RMSProp's rise again as gradients grow small.",
        "share of weights whose rate is higher after the last epoch than after the first, rmsprop -"
        " adagrad",
        lambda t: (
            by_seed(t["single_rates"], "risen", rule="rmsprop")
            - by_seed(t["single_rates"], "risen", rule="adagrad")
        ),
        above=0.5,
        within=DIFFERENCE,
    ),
}


def notes(tables: Tables) -> list[str]:
    """Spread over weights, change over epochs, and the share that rises."""
    single = tables["single_rates"]
    words: dict[str, Callable[[Tables, str], Floats]] = {
        "a tenth of the weights have a rate so many times that of another tenth": spread,
        "a weight's largest rate is so many times its smallest": lambda t, rule: by_seed(
            t["single_rates"], "change", rule=rule
        ),
    }
    found = [
        f"After {EPOCHS} epochs of {listed_rules()}, {text}:"
        f" {listed([of(tables, rule).mean() for rule in RULES], '.3g')}."
        for text, of in words.items()
    ]
    risen = [by_seed(single, "risen", rule=rule).mean() for rule in RULES]
    return [*found, f"Of {listed_rules()}, {listed(risen, '.0%')} of the weights' rates rise."]


def listed_rules() -> str:
    """`adam, rmsprop, adagrad`."""
    return ", ".join(RULES)


def panels(tables: Tables) -> list[Panel]:
    """How rates are spread over the weights of the first seed's network, epoch by epoch."""
    table = tables["rates"]
    first = where(table, seed=table["seed"].min())
    found = []
    for color, rule in enumerate(RULES):
        own = where(first, rule=rule)
        x = own["epoch"]
        drawn: list[Drawn] = [
            Area(x=x, low=own["q10"], high=own["q90"], label="80 % of the weights", color="0.8"),
            Area(x=x, low=own["q25"], high=own["q75"], label="half of them", color=color),
            Line(x=x, y=own["q50"], label="median", color=color, width=2),
            Mark(y=float(own["eta"].iloc[0]), label="eta", line="--"),
        ]
        title = f"Rates of single weights: {rule}"
        found.append(Panel(title, "epoch", "rate of a weight", drawn, log="y", y_limits=LIMITS))
    return found

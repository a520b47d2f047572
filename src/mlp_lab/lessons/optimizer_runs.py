"""Every optimizer at every rate: how soon it comes to a loss, and how much its rate matters."""

from itertools import product

import numpy as np

from mlp_lab.lessons.bench import Bench
from mlp_lab.lessons.study import grid, varied
from mlp_lab.lessons.tables import Columns, Table, Tables, at_best, by_seed, levels, table_of, where
from mlp_lab.lessons.trained import Trained, chosen, measured
from mlp_lab.lessons.trajectories import trajectories

GOALS = {"digits": 0.01, "sine": 0.2}  # training loss to come to; a share of the sine's variance
EPOCHS = {"digits": 40, "sine": 100}
FULL_EPOCHS = {"digits": 100, "sine": 400}  # of networks that take all rows in a step
SPACING, COUNT = 0.25, 12  # rates lie so many decades apart, and there are so many

LOWEST = {"gd": -1.75, "gd + momentum": -1.5, "sgd": -1.75, "momentum": -1.75}
LOWEST |= {"heavy_ball": -2.75, "nesterov": -2.75, "adagrad": -2.25, "adadelta": -0.75}
LOWEST |= {"rmsprop": -3.25, "adam": -3.25, "adamw": -3.25}
"""log10 of the first rate that is tried, of every rule."""

RULES = {rule: [f"optimizer={rule}"] for rule in LOWEST}
RULES["gd + momentum"] = ["optimizer=momentum", "batch_size=full"]
FULL, PLAIN, ADAPTIVE = tuple(RULES)[:2], tuple(RULES)[2:6], tuple(RULES)[6:]


def measure(bench: Bench) -> Tables:
    """Train by every rule at every rate; then descend through two valleys by every rule."""
    studies = []
    for problem, rule in product(GOALS, RULES):
        epochs = 8 if bench.quick else (FULL_EPOCHS if rule in FULL else EPOCHS)[problem]
        rates = [float(f"{10 ** (LOWEST[rule] + SPACING * place):.4g}") for place in range(COUNT)]
        words = ["experiment=optimizers", f"epochs={epochs}", f"data={problem}", *RULES[rule]]
        rate = varied("optimizer.lr", rates[3:10:3] if bench.quick else rates)
        studies.append(grid(words, bench.seeds, problem={problem: []}, rule={rule: []}, rate=rate))
    networks = [network for study in bench.train(*studies) for network in study]
    runs = measured(networks, run)
    best = at_best(runs, "rate", "capped_epochs", each=("problem", "rule"))
    best = best.merge(table_of(sensitivity(runs, p, r) for p, r in product(GOALS, RULES)))
    optimizers = {str(network.labels["rule"]): network.config.optimizer for network in networks}
    del optimizers["gd + momentum"]  # is momentum where gradients are exact
    return {
        "runs": runs,
        "best_runs": best,
        "curves": measured(chosen(networks, where(best, seed=bench.seeds[0])), curve),
        **trajectories(optimizers, bench.seeds, quick=bench.quick),
    }


def run(network: Trained) -> Columns:
    """How soon a network came to the loss, and what it had cost and learnt by then.

    `epochs` is infinite where it never did, `capped_epochs` then is `limit`, how long it was
    trained; all of it counts for `rises`. `seconds` are its share of its stack's.
    """
    problem, losses = str(network.labels["problem"]), network.curve("train_loss")
    reached = np.flatnonzero(losses <= GOALS[problem])
    end = int(reached[0]) + 1 if len(reached) else len(losses)
    known = losses[np.isfinite(losses)]
    return {
        "epochs": float(end) if len(reached) else np.inf,
        "capped_epochs": end,
        "limit": len(losses),
        "seconds": network.outcome.curves["seconds"][:end].sum(),
        "rises": np.mean(np.diff(known) > 0) if len(known) > 1 else np.nan,
        "last_loss": losses[-1],
        "unseen": network.curve("val_accuracy" if problem == "digits" else "val_r2")[end - 1],
    }


def curve(network: Trained) -> Columns:
    """The training loss after every epoch."""
    return {"epoch": np.arange(network.epochs) + 1, "loss": network.curve("train_loss")}


def sensitivity(runs: Table, problem: str, rule: str) -> Columns:
    """What a wrong rate costs each seed.

    `decades` of rates reach the loss in at most twice the best's epochs; `capped_elsewhere` are the
    epochs at the rate that is best for the other problem.
    """
    own = where(runs, problem=problem, rule=rule)
    epochs, rates = by_seed(own, "epochs", "rate"), np.log10(levels(own, "rate"))
    enough = np.isfinite(epochs) & (epochs <= 2 * epochs.min(axis=0))
    (other,) = set(GOALS) - {problem}
    elsewhere = by_seed(runs, "capped_epochs", "rate", problem=other, rule=rule).mean(axis=1)
    return {
        "problem": problem,
        "rule": rule,
        "seed": levels(own, "seed"),
        "decades": enough.sum(axis=0) * (rates[1] - rates[0]),
        "capped_elsewhere": by_seed(own, "capped_epochs", "rate")[elsewhere.argmin()],
    }

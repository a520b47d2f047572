"""Momentum's alpha from .9 to .99: straighter and slower.

After "On the importance of initialization and momentum in deep learning" (Sutskever et al., 2013)
and "Why momentum really works" (Goh, 2017).
"""

from dataclasses import replace

import numpy as np

from mlp_lab.data.arrays import Floats
from mlp_lab.lessons.bench import Bench
from mlp_lab.lessons.claims import DIFFERENCE, POSITIVE, Claim
from mlp_lab.lessons.panels import Band, Drawn, Line, Panel
from mlp_lab.lessons.study import grid, varied
from mlp_lab.lessons.tables import Columns, Table, Tables, at_best, by_seed, listed, table_of, where
from mlp_lab.lessons.trained import Trained, measured
from mlp_lab.lessons.trajectories import BATCHES, VALLEYS, Valley, descend, measured_path
from mlp_lab.network.optimizers import MomentumConfig

ALPHAS = (0.0, 0.5, 0.9, 0.95, 0.99)
VALLEY = "along an axis"
STEPS = 1000
EXPONENTS = np.arange(-3, 1.01, 0.125)  # log10 of the rates in the valley
RATES = tuple(float(f"{10 ** (-1.5 + 0.25 * place):.4g}") for place in range(9))  # of networks
GOAL, EPOCHS = 0.01, 60
DRAWN = (0.0, 0.9, 0.99)


def measure(bench: Bench) -> Tables:
    """Every alpha at every rate, in the valley and in networks."""
    config = bench.stack(["data=xor", "optimizer=momentum"]).members[0].optimizer
    assert isinstance(config, MomentumConfig)
    valleys = [Valley(*VALLEYS[VALLEY], seed) for seed in bench.seeds]
    exponents, steps = (EXPONENTS[::4], 100) if bench.quick else (EXPONENTS, STEPS)
    rates = [float(10**exponent) for exponent in exponents]
    rows, drawn = list[Columns](), list[Columns]()
    for batches, size in BATCHES.items():
        for alpha in ALPHAS:
            rules = [replace(config, lr=rate, alpha=alpha) for rate in rates]
            paths = descend(valleys, rules, size, steps)
            labels: dict[str, str | float] = {"batches": batches, "alpha": alpha}
            own: list[Columns] = [
                {**labels, "rate": rate, "seed": valley.seed, **measured_path(valley, path)}
                for rate, each in zip(rates, paths, strict=True)
                for valley, path in zip(valleys, each, strict=True)
            ]
            rows += own
            best = at_best(table_of(own), "rate", "capped_steps").iloc[0]
            heights = valleys[0].heights(paths[rates.index(best["rate"]), 0])
            drawn.append({**labels, "step": range(len(heights)), "height": heights})
    table = at_best(table_of(rows), "rate", "capped_steps", each=list(labels))
    return {"alphas": table, "alpha_paths": table_of(drawn), "alpha_networks": networks(bench)}


def networks(bench: Bench) -> Table:
    """Epochs to the training loss of every alpha at its best rate."""
    words = ["experiment=optimizers", "optimizer=momentum"]
    epochs, rates = (6, RATES[2:8:2]) if bench.quick else (EPOCHS, RATES)
    alpha, rate = varied("optimizer.alpha", ALPHAS), varied("optimizer.lr", rates)
    study = grid([*words, f"epochs={epochs}"], bench.seeds, alpha=alpha, rate=rate)
    return at_best(measured(bench.train(study)[0], arrival), "rate", "epochs", each=["alpha"])


def arrival(network: Trained) -> Columns:
    """Epochs until the training loss, all of them without."""
    losses = network.curve("train_loss")
    reached = np.flatnonzero(losses <= GOAL)
    return {"epochs": int(reached[0]) + 1 if len(reached) else len(losses)}


def in_valley(tables: Tables, column: str, alpha: float, batches: str = "full") -> Floats:
    """A column of paths at the best rate, (seeds,)."""
    return by_seed(tables["alphas"], column, alpha=alpha, batches=batches)


def epochs(tables: Tables, alpha: float) -> Floats:
    """Of networks at the best rate, (seeds,)."""
    return by_seed(tables["alpha_networks"], "epochs", alpha=alpha)


LOW, HIGH = 0.9, 0.99
ENDS = f"alpha {HIGH:g} - {LOW:g}, each at its best rate"
RATIO = f"alpha {HIGH:g} / {LOW:g}, each at its best rate"

CLAIMS = {
    "straighter": Claim(
        f"From {LOW:g} to {HIGH:g}, alpha makes the way on batches straighter.",
        f"mean angle between successive steps on batches in degrees, {ENDS}",
        lambda t: in_valley(t, "turn", HIGH, "mini") - in_valley(t, "turn", LOW, "mini"),
        below=0.0,
    ),
    "swings": Claim(
        "But such momentum swings up again behind the bottom.",
        f"share of steps that lead upwards with exact gradients, {ENDS}",
        lambda t: in_valley(t, "uphill", HIGH) - in_valley(t, "uphill", LOW),
        above=0.0,
        within=DIFFERENCE,
    ),
    "later": Claim(
        "And it arrives later.",
        f"steps to the bottom of a valley with exact gradients, {RATIO}",
        lambda t: in_valley(t, "capped_steps", HIGH) / in_valley(t, "capped_steps", LOW),
        above=1.0,
        within=POSITIVE,
    ),
    "later_network": Claim(
        "In a network, too.",
        f"epochs to a training loss of {GOAL:g}, {RATIO}",
        lambda t: epochs(t, HIGH) / epochs(t, LOW),
        above=1.0,
        within=POSITIVE,
    ),
}


def notes(tables: Tables) -> list[str]:
    """Steps, turns and epochs of every alpha."""
    steps, uphill = (
        [in_valley(tables, column, alpha).mean() for alpha in ALPHAS]
        for column in ("capped_steps", "uphill")
    )
    turns = [in_valley(tables, "turn", alpha, "mini").mean() for alpha in ALPHAS]
    in_networks = [epochs(tables, alpha).mean() for alpha in ALPHAS]
    return [
        f"Alpha {listed(ALPHAS, 'g')}, each at its best rate: steps to the bottom of the valley"
        f" with exact gradients {listed(steps, '.0f')}, of which {listed(uphill, '.0%')} lead"
        f" upwards; turns on batches {listed(turns, '.0f')} degrees a step; epochs of a network"
        f" {listed(in_networks, '.1f')}.",
        "An average over 1 / (1 - alpha) gradients looks back on 10 steps at 0.9, on 100 at 0.99.",
    ]


def panels(tables: Tables) -> list[Panel]:
    """Heights over steps, and steps and epochs against alpha."""
    paths = where(tables["alpha_paths"], batches="full")
    falls: list[Drawn] = [
        Line(x=own["step"], y=own["height"], label=f"alpha {alpha:g}", color=color)
        for color, alpha in enumerate(DRAWN)
        for own in [where(paths, alpha=alpha)]
    ]
    places: dict[float, str] = dict(enumerate(f"{alpha:g}" for alpha in ALPHAS))
    ways = {"valley, steps": "capped_steps"}
    arrivals: list[Drawn] = [
        Band(x=[*places], values=np.stack([in_valley(tables, c, a) for a in ALPHAS]), label=label)
        for label, c in ways.items()
    ]
    values = np.stack([epochs(tables, alpha) for alpha in ALPHAS])
    arrivals.append(Band(x=[*places], values=values, label="network, epochs"))
    title = "Down the valley, each at its best rate"
    return [
        Panel(title, "step", "height", falls, log="y", x_limits=(0, 200), y_limits=(1e-4, 3)),
        Panel("Until it arrives", "alpha", "steps or epochs", arrivals, log="y", ticks=places),
    ]

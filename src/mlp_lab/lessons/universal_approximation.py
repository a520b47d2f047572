"""Universal approximation: a shallow network comes as close to a continuous function as one likes.

After "Approximation by superpositions of a sigmoidal function" (Cybenko, 1989) and "Multilayer
feedforward networks with a nonpolynomial activation function ..." (Leshno et al., 1993).
"""

from functools import partial

import numpy as np

from mlp_lab.data.arrays import Floats
from mlp_lab.lessons.bench import Bench
from mlp_lab.lessons.claims import Claim
from mlp_lab.lessons.lesson import Lesson
from mlp_lab.lessons.panels import Line, Panel, bands
from mlp_lab.lessons.study import grid, varied
from mlp_lab.lessons.tables import Columns, Tables, by_seed, levels, listed, rank_correlation, where
from mlp_lab.lessons.trained import Trained, measured

PERIODS = {"sine": 2, "cubic": 1, "absolute": 2, "step": 2}
"""Functions of a number, of which the last one jumps; a second cubic would begin with a jump."""

CONTINUOUS = tuple(PERIODS)[:3]
WIDTHS = (1, 2, 4, 8, 16, 32, 64, 128)
DRAWN = (4, 16, 64)
"""Widths whose fits are drawn."""

POINTS = np.linspace(-1, 1, 401)


def measure(bench: Bench) -> Tables:
    """Train every width on every function."""
    base = ["experiment=universal_approximation", *(["epochs=20"] if bench.quick else [])]
    functions = {name: [f"data={name}", f"data.periods={n}"] for name, n in PERIODS.items()}
    widths = varied("model.width", WIDTHS[2:6] if bench.quick else WIDTHS)
    (networks,) = bench.train(grid(base, bench.seeds, function=functions, width=widths))
    drawn = [
        network
        for network in networks
        if network.labels["seed"] == bench.seeds[0] and network.labels["width"] in DRAWN
    ]
    return {
        "errors": measured(networks, errors),
        "fits": measured(drawn, lambda network: network.fit(POINTS)),
        "breakpoints": measured(drawn, fitted_breakpoints),
    }


def errors(network: Trained) -> Columns:
    """How far a network is from its function, relative to its spread and at worst."""
    fit = network.fit(POINTS)
    return {
        "error": np.sqrt(max(0.0, 1 - network.last("val_r2"))),
        "largest_error": np.abs(fit["fit"] - fit["truth"]).max(),
        "breakpoints_inside": np.mean(np.abs(breakpoints(network)) < 1),
    }


def breakpoints(network: Trained) -> Floats:
    """Where each hidden unit's pre-activation beta + Omega x changes its sign, (H,)."""
    omega, beta = network.outcome.layers[0]
    with np.errstate(divide="ignore"):
        where: Floats = -beta / omega[0]
    return where


def fitted_breakpoints(network: Trained) -> Columns:
    """Those among the inputs, ascending, and the network's output there."""
    inside = np.sort(breakpoints(network)[np.abs(breakpoints(network)) < 1])
    heights = network.predicted(inside[:, None]) if len(inside) else np.empty(0)
    return {"x": inside, "fit": heights}


def wider_is_closer(function: str, tables: Tables) -> list[float]:
    """The rank correlation of width and error of each seed."""
    return [
        rank_correlation(errors)
        for errors in by_seed(tables["errors"], "error", "width", function=function).T
    ]


CLAIMS = {
    **{
        function: Claim(
            f"A wider network comes closer to a continuous function ({function}).",
            "rank correlation of width and error",
            partial(wider_is_closer, function),
            below=-0.8,
        )
        for function in CONTINUOUS
    },
    "close": Claim(
        "A wide one is close: its error is under a hundredth of the function's spread.",
        "root mean squared error / standard deviation at the greatest width, the worst of"
        " the continuous functions",
        lambda tables: np.max(
            [by_seed(tables["errors"], "error", "width", function=f)[-1] for f in CONTINUOUS],
            axis=0,
        ),
        below=0.01,
    ),
    "jump": Claim(
        "A jump stays out of reach: no continuous function comes close to it everywhere.",
        "largest error on a grid at the greatest width, in units of the function (step)",
        lambda tables: by_seed(tables["errors"], "largest_error", "width", function="step")[-1],
        above=0.5,
    ),
    "breakpoints": Claim(
        "Hidden units are spent where the data are: most have their breakpoint among them.",
        "share of hidden units whose breakpoint lies within the inputs' range, 64 units, sine",
        lambda tables: by_seed(
            *(tables["errors"], "breakpoints_inside"),
            function="sine",
            width=min(64, levels(tables["errors"], "width")[-1]),
        ),
        above=0.5,
    ),
}


def notes(tables: Tables) -> list[str]:
    """Errors at every width."""
    table, widths = tables["errors"], listed(levels(tables["errors"], "width"))
    means = {f: by_seed(table, "error", "width", function=f).mean(axis=1) for f in PERIODS}
    return [f"{f}: errors of {listed(means[f], '.2g')} at widths {widths}." for f in PERIODS]


def panels(tables: Tables) -> list[Panel]:
    """The error against width, and the fits of some widths with their breakpoints."""
    lines = bands(tables["errors"], "width", "error", "function")
    title = "Error on 500 other points"
    return [
        Panel(title, "hidden units", "error / spread", lines, log="xy"),
        *(fits(tables, function) for function in PERIODS),
    ]


def fits(tables: Tables, function: str) -> Panel:
    """A function and its fits by some widths."""
    fits, marked = (where(tables[name], function=function) for name in ("fits", "breakpoints"))
    widths = levels(fits, "width")
    lines = []
    for place, width in enumerate(widths, start=1):
        own, points = where(fits, width=width), where(marked, width=width)
        label = f"{width} units"
        lines += [
            Line(x=own["x"], y=own["fit"], label=label, color=place, width=1),
            Line(x=points["x"], y=points["fit"], color=place, line="", marker="."),
        ]
    truth = where(fits, width=widths[0])
    return Panel(
        *(f"{function} (grey), fits and their breakpoints", "x", "y"),
        [Line(x=truth["x"], y=truth["truth"], color="0.75", width=5), *lines],
        y_limits=(-1.8, 1.8),
        legend_columns=3,
        legend_size=7,
        legend_place="upper center",
    )


LESSON = Lesson(
    question="Can one hidden layer come close to any function?",
    method=(
        "`experiment=universal_approximation`: one hidden layer of ReLUs, 500 points of a function"
        " without noise, squared error, Adam with a cosine schedule. A seed draws weights, batches"
        " and points. Errors are root mean squares over 500 other points (validation rows), divided"
        " by the function's standard deviation; largest errors are over 401 points from -1 to 1."
        " Fits are those of the first seed."
    ),
    seeds=10,
    measure=measure,
    claims=CLAIMS,
    notes=notes,
    panels=panels,
)

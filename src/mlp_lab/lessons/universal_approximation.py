"""Universal approximation: a shallow network comes as close to a continuous function as one likes.

After "Approximation by superpositions of a sigmoidal function" (Cybenko, 1989) and "Multilayer
feedforward networks with a nonpolynomial activation function ..." (Leshno et al., 1993).
"""

import numpy as np

from mlp_lab.data.arrays import Floats
from mlp_lab.lessons.bench import Bench
from mlp_lab.lessons.claims import CORRELATION, POSITIVE, SHARE, Claim
from mlp_lab.lessons.lesson import Lesson
from mlp_lab.lessons.panels import Drawn, Line, Panel, bands
from mlp_lab.lessons.study import grid, varied
from mlp_lab.lessons.tables import Columns, Tables, by_seed, levels, listed, rank_correlation, where
from mlp_lab.lessons.trained import Trained, measured

PERIODS = {"sine": 2, "cubic": 1, "absolute": 2, "step": 2}
"""Functions of a number, of which the last one jumps; a second cubic would begin with a jump."""

CONTINUOUS = tuple(PERIODS)[:3]
WIDTHS = (1, 2, 4, 8, 16, 32, 64, 128)
DRAWN = (4, 16, 64)  # widths
POINTS = np.linspace(-1, 1, 401)


def measure(bench: Bench) -> Tables:
    """Train every width on every function."""
    base = ["experiment=universal_approximation", *(["epochs=20"] if bench.quick else [])]
    functions = {name: [f"data={name}", f"data.periods={n}"] for name, n in PERIODS.items()}
    widths = varied("model.width", WIDTHS[2:6] if bench.quick else WIDTHS)
    (networks,) = bench.train(grid(base, bench.seeds, function=functions, width=widths))
    first = [own for own in networks if own.labels["seed"] == bench.seeds[0]]
    drawn = [own for own in first if own.labels["width"] in DRAWN]
    return {
        "errors": measured(networks, errors),
        "fits": measured(drawn, lambda network: network.fit(POINTS)),
        "breakpoints": measured(drawn, lambda network: network.fit(breakpoints(network))),
    }


def errors(network: Trained) -> Columns:
    """How far a network is from its function, relative to its spread and at worst."""
    fit = network.fit(POINTS)
    return {
        "error": np.sqrt(max(0.0, 1 - network.last("val_r2"))),
        "largest_error": np.abs(fit["fit"] - fit["truth"]).max(),
        "breakpoints_inside": len(breakpoints(network)) / network.sizes[1],
    }


def breakpoints(network: Trained) -> Floats:
    """Where in (-1, 1) a hidden unit's pre-activation beta + Omega x changes sign, ascending."""
    omega, beta = network.outcome.layers[0]
    with np.errstate(divide="ignore"):
        places: Floats = -beta / omega[0]
    return np.sort(places[np.abs(places) < 1])


def by_width(tables: Tables, function: str, column: str = "error") -> Floats:
    """A column of the errors, (widths, seeds)."""
    return by_seed(tables["errors"], column, "width", function=function)


def wider_is_closer(function: str) -> Claim:
    """The claim of a continuous function."""
    return Claim(
        f"A wider network comes closer to a continuous function ({function}).",
        "rank correlation of width and error",
        lambda t: [rank_correlation(errors) for errors in by_width(t, function).T],
        below=-0.8,
        within=CORRELATION,
    )


CLAIMS = {
    **{function: wider_is_closer(function) for function in CONTINUOUS},
    "close": Claim(
        "A wide one is close: its error is under a hundredth of the function's spread.",
        "root mean squared error / standard deviation, greatest width, worst continuous function",
        lambda t: np.max([by_width(t, function)[-1] for function in CONTINUOUS], axis=0),
        below=0.01,
        within=POSITIVE,
    ),
    "jump": Claim(
        "A jump stays out of reach: no continuous function comes close to it everywhere.",
        "largest error on a grid, in units of the function (step), greatest width",
        lambda t: by_width(t, "step", "largest_error")[-1],
        above=0.5,
    ),
    "breakpoints": Claim(
        "Hidden units are spent where the data are: most have their breakpoint among them.",
        "share of hidden units whose breakpoint lies within the inputs' range, 64 units, sine",
        # The quick form has no more than 32 units.
        lambda t: by_width(t, "sine", "breakpoints_inside")[: WIDTHS.index(64) + 1][-1],
        above=0.5,
        within=SHARE,
    ),
}


def notes(tables: Tables) -> list[str]:
    """Errors at every width."""
    widths = listed(levels(tables["errors"], "width"))
    means = {function: by_width(tables, function).mean(axis=1) for function in PERIODS}
    return [f"{f}: errors of {listed(means[f], '.2g')} at widths {widths}." for f in PERIODS]


def panels(tables: Tables) -> list[Panel]:
    """The error against width, and the fits of some widths with their breakpoints."""
    lines = bands(tables["errors"], "width", "error", "function")
    first = Panel("Error on 500 other points", "hidden units", "error / spread", lines, log="xy")
    return [first, *(fits(tables, function) for function in PERIODS)]


def fits(tables: Tables, function: str) -> Panel:
    """A function and its fits by some widths."""
    own, bends = (where(tables[name], function=function) for name in ("fits", "breakpoints"))
    truth = own.drop_duplicates("x")
    drawn: list[Drawn] = [Line(x=truth["x"], y=truth["truth"], color="0.75", width=5)]
    drawn += bands(own, "x", "fit", "width", "{} units", marker=None)
    for color, width in enumerate(levels(own, "width")):
        points = where(bends, width=width)
        drawn.append(Line(x=points["x"], y=points["fit"], color=color, line="", marker="."))
    title = f"{function} (grey), fits and their breakpoints"
    return Panel(title, "x", "y", drawn, y_limits=(-1.8, 1.8), legend_columns=3, legend_size=7)


LESSON = Lesson(
    question="Can one hidden layer come close to any function?",
    method=(
        "`experiment=universal_approximation`: one hidden layer of ReLUs, 500 points of a function"
        " without noise, squared error, Adam with a cosine schedule; a seed draws weights, batches"
        " and points. Errors: root mean squares over 500 other points (validation rows) / the"
        " function's standard deviation; the largest of 401 points from -1 to 1. Fits: first seed."
    ),
    seeds=10,
    measure=measure,
    claims=CLAIMS,
    notes=notes,
    panels=panels,
)

"""Universal approximation: a shallow network comes as close to a continuous function as one likes.

After "Approximation by superpositions of a sigmoidal function" (Cybenko, 1989) and "Multilayer
feedforward networks with a nonpolynomial activation function ..." (Leshno et al., 1993).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mlp_lab.data.arrays import Floats
from mlp_lab.data.synthetic import FunctionConfig
from mlp_lab.lessons.claims import Claim
from mlp_lab.lessons.lesson import Evidence, Lesson, Row, Tables, column, rank_correlation

if TYPE_CHECKING:
    from mlp_lab.lessons.bench import Bench, Trained
    from mlp_lab.lessons.figures import Axes, Figure

FUNCTIONS = ("sine", "cubic", "absolute", "step")
"""Three continuous functions of a number, and one that jumps."""

PERIODS = {"sine": 2, "cubic": 1, "absolute": 2, "step": 2}
"""A second period of the cubic would begin with a jump."""

WIDTHS = (1, 2, 4, 8, 16, 32, 64, 128)
DRAWN = (4, 16, 64)
"""Widths whose fits are drawn."""

GRID = np.linspace(-1, 1, 401)[:, None]

CLAIMS = {
    **{
        function: Claim(
            text=f"A wider network comes closer to a continuous function ({function}).",
            measure="rank correlation of width and error",
            below=-0.8,
        )
        for function in FUNCTIONS[:3]
    },
    "close": Claim(
        text="A wide one is close: its error is under a hundredth of the function's spread.",
        measure="root mean squared error / standard deviation at the greatest width, the worst of"
        " the continuous functions",
        below=0.01,
    ),
    "jump": Claim(
        text="A jump stays out of reach: no continuous function comes close to it everywhere.",
        measure="largest error on a grid at the greatest width, in units of the function (step)",
        above=0.5,
    ),
    "joints": Claim(
        text="Hidden units are spent where the data are: most have their joint among them.",
        measure="share of hidden units whose joint lies within the inputs' range, 64 units, sine",
        above=0.5,
    ),
}


def measure(bench: Bench) -> Evidence:
    """Train every width on every function."""
    widths = WIDTHS[2:6] if bench.quick else WIDTHS
    base = ["experiment=universal_approximation", *(["epochs=20"] if bench.quick else [])]
    trained = bench.train(
        [
            [*base, *_function(function), f"model.width={width}", *bench.seed(seed)]
            for function in FUNCTIONS
            for width in widths
            for seed in bench.seeds
        ]
    )
    table = [_row(network) for network in trained]
    drawn = [
        network
        for network in trained
        if network.config.seed == bench.seeds[0] and network.sizes[1] in DRAWN
    ]
    tables = {
        "errors": table,
        "fits": [row for network in drawn for row in _fit(network)],
        "joints": [row for network in drawn for row in _joints(network)],
    }
    return Evidence(_values(table, bench.seeds), tables, _notes(table))


def _function(name: str) -> list[str]:
    return [f"data={name}", f"data.periods={PERIODS[name]}"]


def joints(network: Trained) -> Floats:
    """Where each hidden unit's pre-activation beta + Omega x changes its sign, (H,)."""
    omega, beta = network.outcome.layers[0]
    with np.errstate(divide="ignore"):
        where: Floats = -beta / omega[0]
    return where


def _row(network: Trained) -> Row:
    where = joints(network)
    wrong = network.predicted(GRID) - _truth(network)
    return {
        "function": network.config.data.name,
        "width": network.sizes[1],
        "seed": network.config.seed,
        "error": float(np.sqrt(max(0.0, 1 - network.last("val_r2")))),
        "largest_error": float(np.abs(wrong).max()),
        "joints_inside": float(np.mean(np.abs(where) < 1)),
    }


def _truth(network: Trained) -> Floats:
    data = network.config.data
    assert isinstance(data, FunctionConfig)
    return data.values(GRID[:, 0])


def _fit(network: Trained) -> list[Row]:
    columns = zip(GRID[:, 0], _truth(network), network.predicted(GRID), strict=True)
    own: dict[str, float | str] = {
        "function": network.config.data.name,
        "width": network.sizes[1],
    }
    return [{**own, "x": float(x), "truth": float(t), "fit": float(y)} for x, t, y in columns]


def _joints(network: Trained) -> list[Row]:
    inside = np.sort(joints(network)[np.abs(joints(network)) < 1])[:, None]
    own: dict[str, float | str] = {
        "function": network.config.data.name,
        "width": network.sizes[1],
    }
    heights = network.predicted(inside) if len(inside) else np.empty(0)
    return [
        {**own, "x": float(x), "fit": float(y)} for x, y in zip(inside[:, 0], heights, strict=True)
    ]


def _values(table: Sequence[Row], seeds: Sequence[int]) -> dict[str, Sequence[float]]:
    widest = max(int(row["width"]) for row in table)
    counted = min(64, widest)

    def errors(function: str, seed: int) -> list[float]:
        return column(table, "error", function=function, seed=seed)

    values: dict[str, Sequence[float]] = {
        function: [rank_correlation(errors(function, seed)) for seed in seeds]
        for function in FUNCTIONS[:3]
    }
    values["close"] = [max(errors(name, seed)[-1] for name in FUNCTIONS[:3]) for seed in seeds]
    values["jump"] = column(table, "largest_error", function="step", width=widest)
    values["joints"] = column(table, "joints_inside", function="sine", width=counted)
    return values


def _notes(table: Sequence[Row]) -> list[str]:
    widths = sorted({int(row["width"]) for row in table})
    notes = []
    for function in FUNCTIONS:
        means = [np.mean(column(table, "error", function=function, width=w)) for w in widths]
        found = ", ".join(f"{mean:.2g}" for mean in means)
        notes.append(f"{function}: errors of {found} at widths {', '.join(map(str, widths))}.")
    return notes


def draw(tables: Tables) -> Figure:
    """The error against width, and the fits of some widths with their joints."""
    from mlp_lab.lessons.figures import COLORS, band, name, panels

    figure, (errors, *fits) = panels(1 + len(FUNCTIONS), columns=3)
    table = tables["errors"]
    widths = sorted({int(row["width"]) for row in table})
    for function, color in zip(FUNCTIONS, COLORS, strict=False):
        by_seed = [column(table, "error", function=function, width=width) for width in widths]
        band(errors, widths, by_seed, label=function, color=color)
    name(errors, "Error on 500 other points", "hidden units", "error / spread", log="xy")
    for axis, function in zip(fits, FUNCTIONS, strict=True):
        _draw_fits(axis, tables, function)
    return figure


def _draw_fits(axis: Axes, tables: Tables, function: str) -> None:
    from mlp_lab.lessons.figures import COLORS, name

    fits, marked = tables["fits"], tables["joints"]
    widths = sorted({int(row["width"]) for row in fits})
    x = column(fits, "x", function=function, width=widths[0])
    axis.plot(x, column(fits, "truth", function=function, width=widths[0]), "0.75", linewidth=5)
    for width, color in zip(widths, COLORS[1:], strict=False):
        own: dict[str, float | str] = {"function": function, "width": width}
        fit = column(fits, "fit", **own)
        axis.plot(x, fit, color=color, linewidth=1, label=f"{width} units")
        axis.plot(column(marked, "x", **own), column(marked, "fit", **own), ".", color=color)
    name(axis, f"{function} (grey), fits and their joints", "x", "y")
    axis.set_ylim(-1.8, 1.8)
    axis.legend(fontsize=7, ncols=3, loc="upper center")


LESSON = Lesson(
    question="Can one hidden layer come close to any function?",
    method=(
        "`experiment=universal_approximation`: one hidden layer of ReLUs, 500 points of a function"
        " without noise, squared error, Adam with a cosine schedule. A seed draws weights, batches"
        " and points. Errors are root mean squares over 500 other points (validation rows), divided"
        " by the function's standard deviation; largest errors are over 401 points from -1 to 1."
        " Fits are those of the first seed."
    ),
    claims=CLAIMS,
    seeds=10,
    measure=measure,
    draw=draw,
)

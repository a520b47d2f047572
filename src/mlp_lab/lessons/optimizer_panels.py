"""What is drawn of optimizers: losses, times, sensitivity to the rate, paths on two surfaces."""

import numpy as np

from mlp_lab.lessons.optimizer_runs import GOALS, RULES
from mlp_lab.lessons.panels import Band, Contours, Drawn, Line, Mark, Panel
from mlp_lab.lessons.tables import Tables, by_seed, levels, where
from mlp_lab.lessons.trajectories import BATCH, VALLEYS

COLORS = (0, 1, 0, 1, 7, 3, 4, 5, 2, 6, 6)
STYLES = {rule: (color, "-") for rule, color in zip(RULES, COLORS, strict=True)}
STYLES |= {"gd": (0, "--"), "gd + momentum": (1, "--"), "adamw": (6, ":")}
"""Colour and line of each rule, in every panel."""

DRAWN = {"full": ("gd", "momentum", "rmsprop", "adam"), "mini": ("sgd", "momentum", "adam")}
"""Whose paths are drawn."""


def panels(tables: Tables) -> list[Panel]:
    """Curves at the best rates, times, sensitivity to the rate, and paths on two surfaces."""
    along, askew = VALLEYS
    return [
        curves_panel(tables, "digits", legend_columns=2),
        curves_panel(tables, "sine", legend_columns=0),
        rules_panel(tables, "capped_epochs", "At its own best rate", "epochs to the loss", "y"),
        *(rates_panel(tables, problem) for problem in GOALS),
        rules_panel(
            *(tables, "decades", "Rates that take at most twice the epochs", "decades of rates")
        ),
        path_panel(tables, along, "full"),
        path_panel(tables, askew, "full"),
        path_panel(tables, along, "mini"),
    ]


def curves_panel(tables: Tables, problem: str, legend_columns: int) -> Panel:
    """Training losses of the first seed."""
    lines: list[Drawn] = []
    for rule, (color, line) in STYLES.items():
        own = where(tables["curves"], problem=problem, rule=rule)
        lines.append(Line(x=own["epoch"], y=own["loss"], label=rule, color=color, line=line))
    return Panel(
        f"{problem}: best rates, first seed (grey: {GOALS[problem]:g})",
        *("epoch", "training loss"),
        [*lines, Mark(y=GOALS[problem], line="-")],
        log="xy",
        y_limits=(1e-8 if legend_columns else None, None),
        legend_columns=legend_columns,
        legend_size=6,
    )


def rules_panel(tables: Tables, column: str, title: str, y: str, log: str = "") -> Panel:
    """A number of each rule at its best rate, by problem."""
    values = {
        problem: np.array(
            [by_seed(tables["best_runs"], column, problem=problem, rule=rule) for rule in RULES]
        )
        for problem in GOALS
    }
    x = np.arange(len(RULES))
    bars = [
        Band(x=x + 0.2 * place - 0.1, values=found, label=problem, line="", marker="os"[place])
        for place, (problem, found) in enumerate(values.items())
    ]
    return Panel(title, "rule", y, bars, log=log, ticks=dict(enumerate(RULES)), tilted=True)


def rates_panel(tables: Tables, problem: str) -> Panel:
    """Mean epochs against rates, both relative to those at the best rate."""
    lines: list[Drawn] = []
    for rule, (color, line) in STYLES.items():
        own = where(tables["runs"], problem=problem, rule=rule)
        epochs = by_seed(own, "capped_epochs", "rate").mean(axis=1)
        x = np.array(levels(own, "rate")) / levels(own, "rate")[epochs.argmin()]
        lines.append(Line(x=x, y=epochs / epochs.min(), label=rule, color=color, line=line))
    return Panel(
        f"{problem}: what a wrong rate costs (colours as above)",
        *("rate / best rate", "epochs / epochs at the best rate"),
        lines,
        log="x",
        x_limits=(1 / 20, 20),
        legend_columns=0,
    )


def path_panel(tables: Tables, valley: str, batches: str) -> Panel:
    """Paths of the first seed, each at its best rate."""
    surface = where(tables["surface"], valley=valley)
    a, b = levels(surface, "a"), levels(surface, "b")
    heights = surface["height"].to_numpy().reshape(len(b), len(a))
    shown = np.geomspace(0.01, heights.max(), 10).tolist()
    drawn: list[Drawn] = [Contours(x=a, y=b, heights=heights, shown=shown)]
    for rule in DRAWN[batches]:
        own = where(tables["paths"], valley=valley, batches=batches, rule=rule)
        label, color = f"{rule}, {len(own) - 1} steps", STYLES[rule][0]
        drawn.append(
            Line(x=own["a"], y=own["b"], label=label, color=color, marker=".", size=3, width=1)
        )
    return Panel(
        f"Valley {valley}, {'exact gradients' if batches == 'full' else f'batches of {BATCH}'}",
        *("intercept", "slope"),
        drawn,
        x_limits=(a[0], a[-1]),
        y_limits=(b[0], b[-1]),
    )

"""What is drawn of optimizers: losses, times, sensitivity to the rate, paths on two surfaces."""

from collections.abc import Sequence

import numpy as np

from mlp_lab.lessons.claims import POSITIVE
from mlp_lab.lessons.optimizer_runs import GOALS, RULES
from mlp_lab.lessons.panels import Contours, Drawn, Line, Mark, Panel, band, beside
from mlp_lab.lessons.tables import Table, Tables, averaged, where
from mlp_lab.lessons.trajectories import BATCH, VALLEYS

COLORS = dict(zip(RULES, (0, 1, 0, 1, 7, 3, 4, 5, 2, 6, 6), strict=True))
LINES = {"gd": "--", "gd + momentum": "--", "adamw": ":"}  # the others are solid


def panels(tables: Tables) -> list[Panel]:
    """Curves at the best rates, times, sensitivity to the rate, and paths on two surfaces."""
    exact, mini = ("gd", "momentum", "rmsprop", "adam"), ("sgd", "momentum", "adam")
    return [
        *(curves_panel(tables, problem) for problem in GOALS),
        rules_panel(tables, "capped_epochs", "At its own best rate", "epochs to the loss", "y"),
        *(rates_panel(tables, problem) for problem in GOALS),
        rules_panel(
            tables, "decades", "Rates within twice the best's epochs", "decades of rates", ""
        ),
        *(path_panel(tables, valley, "full", exact) for valley in VALLEYS),
        path_panel(tables, next(iter(VALLEYS)), "mini", mini),
    ]


def rule_lines(table: Table, x: str, y: str) -> list[Drawn]:
    """A column against another, of each rule."""
    parts = {rule: where(table, rule=rule) for rule in RULES}
    return [
        Line(x=own[x], y=own[y], label=rule, color=COLORS[rule], line=LINES.get(rule, "-"))
        for rule, own in parts.items()
    ]


def curves_panel(tables: Tables, problem: str) -> Panel:
    """Training losses of the first seed; the first panel has the legend of all."""
    curves = rule_lines(where(tables["curves"], problem=problem), "epoch", "loss")
    low, columns = (1e-8, 2) if problem == "digits" else (None, 0)
    return Panel(
        f"{problem}: best rates, first seed (grey: {GOALS[problem]:g})",
        "epoch",
        "training loss",
        [*curves, Mark(y=GOALS[problem], line="-")],
        log="xy",
        y_limits=(low, None),
        legend_columns=columns,
        legend_size=6,
    )


def rules_panel(tables: Tables, column: str, title: str, y: str, log: str) -> Panel:
    """A number of each rule at its best rate, by problem."""
    best = tables["best_runs"]
    parts = beside(best.assign(x=best["rule"].map([*RULES].index)), "x", ["problem"], "{}", 0.2)
    bars = [
        band(part, "x", column, problem, line="", marker=marker)
        for marker, (problem, part) in zip("os", parts, strict=True)
    ]
    ticks: dict[float, str] = dict(enumerate(RULES))
    return Panel(title, "rule", y, bars, within=POSITIVE, log=log, ticks=ticks, tilted=True)


def rates_panel(tables: Tables, problem: str) -> Panel:
    """Mean epochs against rates, both relative to those at the best rate."""
    means = averaged(where(tables["runs"], problem=problem), ["rule", "rate"], ["capped_epochs"])
    best = means.loc[means.groupby("rule")["capped_epochs"].idxmin()]
    both = means.merge(best, on="rule", suffixes=("", "_best"))
    for column in ("rate", "capped_epochs"):
        both[column] /= both[f"{column}_best"]
    return Panel(
        f"{problem}: what a wrong rate costs (colours as above)",
        "rate / best rate",
        "epochs / epochs at the best rate",
        rule_lines(both, "rate", "capped_epochs"),
        log="x",
        x_limits=(1 / 20, 20),
        legend_columns=0,
    )


def path_panel(tables: Tables, valley: str, batches: str, rules: Sequence[str]) -> Panel:
    """Paths of the first seed, each at its best rate."""
    surface = where(tables["surface"], valley=valley).pivot(index="b", columns="a")["height"]
    a, b, heights = [*surface.columns], [*surface.index], surface.to_numpy()
    shown = np.geomspace(0.01, heights.max(), 10).tolist()
    drawn: list[Drawn] = [Contours(x=a, y=b, heights=heights, shown=shown)]
    paths = where(tables["paths"], valley=valley, batches=batches)
    for rule in rules:
        x, y = where(paths, rule=rule)[["a", "b"]].to_numpy().T
        label, color = f"{rule}, {len(x) - 1} steps", COLORS[rule]
        drawn.append(Line(x=x, y=y, label=label, color=color, marker=".", size=3, width=1))
    title = f"Valley {valley}, {'exact gradients' if batches == 'full' else f'batches of {BATCH}'}"
    return Panel(title, "intercept", "slope", drawn, x_limits=(a[0], a[-1]), y_limits=(b[0], b[-1]))

"""Optimizers: how soon each comes to a loss at its own best rate, and how much the rate matters.

The claims are those of "Understanding Deep Learning" (Prince, 2023, chapter 6) and of the papers
that introduced the rules (named in network/optimizers.py); that momentum ends better on unseen rows
is from "The marginal value of adaptive gradient methods in machine learning" (Wilson et al., 2017).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np

from mlp_lab.data.arrays import Floats
from mlp_lab.lessons.claims import t_interval
from mlp_lab.lessons.old.bench import Bench
from mlp_lab.lessons.old.figures import COLORS, GREY, MARKERS, Axes, Figure, name, panels
from mlp_lab.lessons.old.lesson import (
    Claim,
    Evidence,
    Lesson,
    Row,
    Tables,
    best_for_others,
    column,
)
from mlp_lab.lessons.old.rates import at_best, rates_of, times, width
from mlp_lab.lessons.trained import Trained
from mlp_lab.lessons.trajectories import BATCH, STEPS, VALLEYS, WALKED_RATES, walks_of

PROBLEMS = {"digits": ["data=digits"], "sine": ["data=sine"]}
"""Classes, and a number."""

GOALS = {"digits": 0.01, "sine": 0.2}
"""Training loss to come to; the sine's is a share of its variance."""

EPOCHS = {"digits": 40, "sine": 100}
FULL_EPOCHS = {"digits": 100, "sine": 400}
"""Of networks that take all rows in a step."""

RULES = {
    "gd": ["optimizer=gd"],
    "gd + momentum": ["optimizer=momentum", "batch_size=full"],
    **{
        name: [f"optimizer={name}"]
        for name in (
            *("sgd", "momentum", "heavy_ball", "nesterov"),
            *("adagrad", "adadelta", "rmsprop", "adam", "adamw"),
        )
    },
}
FULL = ("gd", "gd + momentum")
PLAIN = ("sgd", "momentum", "heavy_ball", "nesterov")
ADAPTIVE = ("adagrad", "adadelta", "rmsprop", "adam", "adamw")

LOWEST = {
    "gd": -1.75,
    "gd + momentum": -1.5,
    **dict.fromkeys(("sgd", "momentum"), -1.75),
    **dict.fromkeys(("heavy_ball", "nesterov"), -2.75),
    "adagrad": -2.25,
    "adadelta": -0.75,
    "rmsprop": -3.25,
    **dict.fromkeys(("adam", "adamw"), -3.25),
}
"""log10 of the first rate that is tried."""

SPACING, COUNT = 0.25, 12
"""Rates lie so many decades apart, and there are so many."""

CLAIMS = {
    "passes": Claim(
        text="Mini-batches come to a loss in fewer passes over the rows than full batches do.",
        measure="epochs to the loss, gd / sgd, geometric mean of both problems",
        above=1.0,
    ),
    "noise": Claim(
        text="They pay with noise: on more epochs the loss rises.",
        measure="share of epochs on which the training loss rises, sgd - gd, mean of both problems",
        above=0.0,
    ),
    "momentum_faster": Claim(
        text="Momentum comes to a loss sooner.",
        measure="epochs to the loss, sgd / momentum, geometric mean of both problems",
        above=1.0,
    ),
    "momentum_full": Claim(
        text="It does so with exact gradients, too.",
        measure="epochs to the loss, gd / gd + momentum, geometric mean of both problems",
        above=1.0,
    ),
    "momentum_smoother": Claim(
        text="Momentum makes the way smoother.",
        measure="share of epochs on which the training loss rises, momentum - sgd, mean of both"
        " problems",
        below=0.0,
    ),
    "momentum_path": Claim(
        text="In a narrow valley, momentum keeps a path from bouncing between the walls.",
        measure="mean angle between a step and the next in degrees, gd + momentum - gd, mean of"
        " both valleys",
        below=0.0,
    ),
    "nesterov": Claim(
        text="Nesterov's look ahead is faster than the heavy ball.",
        measure="epochs to the loss, heavy_ball / nesterov, geometric mean of both problems",
        above=1.0,
    ),
    "adagrad": Claim(
        text="AdaGrad's rate dies away too early; RMSProp's does not, and is sooner there.",
        measure="epochs to the loss, adagrad / rmsprop, geometric mean of both problems",
        above=1.0,
    ),
    "adam_faster": Claim(
        text="Adam comes to a loss sooner than SGD.",
        measure="epochs to the loss, sgd / adam, geometric mean of both problems",
        above=1.0,
    ),
    "adam_valley": Claim(
        text="In a valley along an axis, Adam makes headway in both directions at once.",
        measure="steps to the bottom with exact gradients, gd / adam, valley along an axis",
        above=1.0,
    ),
    "adam_askew": Claim(
        text="And it does so whichever way the valley lies.",
        measure="steps to the bottom with exact gradients, gd / adam, valley askew",
        above=1.0,
    ),
    "adam_rate": Claim(
        text="Adam is less sensitive to its rate than SGD.",
        measure="decades of rates that come to the loss in at most twice the best's epochs,"
        " adam - sgd, mean of both problems",
        above=0.0,
    ),
    "tuning": Claim(
        text="Adaptive rules need less tuning: a rate that was good elsewhere will do.",
        measure="log2 of epochs at the other problem's best rate / at its own, adaptive rules -"
        " sgd and its momenta, mean of both problems",
        below=0.0,
    ),
    "unseen": Claim(
        text="But what momentum has found does better on unseen rows than what Adam has.",
        measure="accuracy on unseen digits when the training loss is reached, momentum - adam",
        above=0.0,
    ),
}


def measure(bench: Bench) -> Evidence:
    """Train by every rule at every rate; then walk through two valleys by every rule."""
    plan = [(problem, rule) for problem in PROBLEMS for rule in RULES]
    trials = [_trials(bench, problem, rule) for problem, rule in plan]
    trained = iter(bench.train([words for own in trials for words in own]))
    runs: list[Row] = []
    curves: list[Row] = []
    for (problem, rule), own in zip(plan, trials, strict=True):
        networks = [next(trained) for _ in own]
        runs += [_run(problem, rule, network) for network in networks]
        curves += _curve(problem, rule, _drawn(networks, runs, problem, rule))
    rules = {
        rule: bench.stack([["experiment=optimizers", f"optimizer={rule}"]]).members[0].optimizer
        for rule in ("gd", *PLAIN, *ADAPTIVE)
    }
    walks = walks_of(rules, bench.seeds, quick=bench.quick)
    tables = {"runs": runs, "curves": curves, **walks}
    return Evidence(_values(tables), tables, _notes(tables))


def _trials(bench: Bench, problem: str, rule: str) -> list[list[str]]:
    """Settings of a network for each rate and seed."""
    epochs = (FULL_EPOCHS if rule in FULL else EPOCHS)[problem]
    exponents = [LOWEST[rule] + SPACING * place for place in range(COUNT)]
    base = ["experiment=optimizers", *PROBLEMS[problem], *RULES[rule]]
    return [
        [*base, f"epochs={8 if bench.quick else epochs}", f"optimizer.lr={10**x:.4g}", *seed]
        for x in (exponents[3:10:3] if bench.quick else exponents)
        for seed in map(bench.seed, bench.seeds)
    ]


def _run(problem: str, rule: str, network: Trained) -> Row:
    """How soon a network came to the loss, and what it had cost and learnt by then.

    `epochs` is infinite where it never did; `seconds` are its share of its stack's. `limit` is how
    long it was trained; all of it counts for `rises`.
    """
    losses = network.curve("train_loss")
    reached = np.flatnonzero(losses <= GOALS[problem])
    end = int(reached[0]) if len(reached) else len(losses) - 1
    known = losses[np.isfinite(losses)]
    unseen = network.curve("val_accuracy" if problem == "digits" else "val_r2")
    return {
        "problem": problem,
        "rule": rule,
        "rate": network.config.optimizer.lr,
        "seed": network.config.seed,
        "epochs": end + 1.0 if len(reached) else np.inf,
        "limit": len(losses),
        "seconds": float(network.outcome.curves["seconds"][: end + 1].sum()),
        "rises": float(np.mean(np.diff(known) > 0)) if len(known) > 1 else np.nan,
        "last_loss": float(losses[-1]),
        "unseen": float(unseen[end]),
    }


def detour(table: Sequence[Row], rule: str, problem: str) -> Floats:
    """log2 of the time at the other problem's best rate / at the own best one, (seeds,)."""
    (other,) = set(PROBLEMS) - {problem}
    there = int(times(table, problem=other, rule=rule).mean(axis=1).argmin())
    here = times(table, problem=problem, rule=rule)
    return np.asarray(np.log2(here[there] / at_best(table, None, problem=problem, rule=rule)))


def _drawn(networks: Sequence[Trained], runs: Sequence[Row], problem: str, rule: str) -> Trained:
    """The first seed's network at its best rate."""
    found = times(runs, problem=problem, rule=rule)
    return networks[best_for_others(found)[0] * len(found[0])]


def _curve(problem: str, rule: str, network: Trained) -> list[Row]:
    losses = network.curve("train_loss")
    own: dict[str, float | str] = {"problem": problem, "rule": rule}
    own |= {"rate": network.config.optimizer.lr, "seed": network.config.seed}
    return [
        {**own, "epoch": epoch, "loss": loss} for epoch, loss in enumerate(losses.tolist(), start=1)
    ]


def _values(tables: Tables) -> dict[str, Sequence[float]]:
    runs, walks = tables["runs"], tables["walks"]

    def over_problems(of: Callable[[str], Floats]) -> Floats:
        return np.asarray(np.mean([of(problem) for problem in PROBLEMS], axis=0))

    def faster(rule: str, other: str) -> Floats:
        """How many times the epochs `rule` takes of those that `other` does."""
        return np.exp(
            over_problems(
                lambda problem: np.log(
                    at_best(runs, None, problem=problem, rule=rule)
                    / at_best(runs, None, problem=problem, rule=other)
                )
            )
        )

    def rises(rule: str) -> Floats:
        return over_problems(lambda problem: at_best(runs, "rises", problem=problem, rule=rule))

    def widths(rule: str) -> Floats:
        return over_problems(lambda problem: width(runs, problem=problem, rule=rule))

    def tuning(rules: Sequence[str]) -> Floats:
        each = [over_problems(partial(detour, runs, rule)) for rule in rules]
        return np.asarray(np.mean(each, axis=0))

    def turn(rule: str) -> Floats:
        each = [at_best(walks, "turn", valley=v, batches="full", rule=rule) for v in VALLEYS]
        return np.asarray(np.mean(each, axis=0))

    def steps(valley: str, rule: str) -> Floats:
        return at_best(walks, None, valley=valley, batches="full", rule=rule)

    def unseen(rule: str) -> Floats:
        return at_best(runs, "unseen", problem="digits", rule=rule)

    along, askew = VALLEYS
    found = {
        "passes": faster("gd", "sgd"),
        "noise": rises("sgd") - rises("gd"),
        "momentum_faster": faster("sgd", "momentum"),
        "momentum_full": faster("gd", "gd + momentum"),
        "momentum_smoother": rises("momentum") - rises("sgd"),
        "momentum_path": turn("momentum") - turn("gd"),
        "nesterov": faster("heavy_ball", "nesterov"),
        "adagrad": faster("adagrad", "rmsprop"),
        "adam_faster": faster("sgd", "adam"),
        "adam_valley": steps(along, "gd") / steps(along, "adam"),
        "adam_askew": steps(askew, "gd") / steps(askew, "adam"),
        "adam_rate": widths("adam") - widths("sgd"),
        "tuning": tuning(ADAPTIVE) - tuning(PLAIN),
        "unseen": unseen("momentum") - unseen("adam"),
    }
    return {key: values.tolist() for key, values in found.items()}


def _notes(tables: Tables) -> list[str]:
    runs, walks = tables["runs"], tables["walks"]

    def listed(problem: str, form: str, of: Callable[[str, str], Floats]) -> str:
        return ", ".join(f"{rule} {of(problem, rule).mean():{form}}" for rule in RULES)

    def epochs(problem: str, rule: str) -> Floats:
        return at_best(runs, None, problem=problem, rule=rule)

    def rate(problem: str, rule: str) -> Floats:
        return at_best(runs, "rate", problem=problem, rule=rule)

    def rises(problem: str, rule: str) -> Floats:
        return at_best(runs, "rises", problem=problem, rule=rule)

    def milliseconds(problem: str, rule: str) -> Floats:
        return 1000 * at_best(runs, "seconds", problem=problem, rule=rule)

    def decades(problem: str, rule: str) -> Floats:
        return width(runs, problem=problem, rule=rule)

    notes = []
    for problem, goal in GOALS.items():
        notes += [
            f"{problem}: epochs to a training loss of {goal:g}, each rule at its best rate:"
            f" {listed(problem, '.1f', epochs)}.",
            f"{problem}: those rates: {listed(problem, '.2g', rate)}.",
            f"{problem}: epochs on which the loss rises: {listed(problem, '.0%', rises)}.",
            f"{problem}: milliseconds to it: {listed(problem, '.0f', milliseconds)}.",
            f"{problem}: decades of rates that will do: {listed(problem, '.2f', decades)}.",
        ]
    along, askew = (
        at_best(walks, None, valley=valley, batches="full", rule="adagrad").mean()
        for valley in VALLEYS
    )
    notes.append(
        "A rate of its own for each weight helps where the valley lies along the weights' axes:"
        f" AdaGrad takes {along:.0f} steps there, and {askew:.0f} where it lies askew."
    )
    for valley in VALLEYS:
        found = ", ".join(
            f"{rule} {at_best(walks, None, valley=valley, batches='full', rule=rule).mean():.3g}"
            for rule in ("gd", *PLAIN[1:], *ADAPTIVE)
        )
        notes.append(f"Valley {valley}: steps to the bottom with exact gradients: {found}.")
        up, turn = (
            at_best(walks, quantity, valley=valley, batches="mini", rule="sgd").mean()
            for quantity in ("uphill", "turn")
        )
        notes.append(
            f"Valley {valley}: with batches of {BATCH} rows, {up:.0%} of the steps of sgd led"
            f" upwards, and its path turned by {turn:.0f} degrees a step."
        )
    return notes


STYLES = {
    "gd": (0, "--"),
    "gd + momentum": (1, "--"),
    "sgd": (0, "-"),
    "momentum": (1, "-"),
    "heavy_ball": (7, "-"),
    "nesterov": (3, "-"),
    "adagrad": (4, "-"),
    "adadelta": (5, "-"),
    "rmsprop": (2, "-"),
    "adam": (6, "-"),
    "adamw": (6, ":"),
}
"""Colour and line of each rule, in every panel."""

WALKED = {"full": ("gd", "momentum", "rmsprop", "adam"), "mini": ("sgd", "momentum", "adam")}
"""Whose paths are drawn."""


def draw(tables: Tables) -> Figure:
    """Curves at the best rates, times, sensitivity to the rate, and paths on two surfaces."""
    figure, axes = panels(9, columns=3)
    for axis, problem in zip(axes[:2], PROBLEMS, strict=True):
        _draw_curves(axis, tables["curves"], problem)
    axes[0].set_ylim(bottom=1e-8)  # the legend below, for both
    axes[0].legend(fontsize=6, ncols=2)
    runs = tables["runs"]
    _draw_rules(
        axes[2],
        {p: [at_best(runs, None, problem=p, rule=rule) for rule in RULES] for p in PROBLEMS},
        "At its own best rate",
        "epochs to the loss",
    )
    axes[2].set_yscale("log")
    for axis, problem in zip(axes[3:5], PROBLEMS, strict=True):
        _draw_rates(axis, runs, problem)
    _draw_rules(
        axes[5],
        {p: [width(runs, problem=p, rule=rule) for rule in RULES] for p in PROBLEMS},
        "Rates that take at most twice the epochs",
        "decades of rates",
    )
    along, askew = VALLEYS
    for axis, (valley, batches) in zip(
        axes[6:], ((along, "full"), (askew, "full"), (along, "mini")), strict=True
    ):
        _draw_paths(axis, tables, valley, batches)
    return figure


def _draw_curves(axis: Axes, table: Sequence[Row], problem: str) -> None:
    for rule, (color, line) in STYLES.items():
        own: dict[str, float | str] = {"problem": problem, "rule": rule}
        epochs, losses = column(table, "epoch", **own), column(table, "loss", **own)
        axis.plot(epochs, losses, line, color=COLORS[color], label=rule, linewidth=1.1)
    axis.axhline(GOALS[problem], color=GREY, linewidth=0.8)
    title = f"{problem}: best rates, first seed (grey: {GOALS[problem]:g})"
    name(axis, title, "epoch", "training loss", log="xy")
    axis.legend().remove()


def _draw_rules(
    axis: Axes, by_problem: Mapping[str, Sequence[Floats]], title: str, label: str
) -> None:
    """A number for each rule with its interval, by problem."""
    for place, (problem, found) in enumerate(by_problem.items()):
        x = np.arange(len(found)) + 0.2 * place - 0.1
        bounds = np.array([t_interval(values.tolist()) for values in found])
        axis.vlines(x, *bounds.T, color=COLORS[place], linewidth=1)
        means = [float(values.mean()) for values in found]
        axis.plot(x, means, MARKERS[place], color=COLORS[place], label=problem, markersize=5)
    axis.set_xticks(range(len(RULES)), list(RULES), rotation=60, ha="right", fontsize=8)
    name(axis, title, "rule", label)


def _draw_rates(axis: Axes, table: Sequence[Row], problem: str) -> None:
    for rule, (color, line) in STYLES.items():
        found = times(table, problem=problem, rule=rule).mean(axis=1)
        rates = np.array(rates_of(table, problem=problem, rule=rule))
        best = int(found.argmin())
        x, y = rates / rates[best], found / found[best]
        axis.plot(x, y, line, color=COLORS[color], label=rule, linewidth=1.1)
    title = f"{problem}: what a wrong rate costs (colours as above)"
    name(axis, title, "rate / best rate", "epochs / epochs at the best rate")
    axis.set_xlim(1 / 20, 20)
    axis.set_xscale("log")
    axis.legend().remove()


def _draw_paths(axis: Axes, tables: Tables, valley: str, batches: str) -> None:
    surface, paths = tables["surface"], tables["paths"]
    a, b = (sorted(set(column(surface, key, valley=valley))) for key in ("a", "b"))
    heights = np.reshape(column(surface, "height", valley=valley), (len(b), len(a)))
    shown = np.geomspace(0.01, heights.max(), 10)
    axis.contour(a, b, heights, levels=shown, colors="0.75", linewidths=0.7)
    for rule in WALKED[batches]:
        own: dict[str, float | str] = {"valley": valley, "batches": batches, "rule": rule}
        x, y = column(paths, "a", **own), column(paths, "b", **own)
        label = f"{rule}, {len(x) - 1} steps"
        color = COLORS[STYLES[rule][0]]
        axis.plot(x, y, ".-", color=color, label=label, linewidth=1, markersize=3)
    axis.set_xlim(a[0], a[-1])
    axis.set_ylim(b[0], b[-1])
    what = "exact gradients" if batches == "full" else f"batches of {BATCH}"
    name(axis, f"Valley {valley}, {what}", "intercept", "slope")


LESSON = Lesson(
    question="Which optimizer is soonest, and which asks least for the right rate?",
    method=(
        "`experiment=optimizers`: two layers of 32 ReLUs on 500 rows, digits or a noisy sine, in"
        " batches of 32 or (gd) all at once, at a constant rate. Every rule is tried at"
        f" {COUNT} rates, {SPACING:g} decades apart; its other numbers are the defaults. Its time"
        f" is the first epoch whose training loss is at most {GOALS['digits']:g} (digits) or"
        f" {GOALS['sine']:g} (sine); a network that does not come to it counts with all its"
        f" epochs: {EPOCHS['digits']} and {EPOCHS['sine']}, gd {FULL_EPOCHS['digits']} and"
        f" {FULL_EPOCHS['sine']}. A rule's best rate is, for each seed, the one that was soonest in"
        " the mean over all the other seeds, so that no seed judges a rate that it chose. Rises of"
        " the loss are counted over all epochs, at that rate. Accuracy on unseen rows is that of"
        " validation rows, in the epoch that came to the loss. Times by the clock are shares of a"
        " stack of many networks, and those of one rule were taken together: they are for orders of"
        " magnitude.\n\nThe valleys are squared errors of a line over 100 rows, walls 25 times as"
        f" steep as the bottom. The rules step through them at {len(WALKED_RATES)} rates, each"
        " judged at its best as above: by the steps until no more than a hundredth of the first"
        f" height above the bottom is left for good, of at most {STEPS}."
    ),
    claims=CLAIMS,
    seeds=8,
    measure=measure,
    draw=draw,
)

"""Optimizers: how soon each comes to a loss at its own best rate, and how much the rate matters.

The claims are those of "Understanding Deep Learning" (Prince, 2023, chapter 6) and of the papers
that introduced the rules (named in network/optimizers.py); that momentum ends better on unseen rows
is from "The marginal value of adaptive gradient methods in machine learning" (Wilson et al., 2017).
"""

from collections.abc import Sequence

import numpy as np

from mlp_lab.data.arrays import Floats
from mlp_lab.lessons import optimizer_runs as runs
from mlp_lab.lessons.claims import DIFFERENCE, POSITIVE, Claim
from mlp_lab.lessons.lesson import Lesson
from mlp_lab.lessons.optimizer_panels import panels
from mlp_lab.lessons.optimizer_runs import ADAPTIVE, GOALS, PLAIN
from mlp_lab.lessons.tables import Table, Tables, by_seed, where
from mlp_lab.lessons.trajectories import BATCH, EXPONENTS, STEPS, VALLEYS

BOTH = "mean of both problems"
RISES = "share of epochs on which the training loss rises"
STEPS_TO = "steps to the bottom with exact gradients, gd / adam, valley"


def at_best(t: Tables, column: str, rule: str) -> Floats:
    """A column of both problems, each at the rule's best rate, (problems, seeds)."""
    return by_seed(t["best_runs"], column, "problem", rule=rule)


def on_paths(t: Tables, column: str, rule: str) -> Floats:
    """A column of both valleys with exact gradients, each at its best rate, (valleys, seeds)."""
    return by_seed(t["best_trajectories"], column, "valley", batches="full", rule=rule)


def mean(t: Tables, column: str, rule: str) -> Floats:
    """The mean of `at_best` over both problems, (seeds,)."""
    return np.asarray(at_best(t, column, rule).mean(axis=0))


def sooner(text: str, other: str, rule: str) -> Claim:
    """That a rule comes to the loss sooner than another."""
    measure, epochs = f"epochs to the loss, {other} / {rule}, geometric {BOTH}", "capped_epochs"
    return Claim(
        text,
        measure,
        lambda t: np.exp(np.log(at_best(t, epochs, other) / at_best(t, epochs, rule)).mean(axis=0)),
        above=1.0,
        within=POSITIVE,
    )


def detour(t: Tables, rules: Sequence[str]) -> Floats:
    """log2 of epochs at the other problem's best rate / at the own, mean of rules, (seeds,)."""
    ratios = [at_best(t, "capped_elsewhere", r) / at_best(t, "capped_epochs", r) for r in rules]
    return np.asarray(np.mean([np.log2(own).mean(axis=0) for own in ratios], axis=0))


CLAIMS = {
    "passes": sooner("Mini-batches take fewer passes to a loss than full batches.", "gd", "sgd"),
    "noise": Claim(
        "They pay with noise: on more epochs the loss rises.",
        f"{RISES}, sgd - gd, {BOTH}",
        lambda t: mean(t, "rises", "sgd") - mean(t, "rises", "gd"),
        above=0.0,
        within=DIFFERENCE,
    ),
    "momentum_faster": sooner("Momentum comes to a loss sooner.", "sgd", "momentum"),
    "momentum_full": sooner("It does so with exact gradients, too.", "gd", "gd + momentum"),
    "momentum_smoother": Claim(
        "Momentum makes the way smoother.",
        f"{RISES}, momentum - sgd, {BOTH}",
        lambda t: mean(t, "rises", "momentum") - mean(t, "rises", "sgd"),
        below=0.0,
        within=DIFFERENCE,
    ),
    "momentum_path": Claim(
        "In a narrow valley, momentum keeps a path from bouncing between the walls.",
        "mean angle between successive steps in degrees, gd + momentum - gd, mean of both valleys",
        lambda t: on_paths(t, "turn", "momentum").mean(0) - on_paths(t, "turn", "gd").mean(0),
        below=0.0,
    ),
    "nesterov": sooner(
        "Nesterov's look ahead is faster than the heavy ball.", "heavy_ball", "nesterov"
    ),
    "adagrad": sooner(
        "AdaGrad's rate dies away too early; RMSProp's does not: it is sooner.",
        "adagrad",
        "rmsprop",
    ),
    "adam_faster": sooner("Adam comes to a loss sooner than SGD.", "sgd", "adam"),
    "adam_valley": Claim(
        "In a valley along an axis, Adam makes headway in both directions at once.",
        f"{STEPS_TO} along an axis",
        lambda t: on_paths(t, "capped_steps", "gd")[0] / on_paths(t, "capped_steps", "adam")[0],
        above=1.0,
        within=POSITIVE,
    ),
    "adam_askew": Claim(
        "And it does so whichever way the valley lies.",
        f"{STEPS_TO} askew",
        lambda t: on_paths(t, "capped_steps", "gd")[1] / on_paths(t, "capped_steps", "adam")[1],
        above=1.0,
        within=POSITIVE,
    ),
    "adam_rate": Claim(
        "Adam is less sensitive to its rate than SGD.",
        f"decades of rates that take at most twice the best's epochs, adam - sgd, {BOTH}",
        lambda t: mean(t, "decades", "adam") - mean(t, "decades", "sgd"),
        above=0.0,
    ),
    "tuning": Claim(
        "Adaptive rules need less tuning: a rate that was good elsewhere will do.",
        "log2 of epochs at the other problem's best rate / at its own, adaptive rules - sgd and its"
        f" momenta, {BOTH}",
        lambda t: detour(t, ADAPTIVE) - detour(t, PLAIN),
        below=0.0,
    ),
    "unseen": Claim(
        "But what momentum has found does better on unseen rows than what Adam has.",
        "accuracy on unseen digits when the training loss is reached, momentum - adam",
        lambda t: at_best(t, "unseen", "momentum")[0] - at_best(t, "unseen", "adam")[0],
        above=0.0,
        within=DIFFERENCE,
    ),
}


QUANTITIES = {
    "epochs to the training loss, each rule at its best rate": ("capped_epochs", ".1f"),
    "those rates": ("rate", ".2g"),
    "epochs on which the loss rises": ("rises", ".0%"),
    "seconds to it": ("seconds", ".2g"),
    "decades of rates that will do": ("decades", ".2f"),
}


def each_rule(table: Table, column: str, form: str) -> str:
    """`gd 40.0, sgd 8.5`: means over seeds."""
    means = {rule: by_seed(table, column, rule=rule).mean() for rule in table["rule"].unique()}
    return ", ".join(f"{rule} {mean:{form}}" for rule, mean in means.items())


def notes(tables: Tables) -> list[str]:
    """Every rule's numbers at its best rate, by problem, then by valley."""
    found = [
        f"{problem}: {words}: {each_rule(where(tables['best_runs'], problem=problem), *column)}."
        for problem in GOALS
        for words, column in QUANTITIES.items()
    ]
    along, askew = on_paths(tables, "capped_steps", "adagrad").mean(axis=1)
    found.append(
        "A rate of its own for each weight helps where the valley lies along the weights' axes:"
        f" AdaGrad takes {along:.0f} steps there, and {askew:.0f} where it lies askew."
    )
    for valley in VALLEYS:
        own = where(tables["best_trajectories"], valley=valley)
        steps = each_rule(where(own, batches="full"), "capped_steps", ".3g")
        sgd = where(own, batches="mini", rule="sgd")
        uphill, turn = by_seed(sgd, "uphill").mean(), by_seed(sgd, "turn").mean()
        found += [
            f"Valley {valley}: steps to the bottom with exact gradients: {steps}.",
            f"Valley {valley}: with batches of {BATCH} rows, {uphill:.0%} of the steps of sgd led"
            f" upwards, and its path turned by {turn:.0f} degrees a step.",
        ]
    return found


LESSON = Lesson(
    question="Which optimizer is soonest, and which asks least for the right rate?",
    method=(
        "`experiment=optimizers`: two layers of 32 ReLUs on 500 rows, digits or a noisy sine, at a"
        " constant rate, in batches of 32 or (gd) all at once. Every rule is tried at"
        f" {runs.COUNT} rates, {runs.SPACING:g} decades apart, its other numbers the defaults. Its"
        f" time is the first epoch with a training loss of at most {GOALS['digits']:g} (digits) or"
        f" {GOALS['sine']:g} (sine); without one it is all epochs: {runs.EPOCHS['digits']} and"
        f" {runs.EPOCHS['sine']}, gd {runs.FULL_EPOCHS['digits']} and {runs.FULL_EPOCHS['sine']}. A"
        " rule's best rate is, for each seed, the one soonest in the mean over all other seeds: no"
        " seed judges a rate that it chose. Rises of the loss are counted over all epochs at that"
        " rate. Accuracy on unseen rows is on validation rows, in the epoch that came to the loss."
        " Times by the clock are shares of a stack of many networks, each rule's taken together:"
        " orders of magnitude.\n\nThe valleys are squared errors of a line over 100 rows, walls 25"
        f" times as steep as the bottom. Rules step through them at {len(EXPONENTS)} rates, each"
        " judged at its best as above: by the steps until no more than a hundredth of the first"
        f" height above the bottom is left for good, of at most {STEPS}."
    ),
    seeds=8,
    measure=runs.measure,
    claims=CLAIMS,
    notes=notes,
    panels=panels,
)

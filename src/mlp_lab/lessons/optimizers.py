"""Optimizers: how soon each comes to a loss at its own best rate, and how much the rate matters.

The claims are those of "Understanding Deep Learning" (Prince, 2023, chapter 6) and of the papers
that introduced the rules (named in network/optimizers.py); that momentum ends better on unseen rows
is from "The marginal value of adaptive gradient methods in machine learning" (Wilson et al., 2017).
"""

from collections.abc import Sequence
from functools import partial

import numpy as np

from mlp_lab.data.arrays import Floats
from mlp_lab.lessons.claims import Claim
from mlp_lab.lessons.lesson import Lesson
from mlp_lab.lessons.optimizer_panels import panels
from mlp_lab.lessons.optimizer_runs import (
    ADAPTIVE,
    COUNT,
    EPOCHS,
    FULL_EPOCHS,
    GOALS,
    PLAIN,
    SPACING,
    measure,
)
from mlp_lab.lessons.tables import Table, Tables, by_seed, where
from mlp_lab.lessons.trajectories import BATCH, EXPONENTS, STEPS, VALLEYS

BOTH = "both problems"


def at_best(tables: Tables, column: str, rule: str) -> Floats:
    """A column of both problems, each at the rule's best rate, (problems, seeds)."""
    return by_seed(tables["best_runs"], column, "problem", rule=rule)


def difference(column: str, rule: str, other: str, tables: Tables) -> Floats:
    """Of two rules' means over both problems, (seeds,)."""
    first, second = (at_best(tables, column, own).mean(axis=0) for own in (rule, other))
    found: Floats = first - second
    return found


def speedup(other: str, rule: str, tables: Tables) -> Floats:
    """Epochs that one rule takes / epochs that another does, geometric mean, (seeds,)."""
    slow, fast = (at_best(tables, "capped_epochs", own) for own in (other, rule))
    found: Floats = np.exp(np.log(slow / fast).mean(axis=0))
    return found


def sooner(text: str, other: str, rule: str) -> Claim:
    """That a rule comes to the loss sooner than another."""
    measure = f"epochs to the loss, {other} / {rule}, geometric mean of {BOTH}"
    return Claim(text, measure, partial(speedup, other, rule), above=1.0)


def headway(valley: str, tables: Tables) -> Floats:
    """Steps of gradient descent / steps of Adam to the bottom of a valley, (seeds,)."""
    own = where(tables["best_trajectories"], valley=valley, batches="full")
    return by_seed(own, "capped_steps", rule="gd") / by_seed(own, "capped_steps", rule="adam")


def turn(tables: Tables, rule: str) -> Floats:
    """Degrees between a step and the next with exact gradients, (valleys, seeds)."""
    return by_seed(tables["best_trajectories"], "turn", "valley", batches="full", rule=rule)


def detour(tables: Tables, rules: Sequence[str]) -> Floats:
    """log2 of epochs at the other problem's best rate / at the own, mean of rules, (seeds,)."""
    each = [
        at_best(tables, "capped_elsewhere", rule) / at_best(tables, "capped_epochs", rule)
        for rule in rules
    ]
    found: Floats = np.mean([np.log2(own).mean(axis=0) for own in each], axis=0)
    return found


CLAIMS = {
    "passes": sooner(
        "Mini-batches come to a loss in fewer passes over the rows than full batches do.",
        *("gd", "sgd"),
    ),
    "noise": Claim(
        "They pay with noise: on more epochs the loss rises.",
        f"share of epochs on which the training loss rises, sgd - gd, mean of {BOTH}",
        partial(difference, "rises", "sgd", "gd"),
        above=0.0,
    ),
    "momentum_faster": sooner("Momentum comes to a loss sooner.", "sgd", "momentum"),
    "momentum_full": sooner("It does so with exact gradients, too.", "gd", "gd + momentum"),
    "momentum_smoother": Claim(
        "Momentum makes the way smoother.",
        f"share of epochs on which the training loss rises, momentum - sgd, mean of {BOTH}",
        partial(difference, "rises", "momentum", "sgd"),
        below=0.0,
    ),
    "momentum_path": Claim(
        "In a narrow valley, momentum keeps a path from bouncing between the walls.",
        "mean angle between a step and the next in degrees, gd + momentum - gd, mean of both"
        " valleys",
        lambda tables: turn(tables, "momentum").mean(axis=0) - turn(tables, "gd").mean(axis=0),
        below=0.0,
    ),
    "nesterov": sooner(
        "Nesterov's look ahead is faster than the heavy ball.", "heavy_ball", "nesterov"
    ),
    "adagrad": sooner(
        "AdaGrad's rate dies away too early; RMSProp's does not, and is sooner there.",
        *("adagrad", "rmsprop"),
    ),
    "adam_faster": sooner("Adam comes to a loss sooner than SGD.", "sgd", "adam"),
    "adam_valley": Claim(
        "In a valley along an axis, Adam makes headway in both directions at once.",
        "steps to the bottom with exact gradients, gd / adam, valley along an axis",
        partial(headway, "along an axis"),
        above=1.0,
    ),
    "adam_askew": Claim(
        "And it does so whichever way the valley lies.",
        "steps to the bottom with exact gradients, gd / adam, valley askew",
        partial(headway, "askew"),
        above=1.0,
    ),
    "adam_rate": Claim(
        "Adam is less sensitive to its rate than SGD.",
        "decades of rates that come to the loss in at most twice the best's epochs,"
        f" adam - sgd, mean of {BOTH}",
        partial(difference, "decades", "adam", "sgd"),
        above=0.0,
    ),
    "tuning": Claim(
        "Adaptive rules need less tuning: a rate that was good elsewhere will do.",
        "log2 of epochs at the other problem's best rate / at its own, adaptive rules -"
        f" sgd and its momenta, mean of {BOTH}",
        lambda tables: detour(tables, ADAPTIVE) - detour(tables, PLAIN),
        below=0.0,
    ),
    "unseen": Claim(
        "But what momentum has found does better on unseen rows than what Adam has.",
        "accuracy on unseen digits when the training loss is reached, momentum - adam",
        lambda tables: (
            at_best(tables, "unseen", "momentum")[0] - at_best(tables, "unseen", "adam")[0]
        ),
        above=0.0,
    ),
}


def each_rule(table: Table, column: str, form: str, factor: float = 1) -> str:
    """`gd 40.0, sgd 8.5`: means over seeds."""
    means = {rule: by_seed(table, column, rule=rule).mean() for rule in table["rule"].unique()}
    return ", ".join(f"{rule} {factor * value:{form}}" for rule, value in means.items())


def notes(tables: Tables) -> list[str]:
    """Every rule's numbers at its best rate, by problem, then by valley."""
    found: list[str] = []
    for problem, goal in GOALS.items():
        own = where(tables["best_runs"], problem=problem)
        found += [
            f"{problem}: epochs to a training loss of {goal:g}, each rule at its best rate:"
            f" {each_rule(own, 'capped_epochs', '.1f')}.",
            f"{problem}: those rates: {each_rule(own, 'rate', '.2g')}.",
            f"{problem}: epochs on which the loss rises: {each_rule(own, 'rises', '.0%')}.",
            f"{problem}: milliseconds to it: {each_rule(own, 'seconds', '.0f', 1000)}.",
            f"{problem}: decades of rates that will do: {each_rule(own, 'decades', '.2f')}.",
        ]
    exact, mini = (where(tables["best_trajectories"], batches=own) for own in ("full", "mini"))
    along, askew = by_seed(exact, "capped_steps", "valley", rule="adagrad").mean(axis=1)
    found.append(
        "A rate of its own for each weight helps where the valley lies along the weights' axes:"
        f" AdaGrad takes {along:.0f} steps there, and {askew:.0f} where it lies askew."
    )
    for valley in VALLEYS:
        steps = each_rule(where(exact, valley=valley), "capped_steps", ".3g")
        uphill, turned = (
            by_seed(mini, column, valley=valley, rule="sgd").mean() for column in ("uphill", "turn")
        )
        found += [
            f"Valley {valley}: steps to the bottom with exact gradients: {steps}.",
            f"Valley {valley}: with batches of {BATCH} rows, {uphill:.0%} of the steps of sgd led"
            f" upwards, and its path turned by {turned:.0f} degrees a step.",
        ]
    return found


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
        f" steep as the bottom. The rules step through them at {len(EXPONENTS)} rates, each"
        " judged at its best as above: by the steps until no more than a hundredth of the first"
        f" height above the bottom is left for good, of at most {STEPS}."
    ),
    seeds=8,
    measure=measure,
    claims=CLAIMS,
    notes=notes,
    panels=panels,
)

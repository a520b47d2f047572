"""Stochastic steps: what they cost beside full ones, and which minima they leave."""

from mlp_lab.lessons.lesson import Lesson
from mlp_lab.lessons.stochastic_steps import cost, minima

PARTS = (minima, cost)

LESSON = Lesson(
    question="Why take a step on a few rows, if all of them are at hand?",
    method=(
        "Two experiments. Minima: the Gabor model of the textbook, a wave under a bell,"
        f" y = sin(z) exp(-z² / 32) with z = a + 0.06 b x, is fitted to {minima.ROWS} rows of it"
        f" with noise of standard deviation {minima.NOISE:g}. Its squared error is a surface over a"
        f" and b with many minima. A seed draws rows and batches. From {minima.SIDE**2} points of"
        f" a grid, gradient descent with all rows takes {minima.STEPS:,} steps at a rate of"
        f" {minima.RATE:g}; where it then rests, with a gradient of length below"
        f" {minima.FLAT:g} and curved upwards in all directions, is a minimum, and a local one if"
        f" its loss is more than {minima.ABOVE:g} above the lowest. From each local minimum,"
        f" {minima.TRIES} descents take {minima.NOISY_STEPS:,} steps on batches at the same rate,"
        " then full ones until they rest; they have left it for a lower one if that is"
        f" {minima.APART:g} lower. Cost: `data=moons data.noise={cost.NOISE:g}`, one hidden layer"
        f" of {cost.UNITS} ReLUs, plain gradient descent at a rate of {cost.RATE:g}, until the"
        f" cross-entropy of {cost.UNSEEN:,} unseen rows is {cost.GOAL:g} (looked at every"
        f" {cost.EVERY} steps). What counts is row-gradients: rows of a step times steps. A seed"
        " draws rows, weights and batches."
    ),
    seeds=8,
    measure=lambda bench: {
        name: table for part in PARTS for name, table in part.measure(bench).items()
    },
    claims={**minima.CLAIMS, **cost.CLAIMS},
    notes=lambda tables: [note for part in PARTS for note in part.notes(tables)],
    panels=lambda tables: [panel for part in PARTS for panel in part.panels(tables)],
    columns=2,
    panel_size=5,
)

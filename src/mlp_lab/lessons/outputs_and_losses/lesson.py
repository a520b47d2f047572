"""Outputs and losses: what a network's outputs mean, and which loss suits which target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlp_lab.data.synthetic import CODE
from mlp_lab.lessons.old.lesson import Evidence, Lesson, Tables, together
from mlp_lab.lessons.outputs_and_losses import calibration, classes, outliers

if TYPE_CHECKING:
    from mlp_lab.lessons.old.bench import Bench
    from mlp_lab.lessons.old.figures import Figure

PARTS = (calibration, outliers, classes)


def measure(bench: Bench) -> Evidence:
    """Three experiments, one after the other."""
    return together(part.measure(bench) for part in PARTS)


def draw(tables: Tables) -> Figure:
    """Calibration above, gross errors in the middle, classes below."""
    from mlp_lab.lessons.old.figures import panels

    figure, axes = panels(9)
    calibration.draw(tables, axes[:3])
    outliers.draw(tables, axes[3:5])
    classes.draw(tables, axes[5:])
    return figure


LESSON = Lesson(
    question="Are outputs probabilities, and which loss suits which target?",
    method=(
        "Three experiments; a seed draws rows, weights and batches. Calibration:"
        " `experiment=outputs_and_losses`, three overlapping clouds in the plane, 100 rows, Adam at"
        " 0.002 for 400 epochs; the small network has one layer of 4 ReLUs, the large one three of"
        " 64; a sigmoid for each class is trained by squared error. All is measured on 3,060 unseen"
        " rows. Gross errors: 400 points of a sine with noise of deviation 0.3, a share of all rows"
        f" with a {CODE:g} for y, 32 ReLUs, Adam with a cosine schedule; the distance is the root"
        " mean square of fit - function at 201 points. Classes: digits, 64 ReLUs, plain stochastic"
        " gradient descent on batches of 128 for 80 epochs; unseen rows are 539 validation rows."
        " Rates, and the epoch of stopping, are never a seed's own choice: each is the one that is"
        " best on average for the other seeds, by validation loss (classes: by what is compared)."
        " After first results, seeds went from 6 to 8 and the large network, the batches and the"
        " classes' initial weights were changed."
    ),
    claims={**calibration.CLAIMS, **outliers.CLAIMS, **classes.CLAIMS},
    seeds=8,
    measure=measure,
    draw=draw,
)

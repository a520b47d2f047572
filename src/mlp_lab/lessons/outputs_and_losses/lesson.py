"""Outputs and losses: what a network's outputs mean, and which loss suits which target."""

from mlp_lab.data.synthetic import CODE
from mlp_lab.lessons.lesson import Lesson
from mlp_lab.lessons.outputs_and_losses import calibration, classes, outliers

PARTS = (calibration, outliers, classes)

LESSON = Lesson(
    question="Are outputs probabilities, and which loss suits which target?",
    method=(
        "Three experiments; a seed draws rows, weights and batches. Calibration:"
        " `experiment=outputs_and_losses`, three overlapping clouds in the plane, 100 training and"
        " 3,060 unseen rows, Adam at 0.002 for 400 epochs; small: one layer of 4 ReLUs, large:"
        " three of 64; a sigmoid for each class is trained by squared error. Outliers: 400 points"
        " of a sine with noise of standard deviation 0.3, a share of all rows with a"
        f" {CODE:g} for y, 32 ReLUs, Adam with a cosine schedule; distance: root mean square of fit"
        " - function at 201 points. Classes: digits, 539 unseen (validation) rows, 64 ReLUs,"
        " stochastic gradient descent on batches of 128 for 80 epochs. Rates and the epoch of"
        " stopping are those that are best on average for the other seeds, by validation loss"
        " (classes: by what is compared). After first results, seeds went from 6 to 8 and the large"
        " network, the batches and the classes' initial weights were changed."
    ),
    seeds=8,
    measure=lambda bench: {
        name: table for part in PARTS for name, table in part.measure(bench).items()
    },
    claims={**calibration.CLAIMS, **outliers.CLAIMS, **classes.CLAIMS},
    notes=lambda tables: [note for part in PARTS for note in part.notes(tables)],
    panels=lambda tables: [panel for part in PARTS for panel in part.panels(tables)],
)

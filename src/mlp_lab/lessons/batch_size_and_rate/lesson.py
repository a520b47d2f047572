"""Batch size and learning rate: how they hang together, and how high a rate can be."""

from mlp_lab.lessons.batch_size_and_rate import noise, rates, stability
from mlp_lab.lessons.bench import Bench
from mlp_lab.lessons.lesson import Lesson
from mlp_lab.lessons.tables import Tables

PARTS = (rates, noise, stability)


def measure(bench: Bench) -> Tables:
    """Every batch size with every rate, gradients of batches, and gradient descent."""
    tables, best = rates.measure(bench)
    return {**tables, **noise.measure(bench, best), **stability.measure(bench)}


LESSON = Lesson(
    question="How large should batches be, and how high the learning rate?",
    method=(
        f"`experiment=batch_size_and_rate`: {rates.ROWS:,} digits, a tenth of the labels drawn"
        " anew, 32 ReLUs, cross-entropy, plain stochastic gradient descent. A seed draws rows,"
        " wrong labels, weights and batches. Every batch size is trained at every rate for"
        f" {rates.EPOCHS} epochs and for {rates.STEPS} steps. What is compared at best rates is at"
        " the rate (and epoch) that is best on average for the other seeds, by training loss, for"
        " accuracy by validation loss; the best rate itself is the seed's own, between the grid's"
        " rates by a parabola. Unseen rows are 539 validation rows with true labels. Noise is the"
        f" mean squared distance of the gradients of {noise.DRAWS} batches, drawn without"
        " replacement, from that of all rows. The largest curvature is the largest eigenvalue of"
        " the Hessian of the training loss, by the power method; a rate holds if after"
        f" {stability.EPOCHS} epochs the loss is below that of giving all digits the same"
        " probability. Times are of this machine. After first results, the growth of the best rate"
        f" became a ratio and accuracy a mean over {rates.SMOOTHED} epochs."
    ),
    seeds=6,
    measure=measure,
    claims={**rates.CLAIMS, **noise.CLAIMS, **stability.CLAIMS},
    notes=lambda tables: [note for part in PARTS for note in part.notes(tables)],
    panels=lambda tables: [panel for part in PARTS for panel in part.panels(tables)],
)

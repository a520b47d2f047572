"""Batch size and learning rate: how they hang together, and how high a rate can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlp_lab.lessons.batch_size_and_rate import noise, rates, stability
from mlp_lab.lessons.old.lesson import Evidence, Lesson, Tables, together

if TYPE_CHECKING:
    from mlp_lab.lessons.old.bench import Bench
    from mlp_lab.lessons.old.figures import Figure


def measure(bench: Bench) -> Evidence:
    """Every batch size with every rate, gradients of batches, and gradient descent."""
    found, trained = rates.measure(bench)
    return together([found, noise.measure(bench, trained), stability.measure(bench)])


def draw(tables: Tables) -> Figure:
    """Rates and batch sizes, then noise and time, then stability."""
    from mlp_lab.lessons.old.figures import panels

    figure, axes = panels(9)
    rates.draw(tables, axes[:5])
    noise.draw(tables, axes[5:7])
    stability.draw(tables, axes[7:])
    return figure


LESSON = Lesson(
    question="How large should batches be, and how high the learning rate?",
    method=(
        f"`experiment=batch_size_and_rate`: {rates.ROWS:,} digits, the labels of a tenth drawn"
        " anew, 32 ReLUs, cross-entropy, plain stochastic gradient descent. A seed draws rows,"
        " wrong labels, weights and batches. Every batch size is trained at every rate long enough"
        f" for {rates.EPOCHS} epochs and for {rates.STEPS} steps. What is compared at best rates is"
        " never at a seed's own choice: its rate (and epoch) is the one that is best on average for"
        " the other seeds, by training loss, for accuracy by validation loss; only where the best"
        " rate itself is the question, it is the seed's own, between the grid's rates by a"
        " parabola. Unseen rows are 539 validation rows with true labels. Noise is the mean squared"
        f" distance of the gradients of {noise.DRAWS} batches, drawn without replacement, from that"
        " of all rows. The largest curvature is the largest eigenvalue of the Hessian of the"
        " training loss, by the power method; a rate holds if after"
        f" {stability.EPOCHS} epochs the loss is below that of giving every digit the same"
        " probability. Times are of this machine. After first results, the growth of the best rate"
        " became a ratio and accuracy a mean over 5 epochs."
    ),
    claims={**rates.CLAIMS, **noise.CLAIMS, **stability.CLAIMS},
    seeds=6,
    measure=measure,
    draw=draw,
)

"""What optimizers keep from step to step: a velocity, or a rate for each weight."""

from mlp_lab.lessons.lesson import Lesson
from mlp_lab.lessons.momentum_and_rates import alphas, reversal, weight_rates

PARTS = (reversal, weight_rates, alphas)

LESSON = Lesson(
    question="What does an optimizer remember of earlier steps, and what does it make of it?",
    method=(
        f"Three experiments. Reversal: a single weight is given {reversal.BEFORE} gradients of"
        f" one sign, drawn between {reversal.SMALLEST:g} and {reversal.LARGEST:g}, then"
        f" {reversal.AFTER} of the other; what counts is how many steps after the turn still go the"
        " old way. The rules and their numbers are the defaults, the steps the engine's. Rates:"
        " `experiment=optimizers`, 500 digits, two layers of 32 ReLUs, batches of 32,"
        f" {weight_rates.EPOCHS} epochs at the default rates. A weight's own rate is eta / (sqrt(v)"
        " + eps), with the second moment v (Adam's corrected for its start, AdaGrad's the sum) as"
        " it is after an epoch; weights and biases that never had a gradient, of dark pixels and"
        " dead units, are left out. That rates differ more than twofold was claimed when the first"
        " three seeds had shown that they do not differ tenfold. Alpha: descents by momentum,"
        " v <- alpha v + (1 - alpha) g, through the valley along an axis of the lesson"
        " `optimizers`, walls 25 times as steep as the bottom, up to"
        f" {alphas.STEPS:,} steps, and networks of `experiment=optimizers` on digits until a"
        f" training loss of {alphas.GOAL:g}, up to {alphas.EPOCHS} epochs. Each alpha is tried at a"
        " grid of rates and judged, for each seed, at the one that is soonest on average for the"
        " other seeds. A path has arrived where no more than a hundredth of the first height above"
        " the bottom is left for good. A seed draws gradients, rows, weights and batches."
    ),
    seeds=8,
    measure=lambda bench: {
        name: table for part in PARTS for name, table in part.measure(bench).items()
    },
    claims={**reversal.CLAIMS, **weight_rates.CLAIMS, **alphas.CLAIMS},
    notes=lambda tables: [note for part in PARTS for note in part.notes(tables)],
    panels=lambda tables: [panel for part in PARTS for panel in part.panels(tables)],
)

"""All lessons, in the order of a course."""

from mlp_lab.lessons import (
    activations,
    backprop_cost,
    double_descent,
    embeddings,
    initialisation,
    optimizers,
    under_and_overfitting,
    universal_approximation,
    why_deep,
)
from mlp_lab.lessons.batch_size_and_rate import lesson as batch_size_and_rate
from mlp_lab.lessons.lesson import Lesson
from mlp_lab.lessons.momentum_and_rates import lesson as momentum_and_rates
from mlp_lab.lessons.outputs_and_losses import lesson as outputs_and_losses
from mlp_lab.lessons.stochastic_steps import lesson as stochastic_steps

LESSONS: dict[str, Lesson] = {
    "universal_approximation": universal_approximation.LESSON,
    "why_deep": why_deep.LESSON,
    "activations": activations.LESSON,
    "embeddings": embeddings.LESSON,
    "outputs_and_losses": outputs_and_losses.LESSON,
    "stochastic_steps": stochastic_steps.LESSON,
    "optimizers": optimizers.LESSON,
    "momentum_and_rates": momentum_and_rates.LESSON,
    "backprop_cost": backprop_cost.LESSON,
    "initialisation": initialisation.LESSON,
    "batch_size_and_rate": batch_size_and_rate.LESSON,
    "under_and_overfitting": under_and_overfitting.LESSON,
    "double_descent": double_descent.LESSON,
}

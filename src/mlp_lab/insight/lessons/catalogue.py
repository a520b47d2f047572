"""All lessons, in the order of a course."""

from mlp_lab.insight.lessons import (
    activations,
    double_descent,
    under_and_overfitting,
    universal_approximation,
)
from mlp_lab.insight.lessons.batch_size_and_rate import lesson as batch_size_and_rate
from mlp_lab.insight.lessons.lesson import Lesson
from mlp_lab.insight.lessons.outputs_and_losses import lesson as outputs_and_losses

LESSONS: dict[str, Lesson] = {
    "universal_approximation": universal_approximation.LESSON,
    "activations": activations.LESSON,
    "outputs_and_losses": outputs_and_losses.LESSON,
    "batch_size_and_rate": batch_size_and_rate.LESSON,
    "under_and_overfitting": under_and_overfitting.LESSON,
    "double_descent": double_descent.LESSON,
}

"""All lessons, in the order of a course."""

from mlp_lab.insight.lessons import (
    activations,
    backprop_cost,
    double_descent,
    optimizers,
    under_and_overfitting,
    universal_approximation,
)
from mlp_lab.insight.lessons.lesson import Lesson

LESSONS: dict[str, Lesson] = {
    "universal_approximation": universal_approximation.LESSON,
    "activations": activations.LESSON,
    "optimizers": optimizers.LESSON,
    "backprop_cost": backprop_cost.LESSON,
    "under_and_overfitting": under_and_overfitting.LESSON,
    "double_descent": double_descent.LESSON,
}

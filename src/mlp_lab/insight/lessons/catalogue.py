"""All lessons, in the order of a course."""

from mlp_lab.insight.lessons import (
    activations,
    double_descent,
    initialisation,
    under_and_overfitting,
    universal_approximation,
    why_deep,
)
from mlp_lab.insight.lessons.lesson import Lesson

LESSONS: dict[str, Lesson] = {
    "universal_approximation": universal_approximation.LESSON,
    "why_deep": why_deep.LESSON,
    "activations": activations.LESSON,
    "initialisation": initialisation.LESSON,
    "under_and_overfitting": under_and_overfitting.LESSON,
    "double_descent": double_descent.LESSON,
}

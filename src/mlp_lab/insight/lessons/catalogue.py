"""All lessons, in the order of a course."""

from mlp_lab.insight.lessons import double_descent, universal_approximation
from mlp_lab.insight.lessons.lesson import Lesson

LESSONS: dict[str, Lesson] = {
    "universal_approximation": universal_approximation.LESSON,
    "double_descent": double_descent.LESSON,
}

"""What a column does to the predictions, in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, log10

from mlp_lab.formatting import one_line, significant
from mlp_lab.metrics.effect import Effect

MOSTLY = 0.75
"""Share of the range of predictions from which the change between the ends is most of it."""

MOST_DIGITS = 9


def predicted_words(target: str, effect: Effect) -> str:
    """What is predicted: `predicted income`, or `predicted probability of voted=yes`."""
    what = f"probability of {target}={effect.predicted}" if effect.predicted else target
    return f"predicted {one_line(what)}"


def sentence(target: str, effect: Effect) -> str:
    """Direction and size, in the target's units.

    >>> ends = {"low": [0.3, 0.6], "high": [0.5, 0.7], "change": (-0.27, -0.33, -0.2)}
    >>> pay = Effect("age", "", [], [20.0, 60.0], mean=[0.68, 0.41], **ends)
    >>> sentence("pay", pay).partition(" (")[0]
    'From 20 to 60 of age the predicted pay falls from 0.68 to 0.41'
    """
    words = predicted_words(target, effect)
    change = [significant(value, 2) for value in effect.change]
    name = one_line(effect.column)
    mean = dict(zip(effect.mean, _told_apart(effect.mean), strict=True))
    if effect.levels:
        low, high = min(effect.mean), max(effect.mean)
        least, most = (one_line(effect.levels[effect.mean.index(end)]) for end in (low, high))
        return (
            f"The {words} is highest for {name}={most}, {mean[high]}, and lowest for"
            f" {name}={least}, {mean[low]} (difference {change[0]}; 95 % interval {change[1]} to"
            f" {change[2]})."
        )
    first, last = _told_apart([effect.values[0], effect.values[-1]], 3)
    start, end = (mean[value] for value in (effect.mean[0], effect.mean[-1]))
    size = significant(abs(effect.change[0]), 2)
    low, high = sorted(abs(value) for value in effect.change[1:])
    course = f"{'rises' if effect.change[0] > 0 else 'falls'} from {start} to {end}"
    if effect.change[1] <= 0 <= effect.change[2]:
        course, size = f"goes from {start} to {end}", change[0]
        low, high = effect.change[1:]
    by = f"by {size}; 95 % interval {significant(low, 2)} to {significant(high, 2)}"
    return f"From {first} to {last} of {name} the {words} {course} ({by}){_between(effect, mean)}."


def _told_apart(values: Sequence[float], digits: int = 2) -> list[str]:
    """Numbers to some significant digits of what they differ by."""
    largest, spread = max(map(abs, values)), max(values) - min(values)
    more = max(0, floor(log10(largest / spread))) if spread else 0
    return [significant(value, min(digits + more, MOST_DIGITS)) for value in values]


def _between(effect: Effect, mean: dict[float, str]) -> str:
    """Where a curve goes beyond its ends, as far as that is much of its range."""
    spread = max(effect.mean) - min(effect.mean)
    if abs(effect.change[0]) >= MOSTLY * spread:
        return ""
    ends = (effect.mean[0], effect.mean[-1])
    above, below = max(effect.mean) - max(ends), min(ends) - min(effect.mean)
    value = max(effect.mean) if above >= below else min(effect.mean)
    place = significant(effect.values[effect.mean.index(value)], 3)
    return f"; it is {'highest' if above >= below else 'lowest'} at {place}, {mean[value]}"

"""What a column was found to do: numbers alone, which are drawn where torch is not loaded."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Effect:
    """Mean prediction by the value of a column, with a 95 % interval.

    `predicted` is the class whose probability it is; nothing where the target is a number, in its
    own units. `values` are numbers, or places of `levels`. `change` is from the first value to the
    last, of levels from that of the least prediction to that of the greatest.
    """

    column: str
    predicted: str
    levels: list[str]
    values: list[float]
    mean: list[float]
    low: list[float]
    high: list[float]
    change: tuple[float, float, float]
    """And the ends of its interval."""

"""How many jobs a command line asks for, counted before any is made."""

import math
from collections.abc import Sequence
from decimal import Decimal

from hydra.core.override_parser.types import ChoiceSweep, Override, RangeSweep

from mlp_lab.errors import UserError, require

MOST_JOBS = 100_000
"""Of a sweep."""

MOST_LETTERS = 200
"""Of words that a message repeats."""

BEYOND = 1e300
"""No number of a range is as large."""


def require_few(overrides: Sequence[Override]) -> None:
    """Raise if every combination of the values that keys are given is more than a sweep trains.

    Raises:
        UserError: it is, or a key has a range that never ends.
    """
    counts = {each.get_key_element(): value_count(each) for each in overrides}
    words = [str(each.input_line) for each in overrides if each.is_sweep_override()]
    require_few_jobs(math.prod(counts.values()), " ".join(words))


def require_few_jobs(count: int, words: str) -> None:
    """Raise if `words` ask for so many jobs that no sweep trains them.

    Raises:
        UserError: they do.
    """
    if count > MOST_JOBS:
        number = f"{count:,}" if count < BEYOND else "far more"
        shortened = words if len(words) <= MOST_LETTERS else f"{words[:MOST_LETTERS]}…"
        raise UserError(f"a sweep has at most {MOST_JOBS:,} jobs, got {number}: {shortened}")


def value_count(override: Override) -> int:
    """How many values a word of the command line gives its key.

    Raises:
        UserError: it is a range that cannot be.
    """
    value = override.value()
    if isinstance(value, RangeSweep):
        return len_of_range(*range_numbers(override.key_or_group, value, typed(override)))
    if isinstance(value, ChoiceSweep):
        return len(value.list)
    return 1  # the files of a group are few


def range_numbers(key: str, values: RangeSweep, typed: str) -> tuple[Decimal, Decimal, Decimal]:
    """Start, stop and step of a range.

    Raises:
        UserError: one is no finite number, or the step is 0.
    """
    numbers = (values.start or 0, values.stop or 0, values.step)
    finite = all(abs(number) < BEYOND for number in numbers)
    require(finite, key, "a range of finite numbers, below 1e300", typed)
    require(values.step != 0, key, "a range in steps other than 0", typed)
    start, stop, step = (Decimal(str(number)) for number in numbers)
    return start, stop, step


def len_of_range(start: Decimal, stop: Decimal, step: Decimal) -> int:
    """How many numbers there are from start, in steps, before stop."""
    return max(0, math.ceil((stop - start) / step))


def typed(override: Override) -> str:
    """The value of a word, as it was typed."""
    assert override.input_line is not None
    return override.input_line.partition("=")[2]

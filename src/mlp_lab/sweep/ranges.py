"""Ranges of the command line, as Hydra writes them -> distributions, as Optuna has them."""

from collections.abc import Sequence

from hydra.core.override_parser.types import IntervalSweep, Override, RangeSweep, Sweep
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from mlp_lab.compare.settings import REPLICATES
from mlp_lab.config.schema import OF_THE_COMMAND
from mlp_lab.errors import UserError, require, require_choice
from mlp_lab.runs.job import INCIDENTAL
from mlp_lab.sweep.counting import BEYOND, len_of_range, range_numbers, typed

EXACT = 2**53
"""Beyond it, Optuna's floats leave whole numbers out."""

RULE = f"within {EXACT:,} of 0"


def search_space(overrides: Sequence[Override]) -> tuple[dict[str, BaseDistribution], list[str]]:
    """What is searched, by key, and the words that stay as they are.

    Raises:
        UserError: nothing is searched, or something cannot be.
    """
    space: dict[str, BaseDistribution] = {}
    fixed = []
    for override in overrides:
        assert override.input_line is not None
        if override.is_sweep_override():
            require_setting(override.key_or_group)
            space[override.get_key_element()] = distribution(override)
        else:
            fixed.append(override.input_line)
    if not space:
        raise UserError(
            "hydra/sweeper=optuna has nothing to search: give a range,"
            " as optimizer.lr=tag(log,interval(1e-4,1e-1))"
        )
    return space, fixed


def require_setting(key: str) -> None:
    """Raise a UserError unless a network can be better or worse for a key's value."""
    if key in REPLICATES:
        raise UserError(
            f"{key} repeats a setting and cannot be searched: give it one value, and judge"
            " every trial over several runs with cv=5"
        )
    if key.partition(".")[0] in (*OF_THE_COMMAND, *INCIDENTAL):
        raise UserError(f"{key} changes no result and cannot be searched: give it one value")


def distribution(override: Override) -> BaseDistribution:
    """What a range stands for: numbers between two others, or choices as they were typed.

    Raises:
        UserError: it holds no value, or cannot be on a logarithmic scale.
    """
    key, value = override.key_or_group, override.value()
    tags = value.tags if isinstance(value, Sweep) else set()
    for tag in tags:
        require_choice(tag, f"tag of {key}", ["log"])
    if isinstance(value, IntervalSweep):
        return _interval(override, value)
    if isinstance(value, RangeSweep):
        return _range(override, value)
    require(not tags, key, "a range of numbers to be on a logarithmic scale", typed(override))
    choices = tuple(dict.fromkeys(override.sweep_string_iterator()))
    require(len(choices) > 0, key, "given values to choose from", typed(override))
    return CategoricalDistribution(choices)


def _interval(override: Override, interval: IntervalSweep) -> BaseDistribution:
    key, log = override.key_or_group, "log" in interval.tags
    low, high = interval.start, interval.end
    assert low is not None
    assert high is not None
    require(-BEYOND < low < high < BEYOND, key, "an interval from low to high", typed(override))
    require(not log or low > 0, key, "above 0 on a logarithmic scale", typed(override))
    if isinstance(low, int) and isinstance(high, int):
        require(max(-low, high) <= EXACT, key, RULE, typed(override))
        return IntDistribution(low, high, log=log)
    return FloatDistribution(low, high, log=log)


def _range(override: Override, values: RangeSweep) -> BaseDistribution:
    key, log = override.key_or_group, "log" in values.tags
    first, stop, step = range_numbers(key, values, typed(override))
    count = len_of_range(first, stop, step)
    require(count > 0, key, "a range with values", typed(override))
    low, high = sorted((first, first + (count - 1) * step))
    require(not log or low > 0, key, "above 0 on a logarithmic scale", typed(override))
    whole = all(isinstance(each, int) for each in (values.start, values.stop, values.step))
    require(not whole or max(-low, high) <= EXACT, key, RULE, typed(override))
    require(not log or (whole and abs(step) == 1), key, "in steps of 1 with log", typed(override))
    if whole:
        return IntDistribution(int(low), int(high), log=log, step=int(abs(step)))
    return FloatDistribution(float(low), float(high), step=float(abs(step)))

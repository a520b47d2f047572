"""Studies: settings varied over a grid, each trained for every seed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, product

from mlp_lab.lessons.tables import SEED, Level

Words = Sequence[str]
"""What a command line would say after `python train.py`."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A network to train: its settings, and what they stand for in columns of tables."""

    labels: Mapping[str, Level]
    words: Words


Study = Sequence[Trial]

Factor = Mapping[str, Words] | Mapping[float, Words] | Mapping[Level, Words]
"""What is varied: levels, and the settings of each."""


def grid(
    words: Words,
    seeds: Iterable[int],
    seeded: Callable[[int], Words] | None = None,
    **factors: Factor,
) -> list[Trial]:
    """A trial for each combination of levels and each seed; seeds, then the last factor go first.

    Args:
        words: settings of all.
        seeds: one after the other within each combination.
        seeded: the settings of a seed; by default everything random follows from it.
        factors: what is varied, by the name of its column: levels, and the settings of each.
    """
    numbers, settings = list(seeds), seeded or seed_settings
    return [
        Trial(
            {**{name: level for name, (level, _) in zip(factors, chosen, strict=True)}, SEED: seed},
            [*words, *chain(*(own for _, own in chosen)), *settings(seed)],
        )
        for chosen in product(*(factor.items() for factor in factors.values()))
        for seed in numbers
    ]


def varied(key: str, values: Iterable[Level]) -> dict[Level, Words]:
    """A factor that is one setting: its levels are the setting's values."""
    return {value: [f"{key}={value}"] for value in values}


def seed_settings(seed: int) -> list[str]:
    """Settings by which everything random follows from a seed: the network and the data."""
    return [f"seed={seed}", f"data.split_seed={seed}"]

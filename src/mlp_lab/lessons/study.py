"""Studies: settings varied over a grid, each trained for every seed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, product

from mlp_lab.lessons.tables import SEED, Level

Words = Sequence[str]
"""What a command line would say after `python train.py`."""

Factor = Mapping[str, Words] | Mapping[float, Words] | Mapping[Level, Words]
"""What is varied: levels, and the settings of each."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A network to train: its settings, and what they stand for in columns of tables."""

    labels: Mapping[str, Level]
    words: Words


Study = Sequence[Trial]


def seed_settings(seed: int) -> list[str]:
    """Settings by which everything random follows from a seed: the network and the data."""
    return [f"seed={seed}", f"data.split_seed={seed}"]


def grid(
    words: Words,
    seeds: Iterable[int],
    seeded: Callable[[int], Words] = seed_settings,
    **factors: Factor,
) -> list[Trial]:
    """A trial for each combination of levels and each seed; seeds, then the last factor go first.

    `words` are settings of all, `seeded` those of a seed; a factor is named as its column.
    """
    combinations = product(*(factor.items() for factor in factors.values()))
    return [
        Trial(
            {**{name: level for name, (level, _) in zip(factors, chosen, strict=True)}, SEED: seed},
            [*words, *chain(*(own for _, own in chosen)), *seeded(seed)],
        )
        for chosen, seed in product(combinations, seeds)
    ]


def varied(key: str, values: Iterable[Level]) -> dict[Level, Words]:
    """A factor that is one setting: its levels are the setting's values."""
    return {value: [f"{key}={value}"] for value in values}

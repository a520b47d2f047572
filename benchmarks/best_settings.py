"""How often the best setting is among the "≈ best": `python benchmarks/best_settings.py`.

Invented sweeps of 24 settings, of which one is truly the best. Printed for each kind of sweep and
number of seeds: how often it is the first or not significantly worse, how many settings are, and
the same of paired t-tests alone, which do not pool variances; and how often variances were pooled.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from race import QUICK

from mlp_lab.compare.multiple import CONFIDENCE, compare_with_best
from mlp_lab.compare.records import RunRecord
from mlp_lab.compare.settings import Setting
from mlp_lab.compare.statistics import p_value
from mlp_lab.data.arrays import Floats

SWEEPS = 2 if QUICK else 1000
SETTINGS = 24
SEEDS = (2,) if QUICK else (2, 3, 5, 10)

Generator = np.random.Generator
RUN = RunRecord(Path(), {}, {})


def spread(rng: Generator, seeds: int) -> Floats:
    """Means over four standard deviations; seeds are easier or harder for all."""
    means = -np.linspace(0, 4, SETTINGS)[:, None]
    return np.asarray(means + rng.normal(size=(SETTINGS, seeds)) + rng.normal(size=seeds))


def equal(rng: Generator, seeds: int) -> Floats:
    """All equally good."""
    return rng.normal(size=(SETTINGS, seeds))


def shares(rng: Generator, seeds: int) -> Floats:
    """Accuracies from 0.95 to 0.7 on 200 rows."""
    chances = np.linspace(0.95, 0.7, SETTINGS)[:, None]
    return np.asarray(rng.binomial(200, chances, size=(SETTINGS, seeds)) / 200)


def wild_and_poor(rng: Generator, seeds: int) -> Floats:
    """Half of them far worse, with eight times the standard deviation."""
    half = SETTINGS // 2
    means = -np.r_[np.linspace(0, 3, half), np.linspace(5, 40, half)]
    sizes = np.repeat([1, 8], half)[:, None]
    return np.asarray(means[:, None] + sizes * rng.normal(size=(SETTINGS, seeds)))


def any_variances(rng: Generator, seeds: int) -> Floats:
    """Equal means; standard deviations are log-normal, with sigma 0.7."""
    sizes = np.exp(0.7 * rng.normal(size=(SETTINGS, 1)))
    return np.asarray(sizes * rng.normal(size=(SETTINGS, seeds)))


def wild_best(rng: Generator, seeds: int) -> Floats:
    """The best, a little ahead, has three times the standard deviation of the others."""
    means, sizes = np.full((SETTINGS, 1), -0.3), np.ones((SETTINGS, 1))
    means[0], sizes[0] = 0, 3
    return np.asarray(means + sizes * rng.normal(size=(SETTINGS, seeds)))


KINDS: tuple[Callable[[Generator, int], Floats], ...] = (
    *(spread, equal, shares, wild_and_poor),
    *(any_variances, wild_best),
)


def settings_of(scores: Floats) -> list[Setting]:
    """Settings from the best mean on; their value is their place in `scores`."""
    found = [
        Setting({"k": str(k)}, [RUN] * len(row), {(str(s),): float(v) for s, v in enumerate(row)})
        for k, row in enumerate(scores)
    ]
    return sorted(found, key=lambda own: -own.mean)


def paired(settings: list[Setting]) -> set[str]:
    """Settings that paired t-tests with Bonferroni's correction do not find worse."""
    best, *others = settings
    limit = (1 - CONFIDENCE) / len(others)
    found = {
        own.values["k"] for own in others if (p_value(best.scores, own.scores, 0) or 0) >= limit
    }
    return found | {best.values["k"]}


def main() -> None:
    """Simulate, and print a line for each kind and number of seeds."""
    print(f"{SWEEPS} sweeps of {SETTINGS} settings: true best kept, settings kept (paired alone)")
    for kind in KINDS:
        for seeds in SEEDS:
            rng = np.random.default_rng(0)
            kept, sizes, pooled = np.zeros(2), np.zeros(2), 0
            for _ in range(SWEEPS):
                settings = settings_of(kind(rng, seeds))
                found = compare_with_best(settings, 0.0)
                both = {settings[i].values["k"] for i in (0, *(found.tied or []))}, paired(settings)
                kept += ["0" in own for own in both]
                sizes += [len(own) for own in both]
                pooled += found.pooled > 0
            new, old = kept / SWEEPS
            size, before = sizes / SWEEPS
            print(
                f"{kind.__name__:14} {seeds:2} seeds: {new:.3f} ({old:.3f}), {size:4.1f}"
                f" ({before:4.1f}), pooled in {pooled / SWEEPS:.0%}",
                flush=True,
            )


if __name__ == "__main__":
    main()

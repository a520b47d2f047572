"""Successive halving: at each rung one job of several goes on (Jamieson and Talwalkar, 2016).

Hyperband runs it in brackets, each of which has its first rung later (Li et al., 2018).
"""

import math
from collections.abc import Mapping, Sequence

from mlp_lab.metrics.epoch import minimised_metric
from mlp_lab.sweep.config import SweepConfig
from mlp_lab.sweep.jobs import SweepJob
from mlp_lab.tracking.curves import CURVES, read_curves


def rungs(settings: SweepConfig, epochs: int) -> list[tuple[int, int]]:
    """(epoch, bracket) of every rung before `epochs`, in order."""
    if settings.halving is None:
        return []
    found = []
    for bracket in range(settings.brackets):
        epoch = settings.first_rung * settings.halving**bracket
        while epoch < epochs:
            found.append((epoch, bracket))
            epoch *= settings.halving
    return sorted(found)


def bracket_of(number: int, settings: SweepConfig) -> int:
    """Jobs go round."""
    return number % settings.brackets


def leaving(
    jobs: Mapping[int, SweepJob], open_jobs: Sequence[int], epoch: int, settings: SweepConfig
) -> dict[int, str]:
    """Jobs that leave at a rung, and why: all but the best of those that have reached it.

    Judged by the validation rows (the training rows where there are none) at that very epoch; of
    equals the first goes on.
    """
    assert settings.halving is not None
    scores = {}
    for number in open_jobs:
        rows = read_curves(jobs[number].job.folder / CURVES)
        if len(rows) >= epoch:
            row = rows[epoch - 1]
            part = "val" if not math.isnan(row["val_loss"]) else "train"
            names = [name for name in row if name.startswith(f"{part}_")]
            found = {name.removeprefix(f"{part}_"): row[name] for name in names}
            scores[number] = minimised_metric(found, settings.select)
    kept = math.ceil(len(scores) / settings.halving)
    ranked = sorted(scores, key=lambda number: (scores[number], number))
    return dict.fromkeys(sorted(ranked[kept:]), f"stopped by halving at epoch {epoch}")

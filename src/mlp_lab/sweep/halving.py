"""Successive halving: at each rung all jobs but the best stop (Jamieson and Talwalkar, 2016).

Hyperband runs it in brackets, each of which has its first rung later (Li et al., 2018).
"""

import math
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from mlp_lab.metrics.choosing import place
from mlp_lab.sweep.config import SweepConfig
from mlp_lab.sweep.jobs import SweepJob
from mlp_lab.tracking.curves import CURVES, read_curves


class Rung(NamedTuple):
    """An epoch after which the jobs of a bracket are compared."""

    epoch: int
    bracket: int

    def __str__(self) -> str:
        return f"epoch {self.epoch}, bracket {self.bracket}"

    @classmethod
    def parse(cls, name: str) -> "Rung":
        """Read what `str` wrote."""
        epoch, bracket = map(int, re.findall(r"\d+", name))
        return cls(epoch, bracket)


def rungs(settings: SweepConfig, epochs: int) -> list[Rung]:
    """Every rung before `epochs`, in order."""
    if settings.halving is None:
        return []
    found = []
    for bracket in range(settings.brackets):
        epoch = settings.first_rung * settings.halving**bracket
        while epoch < epochs:
            found.append(Rung(epoch, bracket))
            epoch *= settings.halving
    return sorted(found)


def bracket_of(number: int, settings: SweepConfig) -> int:
    """The bracket of a job: job 0 is in the first, job 1 in the next, and round again."""
    return number % settings.brackets


def eliminated(
    jobs: Mapping[int, SweepJob], candidates: Sequence[int], epoch: int, settings: SweepConfig
) -> dict[int, str]:
    """Jobs that stop at a rung, and why: all but the best of the candidates that have reached it.

    Judged by the validation rows (the training rows where there are none) at that very epoch; of
    equals the first continues.
    """
    assert settings.halving is not None
    scores = {}
    for number in candidates:
        rows = read_curves(jobs[number].job.folder / CURVES)
        if len(rows) >= epoch:
            row = rows[epoch - 1]
            part = "val" if not math.isnan(row["val_loss"]) else "train"
            names = [name for name in row if name.startswith(f"{part}_")]
            found = {name.removeprefix(f"{part}_"): row[name] for name in names}
            scores[number] = place(found, settings.select)
    kept = math.ceil(len(scores) / settings.halving)
    ranked = sorted(scores, key=lambda number: (scores[number], number))
    return dict.fromkeys(sorted(ranked[kept:]), f"stopped by halving at epoch {epoch}")

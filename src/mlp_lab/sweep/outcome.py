"""How a job of a sweep ended."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlp_lab.engine.records import Divergence
from mlp_lab.metrics.choosing import minimised
from mlp_lab.runs.result_file import ENDED, result_of
from mlp_lab.sweep.jobs import SweepJob


@dataclass(frozen=True, slots=True)
class Outcome:
    """What result.json says, or why a job failed; neither of a job that has not ended."""

    result: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""

    @property
    def open(self) -> bool:
        """Whether the job has neither ended nor failed."""
        return not self.result and not self.reason

    def value(self, select: str) -> float:
        """What a search makes small: a score of the validation rows; NaN if there is none."""
        scores = self.result.get("val")
        diverged = self.result.get("status") == "diverged"
        if self.reason or diverged or not scores or scores["loss"] is None:
            return math.nan
        return minimised(scores, select)


@dataclass(frozen=True, slots=True)
class Trained:
    """A job of a sweep and how it ended."""

    job: SweepJob
    outcome: Outcome


def earlier_outcome(folder: Path) -> Outcome:
    """What a run folder says of a job that had ended before; an open one if it had not."""
    result = result_of(folder)
    if result.get("status") == "diverged":
        return Outcome(result, str(Divergence(**result["diverged"])))
    return Outcome(result) if result.get("status") in ENDED else Outcome()

"""What a run found out of a temperature of its probabilities, and how it says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from mlp_lab.formatting import counted, four_digits, score_written
from mlp_lab.metrics.epoch import Scores
from mlp_lab.metrics.temperature import FEWEST_ROWS, Scaled

PARTS = {"val": "validation", "test": "test"}
"""Parts whose scores are given with and without a temperature, and what they are called."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """A temperature; `reason` says why there is none, where it is 1.

    `scores`: by part, with it, those that it changes.
    """

    temperature: float
    found: Scaled
    reason: str
    scores: Mapping[str, Scores] = field(default_factory=dict)

    @classmethod
    def of(cls, found: Scaled, setting: str) -> Calibration:
        """What is made of a temperature with `calibration=always` or `auto`."""
        if found.temperature != 1 and (setting == "always" or found.helps):
            return cls(found.temperature, found, "")
        return cls(1.0, found, _why_not(found))

    def to_dict(self) -> dict[str, object]:
        """As result.json has it."""
        found = self.found
        numbers = {"rows": round(found.rows, 1), "gain": found.gain, "error": found.error}
        return {"temperature": self.temperature, **numbers, "reason": self.reason, **self.scores}


def _why_not(found: Scaled) -> str:
    if found.rows < 2 and found.temperature == 1:
        known = f"{found.rows:.0f}"
        return f"a temperature needs 2 validation rows or more with finite outputs, got {known}"
    if found.rows < FEWEST_ROWS:
        rows = counted(round(found.rows), "validation row")
        if found.rows % 1:  # of weighted ones
            rows = f"weighted validation rows that tell as much as {round(found.rows)} equal ones"
        return f"{rows}, fewer than {FEWEST_ROWS}"
    if found.temperature == 1:
        return "a temperature of 1 has the least log loss of the validation rows"
    changes = "lower" if found.gain >= 0 else "raise"
    return (
        f"temperatures chosen on one half of the validation rows {changes} the log loss of the"
        f" other half by {four_digits(abs(found.gain))}, with a standard error of"
        f" {four_digits(found.error)}"
    )


def is_calibrated(result: Mapping[str, object]) -> bool:
    """Whether a run's probabilities have a temperature, as its result.json says."""
    about = cast(Mapping[str, object] | None, result.get("calibration"))
    return about is not None and about["temperature"] != 1


def calibration_in_words(result: Mapping[str, object]) -> str:
    """What result.json says of the temperature, in a line; nothing of what has no probabilities."""
    about = cast(Mapping[str, object] | None, result.get("calibration"))
    if about is None:
        return ""
    if about["reason"]:
        return f"probabilities are not calibrated: {about['reason']}"
    falls = []
    for part, name in PARTS.items():
        both = [cast(Scores, own.get(part, {})).get("log_loss") for own in (result, about)]
        if None not in both:
            before, after = (score_written("log_loss", value) for value in both)
            falls.append(f"of {name} rows {before} to {after}")
    fall = f" (log loss {', '.join(falls)})" if falls else ""
    temperature = four_digits(cast(float, about["temperature"]))
    return (
        f"probabilities are calibrated by a temperature of {temperature}{fall}; the scores above"
        " are without it, predictions with it"
    )

"""Learning rates that other runs on the same data have shown to be too low, or too high."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mlp_lab.config.groups import chosen
from mlp_lab.config.schema import Config
from mlp_lab.verdict.history import Earlier

NEAR = 3
"""Ratio of two learning rates between which none is looked for."""


def usual_rate(config: Config) -> float:
    """The optimizer's own learning rate, of configs/."""
    section = chosen("optimizer", config.optimizer.name)["optimizer"]
    assert isinstance(section, Mapping)
    return float(section["lr"])


@dataclass(frozen=True, slots=True)
class Rates:
    """The highest that was too low, and the lowest that was too high: between them lies the rate.

    >>> Rates(0.001, 0.1).bounded(["optimizer.lr=0.5", "model.width=8"], 0.001)
    ['optimizer.lr=0.01', 'model.width=8']
    """

    too_low: float
    too_high: float

    @classmethod
    def of(cls, config: Config, tried: Sequence[Earlier]) -> Rates:
        """By runs with the same optimizer, whose rate was typed or is the optimizer's own."""
        low, high = [0.0], [math.inf]
        for run in tried:
            known = dict(word.partition("=")[::2] for word in run.words)
            name = known.get("optimizer.name", known.get("optimizer", config.optimizer.name))
            if name != config.optimizer.name:
                continue
            try:
                rate = float(known.get("optimizer.lr", usual_rate(config)))
            except ValueError:  # auto
                continue
            found = run.verdict
            if found.state.kind in ("diverged", "unstable"):
                high.append(rate)
            elif any(note.kind == "learning rate too low" for note in found.notes):
                low.append(rate)
        return cls(max(low), min(high))

    def bounded(self, changes: Sequence[str], own: float) -> list[str]:
        """The same changes; a rate in the middle where they would go back to what was left."""
        return [self._bounded(word, own) for word in changes]

    def _bounded(self, word: str, own: float) -> str:
        key, _, value = word.partition("=")
        if key != "optimizer.lr":
            return word
        bound = self.too_high if float(value) > own else self.too_low
        within = float(value) < bound if float(value) > own else float(value) > bound
        if within:
            return word
        apart = max(own, bound) > NEAR * min(own, bound)
        return f"{key}={math.sqrt(own * bound) if apart else own:.3g}"

"""Loss and every metric of a model on one part, from its outputs."""

from dataclasses import dataclass

import numpy as np

from mlp_lab.data.arrays import Floats, Index
from mlp_lab.data.schema import Target
from mlp_lab.metrics.epoch import Scores
from mlp_lab.metrics.predictions import (
    assess_classes,
    assess_numbers,
    class_intervals,
    number_intervals,
)

Intervals = dict[str, tuple[float, float]]
"""Metric -> bounds of its bootstrap 95 % interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A model's outputs for some rows, and what they should have been.

    Shape:
        - outputs: (N, C) as the network gives them
        - truth: (N,), numbers in the target's own units, or indices of classes
        - losses: (N,); weights, loss_weights: (N,) or absent
    """

    target: Target
    outputs: Floats
    truth: Floats
    losses: Floats
    weights: Floats | None
    loss_weights: Floats | None
    probabilities: bool
    """Whether the outputs are probabilities of the classes."""

    def scores(self) -> Scores:
        """`loss` and every metric of the task; none without rows."""
        if len(self.truth) == 0:
            return {}
        loss = float(np.average(self.losses, weights=self.loss_weights))
        if self.target.classes is None:
            return {"loss": loss, **assess_numbers(*self._numbers())}
        metrics = assess_classes(*self._classes(), probabilities=self.probabilities)
        return {"loss": loss, **metrics}

    def intervals(self) -> Intervals:
        """A 95 % interval of each metric, by resampling the rows."""
        if len(self.truth) == 0:
            return {}
        if self.target.classes is None:
            return number_intervals(*self._numbers())
        return class_intervals(*self._classes(), probabilities=self.probabilities)

    def _classes(self) -> tuple[Floats, Index, Floats | None]:
        return self.target.scores(self.outputs), self.truth.astype(np.int64), self.weights

    def _numbers(self) -> tuple[Floats, Floats, Floats | None]:
        return self.target.decode(self.outputs), self.truth, self.weights

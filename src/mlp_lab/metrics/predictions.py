"""A model's predictions of one part of the rows, and every score that follows from them."""

from dataclasses import dataclass

import numpy as np

from mlp_lab.data.arrays import Floats, Index
from mlp_lab.data.schema import Target
from mlp_lab.metrics.bootstrap import Intervals, Metrics
from mlp_lab.metrics.classification import classification_metrics, confusion_matrix
from mlp_lab.metrics.epoch import Scores
from mlp_lab.metrics.own_metrics import own_scores
from mlp_lab.metrics.regression import regression_metrics, residual_quantiles


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictions:
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

    @property
    def labels(self) -> Index:
        """The true classes, (N,)."""
        return self.truth.astype(np.int64)

    def scores(self) -> Scores:
        """`loss` and every metric of the task; none without rows."""
        if len(self.truth) == 0:
            return {}
        loss = float(np.average(self.losses, weights=self.loss_weights))
        return {"loss": loss, **self._metrics().estimate(), **self._own()}

    def _own(self) -> Scores:
        """What metrics of the user's own say."""
        if self.target.classes is None:
            predicted, truth, _ = self._numbers()
            return own_scores("regression", truth, predicted)
        return own_scores("classification", self.truth, self.target.scores(self.outputs))

    def intervals(self) -> Intervals:
        """A 95 % interval of each metric, by resampling the rows."""
        return self._metrics().intervals() if len(self.truth) else {}

    def _metrics(self) -> Metrics:
        if self.target.classes is None:
            return regression_metrics(*self._numbers())
        scores, probabilities = self.target.scores(self.outputs), self.probabilities
        return classification_metrics(
            scores, self.labels, self.weights, probabilities=probabilities
        )

    def confusion(self) -> dict[str, dict[str, float]] | None:
        """True class -> predicted class -> weight of such rows; None for a number."""
        classes = self.target.classes
        if classes is None:
            return None
        predicted = self.target.decide(self.outputs)
        counts = confusion_matrix(predicted, self.labels, self.weights, len(classes))
        return {
            name: dict(zip(classes, row, strict=True))
            for name, row in zip(classes, counts.tolist(), strict=True)
        }

    def residuals(self) -> dict[str, float] | None:
        """Mean, deviation and quantiles of prediction minus truth; None for classes."""
        return None if self.target.classes is not None else residual_quantiles(*self._numbers())

    def _numbers(self) -> tuple[Floats, Floats, Floats | None]:
        return self.target.decode(self.outputs), self.truth, self.weights

"""A model's predictions of one part of the rows, and every score that follows from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan
from typing import TYPE_CHECKING, Protocol

import numpy as np

from mlp_lab.data.arrays import Floats, Index, Mask
from mlp_lab.data.rows import by_target
from mlp_lab.data.schema import AnyTarget, Target
from mlp_lab.data.survey_design import SurveyDesign
from mlp_lab.metrics.bootstrap import Intervals, Metrics, Values, mean_of_known, ratio
from mlp_lab.metrics.classification import classification_metrics, confusion_matrix
from mlp_lab.metrics.decision_threshold import Threshold
from mlp_lab.metrics.epoch import Scores
from mlp_lab.metrics.own_metrics import own_scores
from mlp_lab.metrics.regression import regression_metrics, residual_quantiles

if TYPE_CHECKING:
    from torch import Tensor

    from mlp_lab.network.losses import Objective


class Rows(Protocol):
    """Targets of some rows, (N, C), and what each counts in metrics and in the loss, (N,)."""

    @property
    def targets(self) -> Tensor:
        """As the network is to give them."""

    @property
    def weights(self) -> Tensor | None:
        """In metrics."""

    @property
    def loss_weights(self) -> Tensor | None:
        """In the loss."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetPredictions:
    """A model's outputs for one target of some rows, and what they should have been.

    Shape:
        - outputs: (N, C) as the network gives them
        - truth: (N,), numbers in the target's own units, or indices of classes
        - weights: (N,) or absent
    """

    target: Target
    outputs: Floats
    truth: Floats
    weights: Floats | None
    probabilities: bool
    """Whether the outputs are probabilities of the classes."""
    ordered: bool = False
    """Whether the network was told that the classes are in an order."""
    threshold: Threshold | None = None
    """Where the two classes part, if not at one half."""

    @property
    def decided(self) -> Index:
        """The class that is predicted, (N,)."""
        if self.threshold is None:
            return self.target.decide(self.outputs)
        return self.threshold.decide(self.target.scores(self.outputs))

    @property
    def labels(self) -> Index:
        """The true classes, (N,)."""
        return self.truth.astype(np.int64)

    def metrics(self) -> Metrics:
        """Every metric of the task."""
        if self.target.classes is None:
            return regression_metrics(*self._numbers())
        return classification_metrics(
            self.target.scores(self.outputs),
            self.labels,
            self.weights,
            probabilities=self.probabilities,
            ordered=self.ordered,
            decided=None if self.threshold is None else self.decided,
        )

    def own(self) -> Scores:
        """What metrics of the user's own say."""
        if self.target.classes is None:
            predicted, truth, _ = self._numbers()
            return own_scores("regression", truth, predicted)
        return own_scores("classification", self.truth, self.target.scores(self.outputs))

    def confusion(self) -> dict[str, dict[str, float]] | None:
        """True class -> predicted class -> weight of such rows; None for a number."""
        classes = self.target.classes
        if classes is None:
            return None
        counts = confusion_matrix(self.decided, self.labels, self.weights, len(classes))
        return {
            name: dict(zip(classes, row, strict=True))
            for name, row in zip(classes, counts.tolist(), strict=True)
        }

    def residuals(self) -> dict[str, float] | None:
        """Mean, deviation and quantiles of prediction minus truth; None for classes."""
        return None if self.target.classes is not None else residual_quantiles(*self._numbers())

    def _numbers(self) -> tuple[Floats, Floats, Floats | None]:
        return self.target.decode(self.outputs), self.truth, self.weights


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictions:
    """A model's outputs for some rows, and what they should have been.

    Shape:
        - outputs: (N, C) as the network gives them
        - truth: (N,) as of `TargetPredictions`, or (N, T) of several targets
        - losses: (N,); weights, loss_weights: (N,) or absent
    """

    target: AnyTarget
    outputs: Floats
    truth: Floats
    losses: Floats
    weights: Floats | None
    loss_weights: Floats | None
    probabilities: bool
    """Whether the outputs are probabilities of the classes."""
    ordered: bool = False
    """Whether the network was told that the classes are in an order."""
    threshold: Threshold | None = None
    """Where two classes part, if not at one half."""
    design: SurveyDesign | None = None
    """What intervals resample in the place of rows."""

    @classmethod
    def of_outputs(
        cls, y: Tensor, losses: Tensor, rows: Rows, objective: Objective, target: AnyTarget
    ) -> Predictions:
        """Outputs y, (N, C), of some rows, and each row's loss, (N,)."""
        weights, loss_weights = (
            None if given is None else given.double().cpu().numpy()
            for given in (rows.weights, rows.loss_weights)
        )
        return cls(
            target=target,
            outputs=y.double().numpy(),
            truth=target.truth(rows.targets.double().cpu().numpy()),
            weights=weights,
            losses=losses.double().numpy(),
            loss_weights=loss_weights,
            probabilities=objective.gives_probabilities(target.task),
            ordered=objective.output == "ordinal",
        )

    @property
    def each(self) -> list[TargetPredictions]:
        """Each target by itself."""
        if isinstance(self.target, Target):
            own = [(self.target, self.outputs)]
        else:
            own = self.target.parted(self.outputs)
        return [
            TargetPredictions(
                target=target,
                outputs=outputs,
                truth=truth,
                weights=self.weights,
                probabilities=self.probabilities,
                ordered=self.ordered,
                threshold=self.threshold,
            )
            for (target, outputs), truth in zip(own, by_target(self.truth).T, strict=True)
        ]

    def scores(self) -> Scores:
        """`loss` and every metric of the task, of several targets their means; none without rows.

        For several labels `subset_accuracy`, too.
        """
        return self._scores(self._metrics()) if len(self.truth) else {}

    def measured(self) -> tuple[Scores, Intervals]:
        """`scores` and `intervals`."""
        if len(self.truth) == 0:
            return {}, {}
        metrics = self._metrics()
        return self._scores(metrics), metrics.intervals(design=self.design)

    def _scores(self, metrics: Metrics) -> Scores:
        loss = float(np.average(self.losses, weights=self.loss_weights))
        return {"loss": loss, **metrics.estimate(), **self._own()}

    def _own(self) -> Scores:
        own = [one.own() for one in self.each]
        return {name: sum(found[name] for found in own) / len(own) for name in own[0]}

    def metric(self, name: str) -> float:
        """One of the metrics of `scores`; the losses are not looked at. NaN where it is none."""
        own = self._own()
        return own[name] if name in own else self._metrics().estimate().get(name, nan)

    def scores_of_each(self) -> dict[str, Scores]:
        """Metrics of each of several targets, by its name; of one alone they are `scores`."""
        if isinstance(self.target, Target) or len(self.truth) == 0:
            return {}
        return {one.target.name: one.metrics().estimate() | one.own() for one in self.each}

    def intervals(self) -> Intervals:
        """A 95 % interval of each metric, by resampling the rows, or as the design says."""
        return self._metrics().intervals(design=self.design) if len(self.truth) else {}

    def _metrics(self) -> Metrics:
        metrics = [one.metrics() for one in self.each]
        if len(metrics) == 1:
            return metrics[0]
        right = None
        if not isinstance(self.target, Target) and self.target.task == "multilabel":
            right = (self.target.decide(self.outputs) == self.truth).all(1)
        return _means(metrics, right)


def _means(each: Sequence[Metrics], right: Mask | None) -> Metrics:
    """The mean of each metric over targets of which it is known, and how often all were right."""

    def metrics(weights: Floats) -> Values:
        values = [one.of_weights(weights) for one in each]
        found = {name: mean_of_known(np.stack([own[name] for own in values])) for name in values[0]}
        if right is not None:
            subset_accuracy = ratio(right.astype(np.float64) @ weights, weights.sum(0))
            found = {"accuracy": found["accuracy"], "subset_accuracy": subset_accuracy, **found}
        return found

    return Metrics(metrics, each[0].rows, each[0].weights)

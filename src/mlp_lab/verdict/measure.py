"""By which score a run is judged: the one that its settings ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from mlp_lab.data.dataset import Part
from mlp_lab.metrics.paired import (
    RowErrors,
    design_effect,
    loss_errors,
    score_errors,
    standard_error_of_difference,
)
from mlp_lab.metrics.predictions import Predictions
from mlp_lab.metrics.skill import balanced_skill, explained, skill
from mlp_lab.runs.member import Run

OWN_ERRORS = ("quantile", "mae", "huber", "poisson")
"""Losses of a number that are chosen where squared errors mislead; of counts, the deviance."""


@dataclass(frozen=True, slots=True)
class Measure:
    """What a skill stands for: R2, D2, accuracy or balanced accuracy; `classes` of the last two.

    R2 and accuracy are means where `several` targets are predicted; D2 is that of the whole loss.
    """

    name: str
    classes: int
    several: bool = False

    @classmethod
    def of(cls, run: Run) -> Measure:
        """The measure that a run's loss and its weights of classes ask for."""
        targets = run.dataset.schema.target.each
        classes, several = max(len(target.classes or ()) for target in targets), len(targets) > 1
        if run.prepared.objective.loss in OWN_ERRORS:
            return cls("D²", 0)
        if not classes:
            return cls("R²", 0, several)
        balanced = run.job.config.data.class_weights == "balanced"
        return cls("balanced accuracy" if balanced else "accuracy", classes, several)

    @property
    def title(self) -> str:
        """Its name in a sentence."""
        return f"mean {self.name}" if self.several else self.name

    def skill(self, run: Run, model: str, part: str) -> float:
        """Skill of a model of a run, on a part that has rows."""
        return self.of_scores(run.models[model][part], run.models["constant"][part])

    def of_scores(self, scores: Mapping[str, float], constant: Mapping[str, float]) -> float:
        """Skill of a model with these scores, beside a constant prediction's on the same rows."""
        if self.name == "D²":
            return explained(scores, constant)
        if self.name == "balanced accuracy":
            return balanced_skill(scores, self.classes)
        return skill(scores, constant)

    def errors_of_differences(self, run: Run) -> dict[str, float]:
        """The standard error of the network's lead in skill over each other model of the run's."""
        each = {name: self._row_errors(own, run.validation) for name, own in run.validation.items()}
        one = each.pop("network")
        return {name: standard_error_of_difference(one, other) for name, other in each.items()}

    def design_effect(self, run: Run) -> float:
        """How many validation rows tell as much as one drawn by itself; 1 unless they cluster."""
        network = run.validation.get("network")
        if network is None or network.design is None:
            return 1.0
        return design_effect(self._row_errors(network, run.validation))

    def _row_errors(self, own: Predictions, found: Mapping[str, Predictions]) -> RowErrors:
        if self.name == "D²":
            return loss_errors(own, found["constant"])
        return score_errors(own, found["constant"], balanced=self.name == "balanced accuracy")

    @property
    def of_neighbours(self) -> bool:
        """Whether the neighbours' skill, by squared errors or accuracy, can be held against it."""
        return self.name in ("R²", "accuracy")

    def errors_of_constant(self, run: Run) -> dict[str, float]:
        """What a constant prediction gets wrong in each part; empty for a number."""
        if not self.classes:
            return {}
        parts = {part: scores for part, scores in run.models["constant"].items() if scores}
        if self.name == "balanced accuracy":
            return dict.fromkeys(parts, 1 - 1 / self.classes)
        return {part: 1 - scores["accuracy"] for part, scores in parts.items()}

    def rows(self, part: Part) -> int:
        """Rows that decide how exact it is: where classes count the same, those of the rarest."""
        if self.name != "balanced accuracy":
            return len(part)
        targets = part.targets.double().sum(0)
        counts = targets if len(targets) > 1 else torch.cat([len(part) - targets, targets])
        present = counts[counts > 0]
        return max(1, round(len(counts) * present.min().item()))

"""A model's outputs for every part of its data; the one place where test rows are looked at."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from torch import Tensor

from mlp_lab.data.dataset import Dataset, Part
from mlp_lab.data.schema import AnyTarget
from mlp_lab.engine.evaluation import outputs as network_outputs
from mlp_lab.engine.row_source import RowSource
from mlp_lab.metrics.epoch import Scores
from mlp_lab.metrics.predictions import Predictions
from mlp_lab.network.losses import Objective
from mlp_lab.network.mlp import MLP

PartScores = Mapping[str, Scores]
"""Part -> loss and metrics."""


Outputs = Callable[[Part], tuple[Tensor, Tensor]]
"""Rows -> a model's outputs y, (N, C), and each row's loss, (N,), on the CPU."""


def score_model(model: MLP, dataset: Dataset, objective: Objective) -> dict[str, Predictions]:
    """Outputs of a stack of one for every part."""
    return score_outputs(partial(_outputs_of, model, objective), dataset, objective)


def score_outputs(
    outputs: Outputs, dataset: Dataset, objective: Objective
) -> dict[str, Predictions]:
    """A model's outputs for every part; the one place where test rows are looked at."""
    parts = {"train": dataset.train, "val": dataset.val, "test": dataset.test}
    target = dataset.schema.target
    return {part: _scored(outputs, rows, objective, target) for part, rows in parts.items()}


def single_scores(model: MLP, dataset: Dataset, objective: Objective) -> PartScores | None:
    """Mean scores of an ensemble's networks one by one, by part; None for a network alone."""
    if model.members == 1:
        return None
    networks = [model.take([k]) for k in range(model.members)]
    scores = [scores_of(score_model(network, dataset, objective)) for network in networks]
    return {
        part: {name: sum(own[part][name] for own in scores) / len(scores) for name in found}
        for part, found in scores[0].items()
    }


def scores_of(parts: Mapping[str, Predictions]) -> dict[str, Scores]:
    """Loss and metrics of every part."""
    return {part: rows.scores() for part, rows in parts.items()}


def scores_of_each(parts: Mapping[str, Predictions]) -> dict[str, dict[str, Scores]]:
    """Metrics of each of several targets by part: target -> part -> scores; nothing of one."""
    each = {part: rows.scores_of_each() for part, rows in parts.items()}
    names = next((list(own) for own in each.values() if own), [])
    return {name: {part: own.get(name, {}) for part, own in each.items()} for name in names}


def scored(model: MLP, rows: Part, objective: Objective, target: AnyTarget) -> Predictions:
    """A stack of one's outputs for one part, with what they should have been."""
    return _scored(partial(_outputs_of, model, objective), rows, objective, target)


def _outputs_of(model: MLP, objective: Objective, rows: Part) -> tuple[Tensor, Tensor]:
    return network_outputs(model, RowSource([rows]), objective)


def _scored(outputs: Outputs, rows: Part, objective: Objective, target: AnyTarget) -> Predictions:
    found = Predictions.of_outputs(*outputs(rows), rows, objective, target)
    return found if rows.design is None else replace(found, design=rows.design)

"""A model's outputs for every part of its data; the one place where test rows are looked at."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from torch import Tensor

from mlp_lab.data.dataset import Dataset, Part
from mlp_lab.data.schema import AnyTarget
from mlp_lab.engine.evaluation import last_pre_activations, outputs_of
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


class Passes:
    """A network's passes over validation and test rows: each is computed once, when asked for.

    A temperature, chosen by the former, changes what follows from them and not the passes.
    """

    def __init__(self, network: MLP, dataset: Dataset, objective: Objective) -> None:
        """Of a stack of one, or of an ensemble; the objective's temperature has no part in it."""
        self.dataset, self._network = dataset, network
        self._objective = replace(objective, temperature=1.0)
        self._known: dict[int, Sequence[Tensor]] = {}

    def of(self, rows: Part) -> Sequence[Tensor]:
        """f of the last layer, (1, r, C) of some rows after the others."""
        if id(rows) not in self._known:  # the data set holds its parts: no other takes the place
            found = last_pre_activations(self._network, RowSource([rows]), self._objective)
            self._known[id(rows)] = found
        return self._known[id(rows)]

    def outputs(self, objective: Objective, rows: Part) -> tuple[Tensor, Tensor]:
        """Outputs and losses by an objective's temperature; of training rows nothing is kept."""
        if rows is self.dataset.train:
            return _outputs_of(self._network, objective, rows)
        return outputs_of(map(objective.tempered, self.of(rows)), RowSource([rows]), objective)


def score_model(
    model: MLP, dataset: Dataset, objective: Objective, passes: Passes | None = None
) -> dict[str, Predictions]:
    """Outputs of a stack of one for every part; `passes` are its own, if they are wanted later."""
    passes = passes or Passes(model, dataset, objective)
    return score_outputs(partial(passes.outputs, objective), dataset, objective)


def score_outputs(
    outputs: Outputs, dataset: Dataset, objective: Objective
) -> dict[str, Predictions]:
    """A model's outputs for every part; the one place where test rows are looked at."""
    parts = {"train": dataset.train, "val": dataset.val, "test": dataset.test}
    target = dataset.schema.target
    return {
        part: predictions(*outputs(rows), rows, objective, target) for part, rows in parts.items()
    }


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
    return predictions(*_outputs_of(model, objective, rows), rows, objective, target)


def _outputs_of(model: MLP, objective: Objective, rows: Part) -> tuple[Tensor, Tensor]:
    return network_outputs(model, RowSource([rows]), objective)


def predictions(
    y: Tensor, losses: Tensor, rows: Part, objective: Objective, target: AnyTarget
) -> Predictions:
    """A model's outputs, (N, C), and losses, (N,), for a part, with what they should have been."""
    found = Predictions.of_outputs(y, losses, rows, objective, target)
    return found if rows.design is None else replace(found, design=rows.design)

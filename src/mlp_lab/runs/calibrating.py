"""A trained network's probabilities are calibrated: a temperature, by the validation rows."""

from dataclasses import replace

import torch

from mlp_lab.metrics.choosing import OF_PROBABILITIES
from mlp_lab.metrics.epoch import Scores
from mlp_lab.metrics.own_metrics import OWN_METRICS
from mlp_lab.metrics.predictions import Predictions
from mlp_lab.metrics.temperature import scaled
from mlp_lab.network.losses import Objective
from mlp_lab.runs.calibration import Calibration
from mlp_lab.runs.scoring import Passes, predictions


def calibration_of(passes: Passes, objective: Objective, setting: str) -> Calibration | None:
    """The temperature of a stack of one, or of an ensemble, as `calibration` has it.

    None where there are no probabilities or no validation rows, or nobody wants it.
    """
    val, target = passes.dataset.val, passes.dataset.schema.target
    possible = objective.can_be_calibrated(target.task) and len(val) > 0
    if setting == "never" or not possible:
        return None
    f = torch.cat(list(passes.of(val)), 1)[0].double().cpu().numpy()
    targets = val.targets.double().cpu().numpy()
    weights = None if val.weights is None else val.weights.double().cpu().numpy()
    found = scaled(f, targets, weights, sigmoid=objective.output == "sigmoid")
    return Calibration.of(found, setting)


def by_temperature(objective: Objective, calibration: Calibration | None) -> Objective:
    """An objective with what was found."""
    return (
        objective
        if calibration is None
        else replace(objective, temperature=calibration.temperature)
    )


def rescored(passes: Passes, objective: Objective) -> dict[str, Predictions]:
    """Predictions by the objective's temperature for the parts that were not trained on.

    Nothing where it has none.
    """
    if objective.temperature == 1:
        return {}
    dataset = passes.dataset
    parts, target = {"val": dataset.val, "test": dataset.test}, dataset.schema.target
    return {
        name: predictions(*passes.outputs(objective, rows), rows, objective, target)
        for name, rows in parts.items()
    }


def with_scores(calibration: Calibration, parts: dict[str, Predictions]) -> Calibration:
    """With the scores that a temperature changes, and all of the user's own, which may."""
    scores = {part: _changed(rows) for part, rows in parts.items()}
    return replace(calibration, scores=scores)


def _changed(rows: Predictions) -> Scores:
    """Areas under curves: of three classes or more another order of rows may be of one class."""
    several = any(len(one.classes or []) > 2 for one in rows.target.each)
    areas = ("roc_auc",) if several else ()
    names = {"loss", *OF_PROBABILITIES, *areas, *OWN_METRICS["classification"]}
    return {name: value for name, value in rows.scores().items() if name in names}

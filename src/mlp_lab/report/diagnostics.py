"""A run's network and data -> the numbers of its pictures."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from mlp_lab.data.arrays import Floats
from mlp_lab.data.column_encoding import NumberEncoding
from mlp_lab.data.dataset import Dataset, Part
from mlp_lab.data.schema import Schema, Target
from mlp_lab.metrics.permutation_importance import column_importance
from mlp_lab.metrics.predictions import BINS
from mlp_lab.metrics.scoring import Scored
from mlp_lab.metrics.skill import share_of_outputs
from mlp_lab.network.mlp import MLP
from mlp_lab.report.evaluation import confusion
from mlp_lab.report.pictures import (
    Calibration,
    Confusion,
    Fit,
    Importance,
    Numbers,
    Observed,
    Picture,
    Plane,
    write_pictures,
)
from mlp_lab.runs.folder import RESULT
from mlp_lab.runs.training import Finished
from mlp_lab.tracking.events import EventFile

POINTS = 1000
"""Rows drawn as points, evenly over all."""

GRID = 150
"""Points along each side of a plane."""

MOST_CLASSES = 30
"""Of a confusion matrix that is legible."""


def look_at(finished: Finished, folder: Path) -> None:
    """Write down what the pictures of a run that has ended show."""
    write_pictures(pictures_of(finished.network, finished.dataset, finished.scored), folder)


def show_in_tensorboard(folder: Path) -> None:
    """Put the pictures that were drawn into the run's image tab, at the best epoch."""
    result = json.loads((folder / RESULT).read_text(encoding="utf-8"))
    events = EventFile(folder, epochs_done=0)
    for path in sorted(folder.glob("*.png")):
        events.add_image(f"pictures/{path.stem}", path.read_bytes(), result["best_epoch"])
    events.close()


def pictures_of(network: MLP, dataset: Dataset, scored: Mapping[str, Scored]) -> list[Picture]:
    """All that a run's network and data can show.

    Args:
        network: a stack of one, at its best weights.
        dataset: what it learnt.
        scored: its outputs by part.
    """
    part = next((name for name in ("test", "val") if len(scored[name].truth)), "train")
    found = [
        *_about_rows(scored[part], part),
        *_over_inputs(network, dataset),
        _importance(network, dataset),
    ]
    return [picture for picture in found if picture is not None]


def _about_rows(scored: Scored, part: str) -> list[Picture | None]:
    if scored.target.classes is None:
        return [observed(scored, part)]
    calibrated = calibration(scored, part) if scored.probabilities else None
    return [confusion_picture(scored, part), calibrated]


def confusion_picture(scored: Scored, part: str) -> Confusion | None:
    """Of classes that are few enough."""
    counts = confusion(scored)
    if len(counts) > MOST_CLASSES:
        return None
    return Confusion(part, list(counts), [list(row.values()) for row in counts.values()])


def observed(scored: Scored, part: str) -> Observed | None:
    """Of rows whose prediction is finite."""
    predicted = scored.target.decode(scored.outputs)
    finite = np.flatnonzero(np.isfinite(predicted))
    rows = finite[np.linspace(0, len(finite) - 1, min(len(finite), POINTS)).round().astype(int)]
    if len(rows) == 0:
        return None
    truth = scored.truth[rows].tolist()
    return Observed(part, scored.target.name, truth, predicted[rows].tolist())


def calibration(scored: Scored, part: str) -> Calibration | None:
    """In 10 equally wide bins, as the calibration error is measured; empty bins are left out."""
    shares = scored.target.scores(scored.outputs)
    if not np.isfinite(shares).all():
        return None
    right = scored.target.decide(scored.outputs) == scored.truth
    confidence = shares.max(axis=1)
    weights = np.ones(len(right)) if scored.weights is None else scored.weights
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    weight, sure, correct = (
        np.bincount(bins, values, minlength=BINS)
        for values in (weights, weights * confidence, weights * right)
    )
    filled = weight > 0
    return Calibration(
        part,
        (sure[filled] / weight[filled]).tolist(),
        (correct[filled] / weight[filled]).tolist(),
        weight[filled].tolist(),
    )


def _over_inputs(network: MLP, dataset: Dataset) -> list[Picture | None]:
    """A curve over one input, or a plane over two; of numbers without missing values."""
    schema, sizes = dataset.schema, len(dataset.schema.inputs)
    drawable = all(
        isinstance(entry.encoding, NumberEncoding)
        and not entry.encoding.indicator
        and not entry.encoding.scaling.quantiles
        for entry in schema.inputs
    )
    if not drawable or sizes not in (1, 2):
        return []
    rows = dataset.train.some(POINTS)
    if sizes == 1:
        return [fitted_curve(network, schema, rows)]
    return [plane(network, schema, rows)]


def fitted_curve(network: MLP, schema: Schema, rows: Part) -> Fit | None:
    """Over the range of the training rows; for classes there is none."""
    target = schema.target
    if target.classes is not None:
        return None
    x = axis(rows.inputs[:, 0])
    y = predicted(network, target, x.unsqueeze(1))
    return Fit(
        schema.inputs[0].column.name,
        target.name,
        own_units(schema, 0, x),
        y.tolist(),
        (own_units(schema, 0, rows.inputs[:, 0]), truth_of(target, rows)),
    )


def plane(network: MLP, schema: Schema, rows: Part) -> Plane:
    """Over the range of the training rows and a tenth more."""
    x, y = axis(rows.inputs[:, 0]), axis(rows.inputs[:, 1])
    grid = torch.stack(torch.meshgrid(x, y, indexing="xy"), -1).flatten(0, 1)  # (G * G, 2)
    values = predicted(network, schema.target, grid).reshape(GRID, GRID)
    first, second = (entry.column.name for entry in schema.inputs)
    return Plane(
        (first, second),
        schema.target.name,
        list(schema.target.classes or []),
        own_units(schema, 0, x),
        own_units(schema, 1, y),
        values.tolist(),
        (
            own_units(schema, 0, rows.inputs[:, 0]),
            own_units(schema, 1, rows.inputs[:, 1]),
            truth_of(schema.target, rows),
        ),
    )


def axis(values: torch.Tensor) -> torch.Tensor:
    """Points from the smallest to the largest value and a tenth more on each side."""
    low, high = values.min().item(), values.max().item()
    margin = (high - low) / 10 or 1.0
    return torch.linspace(low - margin, high + margin, GRID).to(values)


def predicted(network: MLP, target: Target, inputs: torch.Tensor) -> Floats:
    """Class indices, or numbers in the target's units, (N,)."""
    with torch.inference_mode():
        outputs = network(inputs)[0].double().cpu().numpy()
    if target.classes is None:
        return target.decode(outputs)
    return target.decide(outputs).astype(np.float64)


def own_units(schema: Schema, column: int, values: torch.Tensor) -> Numbers:
    """Encoded values of a column as they were."""
    encoding = schema.inputs[column].encoding
    assert isinstance(encoding, NumberEncoding)
    found: Numbers = encoding.scaling.undo(values.double().cpu().numpy()).tolist()
    return found


def truth_of(target: Target, rows: Part) -> Numbers:
    """Class indices, or numbers in the target's units."""
    found: Numbers = target.truth(rows.targets.double().cpu().numpy()).tolist()
    return found


def _importance(network: MLP, dataset: Dataset) -> Importance | None:
    target = dataset.schema.target

    def score(y: torch.Tensor, rows: Part) -> float:
        return share_of_outputs(target, y, rows)

    losses = column_importance(network, dataset.val, dataset.schema, score)
    if len(losses) < 2:
        return None
    ordered: Sequence[str] = sorted(losses, key=lambda name: -losses[name])
    return Importance(target.name, list(ordered), [losses[name] for name in ordered])

"""Diagnostics of a finished run: from its network and data, the numbers that pictures show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch

from mlp_lab.data.arrays import Floats
from mlp_lab.data.column_encoding import NumberEncoding
from mlp_lab.data.dataset import Dataset, Part
from mlp_lab.data.schema import Schema, Target
from mlp_lab.data.survey_design import SurveyDesign
from mlp_lab.engine.evaluation import mean_pre_activation, rows_at_once
from mlp_lab.metrics.classification import BINS, wilson_interval
from mlp_lab.metrics.column_effects import ROWS as EFFECT_ROWS
from mlp_lab.metrics.column_effects import column_effects
from mlp_lab.metrics.effective_rows import effective_rows
from mlp_lab.metrics.permutation_importance import ROWS, SHUFFLES, permutation_importance
from mlp_lab.metrics.predictions import Predictions, TargetPredictions
from mlp_lab.network.losses import Objective
from mlp_lab.network.mlp import MLP
from mlp_lab.report.pictures import (
    MOST_TARGETS,
    Calibration,
    Confusion,
    Effects,
    Fit,
    Importance,
    Numbers,
    Observed,
    Picture,
    Plane,
    read_pictures,
    write_pictures,
)
from mlp_lab.runs.finish import FinishedRun
from mlp_lab.runs.folder import RESULT
from mlp_lab.runs.result_file import read_result
from mlp_lab.tracking.tracker import open_events

POINTS = 1000
"""Rows drawn as points, evenly over all."""

GRID = 150
"""Points along each side of a plane."""

MOST_EFFECTS = 4
"""Columns whose effects are shown: the most important ones."""

MOST_CLASSES = 30
"""Classes of a confusion matrix that is legible."""


def report_run(
    finished: FinishedRun,
    folder: Path,
    draw: Callable[[Path], None],
    *,
    tensorboard: bool,
    effects: bool = True,
) -> None:
    """Write what the pictures of a finished run show, draw its page, and show them in TensorBoard.

    `draw` writes pictures and page of a folder, as `page.write_report` does; `tensorboard`:
    whether the run has an image tab, which shows them at the best epoch; `effects`: whether the
    page has what columns do, which a sweep's many jobs need not.
    """
    shown = pictures_of(finished, effects=effects)
    write_pictures(shown, folder)
    draw(folder)
    if tensorboard:
        best = read_result(folder / RESULT)["best_epoch"]
        events = open_events(folder, epochs_done=0)
        names = ["learning_curve", *read_pictures(folder)]
        for path in sorted(folder / f"{name}.png" for name in names):  # no others that lie there
            if path.is_file():
                events.add_image(f"pictures/{path.stem}", path.read_bytes(), best)
        events.close()


def pictures_of(finished: FinishedRun, *, effects: bool = True) -> list[Picture]:
    """All that a run's network, at its best weights, its data and its predictions can show."""
    network, dataset, scored = finished.network, finished.dataset, finished.scored
    part = next((name for name in ("test", "val") if len(scored[name].truth)), "train")
    each = scored[part].each
    found: list[Picture | None] = []
    for t, predictions in enumerate(each[:MOST_TARGETS]):
        alone = len(each) == 1
        outputs = slice(None) if alone else slice(t, t + 1)
        name = "" if alone else predictions.target.name
        if predictions.target.classes is None:
            found.append(observed(predictions, part))
        else:
            found.append(confusion(predictions, part, name))
            found.append(
                calibration(predictions, part, name, scored[part].design)
                if predictions.probabilities
                else None
            )
        found.append(_over_inputs(network, dataset, predictions.target, outputs))
    worth = importance(network, dataset)
    found.append(worth)
    if effects and worth is not None and probable(next(iter(scored.values()))):
        names = [name for name, loss in zip(worth.columns, worth.losses, strict=True) if loss > 0]
        found.append(effects_of(network, dataset, finished.objective, names[:MOST_EFFECTS]))
    return [picture for picture in found if picture is not None]


def confusion(predictions: TargetPredictions, part: str, target: str = "") -> Confusion | None:
    """The confusion matrix, where classes are few enough."""
    counts = predictions.confusion()
    if counts is None or len(counts) > MOST_CLASSES:
        return None
    return Confusion(part, list(counts), [list(row.values()) for row in counts.values()], target)


def observed(predictions: TargetPredictions, part: str) -> Observed | None:
    """Predicted against observed numbers, of rows whose prediction is finite."""
    target = predictions.target
    predicted = target.decode(predictions.outputs)
    finite = np.flatnonzero(np.isfinite(predicted))
    rows = finite[np.linspace(0, len(finite) - 1, min(len(finite), POINTS)).round().astype(int)]
    if len(rows) == 0:
        return None
    return Observed(part, target.name, predictions.truth[rows].tolist(), predicted[rows].tolist())


def calibration(
    predictions: TargetPredictions, part: str, target: str = "", design: SurveyDesign | None = None
) -> Calibration | None:
    """In 10 equally wide bins, as the calibration error is measured; empty bins are left out.

    Of weighted rows, and of clusters by the `design` of a sample, an interval goes by the number of
    equal rows that tell as much.
    """
    probabilities = predictions.target.scores(predictions.outputs)
    if not np.isfinite(probabilities).all():
        return None
    right = predictions.target.decide(predictions.outputs) == predictions.truth
    confidence = probabilities.max(axis=1)
    weights = np.ones(len(right)) if predictions.weights is None else predictions.weights
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    sums = [
        np.bincount(bins, values, minlength=BINS)
        for values in (weights, weights * confidence, weights * right)
    ]
    filled = sums[0] > 0
    weight, confident, correct = (values[filled] for values in sums)
    shares, rows = correct / weight, np.bincount(bins, minlength=BINS)[filled]
    known = []
    for place in np.flatnonzero(filled):
        own = bins == place
        sample = None if design is None else design.some(own)
        known.append(effective_rows(right[own], weights[own], sample))
    low, high = wilson_interval(shares, np.array(known))
    return Calibration(
        part=part,
        confidence=(confident / weight).tolist(),
        accuracy=shares.tolist(),
        low=low.tolist(),
        high=high.tolist(),
        weight=weight.tolist(),
        rows=rows.tolist(),
        target=target,
    )


def _over_inputs(network: MLP, dataset: Dataset, target: Target, outputs: slice) -> Picture | None:
    """A curve over one input, or a plane over two; of numbers without missing values.

    The network predicts the target by some of its `outputs`.
    """
    schema, sizes = dataset.schema, len(dataset.schema.inputs)
    drawable = all(
        isinstance(entry.encoding, NumberEncoding)
        and not entry.encoding.indicator
        and not entry.encoding.scaling.quantiles
        for entry in schema.inputs
    )
    if not drawable or sizes not in (1, 2):
        return None
    rows = dataset.train.some(POINTS)
    draw = fitted_curve if sizes == 1 else plane

    def predict(inputs: torch.Tensor) -> Floats:
        return predicted(network, target, inputs, outputs)

    truth = target.truth(rows.targets[:, outputs].double().cpu().numpy()).tolist()
    return draw(predict, schema, target, rows.inputs, truth)


Predict = Callable[[torch.Tensor], Floats]
"""Inputs (N, D) -> class indices, or numbers in the target's units, (N,)."""


def fitted_curve(
    predict: Predict, schema: Schema, target: Target, inputs: torch.Tensor, truth: Numbers
) -> Fit | None:
    """A number as a function of one input, over the range of the training rows' `inputs`."""
    if target.classes is not None:
        return None
    x = axis(inputs[:, 0])
    y = predict(x.unsqueeze(1)).tolist()
    points = (decoded(schema, 0, inputs[:, 0]), truth)
    return Fit(schema.inputs[0].column.name, target.name, decoded(schema, 0, x), y, points)


def plane(
    predict: Predict, schema: Schema, target: Target, inputs: torch.Tensor, truth: Numbers
) -> Plane:
    """What is predicted over two inputs, over the range of the training rows and a tenth more."""
    x, y = axis(inputs[:, 0]), axis(inputs[:, 1])
    grid = torch.stack(torch.meshgrid(x, y, indexing="xy"), -1).flatten(0, 1)  # (G * G, 2)
    values = predict(grid).reshape(GRID, GRID)
    first, second = (entry.column.name for entry in schema.inputs)
    xs, ys = (decoded(schema, column, inputs[:, column]) for column in (0, 1))
    return Plane(
        inputs=(first, second),
        target=target.name,
        classes=list(target.classes or []),
        x=decoded(schema, 0, x),
        y=decoded(schema, 1, y),
        predicted=values.tolist(),
        points=(xs, ys, truth),
    )


def axis(values: torch.Tensor) -> torch.Tensor:
    """Points from the smallest to the largest value, and a tenth more on each side."""
    low, high = values.min().item(), values.max().item()
    margin = (high - low) / 10 or 1.0
    return torch.linspace(low - margin, high + margin, GRID).to(values)


def predicted(network: MLP, target: Target, inputs: torch.Tensor, outputs: slice) -> Floats:
    """Class indices, or numbers in the target's units, (N,)."""
    with torch.inference_mode():
        own = network(inputs).mean(0)[:, outputs].double().cpu().numpy()
    return target.decode(own) if target.classes is None else target.decide(own).astype(np.float64)


def decoded(schema: Schema, column: int, values: torch.Tensor) -> Numbers:
    """Encoded values of a column in its own units."""
    encoding = schema.inputs[column].encoding
    assert isinstance(encoding, NumberEncoding)
    found: Numbers = encoding.scaling.undo(values.double().cpu().numpy()).tolist()
    return found


def outputs_of(
    network: MLP, objective: Objective | None = None
) -> Callable[[torch.Tensor], torch.Tensor]:
    """Inputs (N, D) -> the network's outputs, (N, C), by the objective's temperature."""

    def of_piece(inputs: torch.Tensor) -> torch.Tensor:
        if objective is None or objective.temperature == 1:
            outputs: torch.Tensor = network(inputs)
            return outputs.mean(0)
        return objective.predict(mean_pre_activation(network, inputs[None], objective))[0]

    def predict(inputs: torch.Tensor) -> torch.Tensor:
        pieces = torch.split(inputs, rows_at_once(network))  # that a processor's cache holds
        return torch.cat([of_piece(piece) for piece in pieces])

    return predict


def probable(predictions: Predictions) -> bool:
    """Whether outputs are numbers in units, or probabilities, of one target."""
    one = isinstance(predictions.target, Target)
    return one and (predictions.target.task == "regression" or predictions.probabilities)


def effects_of(
    network: MLP,
    dataset: Dataset,
    objective: Objective,
    columns: Sequence[str],
    most: int = EFFECT_ROWS,
) -> Effects | None:
    """What some columns do, by the validation rows; else by those of the test or the training."""
    parts = {"val": dataset.val, "test": dataset.test, "train": dataset.train}
    part = next(name for name, rows in parts.items() if len(rows))
    with torch.inference_mode():
        predict = outputs_of(network, objective)
        found = column_effects(predict, parts[part], dataset.schema, columns, most)
    if not found:
        return None
    rows, cluster = min(most, len(parts[part])), cluster_of(parts[part])
    return Effects(part, dataset.schema.target.name, rows, found, cluster)


def cluster_of(part: Part) -> str:
    """The column whose values intervals resample; nothing where they resample rows."""
    return "" if part.design is None else part.design.cluster or ""


def importance(network: MLP, dataset: Dataset) -> Importance | None:
    """Permutation importance of two or more columns on the validation rows."""
    schema = dataset.schema
    with torch.inference_mode():
        lost = permutation_importance(outputs_of(network), dataset.val, schema, schema.target)
    if len(lost) < 2:
        return None
    ordered = dict(sorted(lost.items(), key=lambda entry: -entry[1].mean))
    return Importance(
        target=schema.target.name,
        score="r2" if schema.target.task == "regression" else "accuracy",
        columns=list(ordered),
        losses=[own.mean for own in ordered.values()],
        low=[own.low for own in ordered.values()],
        high=[own.high for own in ordered.values()],
        rows=min(ROWS, len(dataset.val)),
        several=not isinstance(schema.target, Target),
        shuffles=SHUFFLES,
        cluster=cluster_of(dataset.val),
    )

"""Gradient boosting as a baseline: what trees make of the same rows.

Scikit-learn's histogram gradient boosting (after Ke et al., LightGBM: A Highly Efficient Gradient
Boosting Decision Tree, 2017) at its default settings, on the inputs as the network has them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from types import ModuleType

import numpy as np
import torch
from threadpoolctl import threadpool_limits
from torch import Tensor

from mlp_lab.data.arrays import Floats
from mlp_lab.data.config import DataConfig
from mlp_lab.data.dataset import Dataset, Part
from mlp_lab.data.schema import Target
from mlp_lab.data.tables.config import TableConfig
from mlp_lab.network import ordinal
from mlp_lab.network.losses import Objective

BOOSTING = "boosting"
"""Its name among the baselines."""

FEWEST_ROWS = 200
"""Training rows of a table from which on it is fitted unasked: a leaf holds at least 20, so that
trees of fewer have hardly a split, and a short run need not wait for scikit-learn to be loaded."""

MOST_NUMBERS = 4_000_000
"""Rows times inputs that it is fitted on, rows evenly over all: some seconds on a core."""

MOST_TREES = 2000
"""One for each class and iteration: fewer iterations than the default 100 from 21 classes on."""

ITERATIONS = 100

CHUNK = 65_536
"""Rows predicted at once: scikit-learn copies them in double precision."""

LOSSES = {"mae": "absolute_error", "quantile": "quantile", "poisson": "poisson"}
"""What a number is fitted by for some losses of the network; for all others, squared error."""

EXACT = float(np.finfo(np.float64).eps)
"""Probabilities nearer to 0 or 1 have no finite log-odds."""


def is_wanted(setting: str, data: DataConfig, rows: int) -> bool:
    """Whether `tracking.boosting` asks for it, for so many training rows."""
    if setting == "auto":
        return isinstance(data, TableConfig) and rows >= FEWEST_ROWS
    return setting == "always"


@dataclass(frozen=True, slots=True)
class Boosting:
    """Fitted trees; `predict` gives what the network's outputs stand for, (N, D) -> (N, C)."""

    predict: Callable[[Floats], Floats]
    objective: Objective
    threads: int

    def outputs(self, rows: Part) -> tuple[Tensor, Tensor]:
        """As a network's: outputs y, (N, C), and each row's loss, (N,), on the CPU."""
        predicted = torch.empty(rows.targets.shape, dtype=torch.float64)
        with threadpool_limits(self.threads, user_api="openmp"):
            for first in range(0, len(rows), CHUNK):
                inputs = _numbers(rows.inputs[first : first + CHUNK])
                predicted[first : first + CHUNK] = torch.from_numpy(self.predict(inputs))
        f = _pre_activation(predicted, self.objective.output)
        return self.objective.predict(f), self.objective.rows(f, rows.targets.double().cpu())


def boosting(dataset: Dataset, objective: Objective, threads: int) -> Boosting | None:
    """Fit it on the training rows; nothing where they are all of one class."""
    target = dataset.schema.target
    numbers = dataset.train.inputs.shape[1] * len(target.each)
    train = dataset.train.some(max(1, MOST_NUMBERS // max(1, numbers)))
    fit = _fit_numbers if target.task == "regression" else _fit_classes
    with threadpool_limits(threads, user_api="openmp"):
        if isinstance(target, Target):
            predict = fit(train, objective)
        else:
            predict = _fit_each(fit, train, objective)
    return None if predict is None else Boosting(predict, objective, threads)


Predict = Callable[[Floats], Floats]
"""Inputs (N, D) -> what outputs stand for, (N, C)."""

Fit = Callable[[Part, Objective], Predict | None]


def _fit_each(fit: Fit, train: Part, objective: Objective) -> Predict | None:
    """Trees for each of several targets; nothing where those of one cannot be fitted."""
    found = []
    for t in range(train.targets.shape[1]):
        own = replace(train, targets=train.targets[:, t : t + 1])
        if (predict := fit(own, objective)) is None:
            return None
        found.append(predict)
    return lambda inputs: np.hstack([predict(inputs) for predict in found])


def _fit_numbers(train: Part, objective: Objective) -> Predict:
    loss = LOSSES.get(objective.loss, "squared_error")
    model = _ensemble().HistGradientBoostingRegressor(
        loss=loss, quantile=dict(objective.numbers).get("quantile"), random_state=0
    )
    model.fit(_numbers(train.inputs), _numbers(train.targets)[:, 0], _weights(train))

    def predict(inputs: Floats) -> Floats:
        found: Floats = model.predict(inputs)[:, None]
        return found

    return predict


def _fit_classes(train: Part, _: Objective) -> Predict | None:
    targets = _numbers(train.targets)
    outputs = targets.shape[1]
    labels = (targets[:, 0] > 0.5).astype(int) if outputs == 1 else targets.argmax(1)
    counts = np.bincount(labels)
    if np.count_nonzero(counts) == 1:
        return None
    # Validation rows, which many rows are stopped early by, need two of each class.
    single = counts.tolist().count(1) > 0
    trees = 1 if outputs <= 2 else outputs
    model = _ensemble().HistGradientBoostingClassifier(
        max_iter=min(ITERATIONS, max(1, MOST_TREES // trees)),
        early_stopping=False if single else "auto",
        random_state=0,
    )
    model.fit(_numbers(train.inputs), labels, _weights(train))

    def predict(inputs: Floats) -> Floats:
        found = np.zeros((len(inputs), max(outputs, 2)))
        found[:, model.classes_] = model.predict_proba(inputs)  # some classes may have no row
        return found[:, -outputs:]

    return predict


def _ensemble() -> ModuleType:
    from sklearn import ensemble  # noqa: PLC0415  takes longer to load than small networks to train

    found: ModuleType = ensemble
    return found


def _numbers(values: Tensor) -> Floats:
    found: Floats = values.double().cpu().numpy()
    return found


def _weights(train: Part) -> Floats | None:
    return None if train.loss_weights is None else _numbers(train.loss_weights)


def _pre_activation(y: Tensor, output: str) -> Tensor:
    """The f whose output is y: log-odds of a sigmoid, logarithms of a softmax or an exponential."""
    if output == "linear":
        return y
    if output == "sigmoid":
        return y.clamp(EXACT, 1 - EXACT).logit()
    if output == "ordinal":
        return ordinal.pre_activations(y, EXACT)
    return y.clamp_min(EXACT).log()

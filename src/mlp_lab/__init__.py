"""A laboratory for multilayer perceptrons: from the command line, in Python and in notebooks."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from mlp_lab.version import __version__

if TYPE_CHECKING:
    from mlp_lab.estimators.classifier import MLPClassifier
    from mlp_lab.estimators.demonstrations import lesson, trace
    from mlp_lab.estimators.evaluating import evaluate
    from mlp_lab.estimators.laboratory import curves, runs, sweep, train
    from mlp_lab.estimators.live import play
    from mlp_lab.estimators.rates import rates
    from mlp_lab.estimators.regressor import MLPRegressor
    from mlp_lab.estimators.search import GridSearchCV
    from mlp_lab.metrics.own_metrics import register_metric
    from mlp_lab.network.own_parts import register_activation, register_loss, register_optimizer
    from mlp_lab.predictor import Predictor

__all__ = [
    "GridSearchCV",
    "MLPClassifier",
    "MLPRegressor",
    "__version__",
    "curves",
    "evaluate",
    "lesson",
    "load",
    "play",
    "rates",
    "register_activation",
    "register_loss",
    "register_metric",
    "register_optimizer",
    "runs",
    "sweep",
    "trace",
    "train",
]

HOME = {
    "GridSearchCV": "estimators.search",
    "MLPClassifier": "estimators.classifier",
    "MLPRegressor": "estimators.regressor",
    **dict.fromkeys(("train", "sweep", "runs", "curves"), "estimators.laboratory"),
    **dict.fromkeys(
        ("register_activation", "register_loss", "register_optimizer"), "network.own_parts"
    ),
    "evaluate": "estimators.evaluating",
    "play": "estimators.live",
    "rates": "estimators.rates",
    "register_metric": "metrics.own_metrics",
    **dict.fromkeys(("lesson", "trace"), "estimators.demonstrations"),
}
"""Name -> the module that has it, loaded when it is asked for: `import mlp_lab` stays fast."""


def load(folder: str | Path) -> Predictor:
    """The network of a finished run, with what its inputs and outputs mean.

    Raises:
        UserError: the folder holds no finished run.
    """
    from mlp_lab import predictor  # noqa: PLC0415  torch

    return predictor.load(folder)


def __getattr__(name: str) -> object:
    if name not in HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _Package(ModuleType):
    """The package itself: where a room has the name of a function, as `sweep`, the function has it.

    Python sets a package's attribute when a module below it is imported; imports from the room do
    not need that.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in HOME and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package

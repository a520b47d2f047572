"""A laboratory for multilayer perceptrons: YAML in, trained networks and learning curves out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mlp_lab.version import __version__

if TYPE_CHECKING:
    from mlp_lab.predictor import Predictor

__all__ = ["__version__", "load"]


def load(folder: str | Path) -> Predictor:
    """The network of a finished run, with what its inputs and outputs mean.

    Raises:
        UserError: the folder holds no finished run.
    """
    from mlp_lab import predictor  # noqa: PLC0415  torch: `import mlp_lab` stays fast

    return predictor.load(folder)

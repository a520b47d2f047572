"""The loss surface of a run: from what was trained in memory, or from its folder."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import nn

from mlp_lab.config.reading import read
from mlp_lab.config.saved import saved_values
from mlp_lab.config.schema import Config
from mlp_lab.data.dataset import Dataset, Part
from mlp_lab.errors import UserError, require, require_seed
from mlp_lab.network.architecture import ModelConfig
from mlp_lab.network.backprop import Batch
from mlp_lab.network.loss_surface import LossSurface, loss_surface
from mlp_lab.network.losses import Objective
from mlp_lab.network.mlp import MLP
from mlp_lab.network.plain_network import pre_activation
from mlp_lab.predictor import load
from mlp_lab.runs.folder import SCHEMA
from mlp_lab.runs.prepared_data import prepare_data

MOST_ROWS = 1000
"""Training rows that the loss is a mean of; of more, so many are taken, evenly over all."""


def require_grid(points: int, reach: float, seed: int, prefix: str = "") -> None:
    """Raise unless there can be such a grid; a message names an option with its prefix."""
    odd = "an odd number from 3 to 201, so that the network itself is a point"
    require(points in range(3, 202, 2), f"{prefix}points", odd, points)
    require(0 < reach <= 1e6, f"{prefix}reach", "in (0, 1e6]", reach)
    require_seed(seed, f"{prefix}seed")


@dataclass(frozen=True, slots=True)
class Around:
    """What a surface is drawn around: one network in double precision, and training rows."""

    network: MLP
    objective: Objective
    rows: Part

    def surface(self, *, points: int, reach: float, seed: int) -> LossSurface:
        """The loss over two directions through the weights."""
        own = self.rows
        weights = None if own.loss_weights is None else own.loss_weights[None]
        rows = Batch(own.inputs[None], own.targets[None], weights, ())
        return loss_surface(
            self.network, self.objective, rows, points=points, reach=reach, seed=seed
        )


def of_network(network: MLP, objective: Objective, rows: Part) -> Around:
    """A network that was trained in memory; of an ensemble, its first."""
    return Around(network.take([0]).cpu().double(), objective, _in_double(rows))


def of_folder(folder: Path) -> Around:
    """A finished run's network, on the training rows that its data gives again.

    Raises:
        UserError: the folder holds no finished run, or its data is not there any more.
    """
    predictor = load(folder)
    config = read(Config, saved_values(folder), "")
    data = Dataset.of(prepare_data(config).encoded, torch.float64, torch.device("cpu"))
    rows = _in_double(data.train)
    plain, objective = predictor.networks[0].double(), replace(predictor.objective, temperature=1.0)
    network = stack_of(plain, config.model, objective)
    if network is None or not _agree(network, plain, rows):
        raise UserError(f"{folder}: the model or the data of config.yaml is not that of {SCHEMA}")
    return Around(network, objective, rows)


def stack_of(plain: nn.Sequential, model: ModelConfig, objective: Objective) -> MLP | None:
    """A stack of one with the weights of plain layers; None where a model has other layers."""
    try:
        return MLP.of_plain(
            *(plain, model.activations, objective.output),
            normalisation=model.normalisation,
            residual=model.residual,
        )
    except ValueError:
        return None


@torch.inference_mode()
def _agree(network: MLP, plain: nn.Sequential, rows: Part) -> bool:
    """Whether both give the same for the rows, whose columns they read."""
    embedding = network.embedding
    read = network.layers.sizes[0] if embedding is None else embedding.plan.inputs
    outputs = network.layers.sizes[-1] + network.output.fewer
    if (rows.inputs.shape[1], rows.targets.shape[1]) != (read, outputs):
        return False
    f = network.pre_activation(rows.inputs)[0]
    return bool(torch.allclose(f, pre_activation(plain, rows.inputs), atol=1e-9))


def _in_double(rows: Part) -> Part:
    """At most `MOST_ROWS` of the rows, on the CPU."""
    some = rows.some(MOST_ROWS)
    weights = None if some.loss_weights is None else some.loss_weights.cpu().double()
    inputs, targets = some.inputs.cpu().double(), some.targets.cpu().double()
    return Part(inputs, targets, loss_weights=weights)

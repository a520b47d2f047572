"""What a network's units and outputs are over its inputs: a plane of two of them, or one alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from mlp_lab.data.column_encoding import NumberEncoding
from mlp_lab.data.dataset import Dataset
from mlp_lab.data.schema import Schema
from mlp_lab.network.backprop import Batch
from mlp_lab.network.losses import Objective
from mlp_lab.network.mlp import MLP
from mlp_lab.verdict.hidden_units import ROWS, flat_units, passed

MARGIN = 0.15
"""Of the rows' range, shown beyond it on either side."""

UNIT_SIDE = 28
"""Points of a unit's map along each input."""

OUTPUT_SIDE = 80
"""Points of the output's map along each input."""

LINE = 160
"""Points of a curve over one input."""

MOST_MAPS = 64
"""Units of a hidden layer that have maps: further ones could not be seen."""


@dataclass(frozen=True, slots=True)
class Axis:
    """An input that is varied, in the network's units, and what turns these into the column's."""

    input: int
    name: str
    low: float
    high: float
    center: float
    scale: float


@dataclass(frozen=True, slots=True)
class View:
    """One or two inputs that are varied; all others stay at their medians, (D,)."""

    axes: Sequence[Axis]
    medians: Tensor

    def points(self, side: int) -> Tensor:
        """Rows of inputs, (N, D): along the one input, or row by row from the top of the plane."""
        lines = [torch.linspace(axis.low, axis.high, side) for axis in self.axes]
        if len(lines) == 1:
            varied = [lines[0]]
        else:
            down, right = torch.meshgrid(lines[1].flip(0), lines[0], indexing="ij")
            varied = [right.flatten(), down.flatten()]
        found = self.medians.repeat(len(varied[0]), 1)
        for axis, values in zip(self.axes, varied, strict=True):
            found[:, axis.input] = values.to(found)
        return found


def view_of(dataset: Dataset, inputs: Sequence[int]) -> View:
    """A view over one or two inputs, as far as the rows of all parts reach."""
    parts = [part.inputs for part in (dataset.train, dataset.val, dataset.test) if len(part)]
    rows = torch.cat(parts)
    axes = []
    for place in inputs:
        low, high = rows[:, place].min().item(), rows[:, place].max().item()
        margin = MARGIN * ((high - low) or 1.0)
        center, scale = _units(dataset.schema, place)
        name = dataset.schema.names[place]
        axes.append(Axis(place, name, low - margin, high + margin, center, scale))
    return View(axes, dataset.train.inputs.median(0).values)


def _units(schema: Schema, place: int) -> tuple[float, float]:
    """Center and scale of an input, where it is a plainly scaled number."""
    at = 0
    for column in schema.inputs:
        encoding = column.encoding
        if at == place and isinstance(encoding, NumberEncoding) and not encoding.scaling.quantiles:
            return encoding.scaling.center, encoding.scaling.scale
        at += len(column.names)
    return 0.0, 1.0


@dataclass(frozen=True, slots=True)
class Maps:
    """Values over a view: of each hidden layer's units, (H, N), and of the outputs, (N', C)."""

    units: list[Tensor]
    outputs: Tensor


@torch.inference_mode()
def maps_of(network: MLP, objective: Objective, view: View) -> Maps:
    """Maps of a stack of one."""
    line = len(view.axes) == 1
    hidden: list[Tensor] = []
    network.pre_activation(view.points(LINE if line else UNIT_SIDE)[None], hidden=hidden)
    f = network.pre_activation(view.points(LINE if line else OUTPUT_SIDE)[None])
    return Maps([h[0, :, :MOST_MAPS].t() for h in hidden], objective.predict(f)[0])


@dataclass(frozen=True, slots=True)
class UnitStates:
    """Of each hidden layer: units that are dead, and that are saturated, (H,) each."""

    dead: list[Tensor]
    saturated: list[Tensor]


@torch.inference_mode()
def unit_states(network: MLP, dataset: Dataset, objective: Objective) -> UnitStates:
    """States of the units of a stack of one, by the forward pass of some training rows."""
    if not network.activations or not len(dataset.train):
        return UnitStates([], [])
    rows = dataset.train.some(ROWS)
    batch = Batch(rows.inputs[None], rows.targets[None], None, ())
    found = passed(network, batch, objective)
    pairs = [flat_units(network, found, k) for k in range(len(network.activations))]
    return UnitStates([dead for dead, _ in pairs], [saturated for _, saturated in pairs])

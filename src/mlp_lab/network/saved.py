"""A saved network: layers as schema.json describes them, weights from model.safetensors."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from mlp_lab.errors import UserError, require, require_count
from mlp_lab.formatting import counted
from mlp_lab.network.activations import ACTIVATIONS
from mlp_lab.network.architecture import (
    LARGEST_EMBEDDING,
    MOST_NETWORKS,
    NORMALISATIONS,
    layer_names,
    linear_shapes,
    network_name,
    normalisation_name,
)
from mlp_lab.network.embedding_plan import KINDS, EmbeddingPlan, overlaps
from mlp_lab.network.losses import COMPATIBLE_LOSSES, LOSSES, Objective, require_number
from mlp_lab.plain import brief, read_as, require_keys
from mlp_lab.stored import require_regular

Weights = Mapping[str, NDArray[np.floating[Any]]]
"""Weights and biases by name, as `Layers.network_shapes` has them."""

DTYPES = ("F32", "F64")
"""What weights may be, as safetensors calls them."""


@dataclass(frozen=True, slots=True)
class Layers:
    """Units of every layer, inputs first; activations of the hidden ones; output and loss.

    With an embedding, the first hidden layer reads what it makes of the inputs.
    `temperature` divides f of the last layer, of an ensemble that of its mean.
    `loss_options` are the numbers of the loss, which version 0.1 had not. `ensemble_widths`: units
    of the hidden layers of each network of an ensemble, where these differ; `sizes` has the first.
    """

    sizes: list[int]
    activations: list[str]
    output: str
    loss: str
    embedding: EmbeddingPlan | None = None
    ensemble: int = 1
    loss_options: dict[str, float] = field(default_factory=dict)
    normalisation: str = "none"
    residual: bool = False
    ensemble_widths: list[list[int]] = field(default_factory=list)
    temperature: float = 1.0

    @property
    def objective(self) -> Objective:
        """What the outputs are, and how far they are from targets."""
        numbers = tuple(self.loss_options.items())
        return Objective(self.output, self.loss, numbers, temperature=self.temperature)

    @property
    def networks(self) -> list[Layers]:
        """Those of each network of an ensemble."""
        alone = replace(self, ensemble=1, ensemble_widths=[])
        if not self.ensemble_widths:
            return [alone] * self.ensemble
        ends = self.sizes[0], self.sizes[-1]
        return [replace(alone, sizes=[ends[0], *own, ends[1]]) for own in self.ensemble_widths]

    @property
    def linear_sizes(self) -> list[int]:
        """Units of every layer, as the linear ones have them: what the first reads comes first."""
        first = self.sizes[0] if self.embedding is None else self.embedding.outputs
        return [first, *self.sizes[1:]]

    @property
    def shapes(self) -> dict[str, list[int]]:
        """Shape of each weight and bias by its name, of every network of an ensemble."""
        if self.ensemble == 1:
            return self.network_shapes
        alike = None if self.ensemble_widths else self.network_shapes  # made once for all
        return {
            f"{network_name(k)}.{name}": shape
            for k, network in enumerate(self.networks)
            for name, shape in (alike or network.network_shapes).items()
        }

    @property
    def network_shapes(self) -> dict[str, list[int]]:
        """Shape of each weight and bias of one network by its name."""
        found: dict[str, list[int]] = {}
        if self.embedding is not None:
            own = {name: list(shape) for name, shape in self.embedding.shapes.items()}
            if self.embedding.knots:
                own["knots"] = list(self.embedding.knots)
            found |= {f"embedding.{name}": shape for name, shape in own.items()}
        names = layer_names(len(self.activations))
        shapes = linear_shapes(self.linear_sizes, self.activations)
        for name, (n_in, n_out) in zip(names, shapes, strict=True):
            found |= {f"{name}.weight": [n_out, n_in], f"{name}.bias": [n_out]}
        for k, (_, n_out) in enumerate(shapes[:-1]):
            vectors = NORMALISATIONS[self.normalisation].vectors
            found |= {f"{normalisation_name(k)}.{name}": [n_out] for name in vectors}
        return found


def layers_of(value: object, key: str, task: str) -> Layers:
    """Layers from plain data, for a network that learnt a task.

    Raises:
        UserError: a key is missing, or what it holds is unknown or does not fit.
    """
    layers = read_as(Layers, value, key)
    if len(layers.sizes) != len(layers.activations) + 2:
        raise UserError(
            f"{key}.sizes must be {len(layers.activations) + 2} layers for"
            f" {len(layers.activations)} activations, got {len(layers.sizes)}"
        )
    if min(layers.sizes) < 1:
        raise UserError(f"{key}.sizes must be 1 or more, got {brief(layers.sizes)}")
    require_count(layers.ensemble, f"{key}.ensemble", 1, MOST_NETWORKS)
    if layers.ensemble_widths:
        _require_widths(layers, f"{key}.ensemble_widths")
    if layers.embedding is not None:
        _require_embedding(layers.embedding, layers.sizes[0], f"{key}.embedding")
    _require_known(layers.activations, ACTIVATIONS, f"{key}.activations")
    fitting = COMPATIBLE_LOSSES[task]
    _require_known([layers.output], fitting, f"{key}.output")
    _require_known([layers.loss], fitting[layers.output], f"{key}.loss")
    _require_numbers(layers, f"{key}.loss_options")
    _require_temperature(layers, f"{key}.temperature", task)
    _require_known([layers.normalisation], NORMALISATIONS, f"{key}.normalisation")
    if layers.residual and any(len(set(own.sizes[1:-1])) != 1 for own in layers.networks):
        raise UserError(f"{key}.residual must be false where hidden layers are not of one width")
    return layers


def _require_widths(layers: Layers, key: str) -> None:
    """Raise unless there are widths of as many networks, the first of them those of `sizes`."""
    widths, depth = layers.ensemble_widths, len(layers.activations)
    rule = f"of {layers.ensemble} networks with {counted(depth, 'hidden layer')}"
    fits = len(widths) == layers.ensemble and all(len(own) == depth for own in widths)
    require(fits, key, rule, brief(widths))
    require(all(min(own) >= 1 for own in widths if own), key, "1 or more units", brief(widths))
    require(widths[0] == layers.sizes[1:-1], key, "first those of sizes", brief(widths[0]))


def _require_temperature(layers: Layers, key: str, task: str) -> None:
    """Raise unless a temperature is a number above 0, and of probabilities."""
    require(0 < layers.temperature < math.inf, key, "above 0", layers.temperature)
    if layers.temperature != 1 and not layers.objective.can_be_calibrated(task):
        raise UserError(f"{key} must be 1 of a {task} target with {layers.output} output")


def _require_embedding(plan: EmbeddingPlan, inputs: int, key: str) -> None:
    """Raise unless a plan is one for so many inputs."""
    _require_known([plan.kind], KINDS, f"{key}.kind")
    for name in ("size", "bins", "frequencies"):
        require_count(getattr(plan, name), f"{key}.{name}", 1, LARGEST_EMBEDDING)
    require_count(plan.category_size, f"{key}.category_size", 0, LARGEST_EMBEDDING)
    require(plan.inputs == inputs, f"{key}.inputs", f"{inputs}, as network.sizes", plan.inputs)
    bounds = [[i, i + 1] for i in plan.numbers]
    for name, found in (("numbers", bounds), ("categories", plan.categories)):
        inside = all(0 <= end <= inputs for pair in found for end in pair)
        if not inside or overlaps(found):
            raise UserError(f"{key}.{name} must be ascending positions of {inputs} inputs")
    if overlaps(sorted([*bounds, *plan.categories])):
        raise UserError(f"{key}.categories must be none of its numbers")


def _require_numbers(layers: Layers, key: str) -> None:
    """Raise unless the loss has its numbers, each within its range, and no others."""
    needed = LOSSES[layers.loss].numbers
    require_keys(layers.loss_options, dict.fromkeys(needed, True), key)
    for name, value in layers.loss_options.items():
        require_number(name, value, f"{key}.{name}")


def _require_known(names: Sequence[str], choices: Iterable[str], key: str) -> None:
    for name in names:
        if name not in choices:
            raise UserError(f"{key} must be one of {', '.join(choices)}, got {brief(name)}")


def read_weights(path: Path, layers: Layers) -> list[Weights]:
    """The weights of a file, by network.

    Names, shapes and types are looked at before a weight is read.

    Raises:
        UserError: the file is damaged, of other layers, or holds what is not finite.
        OSError: it cannot be opened.
    """
    require_regular(path)
    try:
        with safe_open(path, framework="np") as file:
            slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118  no dict
            _require_shapes(path, layers, {name: s.get_shape() for name, s in slices.items()})
            _require_types(path, {name: s.get_dtype() for name, s in slices.items()})
            state = {name: file.get_tensor(name) for name in layers.shapes}
    except UserError:
        raise
    except (SafetensorError, ValueError) as error:
        raise UserError(f"{path} cannot be read: {str(error).splitlines()[0]}") from error
    for name, array in state.items():
        if not np.isfinite(array).all():
            raise UserError(f"{path}: {name} holds a number that is not finite")
        if name.endswith("embedding.knots") and (np.diff(array, axis=1) < 0).any():
            raise UserError(f"{path}: {name} must be in ascending order")
        if name.endswith("running_var") and (array < 0).any():
            raise UserError(f"{path}: {name} must be 0 or more")
    if layers.ensemble == 1:
        return [state]
    return [
        {name: state[f"{network_name(k)}.{name}"] for name in own.network_shapes}
        for k, own in enumerate(layers.networks)
    ]


def _require_shapes(path: Path, layers: Layers, shapes: Mapping[str, list[int]]) -> None:
    """Raise unless a file holds the weights of such layers, and nothing else."""
    wanted = layers.shapes  # made anew by each look at it
    for name in shapes:
        if name not in wanted:
            raise UserError(f"{path}: unknown tensor {brief(name)}")
    for name, shape in wanted.items():
        if name not in shapes:
            raise UserError(f"{path}: {name} is missing")
        if shapes[name] != shape:
            raise UserError(f"{path}: {name} must be of shape {shape}, got {shapes[name]}")


def _require_types(path: Path, types: Mapping[str, str]) -> None:
    """Raise unless all weights are of one type, float32 or float64."""
    first = next(iter(types.values()))
    for name, kind in types.items():
        if kind not in DTYPES or kind != first:
            wanted = " or ".join(DTYPES) if first not in DTYPES else first
            raise UserError(f"{path}: {name} must be of type {wanted}, got {kind}")

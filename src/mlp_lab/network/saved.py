"""A saved network: layers as schema.json describes them, weights from model.safetensors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from mlp_lab.errors import UserError
from mlp_lab.network.activations import ACTIVATIONS
from mlp_lab.network.losses import COMPATIBLE_LOSSES
from mlp_lab.network.mlp import layer_names, plain_network
from mlp_lab.plain import brief, read_as
from mlp_lab.stored import require_regular

DTYPES = ("F32", "F64")
"""What weights may be, as safetensors calls them."""


@dataclass(frozen=True, slots=True)
class Layers:
    """Units of every layer, inputs first; activations of the hidden ones; output and loss."""

    sizes: list[int]
    activations: list[str]
    output: str
    loss: str

    @property
    def shapes(self) -> dict[str, list[int]]:
        """Shape of each weight and bias by its name."""
        found: dict[str, list[int]] = {}
        names = layer_names(len(self.activations))
        for name, (n_in, n_out) in zip(names, pairwise(self.sizes), strict=True):
            found |= {f"{name}.weight": [n_out, n_in], f"{name}.bias": [n_out]}
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
    _require_known(layers.activations, ACTIVATIONS, f"{key}.activations")
    fitting = COMPATIBLE_LOSSES[task]
    _require_known([layers.output], fitting, f"{key}.output")
    _require_known([layers.loss], fitting[layers.output], f"{key}.loss")
    return layers


def _require_known(names: Sequence[str], choices: Iterable[str], key: str) -> None:
    for name in names:
        if name not in choices:
            raise UserError(f"{key} must be one of {', '.join(choices)}, got {brief(name)}")


def load_network(path: Path, layers: Layers) -> nn.Sequential:
    """A network of plain torch layers with the weights of a file.

    Names, shapes and types are looked at before a weight is read.

    Raises:
        UserError: the file is damaged, of other layers, or holds what is not finite.
        OSError: it cannot be opened.
    """
    require_regular(path)
    try:
        with safe_open(path, framework="pt") as file:
            slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118  no dict
            _require_shapes(path, layers, {name: s.get_shape() for name, s in slices.items()})
            _require_types(path, {name: s.get_dtype() for name, s in slices.items()})
            state: dict[str, Tensor] = {name: file.get_tensor(name) for name in layers.shapes}
    except UserError:
        raise
    except (SafetensorError, ValueError) as error:
        raise UserError(f"{path} cannot be read: {str(error).splitlines()[0]}") from error
    for name, tensor in state.items():
        if not bool(tensor.isfinite().all()):
            raise UserError(f"{path}: {name} holds a number that is not finite")
    return plain_network(layers.sizes, layers.activations, layers.output, state)


def _require_shapes(path: Path, layers: Layers, shapes: Mapping[str, list[int]]) -> None:
    """Raise unless a file holds the weights of such layers, and nothing else."""
    for name in shapes:
        if name not in layers.shapes:
            raise UserError(f"{path}: unknown tensor {brief(name)}")
    for name, shape in layers.shapes.items():
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

"""A finished run's network, for new rows."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from mlp_lab.data.encoding import Schema
from mlp_lab.data.raw import Floats
from mlp_lab.errors import UserError
from mlp_lab.network.mlp import plain_network
from mlp_lab.training.results import MODEL, SCHEMA


@dataclass(frozen=True, slots=True)
class Predictor:
    """A network of plain torch layers, with what its inputs and outputs mean."""

    network: nn.Sequential
    schema: Schema

    def outputs(self, inputs: ArrayLike) -> Floats:
        """The network's outputs, (N, C), for rows (N, D) in the inputs' own units.

        Raises:
            UserError: the rows do not have the schema's columns.
        """
        rows = np.asarray(inputs, dtype=np.float64)
        names = self.schema.inputs
        if rows.ndim != 2 or rows.shape[1] != len(names):
            raise UserError(f"inputs must be rows of {len(names)} columns, got shape {rows.shape}")
        encoded = self.schema.input_scaling.apply(rows)
        weight = next(self.network.parameters())
        with torch.inference_mode():
            outputs: torch.Tensor = self.network(torch.as_tensor(encoded, dtype=weight.dtype))
        return outputs.double().numpy()

    def predict(self, inputs: ArrayLike) -> Floats | NDArray[np.str_]:
        """The target, (N,): a number in its own units, or the name of a class."""
        outputs = self.outputs(inputs)
        schema = self.schema
        if schema.target_scaling is not None:
            return schema.target_scaling.undo(outputs)[:, 0]
        labels = outputs[:, 0] > 0.5 if schema.outputs == 1 else outputs.argmax(1)
        names: NDArray[np.str_] = np.array(schema.classes)[labels.astype(int)]
        return names


def load(folder: str | Path) -> Predictor:
    """Read a run folder's model.safetensors and schema.json; nothing in them is executed.

    Raises:
        UserError: the folder holds no finished run.
    """
    folder = Path(folder)
    if not (folder / MODEL).is_file():
        raise UserError(f"{folder} holds no finished run: it has no {MODEL}")
    described = json.loads((folder / SCHEMA).read_text())
    layers = described.pop("network")
    try:
        state = load_file(folder / MODEL)
    except SafetensorError as error:
        raise UserError(f"{folder / MODEL} cannot be read: {error}") from error
    network = plain_network(layers["sizes"], layers["activations"], layers["output"], state)
    return Predictor(network, Schema.from_dict(described))

"""A finished run's network, for new rows."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import nn

from mlp_lab.data.arrays import Floats
from mlp_lab.data.preprocessing import require_finite, require_fitting
from mlp_lab.data.schema import Schema, Target, Targets
from mlp_lab.data.schema_file import schema_of
from mlp_lab.errors import UserError
from mlp_lab.export.saving import export_network
from mlp_lab.formatting import counted
from mlp_lab.network.losses import Objective
from mlp_lab.network.plain_network import Ensemble
from mlp_lab.network.saved import Layers, layers_of, load_network
from mlp_lab.plain import brief, read_as
from mlp_lab.runs.folder import MODEL, SCHEMA
from mlp_lab.stored import naming, read_json

if TYPE_CHECKING:
    import pandas as pd

    NewRows = ArrayLike | pd.DataFrame
    """One row for each prediction."""


@dataclass(frozen=True, slots=True)
class Predictor:
    """A network of plain torch layers, with what its inputs and outputs mean.

    Rows are a DataFrame with the columns that the network was trained on, in any order and among
    others; or, where all of them are numbers, an array of (N, columns) in the schema's order.

    `mlp_lab.load` reads one from a run folder; here it is made by hand, of one number x:

    >>> from torch import nn
    >>> from mlp_lab.data.column_encoding import NumberEncoding, InputColumn, Scaling
    >>> from mlp_lab.data.columns import Column, classified
    >>> from mlp_lab.data.schema import Target
    >>> plain = Scaling(center=0.0, scale=1.0, quantiles=[])
    >>> x = InputColumn(Column(name="x"), NumberEncoding(0.0, plain, indicator=False))
    >>> vote = Target(classified("vote", ["no", "yes"]), "binary", ["no", "yes"], 1, "none", plain)
    >>> network = nn.Sequential(nn.Linear(1, 1), nn.Sigmoid())
    >>> _ = network.load_state_dict({"0.weight": torch.ones(1, 1), "0.bias": torch.zeros(1)})
    >>> predictor = Predictor(network, Schema([x], vote, weight=None), Objective("sigmoid", "bce"))
    >>> predictor.predict([[-2.0], [1.0]]).tolist()
    ['no', 'yes']
    >>> predictor.predict_proba([[0.0]]).tolist()
    [[0.5, 0.5]]
    """

    network: nn.Sequential | Ensemble
    schema: Schema
    objective: Objective

    def __repr__(self) -> str:
        target, inputs = self.schema.target, [entry.column.name for entry in self.schema.inputs]
        classes = target.classes if isinstance(target, Target) else []
        of = f": {_in_brief(classes)}" if classes else ""
        return (
            f"a network that predicts {target.name} ({target.task}{of})\n"
            f"from {counted(len(inputs), 'column')}: {_in_brief(inputs)}\n{self.network}"
        )

    def encode(self, rows: NewRows) -> torch.Tensor:
        """Rows as the network reads them, (N, inputs).

        Raises:
            UserError: a column is missing, or holds what it cannot.
        """
        return self.encode_values(self._values(rows))

    def encode_values(self, values: Floats) -> torch.Tensor:
        """Values of the schema's columns, (N, columns) -> (N, inputs)."""
        dtype = str(next(self.network.parameters()).dtype).removeprefix("torch.")
        with np.errstate(over="ignore"):  # too large: refused in words
            encoded = self.schema.encode_inputs(
                lambda i, block: values[block, i], len(values), dtype
            )
        require_finite(encoded, self.schema.names)
        return torch.from_numpy(encoded)

    def _values(self, rows: NewRows) -> Floats:
        if "pandas" in sys.modules:  # else nobody can have made a frame
            import pandas as pd  # noqa: PLC0415

            from mlp_lab.data.tables.frames import TableFrame, feature_values  # noqa: PLC0415

            if isinstance(rows, pd.DataFrame):
                return feature_values(TableFrame(rows), self.schema)
        columns = [entry.column for entry in self.schema.inputs]
        for column in columns:
            if column.kind != "numeric":
                raise UserError(
                    f"rows must be a DataFrame: column {column.name!r} is of kind {column.kind},"
                    " not numeric"
                )
        values: Floats = np.asarray(rows, dtype=np.float64)
        if values.ndim != 2 or values.shape[1] != len(columns):
            raise UserError(f"rows must have {len(columns)} columns, got shape {values.shape}")
        return values

    def outputs(self, rows: NewRows) -> Floats:
        """The network's outputs, (N, C)."""
        return self.forward(self.encode(rows))

    def forward(self, inputs: torch.Tensor) -> Floats:
        """The network's outputs for encoded rows, (N, C)."""
        with torch.inference_mode():
            outputs: torch.Tensor = self.network(inputs)
        return outputs.double().numpy()

    @property
    def networks(self) -> list[nn.Sequential]:
        """The network, or those of an ensemble."""
        if isinstance(self.network, Ensemble):
            return [
                network for network in self.network.networks if isinstance(network, nn.Sequential)
            ]
        return [self.network]

    def spread(self, inputs: torch.Tensor) -> Floats:
        """How far the networks of an ensemble disagree, (N,), for encoded rows.

        The standard deviation of their predictions, in the target's own units; for classes that of
        the probability of the one that is predicted. Of several targets (N, T), one for each.
        """
        with torch.inference_mode():
            outputs = torch.stack([network(inputs) for network in self.networks]).double().numpy()
        target = self.schema.target
        if target.task == "regression":
            predicted = np.stack([target.decode(own) for own in outputs])
        elif isinstance(target, Targets):
            predicted = outputs
        else:
            decided = target.decide(outputs.mean(0))
            scores = np.stack([target.scores(own) for own in outputs])
            predicted = scores[:, np.arange(len(decided)), decided]
        spread: Floats = predicted.std(axis=0, ddof=1)
        return spread

    def outputs_and_losses(self, inputs: torch.Tensor, targets: Floats) -> tuple[Floats, Floats]:
        """Outputs, (N, C), and loss of each row, (N,), for encoded rows and targets (N, C).

        Raises:
            UserError: a target is too large for its loss, or negative where it may not be.
        """
        require_fitting(targets, self.objective.output, self.schema.target)
        with torch.inference_mode():
            each = [_pre_activation(network, inputs) for network in self.networks]
            f = each[0] if len(each) == 1 else self.objective.of_mean(torch.stack(each))
            losses = self.objective.rows(f, torch.as_tensor(targets, dtype=f.dtype))
            if f.isfinite().all():
                require_finite(losses.numpy()[:, None], [self.schema.target.name])
            return self.objective.predict(f).double().numpy(), losses.double().numpy()

    def predict(self, rows: NewRows) -> Floats | NDArray[np.str_]:
        """The target, (N,): a number in its own units, or the name of a class.

        Of several targets (N, T), a column for each in the order of `schema.target.each`.
        """
        return self.decode(self.outputs(rows))

    def decode(self, outputs: Floats) -> Floats | NDArray[np.str_]:
        """What outputs, (N, C), predict, (N,); of several targets (N, T)."""
        target = self.schema.target
        if target.task == "regression":
            return target.decode(outputs)
        if isinstance(target, Target):
            names: NDArray[np.str_] = np.array(target.classes)[target.decide(outputs)]
            return names
        columns = [np.array(one.classes)[one.decide(own)] for one, own in target.parted(outputs)]
        return np.column_stack(columns)

    def answers(self, values: Floats) -> dict[str, Floats | NDArray[np.str_]]:
        """What is predicted for values of the schema's columns, (N,) by name.

        `prediction`, of classes `probability_x` of each, and of an ensemble `spread`: how far its
        networks disagree, as a standard deviation. Of several targets each has such arrays under
        its name: `prediction_x`, `probability_x` of its second class, `spread_x`.

        Raises:
            UserError: a number is too large to be encoded.
        """
        inputs = self.encode_values(values)
        outputs, target = self.forward(inputs), self.schema.target
        found = {"prediction": self.decode(outputs)}
        if self.gives_probabilities:
            found |= self._probabilities(outputs)
        if len(self.networks) > 1:
            found["spread"] = self.spread(inputs)
        if isinstance(target, Target):
            return found
        return {
            f"{what}_{one.name}": own
            for what, values in found.items()
            for one, own in zip(target.each, values.T, strict=True)
        }

    def _probabilities(self, outputs: Floats) -> dict[str, Floats]:
        """Of each class, (N,); of several targets that of the second class of each, (N, T)."""
        target = self.schema.target
        if isinstance(target, Targets):
            return {"probability": outputs}
        shares = zip(target.classes or [], target.scores(outputs).T, strict=True)
        return {f"probability_{name}": own for name, own in shares}

    @property
    def gives_probabilities(self) -> bool:
        """Whether the outputs are probabilities of classes."""
        return self.objective.gives_probabilities(self.schema.target.task)

    def predict_proba(self, rows: NewRows) -> Floats:
        """A probability for each class, (N, classes), in the order of `schema.target.classes`.

        Of several targets that of the second class of each, (N, T).

        Raises:
            UserError: the target is a number, or the outputs are no probabilities.
        """
        if not self.gives_probabilities:
            raise UserError(
                f"the outputs for {self.schema.target.name} are no probabilities: its task is"
                f" {self.schema.target.task}, its output {self.objective.output}"
            )
        outputs, target = self.outputs(rows), self.schema.target
        return target.scores(outputs) if isinstance(target, Target) else outputs

    def export(
        self,
        path: str | Path,
        format: str | None = None,  # noqa: A002  what one expects it to be called
        *,
        prefix: str = "",
    ) -> list[str]:
        """Write the network for other programs; in lines, what is left to whoever uses the file.

        Args:
            path: the file, replaced once the new content is whole.
            format: `onnx`, one graph that reads columns as they are, or `torch`, a program of
                torch.export that reads encoded rows; by default .onnx or .pt2 in the name tells.
            prefix: before the names of a graph's outputs.

        Raises:
            UserError: the format is unknown, its library is missing, or it cannot hold the network.
            OSError: the file cannot be written.
        """
        return export_network(
            Path(path),
            self.network,
            self.networks,
            self.schema,
            probabilities=self.gives_probabilities,
            asked=format,
            prefix=prefix,
        )


def _in_brief(names: Sequence[str], most: int = 8) -> str:
    """Some names, and how many more there are."""
    more = f", and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _pre_activation(network: nn.Sequential, inputs: torch.Tensor) -> torch.Tensor:
    """f of the last layer, (N, C)."""
    names = [name for name, _ in network.named_children()]
    last = names.index("output") + 1  # what comes behind is the output function
    f: torch.Tensor = network[:last](inputs)
    return f


def load(folder: str | Path) -> Predictor:
    """Read a run folder's model.safetensors and schema.json; nothing in them is executed.

    Raises:
        UserError: the folder holds no finished run, or a file of it is damaged; the file and the
            key are named.
    """
    folder = Path(folder)
    if not (folder / MODEL).is_file():
        raise UserError(f"{folder} holds no finished run: it has no {MODEL}")
    try:
        schema, layers = _read_schema(folder / SCHEMA)
        network = load_network(folder / MODEL, layers)
    except OSError as error:
        raise UserError(f"{error.filename} cannot be read: {error.strerror}") from error
    return Predictor(network, schema, layers.objective)


def _read_schema(path: Path) -> tuple[Schema, Layers]:
    """What schema.json says: of the columns, and of the layers between them."""
    found = read_json(path, megabytes=64)
    with naming(path):
        described = read_as(dict[str, object], found)
        layers = described.pop("network", None)
        schema = schema_of(described)
        network = layers_of(layers, "network", schema.target.task)
        last = network.objective.pre_activations(schema.target.outputs)
        ends = (len(schema.names), last)
        if (network.sizes[0], network.sizes[-1]) != ends:
            raise UserError(
                f"network.sizes must begin with {ends[0]} inputs and end with {ends[1]} outputs,"
                f" got {brief(network.sizes)}"
            )
    return schema, network

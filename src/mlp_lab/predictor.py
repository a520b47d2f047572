"""A finished run's network, for new rows."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mlp_lab.data.arrays import Array, Floats
from mlp_lab.data.preprocessing import require_finite, require_fitting
from mlp_lab.data.schema import Schema, Target, Targets
from mlp_lab.data.schema_file import schema_of
from mlp_lab.errors import UserError, require, require_choice
from mlp_lab.formatting import counted
from mlp_lab.metrics.shapley import Contributions, evenly, shapley, some_rows
from mlp_lab.network.array_network import ArrayNetworks
from mlp_lab.network.losses import Objective
from mlp_lab.network.saved import Layers, layers_of, read_weights
from mlp_lab.plain import brief, read_as
from mlp_lab.runs.folder import MODEL, SCHEMA
from mlp_lab.stored import naming, read_json

if TYPE_CHECKING:
    import pandas as pd
    import torch
    from torch import nn

    from mlp_lab.network.plain_network import Ensemble
    from mlp_lab.network.torch_networks import TorchNetworks

    NewRows = ArrayLike | pd.DataFrame
    """One row for each prediction."""

    OtherRows = ArrayLike | pd.DataFrame | None
    """Rows to compare them with, if there are any."""


SAMPLES = 32
"""Background rows with which a prediction is compared."""

POOL = 1_000
"""Rows that are drawn by chance, among which those are chosen."""


class Asked(NamedTuple):
    """What is to be explained, and with how many background rows."""

    class_name: str | None = None
    target: str | None = None
    samples: int = SAMPLES


class Predictor:
    """A network of plain torch layers, with what its inputs and outputs mean.

    One that was loaded predicts by numpy until somebody asks for its layers: torch takes a second
    to be imported.

    Rows are a DataFrame with the columns that the network was trained on, in any order and among
    others; or, where all of them are numbers, an array of (N, columns) in the schema's order.

    `mlp_lab.load` reads one from a run folder; here it is made by hand, of one number x:

    >>> import torch
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

    def __init__(
        self,
        network: nn.Sequential | Ensemble | ArrayNetworks,
        schema: Schema,
        objective: Objective,
    ) -> None:
        self.schema = schema
        """What its inputs and its output mean."""
        self.objective = objective
        """What its outputs are, and how far they are from targets."""
        self._arrays = network if isinstance(network, ArrayNetworks) else None
        if not isinstance(network, ArrayNetworks):
            self.network = network

    @cached_property
    def network(self) -> nn.Sequential | Ensemble:
        """Plain torch layers, or an ensemble of them, on the CPU."""
        arrays = self._arrays
        assert arrays is not None
        from mlp_lab.network.torch_networks import networks_of  # noqa: PLC0415  torch

        return networks_of(arrays.layers, arrays.weights, arrays.dtype)

    @property
    def _computing(self) -> ArrayNetworks | TorchNetworks:
        """What computes: the layers, once somebody has them and may change them."""
        if "network" not in vars(self) and self._arrays is not None:
            return self._arrays
        return self._with_torch

    @property
    def _with_torch(self) -> TorchNetworks:
        from mlp_lab.network.torch_networks import TorchNetworks  # noqa: PLC0415  torch

        return TorchNetworks(self.network, self.objective)

    def __repr__(self) -> str:
        target, inputs = self.schema.target, [entry.column.name for entry in self.schema.inputs]
        classes = target.classes if isinstance(target, Target) else []
        of = f": {_in_brief(classes)}" if classes else ""
        return (
            f"a network that predicts {target.name} ({target.task}{of})\n"
            f"from {counted(len(inputs), 'column')}: {_in_brief(inputs)}\n{self.network}"
        )

    def encode(self, rows: NewRows) -> torch.Tensor:
        """Rows as the network's layers read them, (N, inputs).

        Raises:
            UserError: a column is missing, or holds what it cannot.
        """
        import torch  # noqa: PLC0415  as above

        return torch.from_numpy(self.encode_values(self._values(rows)))

    def encode_values(self, values: Floats) -> Array:
        """Values of the schema's columns, (N, columns) -> (N, inputs)."""
        dtype = self._computing.dtype
        with np.errstate(over="ignore"):  # too large: refused in words
            encoded = self.schema.encode_inputs(
                lambda i, block: values[block, i], len(values), dtype
            )
        require_finite(encoded, self.schema.names)
        return encoded

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
        return self.forward(self.encode_values(self._values(rows)))

    def forward(self, inputs: Array) -> Floats:
        """The network's outputs for encoded rows, (N, C)."""
        return self._computing.outputs(inputs)

    @property
    def networks(self) -> list[nn.Sequential]:
        """The network, or those of an ensemble."""
        return self._with_torch.networks

    @property
    def count(self) -> int:
        """How many networks there are."""
        return self._computing.count

    def spread(self, inputs: Array) -> Floats:
        """How far the networks of an ensemble disagree, (N,), for encoded rows.

        The standard deviation of their predictions, in the target's own units; for classes that of
        the probability of the one that is predicted. Of several targets (N, T), one for each.
        """
        outputs = self._computing.outputs_of_each(inputs)
        target = self.schema.target
        if target.task == "regression":
            predicted = np.stack([target.decode(own) for own in outputs])
        elif isinstance(target, Targets):
            predicted = outputs
        else:
            tempered = self.objective.temperature != 1  # that of the mean, not of each
            decided = target.decide(self.forward(inputs) if tempered else outputs.mean(0))
            scores = np.stack([target.scores(own) for own in outputs])
            predicted = scores[:, np.arange(len(decided)), decided]
        spread: Floats = predicted.std(axis=0, ddof=1)
        return spread

    def outputs_and_losses(self, inputs: Array, targets: Floats) -> tuple[Floats, Floats]:
        """Outputs, (N, C), and loss of each row, (N,), for encoded rows and targets (N, C).

        Raises:
            UserError: a target is too large for its loss, or negative where it may not be.
        """
        require_fitting(targets, self.objective.output, self.schema.target)
        with np.errstate(over="ignore", invalid="ignore"):  # too large: refused in words
            f, outputs, losses = self._computing.outputs_and_losses(inputs, targets)
        if np.isfinite(f).all():
            require_finite(losses[:, None], [self.schema.target.name])
        return outputs, losses

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
        if self.count > 1:
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

    def explain(
        self,
        rows: NewRows,
        background: OtherRows = None,
        *,
        class_name: str | None = None,
        target: str | None = None,
        samples: int = SAMPLES,
    ) -> pd.DataFrame:
        """What each column adds to the prediction of each row: a row for each.

        The first column is what is explained: `prediction` of a number, in its own units, or
        `probability_x` of class x. Then come `base`, its mean over background rows, and
        `contribution_x` of each column x: they add up to the first. Contributions are Shapley
        values, sampled over orders of the columns (Štrumbelj and Kononenko 2014; Lundberg and
        Lee 2017), of columns as they are in the table, however many inputs each gives.

        Args:
            rows: as for `predict`.
            background: rows to compare with, as the training rows; by default the rows themselves.
            class_name: of more than two classes the one that is explained; of two the second.
            target: of several targets the one that is explained.
            samples: how many background rows count, each with an order of the columns and its
                reverse. Twice as many take twice as long.

        Raises:
            UserError: a column is missing or holds what it cannot, or there is no such class.
        """
        return self.explain_against(rows, background, None, Asked(class_name, target, samples))

    def explain_against(
        self, rows: NewRows, background: OtherRows, trained: Array | None, asked: Asked
    ) -> pd.DataFrame:
        """`explain`; where no background is given, against encoded rows of the training, if any.

        Raises:
            UserError: as there.
        """
        import pandas as pd  # noqa: PLC0415  a frame is asked for

        inputs = self.encode_values(self._values(rows))
        others = inputs if trained is None else trained
        if background is not None:
            others = self.encode_values(self._values(background))
        found = self.contributions(inputs, self.background_of(others, asked), asked)
        return pd.DataFrame(found, index=rows.index if isinstance(rows, pd.DataFrame) else None)

    def background_of(self, rows: Array, asked: Asked) -> Array:
        """So many of encoded rows, (N, D), as are asked for, evenly along their predictions.

        Their mean prediction is that of all rows far more closely than of rows by chance.

        Raises:
            UserError: there is no such class or target, or no row.
        """
        if len(rows) == 0:
            raise UserError("there is no background row to compare with")
        pool = some_rows(rows, max(POOL, asked.samples))
        if len(pool) <= asked.samples:
            return pool
        target, place, _ = self._one_target(asked.target)
        if target.classes is None or len(target.classes) == 2:  # the same for both classes
            key = self.forward(pool)[:, place][:, 0]
        else:
            key = self._explained(asked)[1](pool)
        return evenly(pool, key, asked.samples)

    def contributions(self, inputs: Array, background: Array, asked: Asked) -> dict[str, Floats]:
        """The columns of `explain`, (N,) by name, for encoded rows and those to compare with.

        Raises:
            UserError: there is no such class or target.
        """
        name, explained = self._explained(asked)
        widths = [len(entry.names) for entry in self.schema.inputs]
        found: Contributions = shapley(explained, inputs, background, widths)
        columns = [f"contribution_{entry.column.name}" for entry in self.schema.inputs]
        return {
            name: found.explained,
            "base": np.full(len(inputs), found.base),
            **dict(zip(columns, found.by_column.T, strict=True)),
        }

    def require_explainable(self, asked: Asked) -> None:
        """Raise unless there is such a class or target.

        Raises:
            UserError: there is none.
        """
        self._explained(asked)

    def _explained(self, asked: Asked) -> tuple[str, Callable[[Array], Floats]]:
        """What is explained: its name, and the number itself for encoded rows."""
        require(asked.samples >= 1, "samples", "1 or more", asked.samples)
        target, place, of = self._one_target(asked.target)
        if target.classes is None:
            if asked.class_name is not None:
                raise UserError(f"class_name is for classes, but {target.name} is a number")
            return f"prediction{of}", lambda inputs: target.decode(self.forward(inputs)[:, place])
        two = len(target.classes) == 2
        if asked.class_name is None and not two:
            raise UserError(
                f"{target.name} has {len(target.classes)} classes: class_name must say which is"
                f" explained ({_in_brief(target.classes)})"
            )
        name = target.classes[1] if asked.class_name is None else str(asked.class_name)
        require_choice(name, "class_name", target.classes)
        k = target.classes.index(name)
        what = "probability" if self.gives_probabilities else "score"
        return (
            f"{what}{of}_{name}",
            lambda inputs: target.scores(self.forward(inputs)[:, place])[:, k],
        )

    def _one_target(self, asked: str | None) -> tuple[Target, slice, str]:
        """The target that is explained, its outputs, and its name where there are several."""
        target = self.schema.target
        names = [one.name for one in target.each]
        if asked is not None:
            require_choice(asked, "target", names)
        if isinstance(target, Target):
            return target, slice(None), ""
        if asked is None:
            raise UserError(f"there are several targets: target must say which ({target.name})")
        t = names.index(asked)
        return target.each[t], slice(t, t + 1), f"_{asked}"

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
        from mlp_lab.export.saving import export_network  # noqa: PLC0415  torch

        return export_network(
            Path(path),
            self.network,
            self.networks,
            self.schema,
            probabilities=self.gives_probabilities,
            temperature=self.objective.temperature,
            asked=format,
            prefix=prefix,
        )


def _in_brief(names: Sequence[str], most: int = 8) -> str:
    """Some names, and how many more there are."""
    more = f", and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


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
        weights = read_weights(folder / MODEL, layers)
    except OSError as error:
        raise UserError(f"{error.filename} cannot be read: {error.strerror}") from error
    found = Predictor(ArrayNetworks.of(layers, weights), schema, layers.objective)
    if not ArrayNetworks.can_compute(layers):
        _ = found.network
    return found


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

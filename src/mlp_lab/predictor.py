"""A finished run's network, for new rows."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mlp_lab.data.arrays import Array, Floats
from mlp_lab.data.preprocessing import require_finite, require_fitting
from mlp_lab.data.schema import Schema, Target, Targets
from mlp_lab.errors import UserError
from mlp_lab.formatting import counted
from mlp_lab.metrics.decision_threshold import Rates, Threshold, require_threshold
from mlp_lab.metrics.explained import SAMPLES, Asked, in_brief
from mlp_lab.metrics.explainer import Explainer
from mlp_lab.metrics.validation_record import (
    ValidationRecord,
    intervals,
    place_of_class,
    require_ranking,
)
from mlp_lab.network.array_network import ArrayNetworks
from mlp_lab.network.losses import Objective
from mlp_lab.network.saved import read_weights
from mlp_lab.runs.folder import MODEL, SCHEMA
from mlp_lab.runs.linear_baseline import LinearBaseline
from mlp_lab.runs.schema import read_schema

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
        validation: ValidationRecord | None = None,
    ) -> None:
        self.schema = schema
        """What its inputs and its output mean."""
        self.validation = validation
        """What is kept of the rows that validated it, if anything is."""
        self.objective = objective
        """What its outputs are, and how far they are from targets."""
        self.baselines: dict[str, Predictor] = {}
        """Models that it was held against, by name, as far as they are kept: that without layers.
        """
        self._arrays = network if isinstance(network, ArrayNetworks) else None
        if not isinstance(network, ArrayNetworks):
            self.network = network

    def add_baseline(self, kept: LinearBaseline) -> None:
        """Take a model without hidden layers beside the network, for scores on other rows."""
        objective = replace(self.objective, temperature=1.0)
        self.baselines[kept.name] = Predictor(kept.networks(objective), self.schema, objective)

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
        of = f": {in_brief(classes)}" if classes else ""
        return (
            f"a network that predicts {target.name} ({target.task}{of})\n"
            f"from {counted(len(inputs), 'column')}: {in_brief(inputs)}\n{self.network}"
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
        return self._spread(*self._computing.mean_and_each(inputs))

    def _spread(self, mean: Floats, outputs: Floats) -> Floats:
        """The same by the mean and the outputs of each, (N, C) and (M, N, C)."""
        target = self.schema.target
        if target.task == "regression":
            predicted = np.stack([target.decode(own) for own in outputs])
        elif isinstance(target, Targets):
            predicted = outputs
        else:
            decided = target.decide(mean)
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

    def predict(
        self, rows: NewRows, *, threshold: float | None = None, class_name: str | None = None
    ) -> Floats | NDArray[np.str_]:
        """The target, (N,): a number in its own units, or the name of a class.

        Of several targets (N, T), a column for each in the order of `schema.target.each`.

        Args:
            rows: a DataFrame, or an array where all columns are numbers.
            threshold: of two classes, the probability of `class_name` above which it is decided
                for, in the place of one half.
            class_name: by default the second class.

        Raises:
            UserError: a column is missing, or holds what it cannot, or there is no such threshold.
        """
        require_threshold(threshold, class_name)
        chosen = None if threshold is None else self.threshold(threshold, class_name)
        return self.decode(self.outputs(rows), chosen)

    def predict_interval(self, rows: NewRows, level: float = 0.9) -> Floats:
        """Bounds of what a number is with a probability of `level`, (N, 2); of several (N, T, 2).

        As far from the prediction as validation rows were off (split conformal prediction).

        Raises:
            UserError: the target is no number, or too few validation rows were kept of it.
        """
        return self.intervals(self.outputs(rows), level)

    def threshold(self, value: float, class_name: str | None = None) -> Threshold:
        """A decision threshold: the probability of a class, by default the second of two.

        Raises:
            UserError: there are no two classes with probabilities, or no such class or threshold.
        """
        return Threshold(value, self._place(class_name))

    def cheapest_threshold(self, cost: float, class_name: str | None = None) -> Rates:
        """The threshold that cost least on the validation rows, and what it gave.

        `cost`: of missing a row of the class, by default the second of two, in false alarms.

        Raises:
            UserError: as of `threshold`, or no validation rows were kept.
        """
        place = self._place(class_name)
        return require_ranking(self.validation).cheapest(cost, place)

    def _place(self, class_name: str | None) -> int:
        target = self.schema.target
        return place_of_class(target, class_name, probabilities=self.gives_probabilities)

    def intervals(self, outputs: Floats, level: float) -> Floats:
        """The same as `predict_interval` for outputs, (N, C)."""
        bounds = intervals(self.validation, self.schema.target, self.objective, outputs, level)
        return bounds[:, 0] if isinstance(self.schema.target, Target) else bounds

    def decode(
        self, outputs: Floats, threshold: Threshold | None = None
    ) -> Floats | NDArray[np.str_]:
        """What outputs, (N, C), predict, (N,); of several targets (N, T)."""
        target = self.schema.target
        if target.task == "regression":
            return target.decode(outputs)
        if isinstance(target, Target):
            decided = target.decide(outputs)
            if threshold is not None:
                decided = threshold.decide(target.scores(outputs))
            names: NDArray[np.str_] = np.array(target.classes)[decided]
            return names
        columns = [np.array(one.classes)[one.decide(own)] for one, own in target.parted(outputs)]
        return np.column_stack(columns)

    def answers(
        self, values: Floats, *, threshold: Threshold | None = None, interval: float | None = None
    ) -> dict[str, Floats | NDArray[np.str_]]:
        """What is predicted for values of the schema's columns, (N,) by name.

        `prediction`, of classes `probability_x` of each, `low` and `high` of an interval if one is
        asked for, and of an ensemble `spread`: how far its networks disagree, as a standard
        deviation. Of several targets each has its own: `prediction_x`, `probability_x` of its
        second class, `low_x`, `high_x`, `spread_x`.

        Raises:
            UserError: a number is too large to be encoded, or there is no such interval.
        """
        inputs, target = self.encode_values(values), self.schema.target
        outputs, each = self._computing.mean_and_each(inputs)
        found = {"prediction": self.decode(outputs, threshold)}
        if self.gives_probabilities:
            found |= self._probabilities(outputs)
        if interval is not None:
            bounds = self.intervals(outputs, interval)
            found |= {"low": bounds[..., 0], "high": bounds[..., 1]}
        if self.count > 1:
            found["spread"] = self._spread(outputs, each)
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
        explainer = self.explainer(asked)
        found = explainer.contributions(inputs, explainer.background_of(others))
        return pd.DataFrame(found, index=rows.index if isinstance(rows, pd.DataFrame) else None)

    def explainer(self, asked: Asked) -> Explainer:
        """What explains one number of its predictions.

        Raises:
            UserError: there is no such class or target.
        """
        probabilities = self.gives_probabilities
        return Explainer(self._computing, self.schema, asked, probabilities=probabilities)

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
        described = read_schema(folder / SCHEMA)
        layers = described.layers
        weights = read_weights(folder / MODEL, layers)
    except OSError as error:
        raise UserError(f"{error.filename} cannot be read: {error.strerror}") from error
    arrays = ArrayNetworks.of(layers, weights)
    found = Predictor(arrays, described.schema, layers.objective, described.validation)
    if (linear := described.linear_baseline) is not None:
        found.add_baseline(linear)
    if not ArrayNetworks.can_compute(layers):
        _ = found.network
    return found

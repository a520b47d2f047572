"""A network after its training, and what can be asked of it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from mlp_lab.config.schema import Config
from mlp_lab.data.arrays import Array, Floats
from mlp_lab.data.synthetic import FunctionConfig
from mlp_lab.lessons.tables import Columns, Level, Table, table_of
from mlp_lab.network.mlp import MLP
from mlp_lab.runs.prepared_data import PreparedData

Layers = Sequence[tuple[Floats, Floats]]
"""Omega_k (inputs, outputs) and beta_k (outputs,) of each layer."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What training gave; `seconds` is a curve, too: the network's share of its stack's time."""

    curves: Mapping[str, Floats]  # (epochs,) each: `train_loss`, `val_accuracy`, ...
    probes: Mapping[str, Floats]  # (1 + epochs, ...) each
    layers: Layers  # after the last epoch
    best_layers: Layers  # after the best epoch, as early stopping keeps them
    best_epoch: int
    kernel: str  # what computed it: native or torch
    diverged: bool


@dataclass(frozen=True, slots=True)
class Trained:
    """A network after its last epoch, how it got there, and labels that tell it from others."""

    labels: Mapping[str, Level]
    config: Config
    problem: PreparedData
    outcome: Outcome

    @property
    def sizes(self) -> list[int]:
        """Units of every layer, inputs first."""
        return [len(omega) for omega, _ in self.outcome.layers] + [len(self.outcome.layers[-1][1])]

    @property
    def parameters(self) -> int:
        """Weights and biases."""
        return sum(omega.size + beta.size for omega, beta in self.outcome.layers)

    @property
    def epochs(self) -> int:
        """Of its training; those of lessons have a limit."""
        assert self.config.epochs is not None
        return self.config.epochs

    @property
    def function(self) -> FunctionConfig:
        """The function that it has learnt from points of."""
        assert isinstance(self.config.data, FunctionConfig)
        return self.config.data

    @property
    def at_best(self) -> "Trained":
        """The same with the weights of its best epoch."""
        return replace(self, outcome=replace(self.outcome, layers=self.outcome.best_layers))

    def curve(self, name: str) -> Floats:
        """(epochs,) such as `val_loss`; epochs after a divergence are not a number."""
        known = self.outcome.curves[name]
        return np.pad(known, (0, self.epochs - len(known)), constant_values=np.nan)

    def last(self, name: str) -> float:
        """The last epoch's entry of a curve."""
        return float(self.curve(name)[-1])

    def network(self) -> MLP:
        """A stack of one with these weights, in double precision."""
        network = MLP(
            [self.sizes],
            activations=self.config.model.activations,
            output=self.problem.objective.output,
            dtype=torch.float64,
        )
        with torch.no_grad():
            for k, (omega, beta) in enumerate(self.outcome.layers):
                network.layers.weights[k][0] = torch.as_tensor(omega)
                network.layers.biases[k][0, 0] = torch.as_tensor(beta)
        return network

    def outputs(self, inputs: Array) -> Floats:
        """y of encoded rows, (N, D) -> (N, C), as the network gives them."""
        with torch.inference_mode():
            y: Floats = self.network()(torch.as_tensor(inputs, dtype=torch.float64))[0].numpy()
        return y

    def predicted(self, inputs: Array) -> Floats:
        """Numbers in the target's own units, (N, D) -> (N,)."""
        return self.problem.encoded.schema.target.decode(self.outputs(inputs))

    def fit(self, x: Floats) -> dict[str, Floats]:
        """The function and its fit at points, (N,), as columns."""
        return {"x": x, "truth": self.function.values(x), "fit": self.predicted(x[:, None])}


def measured(networks: Iterable[Trained], columns: Callable[[Trained], Columns]) -> Table:
    """A table of what is measured of each network, beside the columns that tell it from others."""
    return table_of({**network.labels, **columns(network)} for network in networks)


def chosen(networks: Sequence[Trained], table: Table) -> list[Trained]:
    """Those networks whose labels, as far as the table has them as columns, stand in one row."""
    names = [name for name in networks[0].labels if name in table.columns]
    rows = set(table[names].itertuples(index=False, name=None))
    return [own for own in networks if tuple(own.labels[name] for name in names) in rows]


def log_spaced_epochs(epochs: int) -> NDArray[np.int_]:
    """About 40 epochs from the first to the last, evenly spaced on a logarithmic axis."""
    return np.unique(np.geomspace(1, epochs, 40).round().astype(int))

"""The baseline without hidden layers, as schema.json keeps it: for scores on other rows."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import numpy as np

from mlp_lab.data.arrays import Floats
from mlp_lab.errors import require
from mlp_lab.network.array_network import ArrayNetworks
from mlp_lab.network.losses import Objective
from mlp_lab.network.saved import Layers
from mlp_lab.plain import read_as

MOST_NUMBERS = 20_000
"""Of weights and biases that are kept; a wider model would be most of the file."""

KEY = "linear_baseline"
"""Where schema.json has it."""

NAMES = ("linear", "logistic", "poisson")


@dataclass(frozen=True, slots=True)
class LinearBaseline:
    """Its name, its weights (D inputs, C outputs) and its biases (C,)."""

    name: str
    weights: list[list[float]]
    biases: list[float]

    @classmethod
    def of(cls, name: str, weights: Floats, biases: Floats) -> LinearBaseline | None:
        """Of weights (D, C) and biases (C,); None if they are too many, or not all finite."""
        finite = np.isfinite(weights).all() and np.isfinite(biases).all()
        if weights.size + biases.size > MOST_NUMBERS or not finite:
            return None
        rows = [[_short(number) for number in row] for row in weights.tolist()]
        return cls(name, rows, [_short(number) for number in biases.tolist()])

    def to_dict(self) -> dict[str, object]:
        """As schema.json has it."""
        return asdict(self)

    def networks(self, objective: Objective) -> ArrayNetworks:
        """The model, for the output and the loss of the network that was held against it."""
        own = Layers(
            sizes=[len(self.weights), len(self.biases)],
            activations=[],
            output=objective.output,
            loss=objective.loss,
            loss_options=dict(objective.numbers),
        )
        weights = np.array(self.weights, np.float64).reshape(own.sizes)
        found = {"output.weight": weights.T, "output.bias": np.array(self.biases, np.float64)}
        return ArrayNetworks.of(own, [found])


def _short(number: float) -> float:
    """A number in single precision by the fewest digits that give it again."""
    return float(f"{number:.9g}")


def linear_baseline_of(value: object, layers: Layers) -> LinearBaseline:
    """What schema.json says of it, for a network of some layers.

    Raises:
        UserError: a key is unknown or missing, or holds what it cannot.
    """
    found = read_as(LinearBaseline, value, KEY)
    require(found.name in NAMES, f"{KEY}.name", f"one of {', '.join(NAMES)}", found.name)
    inputs, outputs = layers.sizes[0], layers.sizes[-1]
    widths = {len(row) for row in found.weights}
    fits = len(found.weights) == inputs and widths <= {outputs}
    require(fits, f"{KEY}.weights", f"{inputs} rows of {outputs} numbers", len(found.weights))
    fits = len(found.biases) == outputs
    require(fits, f"{KEY}.biases", f"{outputs} numbers", len(found.biases))
    numbers = [*found.biases, *(number for row in found.weights for number in row)]
    finite = all(map(math.isfinite, numbers))
    require(finite, f"{KEY}.weights and biases", "finite", "others")
    return found

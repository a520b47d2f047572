"""What columns add to one number of a network's predictions, for encoded rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from mlp_lab.data.arrays import Array, Floats
from mlp_lab.data.schema import Schema
from mlp_lab.errors import UserError
from mlp_lab.metrics.explained import POOL, Asked, explained, one_target
from mlp_lab.metrics.shapley import Sums, evenly, shapley, some_rows

if TYPE_CHECKING:
    from mlp_lab.network.array_network import ArrayNetworks, ArraySums
    from mlp_lab.network.torch_networks import TorchNetworks, TorchSums


class Explainer:
    """Networks, their columns, and which number of their predictions is explained."""

    def __init__(
        self,
        networks: ArrayNetworks | TorchNetworks,
        schema: Schema,
        asked: Asked,
        *,
        probabilities: bool,
    ) -> None:
        """`probabilities`: whether outputs are those of classes.

        Raises:
            UserError: there is no such class or target.
        """
        self._networks, self._schema, self._asked = networks, schema, asked
        self._probabilities = probabilities
        self._name, self._number = self._explained(networks)

    def _explained(
        self, networks: ArrayNetworks | TorchNetworks | ArraySums | TorchSums
    ) -> tuple[str, Callable[[Array], Floats]]:
        """What is explained: its name, and the number itself, of what such networks read."""
        target, probabilities = self._schema.target, self._probabilities
        return explained(target, self._asked, networks.outputs, probabilities=probabilities)

    def background_of(self, rows: Array) -> Array:
        """So many of encoded rows, (N, D), as are asked for, evenly along their predictions.

        Their mean prediction is that of all rows far more closely than of rows by chance.

        Raises:
            UserError: there is no row.
        """
        if len(rows) == 0:
            raise UserError("there is no background row to compare with")
        samples = self._asked.samples
        pool = some_rows(rows, max(POOL, samples))
        if len(pool) <= samples:
            return pool
        target, place, _ = one_target(self._schema.target, self._asked.target)
        if target.classes is None or len(target.classes) == 2:  # the same for both classes
            key = self._networks.outputs(pool)[:, place][:, 0]
        else:
            key = self._number(pool)
        return evenly(pool, key, samples)

    def contributions(self, inputs: Array, background: Array) -> dict[str, Floats]:
        """The columns of `Predictor.explain`, (N,) by name, for rows and those to compare with."""
        widths = [len(entry.names) for entry in self._schema.inputs]
        found = shapley(self._number, inputs, background, widths, sums=self._sums(widths))
        columns = [f"contribution_{entry.column.name}" for entry in self._schema.inputs]
        return {
            self._name: found.explained,
            "base": np.full(len(inputs), found.base),
            **dict(zip(columns, found.by_column.T, strict=True)),
        }

    def _sums(self, widths: list[int]) -> Sums | None:
        """The number as one of what columns add to the first layer, if it is one."""
        own = self._networks.by_column(widths)
        return None if own is None else Sums(own.parts, self._explained(own)[1])

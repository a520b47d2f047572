"""What is to be learnt: rows, parts and objective, settled before torch is loaded."""

from dataclasses import dataclass

import numpy as np

from mlp_lab.config import Config
from mlp_lab.data.encoded import Encoded, encode
from mlp_lab.data.splitting import split_rows
from mlp_lab.data.tables.overview import Overview, overview
from mlp_lab.errors import UserError
from mlp_lab.network.losses import Objective, choose_objective


@dataclass(frozen=True, slots=True)
class Problem:
    """Encoded data, and an output and a loss that fit its task."""

    encoded: Encoded
    objective: Objective
    overview: Overview | None
    """What was understood of a table; None for other data."""

    @property
    def rows(self) -> dict[str, int]:
        """Rows of each part."""
        encoded = self.encoded
        return {"train": len(encoded.train), "val": len(encoded.val), "test": len(encoded.test)}


def pose(config: Config) -> Problem:
    """Load, split and encode the data, and hold the settings against it.

    Raises:
        UserError: data and settings do not fit.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # numbers too large are refused in words
        return _pose(config)


def _pose(config: Config) -> Problem:
    raw = config.data.load()
    objective = choose_objective(raw.task, config.model.output, config.loss.name)
    split = split_rows(raw, config.data)
    rows = len(split.train)
    if isinstance(config.batch_size, int) and config.batch_size > rows:
        raise UserError(
            f"batch_size must be at most the {rows} training rows, got {config.batch_size}:"
            " batch_size=full takes all of them"
        )
    encoded = encode(raw, split, config.data, objective.output, config.dtype)
    _require_weight(encoded)
    seen = None if raw.source is None else overview(raw, split, encoded.schema)
    return Problem(encoded, objective, seen)


def _require_weight(encoded: Encoded) -> None:
    """Raise if the rows of a part weigh nothing together."""
    for name, part in (("train", encoded.train), ("val", encoded.val), ("test", encoded.test)):
        if part.weights is not None and len(part) and not part.weights.any():
            raise UserError(f"data.weight is 0 in all {len(part)} {name} rows")

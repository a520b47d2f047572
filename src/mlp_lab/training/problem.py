"""What is to be learnt: rows, parts and objective, settled before torch is loaded."""

from dataclasses import dataclass

from mlp_lab.config import Config
from mlp_lab.data.encoding import Encoded, encode
from mlp_lab.data.splitting import split_rows
from mlp_lab.errors import UserError
from mlp_lab.network.losses import Objective, choose_objective


@dataclass(frozen=True, slots=True)
class Problem:
    """Encoded data, and an output and a loss that fit its task."""

    encoded: Encoded
    objective: Objective

    @property
    def rows(self) -> dict[str, int]:
        """Rows of each part."""
        encoded = self.encoded
        parts = {"train": encoded.train, "val": encoded.val, "test": encoded.test}
        return {name: len(inputs) for name, (inputs, _) in parts.items()}


def pose(config: Config) -> Problem:
    """Load, split and encode the data, and hold the settings against it.

    Raises:
        UserError: data and settings do not fit.
    """
    raw = config.data.load()
    objective = choose_objective(raw.task, config.model.output, config.loss.name)
    split = split_rows(raw, config.data)
    rows = len(split.train)
    if isinstance(config.batch_size, int) and config.batch_size > rows:
        raise UserError(
            f"batch_size must be at most the {rows} training rows, got {config.batch_size}:"
            " batch_size=full takes all of them"
        )
    return Problem(encode(raw, split, config.data, objective.output), objective)

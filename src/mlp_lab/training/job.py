"""What a run is asked to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlp_lab.config import Config


@dataclass(frozen=True, slots=True)
class Job:
    """A run's configuration and its folder.

    `values` are the configuration as plain data, for config.yaml; `overrides` what the command
    line changed, for the record.
    """

    config: Config
    values: Mapping[str, object]
    folder: Path
    overrides: Sequence[str]

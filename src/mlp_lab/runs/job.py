"""What a run is asked to do."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlp_lab.config.schema import LABELS, Config

PATHS = ("path", "test_path")
"""Settings of the data that say where rows lie, and nothing of what they hold."""

OF_READING = (*PATHS, "stream")
"""Those, and how they are read into the same numbers."""

INCIDENTAL = ("resume", "device", "devices", "threads", "quiet", "tracking", *LABELS)
"""Settings that a job may change and stay the same job."""


@dataclass(frozen=True, slots=True)
class Job:
    """A run's configuration and its folder.

    `values` are the configuration as plain data, for config.yaml; `overrides` what the command
    line changed, for the record, options such as --config-dir=FOLDER included.
    """

    config: Config
    values: Mapping[str, object]
    folder: Path
    overrides: Sequence[str]


def labels_of(config: Config) -> dict[str, str]:
    """What a run is called: its name and its tags, where it has any."""
    found = {"name": config.name or "", "tags": ", ".join(config.tags)}
    return {key: words for key, words in found.items() if words}


def section(values: Mapping[str, object], name: str) -> Mapping[str, object]:
    """A group of settings."""
    group = values[name]
    assert isinstance(group, Mapping)
    return group


def without(values: Mapping[str, object], keys: Iterable[str]) -> dict[str, object]:
    """A copy that lacks some keys."""
    left_out = set(keys)
    return {name: value for name, value in values.items() if name not in left_out}


def hashed(*plain: object) -> str:
    """16 hexadecimal digits that stand for plain data."""
    text = json.dumps(plain, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]

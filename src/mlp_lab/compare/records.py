"""Finished runs as data: settings and results."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from mlp_lab.config.renamed_keys import with_current_name
from mlp_lab.config.saved import saved_settings
from mlp_lab.errors import UserError
from mlp_lab.plain import brief, read_as
from mlp_lab.runs.folder import CONFIG, RESULT
from mlp_lab.runs.job import INCIDENTAL
from mlp_lab.runs.result_file import read_result
from mlp_lab.stored import naming, read_yaml

ASIDE = (*INCIDENTAL, "sweep", "defaults")
"""Parts of a configuration that no result depends on."""


@dataclass(frozen=True)
class RunRecord:
    """A run: its folder, its settings by dotted key, and what result.json says.

    `reason` says why it is not to be compared: it diverged, failed, or was never finished.
    `labels` are its name and its tags.
    """

    folder: Path
    settings: Mapping[str, object]
    result: Mapping[str, Any]
    reason: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def overrides(self) -> dict[str, str]:
        """What its command line changed: key -> value as typed."""
        words = (str(word) for word in self.result.get("overrides", []))
        settings = [word for word in words if "=" in word and not word.startswith("--")]
        typed = (word.lstrip("+").split("=", 1) for word in settings)
        return dict(typed)

    @property
    def data(self) -> str:
        """A readable name of the data set."""
        return data_of(self.settings)


def labels_in(settings: Mapping[str, Any]) -> dict[str, str]:
    """Name and tags that a config.yaml says, whatever it says there."""
    name, tags = settings.get("name"), settings.get("tags")
    return {
        "name": "" if name is None else str(name),
        "tags": ", ".join(map(str, tags)) if isinstance(tags, list) else "",
    }


def data_of(settings: Mapping[str, object]) -> str:
    """The name of a data set, or its file and what is predicted of it."""
    path = settings.get("data.path")
    name = str(settings.get("data.name"))
    target = settings.get("data.target")
    words = ", ".join(map(str, target)) if isinstance(target, list) else target
    return name if path is None else f"{path} ({words})"


def by_data(records: Iterable[RunRecord]) -> dict[str, list[RunRecord]]:
    """Runs by the data set that they were trained on."""
    parts: dict[str, list[RunRecord]] = {}
    for record in records:
        parts.setdefault(record.data, []).append(record)
    return parts


def flat(settings: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    """Settings by dotted key."""
    found: dict[str, object] = {}
    for name, value in settings.items():
        if prefix or name not in ASIDE:
            key = f"{prefix}{name}"
            found |= flat(value, f"{key}.") if isinstance(value, Mapping) else {key: value}
    return found


def named(records: Sequence[RunRecord]) -> list[str]:
    """A name for each run: its folder in the deepest one that holds them all."""
    common = os.path.commonpath([record.folder.parent.absolute() for record in records])
    return [
        Path(os.path.relpath(record.folder.absolute(), common)).as_posix() for record in records
    ]


def not_compared(records: Sequence[RunRecord]) -> list[tuple[str, RunRecord]]:
    """Runs that are not to be compared, by their names."""
    return [pair for pair in zip(named(records), records, strict=True) if pair[1].reason]


def read_run(folder: Path) -> RunRecord:
    """Read a run folder.

    Raises:
        UserError: its files cannot be read.
    """
    settings = saved_settings(folder / CONFIG)
    data = settings.get("data")
    if not isinstance(data, Mapping):
        raise UserError(f"{folder / CONFIG}: data must be a group of settings, got {brief(data)}")
    result = read_result(folder / RESULT) if (folder / RESULT).is_file() else {}
    typed = folder / ".hydra" / "overrides.yaml"
    if "overrides" not in result and typed.is_file():  # it failed, or was never finished
        words = read_yaml(typed)
        with naming(typed):
            result["overrides"] = read_as(list[str], words)
    overrides = result.get("overrides", [])
    result["overrides"] = [with_current_name(word, announce=False) for word in overrides]
    return RunRecord(folder, flat(settings), result, reason_of(result), labels_in(settings))


def reason_of(result: Mapping[str, Any]) -> str:
    """Why a run is not to be compared, if it is not."""
    status = result.get("status")
    if status in ("completed", "stopped"):
        return ""
    if status == "diverged":
        return f"diverged in epoch {result['diverged']['epoch']}"
    return str(result.get("reason", "not finished")) if status == "failed" else "not finished"


def read_runs(folders: Iterable[Path]) -> list[RunRecord]:
    """Every run in some folders, at any depth, in the order of their names; each of them once.

    Raises:
        UserError: a folder is not there, or holds no run.
    """
    records: dict[Path, RunRecord] = {}
    for folder in folders:
        if not folder.is_dir():
            raise UserError(f"no such folder: {str(folder)!r}")
        found = [path.parent for path in folder.rglob(CONFIG) if path.parent.name != ".hydra"]
        if not found:
            raise UserError(f"{folder} holds no run: there is no {CONFIG} in it")
        for path in sorted(found, key=_by_number):
            if path.resolve() not in records:
                records[path.resolve()] = read_run(path)
    return list(records.values())


def _by_number(folder: Path) -> tuple[Sequence[str], int, str]:
    """Job 9 before job 10."""
    name = folder.name
    return folder.parent.parts, int(name) if name.isdigit() else -1, name

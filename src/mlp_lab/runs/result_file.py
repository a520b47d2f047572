"""result.json of a run folder, held against what it should say before any of it is used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast

from mlp_lab.engine.records import Divergence
from mlp_lab.errors import UserError
from mlp_lab.formatting import counted
from mlp_lab.metrics.coverage import Coverage
from mlp_lab.metrics.epoch import METRICS
from mlp_lab.plain import brief, read_as
from mlp_lab.runs.folder import RESULT
from mlp_lab.stored import Damaged, naming, read_json

ENDED = ("completed", "stopped", "diverged")
"""What it says of a run that has ended, and is not to be trained again."""

PARTS = ("train", "val", "test")

Scores = dict[str, float | None]
"""null: it was not finite."""


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows by part."""

    train: int
    val: int
    test: int


@dataclass(frozen=True, slots=True)
class _Finding:
    """A sentence of a verdict."""

    kind: str
    words: str
    rule: str
    numbers: Scores
    since: int | None
    next: str


@dataclass(frozen=True, slots=True)
class _Verdict(_Finding):
    """A verdict: the state, and what else is worth knowing."""

    notes: list[_Finding]


@dataclass(frozen=True, slots=True)
class _Calibration:
    """A temperature, by how many rows it helps how much, or why there is none; scores with it."""

    temperature: float
    rows: float
    gain: float
    error: float
    reason: str
    val: Scores = field(default_factory=dict)
    test: Scores = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Trial:
    """A network that a budget has tried; `changes` are values by their keys."""

    seed: int
    changes: dict[str, object]
    epochs: int
    best_epoch: int
    val_loss: float | None
    ended: str
    weight: float


@dataclass(frozen=True, slots=True)
class _Budget:
    """What was tried within a budget of `seconds`."""

    seconds: float
    used: float
    rounds: int
    ended: str
    networks: list[_Trial]


TYPES: Mapping[str, type] = {
    "epochs_run": int,
    "best_epoch": int,
    "parameters": int,
    "output": str,
    "loss": str,
    "rows": _Rows,
    **dict.fromkeys(PARTS, Scores),
    "test_intervals": dict[str, tuple[float | None, float | None]],
    "resampled": list[str],
    "baselines": dict[str, dict[str, Scores]],
    "targets": dict[str, dict[str, Scores]],
    "single_network": dict[str, Scores],
    "calibration": _Calibration,
    "interval": Coverage,
    "budget": _Budget,
    "verdict": _Verdict,
    "seconds": float,
    "overrides": list[str],
    "environment": dict[str, object],
}
"""Keys of a run that has ended, and what they hold."""

OPTIONAL = ("resampled", "targets", "single_network", "calibration", "interval", "budget")
"""Those that only some runs have: rows of a sample say which clusters intervals resample, with
several targets each has scores of its own, an ensemble says what one of its networks reaches,
probabilities whether they are calibrated, numbers how many test rows lie in their intervals, and a
run with a budget what it has tried."""


def read_result(path: Path) -> dict[str, Any]:
    """What a result.json says.

    Raises:
        Damaged: it was cut short.
        UserError: a key is missing, or holds what it cannot.
        OSError: it cannot be opened.
    """
    found = read_json(path, megabytes=64)
    with naming(path):
        result = read_as(dict[str, object], found)
        status = read_as(str, result.get("status"), "status")
        if status in ENDED:
            _require_whole(result, status)
        elif status != "failed":
            raise UserError(f"status must be {', '.join(ENDED)} or failed, got {brief(status)}")
        if "reason" in result:
            read_as(str, result["reason"], "reason")
    return cast(dict[str, Any], found)


def _require_whole(result: Mapping[str, object], status: str) -> None:
    """Raise unless everything is there that a run leaves when it has ended."""
    for key, kind in TYPES.items():
        if key not in result:
            if key in OPTIONAL:
                continue
            raise UserError(f"{key} is missing")
        read_as(kind, result[key], key)
    if status == "diverged":
        read_as(Divergence, result.get("diverged"), "diverged")
    elif "diverged" in result:
        raise UserError(f"diverged must be missing where status is {status}")
    for key in ("epochs_run", "best_epoch", "parameters"):
        _require_count(result[key], key, 0)
    rows = cast(Mapping[str, int], result["rows"])
    for part in PARTS:
        _require_count(rows[part], f"rows.{part}", int(part == "train"))
    _require_scores(result)


def _require_count(value: object, key: str, least: int) -> None:
    if cast(int, value) < least:
        raise UserError(f"{key} must be {least} or more, got {value}")


def _require_scores(result: Mapping[str, object]) -> None:
    """Raise unless every model has the scores of a task, on each part that has rows."""
    own = {part: cast(Scores, result[part]) for part in PARTS}
    baselines = cast(Mapping[str, Mapping[str, Scores]], result["baselines"])
    models: dict[str, Mapping[str, Scores]] = {"": own}
    if "single_network" in result:
        models["single_network."] = cast(Mapping[str, Scores], result["single_network"])
    models |= {f"baselines.{name}.": parts for name, parts in baselines.items()}
    main = next((names[0] for names in METRICS.values() if names[0] in own["train"]), "accuracy")
    for model, parts in models.items():
        for part in PARTS:
            scores, key = parts.get(part), f"{model}{part}"
            if scores is None:
                raise UserError(f"{key} is missing")
            needed = ("loss", main) if own[part] or part == "train" else ()
            for name in dict.fromkeys((*needed, *own[part])):
                if name not in scores:
                    raise UserError(f"{key}.{name} is missing")


def result_of(folder: Path) -> dict[str, Any]:
    """What result.json says; nothing where there is none, or it was cut short by a power cut.

    Raises:
        UserError: it says what it cannot.
    """
    path = folder / RESULT
    if not path.is_file():
        return {}
    try:
        return read_result(path)
    except (OSError, Damaged):
        return {}


def interval_in_words(result: Mapping[str, object]) -> str:
    """What result.json says of the intervals around numbers, in a line; nothing if it does not."""
    if "interval" not in result:
        return ""
    rows = cast(Mapping[str, int], result["rows"])["test"]
    return read_as(Coverage, result["interval"]).in_words(counted(rows, "test row"))


SINGLE = "single network"
"""How tables call the mean scores of an ensemble's networks one by one."""

Parts = TypeVar("Parts")


def with_single(models: Mapping[str, Parts], single: Parts | None) -> dict[str, Parts]:
    """Scores by model, the network's first, and behind it those of one network of an ensemble."""
    if single is None:
        return dict(models)
    network, *others = models.items()
    return dict([network, (SINGLE, single), *others])

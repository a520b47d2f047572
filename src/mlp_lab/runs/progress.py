"""Where a run stands, and what its checkpoint says of it; read without loading torch."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from mlp_lab.config.renamed_keys import with_former_names
from mlp_lab.config.schema import MAY_CHANGE_ON_RESUME
from mlp_lab.engine.early_stopping import EarlyStopping
from mlp_lab.engine.records import Divergence
from mlp_lab.errors import UserError
from mlp_lab.runs.job import PATHS, Job, hashed, section, without
from mlp_lab.runs.prepared_data import PreparedData


@dataclass(frozen=True, slots=True)
class Origin:
    """What a run began with: hashes of its settings and of its rows, and its command lines."""

    settings: str
    rows: str
    overrides: list[str]

    @classmethod
    def of(cls, job: Job, prepared: PreparedData) -> "Origin":
        """What a run begins with."""
        return cls(lasting_settings(job.values), prepared.digest, list(job.overrides))


def lasting_settings(values: Mapping[str, object]) -> str:
    """A hash of the settings that a resumed run keeps; where its rows lie does not count."""
    values = with_former_names(values)  # the names by which version 0.1 took this hash
    data, stop = section(values, "data"), section(values, "stop")
    return hashed(
        without(values, (*MAY_CHANGE_ON_RESUME, "data")), without(data, PATHS), stop["monitor"]
    )


@dataclass(slots=True)
class Progress:
    """Where a run stands, beside its weights.

    `seconds` were spent in epochs; `change` is the last epoch's |W - W before| / |W before|;
    `reason` says why the run stopped before its last epoch, if it did, and `diverged` where it
    diverged.
    """

    watch: EarlyStopping
    origin: Origin
    seconds: float = 0.0
    change: float = math.inf
    reason: str = ""
    diverged: Divergence | None = None


@dataclass(frozen=True, slots=True)
class State:
    """All that a checkpoint holds beside tensors.

    `progress` of each member of the stack, in its order; `schedules` are, in the same order, each
    schedule's reduction, best loss and epochs waited.
    """

    epoch: int
    progress: dict[int, Progress]
    schedules: list[list[float]]

    def to_json(self) -> str:
        """As `read_state` reads it."""
        return json.dumps(
            {
                "epoch": self.epoch,
                "members": list(self.progress),
                "progress": [asdict(progress) for progress in self.progress.values()],
                "schedules": self.schedules,
            }
        )


def read_state(path: Path) -> State:
    """What a checkpoint says beside its tensors.

    Raises:
        UserError: there is no checkpoint, or it is damaged.
    """
    if not path.is_file():
        raise UserError(
            f"{path.parent} has no {path.name} to resume from: if it is a job of a sweep, resume"
            " that; else remove the folder and train it anew"
        )
    try:
        with safe_open(path, framework="numpy") as file:
            saved = json.loads(file.metadata()["state"])
        progress = {
            member: _progress(entry)
            for member, entry in zip(saved["members"], saved["progress"], strict=True)
        }
        return State(saved["epoch"], progress, saved["schedules"])
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path} is damaged, or of another version: {error}") from error


def _progress(saved: Mapping[str, Any]) -> Progress:
    diverged = saved["diverged"]
    parts = {
        "watch": EarlyStopping(**saved["watch"]),
        "origin": Origin(**saved["origin"]),
        "diverged": None if diverged is None else Divergence(**diverged),
    }
    return Progress(**{**saved, **parts})

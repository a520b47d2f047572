"""Where a run stands, and what its checkpoint says of it; read without loading torch."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open

from mlp_lab.config.renamed_keys import with_former_names
from mlp_lab.config.schema import MAY_CHANGE_ON_RESUME
from mlp_lab.engine.early_stopping import EarlyStopping, StopConfig
from mlp_lab.engine.records import Divergence, MemberRecord
from mlp_lab.errors import UserError, require
from mlp_lab.plain import brief, read_as
from mlp_lab.runs.job import OF_READING, Job, hashed, section, without
from mlp_lab.runs.prepared_data import PreparedData
from mlp_lab.stored import naming, parse_json, require_regular


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
        without(values, (*MAY_CHANGE_ON_RESUME, "data")), without(data, OF_READING), stop["monitor"]
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

    def observe(self, record: MemberRecord, seconds: float, stop: StopConfig) -> bool:
        """Take note of an epoch that took `seconds`; whether its weights are the best so far."""
        self.seconds += seconds
        if record.diverged is not None:
            self.diverged = record.diverged
            return False
        best = self.watch.observe(record, stop.monitor, stop.min_delta)
        self.change = record.change
        self.reason = self.watch.reason_to_stop(record, stop, self.seconds)
        return best


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
                "progress": [_plain(progress) for progress in self.progress.values()],
                "schedules": self.schedules,
            }
        )


def _plain(value: object) -> object:
    """Dataclasses as their entries: `asdict` would copy what is in them, too."""
    if not is_dataclass(value):
        return value
    return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}


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
    require_regular(path)
    try:
        with safe_open(path, framework="numpy") as file:
            text = (file.metadata() or {}).get("state")
    except (SafetensorError, ValueError) as error:
        raise UserError(f"{path} is damaged, or of another version: {error}") from error
    if text is None:
        raise UserError(f"{path} is damaged, or of another version: it has no state")
    saved = parse_json(text, path, finite=False)
    with naming(path):
        state = read_as(_Saved, saved, "state")
        _require_counts(state)
    progress = dict(zip(state.members, state.progress, strict=True))
    return State(state.epoch, progress, [list(entry) for entry in state.schedules])


@dataclass(frozen=True, slots=True)
class _Saved:
    """A `State` as JSON has it."""

    epoch: int
    members: list[int]
    progress: list[Progress]
    schedules: list[tuple[float, float, float]]


def _require_counts(state: _Saved) -> None:
    """Raise unless members and epochs can be what they are said to be.

    Raises:
        UserError: they cannot.
    """
    count = len(state.members)
    places = count if state.epoch else 0  # a schedule's place follows from the first epoch on
    for key, wanted, entries in (
        ("progress", count, state.progress),
        ("schedules", places, state.schedules),
    ):
        require(len(entries) == wanted, f"state.{key}", f"of {wanted} members", len(entries))
    least = min(state.members, default=0)
    distinct = len(set(state.members)) == count >= 1 and least >= 0
    require(distinct, "state.members", "different numbers of 0 or more", brief(state.members))
    require(state.epoch >= 0, "state.epoch", "0 or more", state.epoch)
    for place, (reduction, best, waited) in enumerate(state.schedules):
        fits = 0 <= reduction < math.inf and waited in range(state.epoch + 1)
        rule = "a reduction of 0 or more, a loss and epochs waited"
        require(fits, f"state.schedules[{place}]", rule, [reduction, best, waited])
    for place, entry in enumerate(state.progress):
        _require_possible(entry, state.epoch, f"state.progress[{place}]")


def _require_possible(progress: Progress, epoch: int, key: str) -> None:
    watch, last = progress.watch, range(epoch + 1)
    require(0 <= progress.seconds < math.inf, f"{key}.seconds", "0 or more", progress.seconds)
    require(not progress.change < 0, f"{key}.change", "0 or more", progress.change)
    for name, value in (("best_epoch", watch.best_epoch), ("waited", watch.waited)):
        require(value in last, f"{key}.watch.{name}", f"from 0 to {epoch}", value)
    if progress.diverged is not None:
        where = progress.diverged.epoch
        require(1 <= where <= epoch, f"{key}.diverged.epoch", f"from 1 to {epoch}", where)

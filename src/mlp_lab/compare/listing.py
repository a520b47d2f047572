"""What was trained below some folders: a line for each run, and one for each sweep."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mlp_lab.compare.conclusion import verdict_on, verdicts_on
from mlp_lab.compare.ranking import rank
from mlp_lab.compare.records import RunRecord, by_data, data_of, read_run
from mlp_lab.config.messages import explain
from mlp_lab.errors import UserError
from mlp_lab.formatting import counted, score_written
from mlp_lab.metrics.choosing import choosing
from mlp_lab.metrics.epoch import main_metric
from mlp_lab.runs.folder import CONFIG, OF_A_SWEEP, RESULT
from mlp_lab.stored import read_yaml


@dataclass(frozen=True, slots=True)
class Entry:
    """A run or a sweep, in words.

    `time`: seconds since 1970, when it ended or, if it has not, began. `score` is that of the
    validation rows, `verdict` says how it went, or why there is none.
    """

    folder: Path
    time: float
    data: str
    model: str
    score: str
    verdict: str
    name: str = ""
    tags: str = ""

    @property
    def when(self) -> str:
        """Its time as one reads it here."""
        return f"{datetime.fromtimestamp(self.time):%Y-%m-%d %H:%M}"

    def to_dict(self) -> dict[str, str]:
        """As JSON has it."""
        return {
            "folder": self.folder.as_posix(),
            "time": datetime.fromtimestamp(self.time).astimezone().isoformat(timespec="seconds"),
            **{key: str(value) for key, value in self.facts().items()},
        }

    def facts(self) -> dict[str, str]:
        """Heading -> words."""
        return {
            "data": self.data,
            "model": self.model,
            "validation": self.score,
            "verdict": self.verdict,
            "name": self.name,
            "tags": self.tags,
        }


@dataclass(frozen=True, slots=True)
class Found:
    """A run, or why its files cannot be read."""

    folder: Path
    time: float
    record: RunRecord | None
    problem: str = ""


def entries_below(folders: Iterable[Path], manifest: str) -> list[Entry]:
    """Everything that was trained below some folders, the newest first.

    `manifest`: the file by which the folder of a sweep is known.

    Raises:
        UserError: a folder is not there, or holds no run.
    """
    alone: dict[Path, list[Found]] = {}
    for folder in folders:
        if not folder.is_dir():
            raise UserError(f"no such folder: {str(folder)!r}")
        places = [path.parent for path in folder.rglob(CONFIG) if path.parent.name != ".hydra"]
        if not places:
            raise UserError(f"{folder} holds no run: there is no {CONFIG} in it")
        for place in sorted(places):
            of = next((p for p in place.parents if (p / manifest).is_file()), place)
            found = alone.setdefault(of, [])
            if all(other.folder.resolve() != place.resolve() for other in found[-1:]):
                found.append(_read(place))
    entries = [
        _one(found[0]) if place == found[0].folder else _summed_up(place, found)
        for place, found in alone.items()
    ]
    return sorted(entries, key=lambda entry: -entry.time)


def _read(folder: Path) -> Found:
    result = folder / RESULT
    time = (result if result.exists() else folder / CONFIG).stat().st_mtime
    try:
        return Found(folder, time, read_run(folder))
    except (UserError, OSError) as error:
        return Found(folder, time, None, explain(error) or str(error))


def _one(found: Found) -> Entry:
    """A run by itself."""
    record = found.record
    if record is None:
        return Entry(found.folder, found.time, "", "", "", f"cannot be read: {found.problem}")
    return Entry(
        *(found.folder, found.time, _data(record.settings), model_of(record.settings)),
        score_of(record),
        record.reason or verdict_on(record),
        *labels_of(record),
    )


def labels_of(record: RunRecord) -> tuple[str, str]:
    """Its name and its tags."""
    return record.labels.get("name", ""), record.labels.get("tags", "")


def _summed_up(place: Path, runs: Sequence[Found]) -> Entry:
    """A sweep: how many jobs, and what the best setting reached."""
    records = [found.record for found in runs if found.record is not None]
    labels = labels_of(records[0]) if records else ("", "")
    data, best, score, verdict = "", "", "", ""
    parts = by_data(records)
    if len(parts) > 1:
        data = counted(len(parts), "data set")
    elif records:
        data = _data(records[0].settings)
        try:
            ranking = rank(records, _select_of(place))
            best = f", best: {ranking.best.label}" if ranking.best.label else ""
            score = f"{ranking.score} {score_written(ranking.score, ranking.best.mean)}"
            verdict = verdicts_on(ranking.best)
        except UserError:  # none has finished, or they are of several tasks
            verdict = "no ranking"
    missing = [f"{counted(n, 'job')} {why}" for why, n in _reasons(runs).items()]
    jobs = f"{counted(len(runs), 'job')}{best}"
    time = max(found.time for found in runs)
    return Entry(
        place, time, data, jobs, score, "; ".join(filter(None, [verdict, *missing])), *labels
    )


def _select_of(place: Path) -> str:
    """The score that a sweep was ranked by; the main metric where its folder does not say."""
    with suppress(UserError, OSError):
        record = read_yaml(place / OF_A_SWEEP)
        own = record.get("sweep") if isinstance(record, dict) else None
        if isinstance(own, dict) and own.get("select") in choosing("metric"):
            return str(own["select"])
    return "metric"


def _reasons(runs: Sequence[Found]) -> dict[str, int]:
    """Why jobs do not count, and how many for each reason; folders that cannot be read by name."""
    found: dict[str, int] = {}
    for run in runs:
        why = run.record.reason if run.record is not None else ""
        why = f"cannot be read ({run.folder.name}: {run.problem})" if run.record is None else why
        if why:
            kind = "diverged" if why.startswith("diverged") else why
            found[kind] = found.get(kind, 0) + 1
    return found


def _data(settings: Mapping[str, object]) -> str:
    """A data set, or the name of its file and what is predicted of it."""
    path = settings.get("data.path")
    name = data_of(settings)
    return name.replace(str(path), Path(str(path)).name, 1) if path else name


def model_of(settings: Mapping[str, object]) -> str:
    """Layers and activation as one says them.

    >>> model_of({"model.depth": 2, "model.width": 64, "model.activation": "relu"})
    '64-64 relu'
    >>> model_of({"model.depth": 0, "model.width": 64, "model.activation": "relu"})
    'no hidden layer'
    """
    depth, width = settings.get("model.depth"), settings.get("model.width")
    activation = settings.get("model.activation")
    if depth == 0:
        return "no hidden layer"
    if isinstance(width, list):
        layers = "-".join(map(str, width))
    elif isinstance(depth, int) and depth <= MOST_LAYERS:
        layers = "-".join([str(width)] * depth)
    else:
        layers = f"{depth} layers of {width}"
    functions = activation if isinstance(activation, list) else [activation]
    return f"{layers} {', '.join(map(str, functions))}"


MOST_LAYERS = 4
"""Hidden layers that are written out."""


def score_of(record: RunRecord) -> str:
    """The main metric on the validation rows; nothing without any."""
    scores = record.result.get("val")
    if not scores:
        return ""
    metric = main_metric(scores)
    value = scores[metric]
    return "" if value is None or math.isnan(value) else f"{metric} {score_written(metric, value)}"

"""A finished run's record, replayed into a tracking service: settings, curves, scores."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from mlp_lab.compare.records import read_run
from mlp_lab.errors import UserError, require_choice
from mlp_lab.runs.result_file import ENDED, PARTS
from mlp_lab.tracking.curves import CURVES, read_curves

MESSAGE = 200
"""Letters of a library's message that are shown."""

LONGEST = 500
"""Letters of a setting that MLflow takes."""


@dataclass(frozen=True, slots=True)
class Replay:
    """What is replayed: settings by key, numbers by name of each epoch, and of the whole run.

    Names are TensorBoard's: `loss/train`, `accuracy/val`; `loss/test` is of the whole run, at the
    weights of the best epoch.
    """

    name: str
    project: str
    settings: Mapping[str, str | int | float | bool]
    epochs: list[dict[str, float]]
    scores: Mapping[str, float]


def replay_of(folder: Path, project: str, name: str | None = None) -> Replay:
    """What a run folder says.

    Raises:
        UserError: it holds no run that has ended, or a file of it is damaged.
    """
    run = read_run(folder)
    status = run.result.get("status")
    if status not in ENDED:
        raise UserError(f"{folder} holds no finished run: {run.reason}")
    settings = {key: _plain(value) for key, value in run.settings.items() if value is not None}
    scores = {
        f"{score}/best_{part}" if part != "test" else f"{score}/test": value
        for part in PARTS
        for score, value in run.result[part].items()
        if value is not None
    }
    whole = {"best_epoch": run.result["best_epoch"], "parameters": run.result["parameters"]}
    epochs = [
        {_tag(column): value for column, value in row.items() if math.isfinite(value)}
        for row in read_curves(folder / CURVES)
    ]
    return Replay(
        name=name or run.labels["name"] or folder.resolve().name,
        project=project,
        settings=settings | {"status": str(status)},
        epochs=[{tag: row[tag] for tag in row if tag != "epoch"} for row in epochs],
        scores=scores | whole,
    )


def _plain(value: object) -> str | int | float | bool:
    return value if isinstance(value, str | int | float | bool) else str(value)


def _tag(column: str) -> str:
    """`loss/train` for train_loss."""
    part, _, quantity = column.partition("_")
    return f"{quantity}/{part}" if part in PARTS else column


def replay(to: str, run: Replay, uri: str | None = None) -> None:
    """Write a run into a service, as its own library does.

    Raises:
        UserError: there is no such service here, its library is not installed, or it fails.
    """
    require_choice(to, "service", TRACKERS)
    if uri is not None and to != "mlflow":
        raise UserError(f"--uri is of mlflow: {to} is told where by its own settings")
    if find_spec(to) is None:
        raise UserError(f"--to {to} needs {to}: pip install {to}")
    try:
        TRACKERS[to](run, uri)
    except Exception as error:  # theirs have no common base
        said = " ".join(str(error).split())[:MESSAGE]
        raise UserError(f"{to}: {said or type(error).__name__}") from error


def _to_wandb(run: Replay, _: str | None) -> None:
    import wandb  # noqa: PLC0415  optional

    with wandb.init(project=run.project, name=run.name, config=dict(run.settings)) as started:
        for epoch, row in enumerate(run.epochs, start=1):
            started.log(row, step=epoch)
        started.summary.update(dict(run.scores))


def _to_trackio(run: Replay, _: str | None) -> None:
    import trackio  # noqa: PLC0415  optional

    trackio.init(project=run.project, name=run.name, config=dict(run.settings), embed=False)
    for epoch, row in enumerate(run.epochs, start=1):
        trackio.log(row, step=epoch)
    trackio.log(dict(run.scores), step=len(run.epochs))
    trackio.finish()


def _to_mlflow(run: Replay, uri: str | None) -> None:
    import mlflow  # noqa: PLC0415  optional

    if uri is not None:
        mlflow.set_tracking_uri(uri)
    mlflow.set_experiment(run.project)
    with mlflow.start_run(run_name=run.name):
        mlflow.log_params({key: str(value)[:LONGEST] for key, value in run.settings.items()})
        for epoch, row in enumerate(run.epochs, start=1):
            mlflow.log_metrics(row, step=epoch)
        mlflow.log_metrics(dict(run.scores), step=len(run.epochs))


TRACKERS: Mapping[str, Callable[[Replay, str | None], None]] = {
    "wandb": _to_wandb,
    "trackio": _to_trackio,
    "mlflow": _to_mlflow,
}
"""Service, which is the name of its library -> what writes a run into it."""

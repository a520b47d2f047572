"""What is refused before any job of a sweep is trained: jobs that do not belong together."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from mlp_lab.compare.records import data_of, flat
from mlp_lab.config.schema import Config
from mlp_lab.data.tables.config import TableConfig
from mlp_lab.errors import UserError
from mlp_lab.files import require_no_links
from mlp_lab.formatting import typed_value
from mlp_lab.metrics.choosing import require_reported
from mlp_lab.sweep.config import SweepConfig
from mlp_lab.sweep.halving import Rung, rungs
from mlp_lab.sweep.jobs import SweepJob
from mlp_lab.sweep.manifest import Manifest

Criterion = tuple[str, ...]
"""What the loss of a job means: jobs with the same can be compared by it."""


def data_name(job: SweepJob) -> str:
    """The data set of a job, as a person knows it."""
    return data_of(flat(job.job.values))


def require_a_training(config: Config) -> None:
    """Raise a UserError if a configuration resumes a run, or only shows its data."""
    if config.resume is not None:
        raise UserError(f"resume={config.resume} resumes in that folder alone: leave out -m")
    if isinstance(config.data, TableConfig) and config.data.report_only:
        raise UserError("data.report_only=true shows one data set: leave out -m")


def require_own_folders(jobs: Mapping[int, SweepJob], manifest: Manifest, sweep: Path) -> None:
    """Raise a UserError if a job's folder is another's too, or not inside that of the `sweep`."""
    kept = {sweep / job.folder: number for number, job in manifest.jobs.items()}
    inside = Path(os.path.normpath(sweep))
    for number, job in jobs.items():
        folder = Path(os.path.normpath(job.job.folder))
        if inside not in folder.parents:
            raise UserError(
                f"hydra.sweep.subdir must be inside hydra.sweep.dir={sweep}, got"
                f" {str(folder)!r} for {job.label}"
            )
        require_no_links(job.job.folder, below=sweep)
        if (other := kept.setdefault(folder, number)) != number:
            raise UserError(
                f"hydra.sweep.subdir must differ from job to job, got {folder.name!r} for job"
                f" {other} and {job.label}: nothing was trained"
            )


def require_comparable(
    jobs: Iterable[SweepJob],
    known: Mapping[str, Criterion],
    settings: SweepConfig,
    *,
    searching: bool,
) -> dict[str, Criterion]:
    """Raise a UserError if scores that choose between jobs mean different things.

    `known`: data set -> what the loss of its jobs means, of earlier batches; returned is the same
    with the data sets of these jobs.
    """
    found = dict(known)
    for job in jobs:
        data = job.job.config.data
        criterion = (job.loss, typed_value(data.target_transform), data.class_weights)
        first = found.setdefault(data_name(job), criterion)
        if settings.select == "loss" and criterion != first:
            raise UserError(
                "sweep.select=loss cannot choose between losses of different kinds, as in"
                f" {job.label}: use sweep.select=metric"
            )
        _require_score(job, settings)
        if settings.halving is not None and job.job.config.epochs is None:
            raise UserError(
                f"sweep.halving stops jobs at shares of their epochs, and {job.label} has"
                " epochs=null: set a number, or leave out sweep.halving"
            )
    if (searching or settings.halving is not None) and len(found) > 1:
        chooser = "a search" if searching else "sweep.halving"
        raise UserError(f"{chooser} chooses between jobs on one data set, got {', '.join(found)}")
    return found


def _require_score(job: SweepJob, settings: SweepConfig) -> None:
    """Raise unless a job reports the score that chooses, where it is to choose.

    Raises:
        UserError: it does not.
    """
    try:
        require_reported(settings.select, "sweep.select", job.scores)
    except UserError as error:
        raise UserError(f"{error} ({job.label})") from None
    if settings.halving is None:
        return
    main_metric, monitor = job.scores[1], job.job.config.stop.monitor
    if settings.select not in ("loss", "metric", main_metric, monitor):
        raise UserError(
            f"sweep.halving judges by the scores of each epoch, and sweep.select={settings.select}"
            f" is among them where stop.monitor={settings.select}: set that, too"
        )


def require_judged_together(
    jobs: Mapping[int, SweepJob], manifest: Manifest, settings: SweepConfig
) -> None:
    """Raise a UserError if jobs would join a halved sweep, or its rungs are no longer the same."""
    if not manifest.rungs:
        return
    last = max(Rung.parse(name).epoch for name in manifest.rungs)
    same = {str(rung) for rung in rungs(settings, last + 1)}
    other = [name for name in manifest.rungs if name not in same]
    if other:
        raise UserError(
            f"the jobs of this sweep were halved at {other[0]}: sweep.halving, sweep.first_rung"
            " and sweep.brackets cannot change when it is resumed"
        )
    fresh = [job.label for number, job in jobs.items() if number not in manifest.jobs]
    if fresh:
        raise UserError(
            f"{fresh[0]} is new, but the jobs of this sweep were halved together: train it in a"
            " sweep of its own"
        )

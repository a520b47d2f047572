"""Jobs of sweeps, without a command."""

from collections.abc import Iterable
from pathlib import Path

from lab import BARE, changed, values_of

from mlp_lab.config.schema import Config, read
from mlp_lab.runs.job import Job
from mlp_lab.runs.prepared import Problem, Problems
from mlp_lab.sweep.config import SweepConfig
from mlp_lab.sweep.jobs import SweepJob, sweep_job

PROBLEMS = Problems()


def settings(**changes: object) -> SweepConfig:
    """Settings of a sweep; keywords change them."""
    plain: dict[str, object] = {
        "dry_run": False,
        "resume": None,
        "processes": None,
        "memory": None,
        "members": 128,
        "select": "metric",
        "latex": None,
        "halving": None,
        "first_rung": 1,
        "brackets": 1,
    }
    return read(SweepConfig, {**plain, **changes}, "sweep")


def iris_job(number: int, folder: Path = Path(), /, **changes: object) -> SweepJob:
    """A job on the irises in folder/number; keywords a__b change the setting a.b."""
    composed = values_of("data=iris", "model=shallow", *BARE)
    values = changed(composed, {key.replace("__", "."): changes[key] for key in changes})
    overrides = [f"{key.replace('__', '.')}={value}" for key, value in changes.items()]
    job = Job(read(Config, values, ""), values, folder / str(number), overrides)
    return sweep_job(number, job, {"overrides.yaml": overrides}, PROBLEMS)


def rows_of(jobs: Iterable[SweepJob]) -> dict[str, Problem]:
    """What a worker is sent with some jobs."""
    return {job.problem: PROBLEMS.posed[job.problem] for job in jobs}

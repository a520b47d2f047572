"""Jobs of sweeps without a command, and sweeps as commands."""

import csv
import json
import subprocess
from collections.abc import Iterable
from pathlib import Path

from lab import BARE, TRAIN, changed, clean_environment, command, comparable, values_of

from mlp_lab.config.reading import read
from mlp_lab.config.schema import Config
from mlp_lab.runs.job import Job
from mlp_lab.runs.prepared_data import PreparedData, PreparedDataCache
from mlp_lab.sweep.config import SweepConfig
from mlp_lab.sweep.jobs import SweepJob, sweep_job

PROBLEMS = PreparedDataCache()


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
        "engine": "local",
        "detach": False,
        "slurm": slurm_values(),
        "ray": ray_values(),
    }
    return read(SweepConfig, {**plain, **changes}, "sweep")


def slurm_values(**changes: object) -> dict[str, object]:
    """Settings of tasks on Slurm, as they are where nobody changes them."""
    nothing = dict.fromkeys(("partition", "account", "qos", "constraint", "gres", "memory"))
    plain = {"time": "1:00:00", "cpus_per_task": 1, "array_parallelism": 32, "task_minutes": 10}
    return {**nothing, **plain, "setup": [], "python": None, "extra": [], **changes}


def ray_values(**changes: object) -> dict[str, object]:
    """Settings of tasks on Ray, as they are where nobody changes them."""
    plain = {"address": "local", "cpus_per_task": 1, "gpus_per_task": 0, "memory": None}
    return {**plain, "tasks": 32, "task_minutes": 10, "files": "auto", **changes}


def iris_job(number: int, folder: Path = Path(), /, **changes: object) -> SweepJob:
    """A job on the irises in folder/number; keywords a__b change the setting a.b."""
    composed = values_of("data=iris", "model=shallow", *BARE)
    values = changed(composed, {key.replace("__", "."): changes[key] for key in changes})
    overrides = [f"{key.replace('__', '.')}={value}" for key, value in changes.items()]
    job = Job(read(Config, values, ""), values, folder / str(number), overrides)
    return sweep_job(number, job, {"overrides.yaml": overrides}, PROBLEMS)


def rows_of(jobs: Iterable[SweepJob]) -> dict[str, PreparedData]:
    """What a worker is sent with some jobs."""
    return {job.data_key: PROBLEMS.prepared[job.data_key] for job in jobs}


def write_ended(folder: Path, status: str) -> None:
    """A whole result.json of a status, as a run leaves it; of a failed one, its status alone."""
    kept = Path(__file__).parent / "version_0_1" / "sweep" / "0" / "result.json"
    found: dict[str, object] = {"status": status}
    if status != "failed":
        found = {**json.loads(kept.read_text()), **found}
    if status == "diverged":
        found["diverged"] = {"epoch": 2, "step": 3, "lr": 0.1}
    (folder / "result.json").write_text(json.dumps(found))


SMALL = (*BARE, "data=iris", "model=shallow", "dtype=float64")


def sweep(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A sweep whose folder is `folder`."""
    return command(["-m", *words, f"hydra.sweep.dir={folder}"], folder.parent, **environment)


def job_folders(folder: Path) -> list[Path]:
    """Folders of a sweep's jobs, by number."""
    found = [path for path in folder.iterdir() if path.name.isdigit()]
    return sorted(found, key=lambda path: int(path.name))


def result(folder: Path) -> dict[str, object]:
    """result.json without what two equal runs differ in."""
    found: dict[str, object] = json.loads((folder / "result.json").read_text())
    return comparable(found)


def curve(folder: Path) -> list[dict[str, str]]:
    """curves.csv without the time."""
    with (folder / "curves.csv").open() as file:
        return [{k: row[k] for k in row if k != "seconds"} for row in csv.DictReader(file)]


def bits(folder: Path) -> dict[str, object]:
    """Everything about a sweep's jobs that a second, equal sweep must repeat."""
    return {
        path.name: (
            result(path),
            curve(path),
            (path / "model.safetensors").read_bytes(),
            (path / "schema.json").read_bytes(),
        )
        for path in job_folders(folder)
    }


def start(folder: Path, *words: str) -> subprocess.Popen[str]:
    """A sweep as the leader of a process group."""
    return leader(["-m", *words, f"hydra.sweep.dir={folder}"], folder.parent)


def leader(words: Iterable[str], here: Path) -> subprocess.Popen[str]:
    """A command of `train` as the leader of a process group."""
    return subprocess.Popen(
        [*TRAIN, *words],
        cwd=here,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )

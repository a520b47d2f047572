"""What a sweep asks of Ray: the settings of `sweep.ray`."""

import os
import re
from dataclasses import dataclass

from mlp_lab.errors import require, require_choice, require_count, require_extra
from mlp_lab.sweep.slurm_config import MOST_CORES, MOST_GIGABYTES, MOST_MINUTES
from mlp_lab.sweep.task_resources import TaskResources

MOST_TASKS = 10_000
"""Of a sweep at the same time; each is an actor of Ray."""

MOST_GPUS = 64
"""Of a task, which runs on one machine."""

ADDRESS = re.compile(r"auto|local|(ray://)?[\w.-]+:\d{1,5}|(ray://)?\[[0-9a-fA-F:]+\]:\d{1,5}")

SHARED, FETCHED = "shared", "fetched"

FILES = ("auto", SHARED, FETCHED)
"""How run folders come to the sweep's: tasks write into it, or send theirs back."""


@dataclass(kw_only=True, slots=True)
class RayConfig:
    """What each task of a sweep asks of Ray.

    `address`: local starts a Ray of this machine, for the sweep alone; auto finds the one that
    runs here, host:port another. `cpus_per_task` cores, `gpus_per_task` (0.25: four tasks share
    one) and `memory` GiB are a task's; `tasks`: most of them at the same time; `task_minutes`: work
    that is expected of one, on all its cores. `files`: one of FILES; auto sends files back from
    machines that do not see the sweep's folder.
    """

    address: str
    cpus_per_task: int
    gpus_per_task: float
    memory: float | None
    tasks: int
    task_minutes: float
    files: str

    def __post_init__(self) -> None:
        fits = ADDRESS.fullmatch(self.address) is not None
        require(fits, "sweep.ray.address", "local, auto, or host:port", self.address)
        require_count(self.cpus_per_task, "sweep.ray.cpus_per_task", 1, MOST_CORES)
        gpus = self.gpus_per_task
        fits = 0 <= gpus <= MOST_GPUS and (gpus < 1 or gpus == int(gpus))
        rule = f"a part of one, or a whole number up to {MOST_GPUS}"
        require(fits, "sweep.ray.gpus_per_task", rule, gpus)
        rule = f"positive and at most {MOST_GIGABYTES:,}, or null"
        fits = self.memory is None or 0 < self.memory <= MOST_GIGABYTES
        require(fits, "sweep.ray.memory", rule, self.memory)
        require_count(self.tasks, "sweep.ray.tasks", 1, MOST_TASKS)
        rule = f"positive and at most {MOST_MINUTES:,}"
        fits = 0 < self.task_minutes <= MOST_MINUTES
        require(fits, "sweep.ray.task_minutes", rule, self.task_minutes)
        require_choice(self.files, "sweep.ray.files", FILES)

    @property
    def starts_its_own(self) -> bool:
        """Whether a Ray of this machine is started, for the sweep alone."""
        return self.address == "local"

    @property
    def task(self) -> TaskResources:
        """What a task has."""
        return TaskResources(
            *("Ray", "sweep.ray", self.cpus_per_task, self.memory, self.gpus_per_task > 0),
            *(self.task_minutes, self.tasks),
        )


def require_ray(settings: RayConfig) -> None:
    """Raise a UserError unless Ray is installed, and this machine has what a task of it asks for.

    Raises:
        UserError: it is not, or has not.
    """
    require_extra("ray", "sweep.engine=ray", "Ray")
    cores = os.cpu_count() or 1
    if settings.starts_its_own:
        rule = f"at most the {cores} cores of this machine, or give sweep.ray.address"
        fits = settings.cpus_per_task <= cores
        require(fits, "sweep.ray.cpus_per_task", rule, settings.cpus_per_task)

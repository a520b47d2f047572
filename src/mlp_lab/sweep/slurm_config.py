"""What a sweep asks of Slurm: the settings of `sweep.slurm`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from mlp_lab.errors import require, require_count, require_extra
from mlp_lab.sweep.task_resources import TaskResources

MOST_TASKS = 1000
"""Of one array: Slurm's MaxArraySize is 1001 where nobody has changed it."""

MOST_CORES = 1024
"""Of a task, which runs on one machine."""

MOST_GIGABYTES = 2**14
"""Of a task."""

MOST_MINUTES = 7 * 24 * 60
"""That a task is planned for."""

WORD = re.compile(r"[\w.,:=+*@&|()\[\]!/%-]+")
"""What the name of a partition, an account or a resource may be: nothing that ends a line."""

TIME = re.compile(r"(?:(\d{1,3})-)?(\d{1,3}):([0-5]\d):([0-5]\d)")

OPTION = re.compile(r"--([a-z][a-z-]*)(?:=([^\r\n]+))?")
"""An option of sbatch, as it is typed."""

OURS = ("array", "job-name", "output", "error", "open-mode", "chdir", "wrap")
"""Options of sbatch that the sweep sets, or that would break it."""


@dataclass(kw_only=True, slots=True)
class SlurmConfig:
    """What each task of a sweep asks of Slurm; null: what the cluster gives.

    `partition`, `account`, `qos`, `constraint`, `gres`: as for sbatch. `time`: the limit of a
    task, as 2:00:00 or 1-12:00:00. `cpus_per_task` cores and `memory` GiB are a task's.
    `array_parallelism`: most tasks. `task_minutes`: work that is expected of a task, on all its
    cores; where there is less, there are fewer tasks. `setup`: lines of shell before each task.
    `python`: what starts Python there, as `apptainer exec image.sif python`. `extra`: other options
    of sbatch.
    """

    partition: str | None
    account: str | None
    qos: str | None
    constraint: str | None
    gres: str | None
    time: str
    cpus_per_task: int
    memory: float | None
    array_parallelism: int
    task_minutes: float
    setup: list[str]
    python: str | None
    extra: list[str]

    def __post_init__(self) -> None:
        for name, word in self.words.items():
            fits = WORD.fullmatch(word) is not None
            require(fits, f"sweep.slurm.{name}", "one word, as sbatch takes it, or null", word)
        rule = "hours:minutes:seconds in quotes, as '2:00:00' or '1-12:00:00'"
        require(TIME.fullmatch(self.time) is not None, "sweep.slurm.time", rule, self.time)
        require(self.minutes >= 1, "sweep.slurm.time", "a minute or more", self.time)
        require_count(self.cpus_per_task, "sweep.slurm.cpus_per_task", 1, MOST_CORES)
        memory, minutes = self.memory, self.task_minutes
        rule = f"positive and at most {MOST_GIGABYTES:,}, or null"
        fits = memory is None or 0 < memory <= MOST_GIGABYTES
        require(fits, "sweep.slurm.memory", rule, memory)
        require_count(self.array_parallelism, "sweep.slurm.array_parallelism", 1, MOST_TASKS)
        rule = f"positive and at most {MOST_MINUTES:,}"
        require(0 < minutes <= MOST_MINUTES, "sweep.slurm.task_minutes", rule, minutes)
        lines = [("setup", line) for line in self.setup]
        lines += [] if self.python is None else [("python", self.python)]
        for name, line in lines:
            fits = line.isprintable() and line.strip() != ""
            require(fits, f"sweep.slurm.{name}", "lines of shell", line)
        for option in self.extra:
            found = OPTION.fullmatch(option)
            rule = "options of sbatch, as --exclusive or --mail-type=END"
            require(found is not None, "sweep.slurm.extra", rule, option)
            assert found is not None
            rule = f"without --{found[1]}, which the sweep sets"
            require(found[1] not in OURS, "sweep.slurm.extra", rule, option)

    @property
    def words(self) -> Mapping[str, str]:
        """Options of sbatch that a task has by name."""
        named = {
            "partition": self.partition,
            "account": self.account,
            "qos": self.qos,
            "constraint": self.constraint,
            "gres": self.gres,
        }
        return {name: word for name, word in named.items() if word is not None}

    @property
    def task(self) -> TaskResources:
        """What a task has."""
        return TaskResources(
            *("Slurm", "sweep.slurm", self.cpus_per_task, self.memory),
            *((self.gres or "").startswith("gpu"), self.task_minutes, self.array_parallelism),
            limit=self.minutes,
        )

    @property
    def minutes(self) -> int:
        """The limit of a task, rounded up."""
        found = TIME.fullmatch(self.time)
        assert found is not None
        days, hours, minutes, seconds = (int(each or 0) for each in found.groups())
        return (days * 24 + hours) * 60 + minutes + (seconds > 0)

    @property
    def options(self) -> dict[str, str | bool]:
        """The other options, by name."""
        found = [OPTION.fullmatch(option) for option in self.extra]
        return {each[1]: each[2] or True for each in found if each is not None}


def require_submitit() -> None:
    """Raise a UserError unless submitit is installed, which writes what Slurm is given."""
    require_extra("slurm", "sweep.engine=slurm", "submitit")

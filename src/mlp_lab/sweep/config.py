"""How a sweep is trained and searched: the settings of `-m`."""

from collections.abc import Iterable
from dataclasses import dataclass

from mlp_lab.config.unread import by_key
from mlp_lab.errors import (
    UserError,
    require,
    require_choice,
    require_count,
    require_extra,
    require_seed,
)
from mlp_lab.metrics.choosing import require_choosing
from mlp_lab.sweep.counting import MOST_JOBS
from mlp_lab.sweep.ray_config import RayConfig, require_ray
from mlp_lab.sweep.slurm_config import SlurmConfig, require_submitit
from mlp_lab.sweep.task_resources import TaskResources

ENGINES = ("local", "slurm", "ray")
"""Who trains the stacks of a sweep: processes of this machine, or tasks of a cluster."""

MOST_MEMORY = 2**20
"""GiB; a pebibyte."""

MOST_BRACKETS = 100
"""Each begins at least twice as late as the one before."""


@dataclass(kw_only=True, slots=True)
class SweepConfig:
    """How the jobs of a sweep are trained and judged; no job's own numbers depend on it.

    `dry_run`: show every job, its stack, memory and time, and train nothing. `resume`: a sweep's
    folder to resume. `processes` train stacks side by side; null: one for each core. `memory`:
    GiB for all of them together; null: half of what is free. `members`: most networks of a stack.
    `select`: what of the validation rows ranks settings: the main metric, the loss, or any other
    score that all jobs report. `latex`: a file for the ranking as a LaTeX table.

    `halving` f: at the epochs r, r f, r f^2, … all but the best of f jobs stop; r is `first_rung`
    (Jamieson and Talwalkar, 2016). `brackets`: jobs in so many parts, each of which begins f
    times as late as the one before (Hyperband, Li et al., 2018).

    `engine`: who trains the stacks, one of ENGINES; `detach`: leave them to it, and do not wait;
    `slurm`, `ray`: what its tasks ask of the cluster. There `processes` and `memory` are a task's.
    """

    dry_run: bool
    resume: str | None
    processes: int | None
    memory: float | None
    members: int
    select: str
    latex: str | None
    halving: int | None
    first_rung: int
    brackets: int
    engine: str
    detach: bool
    slurm: SlurmConfig
    ray: RayConfig

    def __post_init__(self) -> None:
        processes, memory = self.processes, self.memory
        rule = "1 or more, or null"
        require(processes is None or processes >= 1, "sweep.processes", rule, processes)
        require(memory is None or memory > 0, "sweep.memory", "positive, or null", memory)
        rule = f"at most {MOST_MEMORY:,}, or null"
        require(memory is None or memory <= MOST_MEMORY, "sweep.memory", rule, memory)
        require(self.members >= 1, "sweep.members", "1 or more", self.members)
        halving = self.halving
        rule = "2 or more, or null"
        require(halving is None or halving >= 2, "sweep.halving", rule, halving)
        require(self.first_rung >= 1, "sweep.first_rung", "1 or more", self.first_rung)
        require_count(self.brackets, "sweep.brackets", 1, MOST_BRACKETS)
        require_choosing(self.select, "sweep.select", "metric")
        require_choice(self.engine, "sweep.engine", ENGINES)
        self._require_detachable()
        if self.engine == "slurm":
            require_submitit()
        if self.engine == "ray":
            require_ray(self.ray)
        if self.task is not None:
            rule = f"at most the {self.task.cores} of {self.task.key}.cpus_per_task, or null"
            fits = processes is None or processes <= self.task.cores
            require(fits, "sweep.processes", rule, processes)

    def _require_detachable(self) -> None:
        """Raise where nobody would go on with what is left, or judge it."""
        if self.detach and self.engine == "local":
            raise UserError(
                "sweep.detach=true leaves a sweep to a cluster: it needs sweep.engine=slurm"
            )
        if self.detach and self.engine == "ray":
            raise UserError(
                "sweep.detach=true needs sweep.engine=slurm: tasks of Ray end with their command"
            )
        if self.detach and self.halving is not None:
            raise UserError("sweep.halving judges jobs while they train: leave out sweep.detach")

    @property
    def on_a_cluster(self) -> bool:
        """Whether stacks train in tasks of a cluster, and none in processes of this command."""
        return self.engine != "local"

    @property
    def task(self) -> TaskResources | None:
        """What a task of the cluster has; None where there is no cluster."""
        return {"local": None, "slurm": self.slurm.task, "ray": self.ray.task}[self.engine]


def unread_words(settings: SweepConfig, words: Iterable[str]) -> list[str]:
    """A line for each of a command's words that sets what its sweep does not read."""
    found = []
    for key, word in sorted(by_key(words).items()):
        engine = next((name for name in ENGINES if key.startswith(f"sweep.{name}.")), None)
        if engine is not None and settings.engine != engine:
            found.append(f"{word} changes nothing: it needs sweep.engine={engine}")
        if key in ("sweep.first_rung", "sweep.brackets") and settings.halving is None:
            found.append(f"{word} changes nothing: it needs sweep.halving")
    return found


JOURNAL = "optuna.journal"
"""What a search remembers, in its folder."""

SAMPLERS = ("tpe", "random", "gp")
"""None of them keeps a pickle in the journal, which would run what a stranger wrote into it."""


@dataclass(frozen=True, slots=True)
class SearchConfig:
    """`trials` in all, asked for in batches of `batch`; `sampler`: one of SAMPLERS."""

    trials: int
    batch: int
    sampler: str
    seed: int

    def __post_init__(self) -> None:
        require_count(self.trials, "hydra.sweeper.n_trials", 1, MOST_JOBS)
        require_count(self.batch, "hydra.sweeper.batch", 1, MOST_JOBS)
        require_seed(self.seed, "hydra.sweeper.seed")
        require_choice(self.sampler, "hydra.sweeper.sampler", SAMPLERS)


def require_optuna() -> None:
    """Raise a UserError unless Optuna is installed."""
    require_extra("optuna", "hydra/sweeper=optuna", "optuna")

"""hydra/launcher=stacked: the jobs of a sweep train together.

Hydra imports this file at every start of every application, so that it imports nothing slow.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hydra.core.config_store import ConfigStore
from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

if TYPE_CHECKING:
    from mlp_lab.sweep.session import Session


@dataclass
class StackedConfig:
    """What Hydra needs to find the launcher; its settings are the application's own."""

    _target_: str = "hydra_plugins.mlp_lab_sweep.launcher.StackedLauncher"


ConfigStore.instance().store(
    group="hydra/launcher", name="stacked", node=StackedConfig, provider="mlp_lab"
)


class StackedLauncher(Launcher):
    """Trains the jobs of a batch as stacks of networks, side by side in worker processes."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self.config: DictConfig | None = None
        self.hydra_context: HydraContext | None = None
        self.session: Session | None = None

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Take the sweep's configuration."""
        self.hydra_context, self.config = hydra_context, config

    def open(self, jobs: int) -> "Session":
        """The sweep's folder and processes, for at most so many jobs at once."""
        from mlp_lab.errors import UserError
        from mlp_lab.sweep.session import Session

        assert self.config is not None
        assert self.hydra_context is not None
        if self.config.hydra.sweeper["_target_"].endswith(".BasicSweeper"):
            raise UserError(
                "hydra/sweeper=basic knows neither cv nor a summary: leave it out, or add"
                " hydra/launcher=basic"
            )
        if self.session is None:
            self.session = Session(self.hydra_context.config_loader, self.config, jobs)
        return self.session

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        """Train a batch of grid points; the value of one that failed is NaN.

        None is returned as failed: a sweeper would then raise it before the others are summed up.
        """
        session = self.open(len(job_overrides))
        outcomes = session.launch(job_overrides, initial_job_idx)
        returns = []
        for overrides, outcome in zip(job_overrides, outcomes, strict=True):
            found = JobReturn(overrides=list(overrides), status=JobStatus.COMPLETED)
            found.return_value = outcome.value(session.settings.select)
            returns.append(found)
        return returns

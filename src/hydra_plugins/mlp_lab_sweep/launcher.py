"""hydra/launcher=stacked: the jobs of a sweep train together.

Hydra imports this file at every start of every application, so that it imports nothing slow.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hydra.core.config_store import ConfigStore
from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

if TYPE_CHECKING:
    from mlp_lab.sweep.outcome import Trained
    from mlp_lab.sweep.running import Sweep


@dataclass
class StackedConfig:
    """What Hydra needs to find the launcher; its settings are the application's own."""

    _target_: str = "hydra_plugins.mlp_lab_sweep.launcher.StackedLauncher"


ConfigStore.instance().store(
    group="hydra/launcher", name="stacked", node=StackedConfig, provider="mlp_lab"
)


class StackedReturn(JobReturn):
    """What Hydra's sweepers know of a job, and what those of mlp_lab do."""

    def __init__(self, overrides: Sequence[str], trained: "Trained", select: str) -> None:
        """The value of a job that failed is NaN.

        None is returned as failed: a sweeper would then raise it before the others are summed up.
        """
        super().__init__(overrides=list(overrides), status=JobStatus.COMPLETED)
        self.return_value = trained.outcome.value(select)
        self.trained = trained


class StackedLauncher(Launcher):
    """Trains the jobs of a batch as stacks of networks, side by side in worker processes."""

    def __init__(self) -> None:
        """Without a configuration until Hydra calls `setup`."""
        self.config: DictConfig | None = None
        self.hydra_context: HydraContext | None = None
        self._sweep: Sweep | None = None

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Take the sweep's configuration."""
        self.hydra_context, self.config = hydra_context, config

    @contextmanager
    def opened(self, jobs: int, *, searching: bool = False) -> "Iterator[Sweep]":
        """The sweep's folder and processes for all batches that are launched in the block."""
        from mlp_lab.sweep import command  # noqa: PLC0415  every Hydra program imports this file

        assert self.config is not None
        assert self.hydra_context is not None
        loader = self.hydra_context.config_loader
        with command.opened_sweep(loader, self.config, jobs, searching=searching) as sweep:
            self._sweep = sweep
            try:
                yield sweep
            finally:
                self._sweep = None

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> list[StackedReturn]:
        """Train a batch of grid points; in a sweep of its own where none is open."""
        if self._sweep is None:
            with self.opened(len(job_overrides)):
                return self.launch(job_overrides, initial_job_idx)
        select = self._sweep.command.settings.select
        trained = self._sweep.train(job_overrides, initial_job_idx)
        return [
            StackedReturn(overrides, each, select)
            for overrides, each in zip(job_overrides, trained, strict=True)
        ]

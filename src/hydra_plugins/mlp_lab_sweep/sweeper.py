"""hydra/sweeper=grid: every combination, handed to the launcher whole.

Hydra's basic sweeper composes every point to see whether it can be; the stacked launcher does so
itself, faster, before it trains any. Hydra imports this file at every start of every application.
"""

from contextlib import redirect_stderr
from dataclasses import dataclass
from io import StringIO

from hydra.core.config_store import ConfigStore
from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher

from hydra_plugins.mlp_lab_sweep.base import LaunchingSweeper
from hydra_plugins.mlp_lab_sweep.launcher import StackedLauncher


@dataclass
class GridConfig:
    """As the basic sweeper has it."""

    _target_: str = "hydra_plugins.mlp_lab_sweep.sweeper.GridSweeper"
    max_batch_size: int | None = None
    params: dict[str, str] | None = None


ConfigStore.instance().store(
    group="hydra/sweeper", name="grid", node=GridConfig, provider="mlp_lab"
)


class GridSweeper(LaunchingSweeper):
    """Trains every combination of the values on the command line."""

    def __init__(self, max_batch_size: int | None, params: dict[str, str] | None = None) -> None:
        """Take at most so many points at once, and ranges beside those of the command line."""
        self.max_batch_size = max_batch_size
        self.params = [f"{key}={values}" for key, values in (params or {}).items()]

    def sweep(self, arguments: list[str]) -> list[JobReturn]:
        """Train every combination; say what they show together."""
        from mlp_lab.sweep import grid, summing_up  # noqa: PLC0415  see above

        master, loader, launcher = self.master, self.loader, self.launcher
        stacked = isinstance(launcher, StackedLauncher)
        size = self.max_batch_size
        batches = grid.batches(loader, master, self.params, arguments, size, stacked=stacked)
        points = [point for _, batch in batches for point in batch]
        if not isinstance(launcher, StackedLauncher):
            grid.require_composable(loader, master, points)
            grid.save_record(master)
            return [job for batch in batches for job in launched(launcher, *batch)]
        with launcher.opened(len(batches[0][1])) as sweep:
            grid.save_record(master)
            if len(batches) > 1:  # before the first of them is trained
                sweep.checked(points, 0)
            jobs = [job for first, batch in batches for job in launcher.launch(batch, first)]
            summing_up.sum_up(sweep.command, sweep.manifest, [job.trained for job in jobs])
            return list(jobs)


def launched(launcher: Launcher, first: int, points: list[list[str]]) -> list[JobReturn]:
    """Launch a batch of points; raise what its first failed job raised, once all have ended."""
    jobs = list(launcher.launch(points, first))
    with redirect_stderr(StringIO()):  # Hydra would say once more that a job failed
        for job in jobs:
            _ = job.return_value
    return jobs

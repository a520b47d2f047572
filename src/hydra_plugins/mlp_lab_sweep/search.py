"""hydra/sweeper=optuna: trials are asked for and trained a stack at a time.

Hydra imports this file at every start of every application, so that it imports nothing slow.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from hydra.core.config_store import ConfigStore

from hydra_plugins.mlp_lab_sweep.base import LaunchingSweeper
from hydra_plugins.mlp_lab_sweep.launcher import StackedLauncher, StackedReturn
from mlp_lab.errors import UserError
from mlp_lab.sweep.config import SearchConfig, require_optuna


@dataclass
class OptunaConfig:
    """How many trials, how many at once, and who proposes them."""

    _target_: str = "hydra_plugins.mlp_lab_sweep.search.OptunaSweeper"
    n_trials: int = 50
    batch: int = 16
    sampler: str = "tpe"
    seed: int = 0


ConfigStore.instance().store(
    group="hydra/sweeper", name="optuna", node=OptunaConfig, provider="mlp_lab"
)


class OptunaSweeper(LaunchingSweeper):
    """Searches the ranges of the command line."""

    def __init__(self, n_trials: int, batch: int, sampler: str, seed: int) -> None:
        """Nothing is searched yet."""
        self.search = SearchConfig(n_trials, batch, sampler, seed)

    def sweep(self, arguments: list[str]) -> None:
        """Search; say what was found."""
        require_optuna()
        from mlp_lab.sweep import search, summing_up  # noqa: PLC0415  Optuna is an extra

        launcher = self.launcher
        if not isinstance(launcher, StackedLauncher):
            raise UserError(
                "hydra/sweeper=optuna trains stacks of trials: use hydra/launcher=stacked"
            )
        overrides, folds = search.parsed(self.loader, self.master, arguments, self.search.trials)
        jobs = list[StackedReturn]()
        with launcher.opened(self.search.batch, searching=True) as sweep:

            def launch(points: Sequence[Sequence[str]], first: int) -> list[float]:
                launched = launcher.launch(points, first)
                jobs.extend(launched)
                return [job.return_value for job in launched]

            command = sweep.command
            dry_run = command.settings.dry_run
            search.search(overrides, folds, command.folder, self.search, launch, dry_run=dry_run)
            summing_up.sum_up(command, sweep.manifest, [job.trained for job in jobs])

"""hydra/sweeper=optuna: trials are asked for and trained a stack at a time."""

from dataclasses import dataclass

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.config_store import ConfigStore
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.plugins import Plugins
from hydra.plugins.launcher import Launcher
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


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


class OptunaSweeper(Sweeper):
    """Searches the ranges of the command line."""

    def __init__(self, n_trials: int, batch: int, sampler: str, seed: int) -> None:
        """Nothing is searched yet."""
        from mlp_lab.sweep.search import SearchConfig

        self.search = SearchConfig(n_trials, batch, sampler, seed)
        self.launcher: Launcher | None = None
        self.config: DictConfig | None = None
        self.hydra_context: HydraContext | None = None

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Take the sweep's configuration."""
        self.config, self.hydra_context = config, hydra_context
        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> None:
        """Search; say what was found."""
        from hydra_plugins.mlp_lab_sweep.launcher import StackedLauncher
        from mlp_lab.config.composition import fold_overrides
        from mlp_lab.errors import UserError
        from mlp_lab.sweep.search import require_optuna, search

        require_optuna(self.search.sampler)
        assert self.config is not None
        assert self.hydra_context is not None
        launcher = self.launcher
        if not isinstance(launcher, StackedLauncher):
            raise UserError(
                "hydra/sweeper=optuna trains stacks of trials: use hydra/launcher=stacked"
            )
        parser = OverridesParser.create(config_loader=self.hydra_context.config_loader)
        words = parser.parse_overrides(fold_overrides(self.config, arguments))
        (folds,) = BasicSweeper.split_arguments(words, None)
        session = launcher.open(self.search.batch)
        session.searching = True
        if session.settings.halving is not None:
            raise UserError("sweep.halving judges a whole grid at once: leave it out of a search")
        search(
            parser.parse_overrides(arguments),
            folds,
            session.folder,
            self.search,
            lambda points, first: [job.return_value for job in launcher.launch(points, first)],
            dry_run=session.settings.dry_run,
        )
        session.sum_up()

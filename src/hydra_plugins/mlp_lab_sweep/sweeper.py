"""hydra/sweeper=grid: every combination, handed to the launcher whole.

Hydra's basic sweeper composes every point to see whether it can be; the launcher does so itself,
faster, before it trains any.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.config_store import ConfigStore
from hydra.core.override_parser.overrides_parser import OverridesParser


@dataclass
class GridConfig:
    """As the basic sweeper has it."""

    _target_: str = "hydra_plugins.mlp_lab_sweep.sweeper.GridSweeper"
    max_batch_size: int | None = None
    params: dict[str, str] | None = None


ConfigStore.instance().store(
    group="hydra/sweeper", name="grid", node=GridConfig, provider="mlp_lab"
)


class GridSweeper(BasicSweeper):
    """The basic sweeper, which leaves the points to the stacked launcher to check."""

    def sweep(self, arguments: list[str]) -> object:
        """Train every combination; say what they show together."""
        from hydra_plugins.mlp_lab_sweep.launcher import StackedLauncher
        from mlp_lab.config.composition import fold_overrides, refuse_sweep_settings
        from mlp_lab.errors import UserError, require
        from mlp_lab.sweep.ranges import require_grid

        assert self.config is not None
        assert self.hydra_context is not None
        size, launcher = self.max_batch_size, self.launcher
        stacked = isinstance(launcher, StackedLauncher)
        require(size is None or size >= 1, "hydra.sweeper.max_batch_size", "1 or more", size)
        if not stacked:
            refuse_sweep_settings(arguments, "stacks of jobs: it needs hydra/launcher=stacked")
        words = [*arguments, *fold_overrides(self.config, arguments)]
        parser = OverridesParser.create(config_loader=self.hydra_context.config_loader)
        require_grid(parser.parse_overrides([*self._parse_config(), *words]), stacked=stacked)
        try:
            returned = super().sweep(words)
        except UserError:
            if isinstance(launcher, StackedLauncher) and launcher.session is not None:
                launcher.session.remove_unused()
            raise
        if isinstance(launcher, StackedLauncher) and launcher.session is not None:
            launcher.session.sum_up()
        return returned

    def validate_batch_is_legal(self, batch: Sequence[Sequence[str]]) -> None:
        """Compose the points here only for launchers that do not, or not all at once."""
        from hydra_plugins.mlp_lab_sweep.launcher import StackedLauncher
        from mlp_lab.errors import UserError

        assert self.overrides is not None
        if not batch:
            raise UserError("the grid is empty: a key has a range without values")
        if not isinstance(self.launcher, StackedLauncher):
            super().validate_batch_is_legal(batch)
        elif self.batch_index == 1 < len(self.overrides):
            points = [point for part in self.overrides for point in part]
            self.launcher.open(len(batch)).require_possible(points)

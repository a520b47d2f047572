"""hydra/sweeper=grid: every combination, handed to the launcher whole.

Hydra's basic sweeper composes every point to see whether it can be; the launcher does so itself,
faster, before it trains any.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.config_store import ConfigStore


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
        from mlp_lab.config import fold_overrides

        assert self.config is not None
        returned = super().sweep([*arguments, *fold_overrides(self.config)])
        if isinstance(self.launcher, StackedLauncher) and self.launcher.session is not None:
            self.launcher.session.sum_up()
        return returned

    def validate_batch_is_legal(self, batch: Sequence[Sequence[str]]) -> None:
        """Compose the points here only for launchers that do not."""
        from hydra_plugins.mlp_lab_sweep.launcher import StackedLauncher

        if not isinstance(self.launcher, StackedLauncher):
            super().validate_batch_is_legal(batch)

"""A configuration that Hydra has composed, given to it again where it would compose anew."""

from hydra.core.config_loader import ConfigLoader
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.object_type import ObjectType
from hydra.plugins.config_source import ConfigSource
from hydra.types import RunMode
from omegaconf import DictConfig


class KnownComposition(ConfigLoader):
    """Hydra's loader of a program, which knows the first composition that it will be asked for.

    Composing takes a fifth of a short command; and what was looked at before is what then runs.
    """

    def __init__(self, loader: ConfigLoader, composed: DictConfig) -> None:
        """`composed`: what `loader` gives for the program's own words."""
        self._loader = loader
        self._composed: DictConfig | None = composed

    def load_configuration(
        self,
        config_name: str | None,
        overrides: list[str],
        run_mode: RunMode,
        from_shell: bool = True,
        validate_sweep_overrides: bool = True,
    ) -> DictConfig:
        """What is known, once; all else is composed."""
        known, self._composed = self._composed, None
        if known is not None:
            return known
        return self._loader.load_configuration(
            config_name, overrides, run_mode, from_shell, validate_sweep_overrides
        )

    def load_sweep_config(
        self, master_config: DictConfig, sweep_overrides: list[str]
    ) -> DictConfig:
        """That of one of a sweep's jobs."""
        return self._loader.load_sweep_config(master_config, sweep_overrides)

    def get_search_path(self) -> ConfigSearchPath:
        """Where YAML files are looked for."""
        return self._loader.get_search_path()

    def get_sources(self) -> list[ConfigSource]:
        """What is read of them."""
        return self._loader.get_sources()

    def list_groups(self, parent_name: str) -> list[str]:
        """Groups of choices."""
        return self._loader.list_groups(parent_name)

    def get_group_options(
        self,
        group_name: str,
        results_filter: ObjectType | None = ObjectType.CONFIG,
        config_name: str | None = None,
        overrides: list[str] | None = None,
    ) -> list[str]:
        """The choices of a group."""
        return self._loader.get_group_options(group_name, results_filter, config_name, overrides)

    def compute_defaults_list(
        self, config_name: str | None, overrides: list[str], run_mode: RunMode
    ) -> object:
        """Which files make up a configuration."""
        return self._loader.compute_defaults_list(config_name, overrides, run_mode)

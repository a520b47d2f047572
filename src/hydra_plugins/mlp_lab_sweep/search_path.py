"""`--config-dir`: files in a folder beside configs/, read within bounds.

Hydra imports this file at every start of every application, so that it imports nothing slow.
"""

from pathlib import Path

from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.object_type import ObjectType
from hydra.plugins.config_source import ConfigResult, ConfigSource
from hydra.plugins.search_path_plugin import SearchPathPlugin

from mlp_lab.config.extra_folder import EXTRA_FOLDER, read_file
from mlp_lab.errors import UserError
from mlp_lab.program import as_typed

SCHEME = "beside"
"""Of the folder: Hydra's own `file` would read whatever lies there to its end."""


class ExtraFolder(SearchPathPlugin):
    """Lets Hydra look for files where a command says, after its own."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        """Add the folder, if there is one."""
        folder = EXTRA_FOLDER.get()
        if folder is not None:
            search_path.append(provider="command-line", path=f"{SCHEME}://{folder}")


class ExtraFiles(ConfigSource):
    """The files of that folder, none of which is read before it is known to be a plain tree."""

    @staticmethod
    def scheme() -> str:
        """What stands before the folder in Hydra's search path."""
        return SCHEME

    def load_config(self, config_path: str) -> ConfigResult:
        """Read a file.

        Raises:
            UserError: it cannot be read to an end, or is no group of settings.
        """
        file = self._file(config_path)
        config, text = read_file(file, Path(self.path))
        try:
            header = self._get_header_dict(text[:HEADER])
        except ValueError as error:
            raise UserError(f"{as_typed(file)}: {error}") from error
        return ConfigResult(
            config=config, path=self.full_path(), provider=self.provider, header=header
        )

    def available(self) -> bool:
        """Whether the folder is there."""
        return self.is_group("")

    def is_group(self, config_path: str) -> bool:
        """Whether a path is a folder, of the choices of a group."""
        return Path(self.path, config_path).is_dir()

    def is_config(self, config_path: str) -> bool:
        """Whether something has a file's name; what is none is refused once it is chosen."""
        file = self._file(config_path)
        return file.exists() or file.is_symlink()

    def list(self, config_path: str, results_filter: ObjectType | None) -> list[str]:
        """The names of what lies in a folder."""
        found: list[str] = []
        for file in Path(self.path, config_path).iterdir():
            self._list_add_result(
                found, str(Path(config_path, file.name)), file.name, results_filter
            )
        return sorted(set(found))

    def _file(self, config_path: str) -> Path:
        return Path(self.path, self._normalize_file_name(config_path))


HEADER = 512
"""Characters in which Hydra looks for `# @package`."""

"""`--config-dir`: files in a folder beside configs/.

Hydra imports this file at every start of every application, so that it imports nothing slow.
"""

from hydra.core.config_search_path import ConfigSearchPath
from hydra.plugins.search_path_plugin import SearchPathPlugin

from mlp_lab.config.extra_folder import EXTRA_FOLDER


class ExtraFolder(SearchPathPlugin):
    """Lets Hydra look for files where a command says, after its own."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        """Add the folder, if there is one."""
        folder = EXTRA_FOLDER.get()
        if folder is not None:
            search_path.append(provider="command-line", path=f"file://{folder}")

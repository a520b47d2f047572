"""Words of `train` -> its options and its overrides; the options are Hydra's, save two.

`--experimental-rerun` would unpickle a file, and `--config-path` would leave this program's own
settings out.
"""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass, fields
from io import StringIO
from pathlib import Path

from mlp_lab.commands.arguments import in_our_words
from mlp_lab.config.groups import config_folder
from mlp_lab.config.schema import CONFIG_NAME, Config
from mlp_lab.errors import UserError, require_choice

YAML = ".yaml"
"""How the name of a file of settings ends."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a command line asks for.

    `config_dir`: a folder of YAML files beside configs/; `words`: overrides; `shows`: the options
    by which it only shows something, as one types them; nothing where it trains.
    """

    words: list[str]
    multirun: bool
    config_name: str
    config_dir: Path | None
    shows: list[str]

    @property
    def beside(self) -> list[str]:
        """The options by which settings come from elsewhere than `words`, as one types them."""
        folder = [] if self.config_dir is None else [f"--config-dir={self.config_dir}"]
        own = self.config_name != CONFIG_NAME
        return [*folder, *([f"--config-name={self.config_name}"] if own else [])]


def parse(words: Sequence[str]) -> Options:
    """The options among the words of a command line, wherever they stand.

    Raises:
        UserError: an option that does not exist, or that lacks its value.
    """
    _refuse_settings_with_dashes(words)
    said = StringIO()
    try:
        with redirect_stderr(said):
            found, unknown = _parser().parse_known_intermixed_args(list(words))
    except SystemExit:  # its usage, and the error in the last line
        message = said.getvalue().splitlines()[-1].partition("error: ")[2]
        raise UserError(in_our_words(message)) from None
    for word in unknown:
        raise UserError(f"unknown option {word!r}: --help names those that there are")
    _take_file(found)
    folder = None if found.config_dir is None else Path.cwd() / found.config_dir
    if folder is not None and not folder.is_dir():
        raise UserError(f"--config-dir must be a folder, got {found.config_dir}")
    crossed = any(word.startswith("cv=") and word != "cv=null" for word in found.overrides)
    multirun = found.multirun or crossed  # a cross-validation is several runs
    shows = _shows(found)
    return Options(found.overrides, multirun, found.config_name, folder, shows)


def _take_file(found: Namespace) -> None:
    """A word that names a YAML file is that of `--config-dir` and `--config-name`.

    Raises:
        UserError: there are two, or it is no file that could be chosen.
    """
    files = [word for word in found.overrides if word.endswith(YAML) and "=" not in word]
    if not files:
        return
    path = Path(files[0])
    if len(files) > 1:
        raise UserError(f"one file of settings can be trained by, got {files[0]} and {files[1]}")
    if found.config_dir is not None or found.config_name != CONFIG_NAME:
        option = f"--config-{'dir' if found.config_dir else 'name'}"
        raise UserError(f"{path} and {option}: leave one out")
    if not path.is_file():
        raise UserError(f"{path} is {'a folder' if path.is_dir() else 'no file'}")
    require_free_name(path)
    found.overrides.remove(files[0])
    found.config_dir, found.config_name = str(path.parent), path.name


def require_free_name(path: Path) -> None:
    """Raise if a file of settings is called as one of the program's own, which would be taken.

    Raises:
        UserError: it is.
    """
    if (config_folder() / path.name).exists():
        raise UserError(f"{path}: the program's own settings are in {path.name}: rename the file")


def _parser() -> ArgumentParser:
    parser = ArgumentParser(add_help=False)
    parser.add_argument("overrides", nargs="*")
    parser.add_argument("--run", "-r", action="store_true")
    parser.add_argument("--multirun", "-m", action="store_true")
    parser.add_argument("--config-name", "-cn", default=CONFIG_NAME)
    parser.add_argument("--config-dir", "-cd")
    for names in SHOWING:
        parser.add_argument(*names, action="store_true")
    parser.add_argument("--cfg", "-c")
    parser.add_argument("--package", "-p")
    parser.add_argument("--info", "-i", nargs="?", const="all")
    return parser


SHOWING = (("--help", "-h"), ("--hydra-help",), ("--resolve",), ("--shell-completion", "-sc"))
"""Options without a value by which nothing is trained."""

PARTS = ("job", "hydra", "all")

SUBJECTS = ("all", "config", "defaults", "defaults-tree", "plugins", "searchpath")


def _shows(found: Namespace) -> list[str]:
    """The words for Hydra where it only shows something."""
    words = [names[0] for names in SHOWING if getattr(found, names[0][2:].replace("-", "_"))]
    if found.cfg is not None:
        require_choice(found.cfg, "--cfg", PARTS)
        words += ["--cfg", found.cfg]
    if found.info is not None:
        require_choice(found.info, "--info", SUBJECTS)
        words += ["--info", found.info]
    if found.package is not None:
        words += ["--package", found.package]
    if not words:
        return []
    return [*words, "--config-name", found.config_name]


def _refuse_settings_with_dashes(words: Sequence[str]) -> None:
    """One line for options that do not exist, as `--epochs 5`."""
    names = {field.name for field in fields(Config)}
    for word in words:
        key = word.removeprefix("--").partition("=")[0]
        if word.startswith("--") and key.partition(".")[0] in names:
            raise UserError(
                f"unknown option {word!r}: settings are written without dashes, as {key}=..."
            )

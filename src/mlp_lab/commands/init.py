"""The command `init`: a table -> a YAML file of settings with what was understood of it."""

import re
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlp_lab.commands.arguments import Parser, run_parsed
from mlp_lab.commands.composing import compose
from mlp_lab.commands.init_file import proposals, settings_file
from mlp_lab.commands.options import YAML, require_free_name
from mlp_lab.config.overrides import readable, setting_of
from mlp_lab.errors import UserError
from mlp_lab.files import write_named
from mlp_lab.formatting import counted, literal, quoted
from mlp_lab.runs.prepared_data import prepare_data

ABOUT = """\
Write what is understood of a table, and what may be wrong with it, as a YAML file of settings: to
read, to edit, and to train by with `mlp-lab train FILE.yaml`."""

OURS = ("path", "target")
"""Keys that the words of this command say."""


def parser() -> Parser:
    """The arguments of `mlp-lab init FILE --target COLUMN -o FILE.yaml`."""
    found = Parser("mlp-lab init", description=ABOUT)
    found.add_argument("file", metavar="FILE", help="the table: CSV, Parquet, Excel, Stata, SPSS")
    known = "what is known, as data.missing_in.age=[-9]"
    found.add_argument("settings", metavar="SETTING", nargs="*", default=[], help=known)
    found.add_argument(
        "--target", action="append", default=[], metavar="COLUMN", help="may be given repeatedly"
    )
    found.add_argument("-o", "--output", metavar="FILE.yaml", help="default: named as the table")
    found.add_argument("--force", action="store_true", help="replace a file that is there")
    return found


def run(arguments: Namespace) -> None:
    """Read the table, write the file, and print how to train by it.

    Raises:
        UserError: the table or a setting cannot be used, or the file cannot be there.
    """
    file, targets = arguments.file, arguments.target
    path = Path(arguments.output or f"{Path(file).name.partition('.')[0]}{YAML}")
    _require_place(path, force=arguments.force)
    for word in arguments.settings:
        if "=" not in word:
            raise UserError(
                f"mlp-lab init reads one table, got {word}, too: --target names a column"
            )
    given = [setting_of(word) for word in arguments.settings]
    for setting in given:
        if setting.key in OURS:
            own = "FILE" if setting.key == "path" else "--target"
            raise UserError(f"data.{setting.key} is what {own} says: leave it out")
    names = f"[{','.join(map(_as_it_is, targets))}]" if targets else "null"
    words = [f"data.path={_as_it_is(file)}", f"data.target={names}"]
    with _options_as_typed():
        config = compose(["data=table", *words, *map(readable, arguments.settings)])
        report = prepare_data(config).overview
    assert report is not None
    write_named(path, settings_file(report, given, file=file, targets=targets, name=str(path)))
    count = counted(len(proposals(report)), "proposal")
    print(f"{path}: {counted(len(report.columns), 'column')}, {count}")
    print(f"mlp-lab train {path}")


def _as_it_is(text: str) -> str:
    """Text of which Hydra and OmegaConf read no part as anything else."""
    return quoted(literal(text))


@contextmanager
def _options_as_typed() -> Iterator[None]:
    """What is wrong with the table or its target goes by the names of this command's words."""
    try:
        yield
    except UserError as error:
        said = str(error).removeprefix("data.path: ").replace("data.target is", "--target is", 1)
        raise UserError(re.sub(r"\bdata\.target=", "--target ", said)) from error


def _require_place(path: Path, *, force: bool) -> None:
    """Raise before the table is read if the settings cannot be at `path`."""
    if path.suffix != YAML:
        raise UserError(f"--output must be a file whose name ends in {YAML}, got {path}")
    require_free_name(path)
    if path.is_dir():
        raise UserError(f"cannot write {path}: it is a folder")
    if not path.parent.is_dir():
        raise UserError(f"cannot write {path}: there is no folder {path.parent}")
    if path.exists() and not force:
        raise UserError(f"{path} is there already: --force replaces it, -o names another")


def main() -> None:
    """`mlp-lab init FILE --target COLUMN -o FILE.yaml`."""
    run_parsed(parser(), run, intermixed=True)

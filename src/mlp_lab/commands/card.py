"""The command `card`: README.md of a run, for people who get the folder."""

from argparse import Namespace
from pathlib import Path

from mlp_lab.commands.arguments import Parser, run_parsed
from mlp_lab.errors import UserError
from mlp_lab.files import write_named

ABOUT = """\
Write a model card, README.md with the front matter that Hugging Face reads, from what a run's files
say: data, network, scores beside baselines, verdict, columns, limits."""


def parser() -> Parser:
    """The arguments of `mlp-lab card RUN_FOLDER`."""
    found = Parser("mlp-lab card", description=ABOUT)
    found.add_argument("run", metavar="RUN_FOLDER", help="folder of a finished run")
    found.add_argument("-o", "--output", metavar="FILE", help="default: README.md in the folder")
    found.add_argument("--force", action="store_true", help="replace a file that is there")
    return found


def run(arguments: Namespace) -> None:
    """Write the card, and print where.

    Raises:
        UserError: the folder holds no finished run, or the file is there already.
    """
    from mlp_lab.sharing.card import CARD, card_of  # noqa: PLC0415  torch

    folder = Path(arguments.run)
    content = card_of(folder)
    path = folder / CARD if arguments.output is None else Path(arguments.output)
    if path.is_file() and not arguments.force:
        raise UserError(f"{path} is there already: --force replaces it, -o names another")
    write_named(path, content)
    print(path)


def main() -> None:
    """`mlp-lab card RUN_FOLDER`."""
    run_parsed(parser(), run)

"""The command `explain`: what each column adds to the prediction of each row of a file."""

import re
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager

from mlp_lab.commands.arguments import Parser, run_parsed
from mlp_lab.commands.predict import (
    add_file_options,
    add_processes_option,
    options_as_typed,
    parted,
)
from mlp_lab.errors import UserError

ABOUT = """What each column adds to the prediction of each row of a file (Shapley values)."""

SAMPLES = 32

KEYWORDS = (
    (r"(^|: |^unknown )class_name (?=is for|must say|')", r"\1--class "),
    (r"^(target|samples) must\b", r"--\1 must"),
    (r"^unknown target ", "unknown --target "),
)
"""What a message calls an option that Python has as a keyword, and its name here."""


def parser() -> Parser:
    """The arguments of `mlp-lab explain RUN_FOLDER FILE`."""
    found = Parser("mlp-lab explain", description=ABOUT)
    found.add_argument("run", metavar="RUN_FOLDER", help="folder of a finished run")
    found.add_argument(
        "file", metavar="FILE", help="CSV, TSV, Parquet (or a folder), Feather, Excel, Stata, SPSS"
    )
    found.add_argument("-o", "--output", help="file to write: CSV or Parquet")
    found.add_argument("--prefix", default="", help="before the names of the new columns")
    found.add_argument(
        "--background",
        metavar="FILE",
        help="rows to compare with, as the training's; default: FILE",
    )
    found.add_argument(
        "--samples",
        type=int,
        default=SAMPLES,
        help=f"background rows that are drawn; default: {SAMPLES}",
    )
    found.add_argument(
        "--rows",
        type=int,
        help="rows that are explained, by chance, but always the same; default: all",
    )
    found.add_argument(
        "--class", dest="class_name", help="the class that is explained; of two: the second"
    )
    found.add_argument("--target", help="of several targets the one that is explained")
    add_processes_option(found)
    add_file_options(found)
    return found


def run(arguments: Namespace) -> None:
    """Explain the rows of a file.

    Raises:
        UserError: the run, a file, a column or an option cannot be used; nothing is written.
    """
    from mlp_lab.commands.explain_file import explain_file  # noqa: PLC0415 pandas

    options, written = parted(arguments)
    with _keywords_as_options(), options_as_typed():
        explain_file(**options, written=written)


@contextmanager
def _keywords_as_options() -> Iterator[None]:
    """Keywords of Python go by the names that they have here: --class for class_name."""
    try:
        yield
    except UserError as error:
        said = str(error)
        for keyword, option in KEYWORDS:
            said = re.sub(keyword, option, said, count=1)
        raise UserError(said) from error


def main() -> None:
    """`mlp-lab explain RUN_FOLDER FILE`."""
    run_parsed(parser(), run)

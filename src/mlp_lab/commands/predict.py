"""Arguments of the commands `predict` and `evaluate`: a finished run, and a file of rows."""

import re
from argparse import ArgumentTypeError, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mlp_lab.commands.arguments import Parser, run_parsed
from mlp_lab.commands.decisions import (
    add_interval_option,
    add_threshold_options,
    deciding_as_typed,
    deciding_of,
)
from mlp_lab.errors import UserError

FILE_OPTIONS = (
    *("delimiter", "quote", "encoding", "decimal", "sheet", "header", "skip_rows", "comment"),
)
"""What may be said of FILE, each as the training's `data.<name>`."""

MOST_PROCESSES = 1024

HELD = "how many rows lie in intervals that are to hold this share of them, and how wide they are"

ABOUT = {
    "predict": "Predict the rows of a file: its columns, `prediction`, a probability per class.",
    "evaluate": "Loss and metrics of a run's network on a file that holds the target.",
}


def parser(command: str) -> Parser:
    """The arguments of `mlp-lab predict` or `mlp-lab evaluate`."""
    found = Parser(f"mlp-lab {command}", description=ABOUT[command])
    found.add_argument("run", metavar="RUN_FOLDER", help="folder of a finished run")
    found.add_argument(
        "file", metavar="FILE", help="CSV, TSV, Parquet (or a folder), Feather, Excel, Stata, SPSS"
    )
    if command == "predict":
        found.add_argument("-o", "--output", required=True, help="file to write: CSV or Parquet")
        found.add_argument("--prefix", default="", help="before the names of the new columns")
        add_interval_option(found)
    else:
        add_interval_option(found, HELD)
        found.add_argument("-o", "--output", help="JSON file to write")
        found.add_argument("--weight", help="column of row weights; default: that of the training")
        found.add_argument(
            "--by", action="append", default=[], metavar="COLUMNS", help="scores by group, as a,b"
        )
        found.add_argument("--cluster", help="column: intervals resample its values, not rows")
        found.add_argument("--strata", help="column: intervals resample within its values")
        found.add_argument(
            "--resample-rows", action="store_true", help="not the clusters of the training"
        )
        found.add_argument(
            "--drop-missing-target", action="store_true", help="leave out rows without a target"
        )
    add_threshold_options(found)
    add_processes_option(found)
    add_file_options(found)
    return found


def add_processes_option(found: Parser) -> None:
    """What a command lets say of processes."""
    found.add_argument(
        "--processes",
        type=processes,
        default=1,
        metavar="N",
        help="that compute pieces of FILE side by side; default: 1",
    )


def processes(text: str) -> int:
    """How many processes a text says.

    Raises:
        ArgumentTypeError: it is no whole number of at least 1, or one of thousands.
    """
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MOST_PROCESSES):
        raise ArgumentTypeError(f"must be a whole number from 1 to {MOST_PROCESSES}, got {text!r}")
    return int(text)


def add_file_options(found: Parser) -> None:
    """What a command lets say of how FILE is written."""
    written = found.add_argument_group("how FILE is written", "default: as the training file")
    written.add_argument("--delimiter", help="of CSV: a character, whitespace, or auto")
    written.add_argument("--quote", help="of CSV: a character, or '' for no quoting")
    written.add_argument("--encoding", help="its name, or auto")
    written.add_argument("--decimal", help="decimal sign, . or ,; or auto")
    written.add_argument("--sheet", help="of Excel: a name, or a number from 0")
    written.add_argument("--header", help="line of the columns' names, none, or auto")
    written.add_argument("--skip-rows", help="lines left out: how many at the top, or 1,3,-1")
    written.add_argument("--comment", help="of CSV: what begins a remark")


def run(command: str, arguments: Namespace) -> None:
    """Run a command with its arguments.

    Raises:
        UserError: the run, the file or a column cannot be used; nothing is written.
    """
    from mlp_lab.commands import predict_files  # noqa: PLC0415 torch: `--help` stays fast

    options, written = parted(arguments)
    deciding = deciding_of(options)
    with options_as_typed(), deciding_as_typed():
        if command == "predict":
            predict_files.predict_file(**options, written=written, deciding=deciding)
        else:
            predict_files.evaluate_file(**options, written=written, deciding=deciding)


def parted(arguments: Namespace) -> tuple[dict[str, Any], dict[str, str]]:
    """A command's own arguments, and what was said of how FILE is written."""
    options = vars(arguments)
    written = {name: value for name in FILE_OPTIONS if (value := options.pop(name)) is not None}
    return options, written


@contextmanager
def options_as_typed() -> Iterator[None]:
    """Settings of a file go by the names that they have here: --encoding for data.encoding."""
    try:
        yield
    except UserError as error:
        options = "|".join(FILE_OPTIONS)
        said = re.sub(rf"\bdata\.({options})\b", r"--\1", str(error))
        raise UserError(said.replace("--skip_rows", "--skip-rows")) from error


def main(command: str = "predict") -> None:
    """`mlp-lab predict RUN_FOLDER FILE -o FILE`, or `mlp-lab evaluate RUN_FOLDER FILE`."""
    run_parsed(parser(command), lambda arguments: run(command, arguments))

"""The command `rate`: try learning rates for a short time, and suggest one."""

from __future__ import annotations

import shlex
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mlp_lab.commands.arguments import Parser, run_parsed
from mlp_lab.commands.composing import composed, run_folder
from mlp_lab.config.schema import Config
from mlp_lab.errors import UserError, require
from mlp_lab.formatting import four_digits
from mlp_lab.program import train_words
from mlp_lab.terminal import Screen

if TYPE_CHECKING:
    import pandas as pd

ABOUT = """\
Train copies of a network, one stack, each with a learning rate of its own, for a short time. Prints
the loss that each leaves, suggests the rate of the lowest (of the validation rows, if there are
any), and draws learning_rates.png."""

MORE = """\
  mlp-lab rate
  mlp-lab rate data=digits model=deep optimizer=sgd
  mlp-lab rate data=table data.path=survey.csv data.target=voted --epochs 20
  mlp-lab rate optimizer=momentum --rates 0.01,0.02,0.05,0.1,0.2,0.5"""

PICTURE = "learning_rates.png"

Compose = Callable[[Sequence[str]], tuple[Config, dict[str, object]]]
"""Settings as typed -> the configuration of a training, also as plain data."""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `mlp-lab rate ...`."""
    parser.epilog = MORE
    parser.add_argument("words", metavar="key=value", nargs="*", help="settings as of `train`")
    parser.add_argument("--epochs", type=int, default=10, help="of each training; default: 10")
    parser.add_argument(
        "--rates", metavar="R,R,...", help="ascending; default: half decades from 1e-6 to 1"
    )
    parser.add_argument("-o", "--output", metavar="FILE", help=f"default: {PICTURE} in outputs/")


def run(arguments: Namespace, compose: Compose, folder: Callable[[], Path]) -> None:
    """Try rates; print what they leave and write the picture.

    Raises:
        UserError: settings or rows cannot be used.
    """
    from mlp_lab.estimators.plotting import save_rates  # noqa: PLC0415  pandas, torch, matplotlib
    from mlp_lab.estimators.rates import GRID, require_grid, tried  # noqa: PLC0415
    from mlp_lab.runs.prepared_data import prepare_data  # noqa: PLC0415

    require(arguments.epochs >= 1, "--epochs", "1 or more", arguments.epochs)
    grid = GRID if arguments.rates is None else numbers(arguments.rates)
    require_grid(grid, "--rates")
    for word in arguments.words:
        if word.lstrip("+").startswith("optimizer.lr="):
            raise UserError("optimizer.lr is what is searched for: leave it out")
    shorter = [word for word in arguments.words if not word.startswith("epochs=")]
    config, values = compose([*shorter, f"epochs={arguments.epochs}"])
    found = tried(config, values, prepare_data(config), grid)
    path = folder() / PICTURE if arguments.output is None else Path(arguments.output)
    save_rates(found.points, path)
    screen = Screen()
    lines = [*table(found.table), found.conclusion]
    if found.best is not None:
        lines += [shlex.join([*train_words(), *arguments.words, f"optimizer.lr={found.best:g}"])]
    for line in [*lines, str(path)]:
        screen.print(line, soft_wrap=True)


def numbers(typed: str) -> list[float]:
    """`1e-3,0.01` as numbers.

    Raises:
        UserError: one is none.
    """
    try:
        return [float(word) for word in typed.split(",")]
    except ValueError:
        raise UserError(f"--rates must be numbers, separated by commas, got {typed}") from None


def table(found: pd.DataFrame) -> list[str]:
    """A line for each rate: the losses that it left, or where it diverged."""
    parts = [part for part in ("train", "val") if f"{part}_loss" in found]
    lines = ["  ".join(["learning rate", *(f"{part} loss".rjust(10) for part in parts)])]
    for row in found.reset_index().to_dict("records"):
        losses = [four_digits(row[f"{part}_loss"]).rjust(10) for part in parts]
        diverged = str(row["status"]).startswith("diverged")
        cells = [str(row["status"])] if diverged else losses
        lines.append("  ".join([f"{row['lr']:<13g}", *cells]))
    return lines


def _new_folder() -> Path:
    folder = Path(run_folder(None))
    folder.mkdir(parents=True)
    return folder


def main() -> None:
    """`mlp-lab rate [key=value ...]`."""
    parser = Parser("mlp-lab rate", description=ABOUT, formatter_class=RawDescriptionHelpFormatter)
    add_arguments(parser)
    run_parsed(parser, lambda arguments: run(arguments, composed, _new_folder), intermixed=True)

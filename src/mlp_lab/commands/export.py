"""The command `export`: a finished run's network for other programs."""

from argparse import Namespace
from pathlib import Path

from mlp_lab.commands.arguments import Parser, run_parsed

ABOUT = """\
Write a run's network for other programs: one ONNX graph that reads columns as they are and gives
predictions and probabilities, or a program of torch.export that reads encoded rows."""


def parser() -> Parser:
    """The arguments of `mlp-lab export RUN_FOLDER -o FILE`."""
    found = Parser("mlp-lab export", description=ABOUT)
    found.add_argument("run", metavar="RUN_FOLDER", help="folder of a finished run")
    found.add_argument("-o", "--output", required=True, metavar="FILE", help=".onnx or .pt2")
    found.add_argument("--format", help="onnx or torch; default: as the file's name ends")
    found.add_argument("--prefix", default="", help="before the names of a graph's outputs")
    return found


def run(arguments: Namespace) -> None:
    """Write the file, and print what is left to whoever uses it.

    Raises:
        UserError: the run or an option cannot be used; nothing is written.
    """
    from mlp_lab.predictor import load  # noqa: PLC0415 torch: `--help` stays fast

    said = load(arguments.run).export(
        Path(arguments.output), arguments.format, prefix=arguments.prefix
    )
    print("\n".join([*said, arguments.output]))


def main() -> None:
    """`mlp-lab export RUN_FOLDER -o FILE`."""
    run_parsed(parser(), run)

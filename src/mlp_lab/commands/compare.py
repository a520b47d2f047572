"""The command `compare`: what any set of runs shows together."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from mlp_lab.commands.arguments import Parser, run_parsed
from mlp_lab.compare.records import read_runs
from mlp_lab.compare.summary import require_place, summarise
from mlp_lab.metrics.choosing import require_choosing
from mlp_lab.terminal import Screen

ABOUT = "Rank the settings of runs, from one sweep or several, by their validation rows."


def add_arguments(parser: ArgumentParser) -> None:
    """Add what `mlp-lab compare FOLDER ...` takes."""
    parser.add_argument("folders", metavar="FOLDER", nargs="+", help="runs, or folders of runs")
    parser.add_argument("-o", "--output", help="folder for summary.csv, summary.html and figures")
    parser.add_argument(
        *("--select",),
        metavar="SCORE",
        default="metric",
        help="of the validation rows: metric, loss, or any other score, as roc_auc or mae",
    )
    parser.add_argument("--latex", metavar="FILE", help="write the ranking as a LaTeX table")


def run(arguments: Namespace) -> None:
    """Compare runs.

    Raises:
        UserError: there are none, or they cannot be compared.
    """
    require_choosing(arguments.select, "--select", "metric")
    if arguments.latex is not None:
        require_place(arguments.latex, "--latex")
    records = read_runs([Path(folder) for folder in arguments.folders])
    output = None if arguments.output is None else Path(arguments.output)
    if output is not None:
        output.mkdir(parents=True, exist_ok=True)
    latex = None if arguments.latex is None else Path(arguments.latex)
    again = ["mlp-lab", "compare", *arguments.folders, f"--select={arguments.select}"]
    again += [] if output is None else ["-o", str(output)]
    again += [] if latex is None else ["--latex", str(latex)]
    summarise(records, output, Screen(), select=arguments.select, again=again, latex=latex)
    if output is not None:
        print(output)


def main() -> None:
    """`mlp-lab compare FOLDER ...`."""
    parser = Parser("mlp-lab compare", description=ABOUT)
    add_arguments(parser)
    run_parsed(parser, run)

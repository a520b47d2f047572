"""The command `list`: what was trained, the newest first."""

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path

from mlp_lab.commands.arguments import Parser, run_parsed
from mlp_lab.compare.listing import Entry, entries_below
from mlp_lab.errors import require
from mlp_lab.sweep.manifest import MANIFEST
from mlp_lab.terminal import Screen, plain_table

ABOUT = """Show what was trained, the newest first: its data, model, main metric on the validation
rows, verdict and name. A sweep is one line, with the mean of its best setting."""


def add_arguments(parser: ArgumentParser) -> None:
    """Add what `mlp-lab list [FOLDER ...]` takes."""
    parser.add_argument(
        "folders",
        metavar="FOLDER",
        nargs="*",
        default=["outputs"],
        help="runs, or folders of runs; default: outputs",
    )
    parser.add_argument("-n", "--last", type=int, metavar="N", help="only the N newest")
    parser.add_argument("--tag", help="only those that have this tag")
    parser.add_argument("--json", action="store_true", help="as JSON, for other programs")


def run(arguments: Namespace) -> None:
    """List runs.

    Raises:
        UserError: a folder is not there, or holds no run.
    """
    last = arguments.last
    require(last is None or last >= 1, "--last", "1 or more", last)
    entries = entries_below([Path(folder) for folder in arguments.folders], MANIFEST)
    if arguments.tag is not None:
        entries = [entry for entry in entries if arguments.tag in entry.tags.split(", ")]
    shown = entries[:last]
    if arguments.json:
        print(json.dumps([entry.to_dict() for entry in shown], ensure_ascii=False, indent=1))
        return
    screen = Screen()
    show(screen, shown)
    if len(shown) < len(entries):
        screen.say(f"and {len(entries) - len(shown)} older; --last {len(entries)} shows all")
    if not entries:
        screen.say(f"nothing has the tag {arguments.tag}")


def show(screen: Screen, entries: Sequence[Entry]) -> None:
    """A table where there is room for it, else some lines for each."""
    if not entries:
        return
    used = [key for key in entries[0].facts() if any(entry.facts()[key] for entry in entries)]
    table = plain_table("time", *used, "folder")
    for entry in entries:
        facts = entry.facts()
        table.add_row(entry.when, *(facts[key] for key in used), str(entry.folder))
    if screen.fits(table):
        screen.print(table)
        return
    for entry in entries:
        screen.print(str(entry.folder), soft_wrap=True)
        labels = [entry.name and f"name {entry.name}", entry.tags and f"tags {entry.tags}"]
        words = [entry.data, entry.model, entry.score, entry.verdict, *labels]
        screen.say(", ".join(filter(None, words)))


def main() -> None:
    """`mlp-lab list [FOLDER ...]`."""
    parser = Parser("mlp-lab list", description=ABOUT)
    add_arguments(parser)
    run_parsed(parser, run)

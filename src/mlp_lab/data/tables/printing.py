"""The data report as a person reads it: on the terminal and in data_report.txt."""

from collections.abc import Sequence
from io import StringIO
from pathlib import Path

from mlp_lab.data.tables.data_report import DataReport, leak_in_words
from mlp_lab.files import write_whole
from mlp_lab.formatting import counted, in_a_list
from mlp_lab.terminal import Screen, plain_table

DATA_REPORT = "data_report.txt"
WIDTH = 110
"""Letters of a line of the file."""


def give_report(report: DataReport, folder: Path, quiet: bool) -> None:
    """Write the report into the run folder, and print it."""
    write_whole(folder / DATA_REPORT, report_text(report), wait=False)
    if not quiet:
        print_report(Screen(), report)


def report_text(report: DataReport) -> str:
    """The report as its file has it."""
    file = StringIO()
    print_report(Screen(file, WIDTH), report)
    return file.getvalue()


def print_report(console: Screen, report: DataReport) -> None:
    """The data report: what was understood of a table."""
    say = console.say
    parts = ", ".join(f"{count:,} {part}" for part, count in report.rows.items())
    say(report.note)
    say(f"{counted(sum(report.rows.values()), 'row')}: {parts}")
    for name, balance in report.targets.items():
        say(f"{name} ({report.task}): {balance}")
    if report.weight is not None:
        say(f"rows are weighted by {report.weight}")
    kinds = ", ".join(f"{count} {kind}" for kind, count in report.kinds.items())
    verb = "makes" if len(report.columns) == 1 else "make"
    columns, inputs = counted(len(report.columns), "column"), counted(report.inputs, "input")
    say(f"{columns} ({kinds}) {verb} {inputs}")
    say("")
    table = plain_table("column", "kind")
    for name in ("missing", "inputs"):
        table.add_column(name, justify="right")
    table.add_column("values", overflow="fold")
    for column in report.columns:
        missing = f"{column.missing:.1%}" if column.missing else ""
        table.add_row(column.name, column.kind, missing, str(column.inputs), column.values)
    console.print(table)
    say("")
    _print_warnings(console, report)


def _print_warnings(console: Screen, report: DataReport) -> None:
    """What may be wrong with a table."""
    say = console.say
    for dropped in report.dropped:
        say(f"not read: {dropped.name} ({dropped.reason})")
    for warning in report.warnings:
        say(warning)
    for part, count in report.copies.items():
        if count:
            rows = counted(report.rows[part], f"{part} row")
            say(f"{count} of the {rows} repeat{'s' * (count == 1)} a training row")
    for name, first in report.repeats.items():
        say(f"{name} repeats {first} under other names or in another unit")
    others = bool(report.droppable)
    for names in report.possible_leakage:
        words = leak_in_words(names, report.target)
        drop = f"; data.drop=[{','.join(map(in_a_list, names))}] leaves {_them(names)} out"
        say(f"possible target leakage: {words}{drop if others else ''}")


def _them(names: Sequence[str]) -> str:
    return "it" if len(names) == 1 else "them"

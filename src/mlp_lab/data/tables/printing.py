"""The data report as a person reads it: on the terminal and in data_report.txt."""

from collections.abc import Sequence
from io import StringIO
from pathlib import Path

from rich.table import Table

from mlp_lab.data.tables.data_report import ColumnSummary, DataReport
from mlp_lab.formatting import counted, in_a_list
from mlp_lab.terminal import Screen, plain_table

DATA_REPORT = "data_report.txt"
WIDTH = 110
"""Letters of a line of the file."""


def give_report(report: DataReport, folder: Path, quiet: bool) -> None:
    """Write the report into the run folder, and print it."""
    file = StringIO()
    print_report(Screen(file, WIDTH), report)
    (folder / DATA_REPORT).write_text(file.getvalue(), encoding="utf-8")
    if not quiet:
        print_report(Screen(), report)


def print_report(console: Screen, report: DataReport) -> None:
    """The data report: what was understood of a table."""
    say = console.say
    parts = ", ".join(f"{count:,} {part}" for part, count in report.rows.items())
    say(report.note)
    say(f"{counted(sum(report.rows.values()), 'row')}: {parts}")
    say(f"{report.target} ({report.task}): {report.balance}")
    if report.weight is not None:
        say(f"rows are weighted by {report.weight}")
    kinds = ", ".join(f"{count} {kind}" for kind, count in report.kinds.items())
    verb = "makes" if len(report.columns) == 1 else "make"
    columns, inputs = counted(len(report.columns), "column"), counted(report.inputs, "input")
    say(f"{columns} ({kinds}) {verb} {inputs}")
    say("")
    console.print(columns_table(report.columns))
    say("")
    for column in report.dropped:
        say(f"not read: {column.name} ({column.reason})")
    for warning in report.warnings:
        say(warning)
    for part, count in report.copies.items():
        if count:
            rows = counted(report.rows[part], f"{part} row")
            say(f"{count} of the {rows} repeat{'s' * (count == 1)} a training row")
    for name, first in report.repeats.items():
        say(f"{name} repeats {first} under other names or in another unit")
    for name in report.possible_leakage:
        say(
            f"possible target leakage: {name} alone almost determines {report.target};"
            f" data.drop=[{in_a_list(name)}] leaves it out"
        )


def columns_table(columns: Sequence[ColumnSummary]) -> Table:
    """A row for each column that is read."""
    table = plain_table("column", "kind")
    table.add_column("missing", justify="right")
    table.add_column("inputs", justify="right")
    table.add_column("values", overflow="fold")
    for column in columns:
        missing = f"{column.missing:.1%}" if column.missing else ""
        table.add_row(column.name, column.kind, missing, str(column.inputs), column.values)
    return table

"""The data report as a person reads it: on the terminal and in data_report.txt."""

from collections.abc import Sequence
from io import StringIO
from pathlib import Path

from rich.table import Table

from mlp_lab.data.tables.overview import ColumnFacts, Overview
from mlp_lab.formatting import counted, in_a_list
from mlp_lab.terminal import Screen, plain_table

DATA_REPORT = "data_report.txt"
WIDTH = 110
"""Letters of a line of the file."""


def give_report(overview: Overview, folder: Path, quiet: bool) -> None:
    """Write the report into the run folder, and print it."""
    file = StringIO()
    print_overview(Screen(file, WIDTH), overview)
    (folder / DATA_REPORT).write_text(file.getvalue(), encoding="utf-8")
    if not quiet:
        print_overview(Screen(), overview)


def print_overview(console: Screen, overview: Overview) -> None:
    """The data report: what was understood of a table."""
    say = console.say
    parts = ", ".join(f"{count:,} {part}" for part, count in overview.rows.items())
    say(f"{overview.note}\n{counted(sum(overview.rows.values()), 'row')}: {parts}")
    say(f"{overview.target} ({overview.task}): {overview.balance}")
    if overview.weight is not None:
        say(f"rows are weighted by {overview.weight}")
    kinds = ", ".join(f"{count} {kind}" for kind, count in overview.kinds.items())
    verb = "makes" if len(overview.columns) == 1 else "make"
    columns, inputs = counted(len(overview.columns), "column"), counted(overview.inputs, "input")
    say(f"{columns} ({kinds}) {verb} {inputs}")
    say("")
    console.print(columns_table(overview.columns))
    say("")
    for column in overview.dropped:
        say(f"not read: {column.name} ({column.reason})")
    for remark in overview.remarks:
        say(remark)
    for part, count in overview.copies.items():
        if count:
            rows = counted(overview.rows[part], f"{part} row")
            say(f"{count} of the {rows} repeat{'s' * (count == 1)} a training row")
    for name, first in overview.repeats.items():
        say(f"{name} repeats {first} in other words")
    for name in overview.leaks:
        say(
            f"leak suspected: {name} alone almost gives {overview.target} away;"
            f" data.drop=[{in_a_list(name)}] leaves it out"
        )


def columns_table(columns: Sequence[ColumnFacts]) -> Table:
    """A row for each column that is read."""
    table = plain_table("column", "kind")
    table.add_column("missing", justify="right")
    table.add_column("inputs", justify="right")
    table.add_column("values", overflow="fold")
    for column in columns:
        missing = f"{column.missing:.1%}" if column.missing else ""
        table.add_row(column.name, column.kind, missing, str(column.inputs), column.values)
    return table

"""The data report as a person reads it: on the terminal and in data_report.txt."""

from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path

from mlp_lab.data.tables.data_report import DataReport, leak_in_words
from mlp_lab.files import write_whole
from mlp_lab.formatting import counted, typed
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
    for sentence in (*not_read(report), *sentences(report)):
        say(sentence)


def not_read(report: DataReport) -> Iterator[str]:
    """Columns that are left out, with the reason."""
    for dropped in report.dropped:
        yield f"not read: {dropped.name} ({dropped.reason})"


def sentences(report: DataReport) -> Iterator[str]:
    """What may be wrong with a table, with the settings that would mend it."""
    yield from report.warnings
    for part, count in report.copies.items():
        if count:
            rows = counted(report.rows[part], f"{part} row")
            yield f"{count} of the {rows} repeat{'s' * (count == 1)} a training row"
    for name, first in report.repeats.items():
        yield f"{name} repeats {first} under other names or in another unit"
    others = bool(report.droppable)
    for names in report.possible_leakage:
        words = leak_in_words(names, report.target)
        drop = f"; {typed('data.drop', *names)} leaves {_them(names)} out"
        yield f"possible target leakage: {words}{drop if others else ''}"


def _them(names: Sequence[str]) -> str:
    return "it" if len(names) == 1 else "them"

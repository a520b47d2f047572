"""What a lesson leaves: a page, a figure, its measurements, and the command that repeats it."""

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mlp_lab.files import to_json, write_whole
from mlp_lab.lessons.claims import Finding
from mlp_lab.lessons.lesson import FIRST, Evidence, Lesson

ROUNDING = 1e-12
"""Smaller differences of measured numbers are those of double precision."""

PAGE, FIGURE, MEASUREMENTS = "page.md", "figure.png", "measurements.json"


QUICK = (
    "(The quick form, for trying out: fewer seeds, settings, rows and epochs than the words below"
    " speak of, too few to say much.)"
)


@dataclass(frozen=True, slots=True)
class Given:
    """A lesson as it was given: its command, seeds, seconds, and what it ran on."""

    name: str
    command: str
    seeds: range
    quick: bool
    seconds: float
    environment: dict[str, object]


def write_lesson(folder: Path, lesson: Lesson, evidence: Evidence, given: Given) -> None:
    """Write everything into an existing folder; the page last."""
    findings = lesson.findings(evidence)
    for name, table in evidence.tables.items():
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(table[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(table)
    described = {
        "lesson": given.name,
        "command": given.command,
        "quick": given.quick,
        "seconds": round(given.seconds, 1),
        "findings": [finding.to_dict() for finding in findings],
        "notes": list(evidence.notes),
        "environment": given.environment,
    }
    write_whole(folder / MEASUREMENTS, to_json(described))
    lesson.draw(evidence.tables).savefig(folder / FIGURE)
    write_whole(folder / PAGE, markdown(lesson, findings, evidence, given))


def markdown(lesson: Lesson, findings: Sequence[Finding], evidence: Evidence, given: Given) -> str:
    """The page."""
    lines = [f"# {title(given.name)}", "", lesson.question, ""]
    if given.quick:
        lines += [QUICK, ""]
    for finding in findings:
        lines += [
            f"**{finding.claim.text}** {finding.verdict.capitalize()}.",
            "",
            f"- measured: {finding.claim.measure}; the claim says {finding.claim.rule}",
            f"- {in_numbers(finding)}",
            "",
        ]
    lines += [f"![{title(given.name)}]({FIGURE})", "", "## What was found", ""]
    lines += [f"- {note}" for note in evidence.notes]
    files = ", ".join(f"[{name}.csv]({name}.csv)" for name in evidence.tables)
    lines += [
        *("", "## How it was measured", "", lesson.method, ""),
        f"Seeds are {given.seeds[0]} to {given.seeds[-1]}{_fresh(given.seeds)}. Intervals are 95 %"
        " intervals by Student's t over seeds. A claim holds where the whole"
        " interval lies on its side, does not hold where it lies on the other, and is not decided"
        " between.",
        "",
        f"Every number of the figure is in {files}; what became of the claims is in"
        f" [{MEASUREMENTS}]({MEASUREMENTS}). It took {given.seconds:.0f} s. To repeat it:",
        *("", f"    {given.command}", ""),
    ]
    return "\n".join(lines)


def title(name: str) -> str:
    """`Double descent` for double_descent."""
    return name.replace("_", " ").capitalize()


def _fresh(seeds: range) -> str:
    settled = f"; claims and settings were settled on seeds below {FIRST}"
    return f"{settled}, which have no part in it" if seeds[0] >= FIRST else settled


def in_numbers(finding: Finding) -> str:
    """`1.43 over 5 seeds, 95 % interval 1.31 to 1.55`."""
    count = len(finding.values)
    if missing := count - sum(map(math.isfinite, finding.values)):
        return (
            f"no number from {missing} of {count} seeds, where what is measured never came about:"
            " no interval"
        )
    mean, low, high = (_in_short(number) for number in (finding.mean, *finding.interval))
    return f"{mean} over {count} seeds, 95 % interval {low} to {high}"


def _in_short(number: float) -> str:
    """Three digits; what rounding has left of zero is zero."""
    return f"{0.0 if abs(number) < ROUNDING else number:.3g}"
